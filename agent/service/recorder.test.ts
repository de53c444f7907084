import { execFile } from 'node:child_process'
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Ledger } from '../ledger/ledger.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { Recorder } from './recorder.ts'

const run = promisify(execFile)
let kit: KitRoot
let clock: FakeClock
let ledger: Ledger
let leaps: number
let failures: unknown[]

beforeEach(async () => {
  kit = await makeKitRoot()
  clock = new FakeClock('2026-11-01T12:00:00Z')
  ledger = new Ledger(kit.paths.agentData, () => clock.now())
  ledger.start()
  leaps = 0
  failures = []
})
afterEach(() => kit.remove())

const recorder = () =>
  new Recorder({
    trees: kit.paths,
    countersFile: kit.paths.counters,
    dataFolder: kit.paths.agentData,
    clock,
    ledger,
    onLeap: () => {
      leaps += 1
    },
    onFailure: (error) => failures.push(error),
  })

/** Half of the processors' time is used in each minute. */
async function minutes(of: Recorder, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    clock.pass(60)
    const ticks = 100_000 + Math.round(clock.steady / 10)
    await kit.write('proc/stat', `cpu  ${ticks / 2} 0 0 ${ticks / 2} 0 0 0 0 0 0\n`)
    await of.cycle()
  }
}
const writtenSeconds = () => {
  const reader = new Ledger(kit.paths.agentData, () => clock.now())
  return reader.entries(0, Date.parse('2040-01-01T00:00:00Z')).reduce((sum, { seconds }) => sum + seconds, 0)
}

describe('the sampling cycle', () => {
  it('writes every ten minutes, and on a clean stop', async () => {
    const cycles = recorder()
    await minutes(cycles, 9)
    expect(writtenSeconds()).toBe(0)
    await minutes(cycles, 1)
    expect(writtenSeconds()).toBe(600)
    await minutes(cycles, 3)
    clock.pass(30)
    await cycles.stop()
    ledger.stop()
    expect(writtenSeconds()).toBe(810)
    expect(failures).toEqual([])
  })

  it('covers every second once, whatever the clock does', async () => {
    const cycles = recorder()
    await minutes(cycles, 5)
    clock.set('2036-01-01T00:00:00Z')
    await minutes(cycles, 5)
    clock.set('2026-11-01T12:10:00Z')
    await minutes(cycles, 5)
    await cycles.stop()
    ledger.stop()
    expect(writtenSeconds()).toBe(900)
    expect(leaps).toBe(2)
    expect(cycles.steadySeconds()).toBe(240)
  })

  it('knows the mean since the boot before its first cycle, and the minute’s afterwards', async () => {
    const cycles = recorder()
    expect(cycles.figures().cpu.value).toBeCloseTo(0.015, 3)
    await minutes(cycles, 2)
    expect(cycles.figures()).toMatchObject({
      power: { class: 'modelled', model: 'Raspberry Pi 4 Model B' },
      temperature: { value: 48.312 },
      memory: { total: 949_444 * 1024 },
    })
  })

  it('derives power from the processor’s counters where there are any, and is calibrated by what is typed in', async () => {
    const zone = 'sys/class/powercap/intel-rapl:0'
    await kit.write(`${zone}/name`, 'package-0\n')
    await kit.write(`${zone}/max_energy_range_uj`, '262143328850\n')
    await kit.write(`${zone}/energy_uj`, '262000000000\n')
    const cycles = recorder()
    await minutes(cycles, 1)
    expect(cycles.figures().power.class).toBe('modelled') // they stood still
    await kit.write(`${zone}/energy_uj`, `${262_000_000_000 + 120_000_000}\n`)
    await minutes(cycles, 1)
    expect(cycles.figures().power).toMatchObject({ class: 'derived', boundary: 'wall', source: 'rapl@1' })
    const reading = cycles.typedReading(7)
    expect(reading).toMatchObject({ watts: 7, packageWatts: 2, utilisation: expect.closeTo(0.5) })
    await cycles.useCalibration([reading])
    await kit.write(`${zone}/energy_uj`, '96671150\n') // over its end, by two watts again
    await minutes(cycles, 1)
    expect(cycles.figures().power).toMatchObject({ value: expect.closeTo(7, 2), source: 'calibrated:rapl@1' })
    expect(failures).toEqual([])
  })

  it('takes a plug’s word for a while as a reading, and goes by it without the plug', async () => {
    let totalWh = 100
    const plug = {
      async read() {
        totalWh += 0.05
        return { source: 'shelly-gen2@1', watts: 3, wattsStep: 0.1, wattsFloor: 0.2, totalWh, totalStepWh: 0.001 }
      },
    }
    const cycles = recorder()
    await cycles.usePlug(plug)
    await minutes(cycles, 5)
    expect(cycles.takeReading()).toBeNull()
    await minutes(cycles, 10)
    const reading = cycles.takeReading()
    expect(reading).toMatchObject({ watts: expect.closeTo(3, 1), utilisation: expect.closeTo(0.5) })
    await cycles.usePlug(null)
    await cycles.useCalibration(reading ? [reading] : [])
    await minutes(cycles, 1)
    expect(cycles.figures().power).toMatchObject({ value: expect.closeTo(3, 1), source: 'calibrated:rpi-4b@1' })
    expect(cycles.idlePower().value).toBeLessThan(2)
  })

  it('notes what processors and disk did for whom', async () => {
    const spent = (seconds: number) =>
      kit.write('sys/fs/cgroup/system.slice/snac2.service/cpu.stat', `usage_usec ${seconds * 1e6}\n`)
    await spent(100)
    const cycles = recorder()
    await minutes(cycles, 1) // from the tree’s own numbers to those of the minutes
    const [before] = ledger.entries(0, clock.now() + 1)
    await spent(112)
    await minutes(cycles, 1)
    const [after] = ledger.entries(0, clock.now() + 1)
    // Half of a minute’s ticks are thirty seconds.
    expect((after?.cpuServer ?? 0) - (before?.cpuServer ?? 0)).toBeCloseTo(12, 6)
    expect((after?.cpuSystem ?? 0) - (before?.cpuSystem ?? 0)).toBeCloseTo(18, 6)
  })

  it('goes on when the kernel’s files are gone', async () => {
    const cycles = recorder()
    await kit.write('proc/stat', 'nonsense')
    await kit.write('sys/class/net/eth0/statistics/rx_bytes', '')
    clock.pass(60)
    await cycles.cycle()
    expect(failures).toEqual([])
    expect(ledger.entries(0, clock.now())[0]?.seconds).toBe(60)
  })
})

describe('a clock that is set long after the start', () => {
  const shown = (of: Ledger) =>
    of
      .entries(0, Date.parse('2040-01-01T00:00:00Z'))
      .map(({ hour, seconds, trusted }) => [new Date(hour).toISOString().slice(0, 13), Math.round(seconds), trusted])
  /** What is in the files of a folder, as after a start of the agent. */
  const found = (folder = kit.paths.agentData) => new Ledger(folder, () => clock.now())

  beforeEach(() => {
    clock.set('2026-10-01T00:00:00Z') // the date of the build
    clock.isTrusted = false
  })
  function learnTime(time: string): void {
    clock.set(time)
    clock.isTrusted = true
  }

  it('takes all that was read before to its hours, although it was written', async () => {
    const cycles = recorder()
    await minutes(cycles, 35)
    expect(shown(ledger)).toEqual([['2026-10-01T00', 2100, false]])
    learnTime('2026-11-24T18:10:00Z')
    await minutes(cycles, 1)
    const right = (seconds: number) => [
      ['2026-11-24T17', 1500, true],
      ['2026-11-24T18', seconds, true],
    ]
    expect(shown(ledger)).toEqual(right(660))
    await minutes(cycles, 9)
    expect(shown(ledger)).toEqual(right(1200))
    expect(shown(found())).toEqual(right(900)) // the last flush was at 18:15
    await cycles.stop()
    ledger.stop()
    expect(shown(found())).toEqual(right(1200))
    const energies = found()
      .entries(0, clock.now())
      .map(({ energy }) => energy)
    expect((energies[0] ?? 0) / (energies[1] ?? 0)).toBeCloseTo(1500 / 1200, 1)
    expect(failures).toEqual([])
  })

  it('loses no more at a power cut than what came since the last write, and leaves the rest marked', async () => {
    const cycles = recorder()
    await minutes(cycles, 35)
    const cut = path.join(kit.root, 'cut')
    await cp(kit.paths.agentData, cut, { recursive: true })
    const left = [['2026-10-01T00', 1800, false]]
    expect(shown(found(cut))).toEqual(left)
    // The next run does not move it: how long the power was off is not known.
    learnTime('2026-11-24T18:00:00Z')
    const next = found(cut)
    const interval = { start: clock.now() - 60_000, end: clock.now(), trusted: true }
    next.add([{ interval, quantities: { seconds: 60 } }])
    const both = [...left, ['2026-11-24T17', 60, true]]
    for (const write of [() => next.flush(), () => next.stop()]) {
      write()
      expect(shown(next)).toEqual(both)
    }
    expect(shown(found(cut))).toEqual(both)
  })

  it('goes back no further than 120 minutes', async () => {
    const cycles = recorder()
    await minutes(cycles, 130)
    learnTime('2026-11-24T18:00:00Z')
    await minutes(cycles, 1)
    await cycles.stop()
    ledger.stop()
    expect(shown(found())).toEqual([
      ['2026-10-01T00', 600, false],
      ['2026-11-24T16', 3600, true],
      ['2026-11-24T17', 3600, true],
      ['2026-11-24T18', 60, true],
    ])
  })

  it('never comes to be right before a clean stop: then all stays marked where it is', async () => {
    const cycles = recorder()
    await minutes(cycles, 25)
    await cycles.stop()
    ledger.stop()
    const next = found()
    next.start()
    expect(shown(next)).toEqual([['2026-10-01T00', 1500, false]])
    next.stop()
  })
})

describe('a cycle in a process that may not start others', () => {
  // Node's permission model refuses every kind of child process, and any attempt fails the cycle.
  const here = import.meta.dirname
  const program = (extra: string) => `
    const { Recorder } = await import(${JSON.stringify(path.join(here, 'recorder.ts'))})
    const { Ledger } = await import(${JSON.stringify(path.join(here, '../ledger/ledger.ts'))})
    const { FakeClock } = await import(${JSON.stringify(path.join(here, '../testing/fake-clock.ts'))})
    const { kitPaths } = await import(${JSON.stringify(path.join(here, '../paths.ts'))})
    const paths = kitPaths(${JSON.stringify(kit.root)})
    const clock = new FakeClock('2026-11-01T12:00:00Z')
    const ledger = new Ledger(paths.agentData, () => clock.now())
    const onFailure = (error) => { console.error(error); process.exitCode = 1 }
    const { counters: countersFile, agentData: dataFolder } = paths
    const recorder = new Recorder({ trees: paths, countersFile, dataFolder, clock, ledger, onLeap() {}, onFailure })
    for (let minute = 0; minute < 11; minute += 1) { clock.pass(60); await recorder.cycle() }
    ${extra}
    await recorder.stop()
    ledger.stop()
    console.log('cycles done')`
  const confined = (extra: string) =>
    run(
      process.execPath,
      [
        '--permission',
        '--allow-fs-read=*',
        '--allow-fs-write=*',
        '--experimental-strip-types',
        '--no-warnings',
        '--input-type=module',
        '--eval',
        program(extra),
      ],
      { timeout: 15_000 },
    )

  it('works', async () => {
    expect((await confined('')).stdout).toContain('cycles done')
  })

  it('and would be noticed if it started one', async () => {
    await expect(confined("(await import('node:child_process')).execFileSync('true')")).rejects.toThrow(
      /ERR_ACCESS_DENIED/,
    )
  })
})

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { dayNumberAt, dayStart } from '../costs/calendar.ts'
import { type HourEntry, hourMs } from '../ledger/hours.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { Allowance } from './allowance.ts'

const zone = 'Europe/Berlin'
let folder: string
let clock: FakeClock
let hours: HourEntry[]
let file: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'allowance-'))
  file = path.join(folder, 'publishing-budget.json')
  clock = new FakeClock('2026-11-24T12:00:00Z')
  hours = []
  traffic(20e6)
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
  vi.useRealTimers()
})

/** So many bytes on each of the days around, in one of their hours. */
function traffic(bytesPerDay: number, trusted = true): void {
  const today = dayNumberAt(clock.now(), zone)
  hours = []
  for (let day = today - 40; day < today + 60; day += 1) {
    const hour = {
      hour: dayStart(day, zone) + 10 * hourMs,
      trusted,
      wanIn: bytesPerDay * 0.75,
      wanOut: bytesPerDay * 0.25,
    }
    hours.push(hour as HourEntry)
  }
}

function open(): Allowance {
  const readings = {
    entries: (from: number, to: number) => hours.filter(({ hour }) => hour >= from && hour < to),
  }
  const allowance = new Allowance({ folder, clock, zone: () => zone, readings })
  allowance.start()
  return allowance
}

const nextDay = () => clock.pass(24 * 3600)

describe('the budget in force', () => {
  it('gives a thousandth of the mean traffic of the seven days before, and no more', () => {
    const allowance = open()
    expect(allowance.available()).toBe(20_000)
    expect(allowance.take(20_001)).toBe(false)
    expect(allowance.take(20_000)).toBe(true)
    expect(allowance.take(1)).toBe(false)
    expect(allowance.counts().sent).toBe(20_000)
  })

  it('counts by the household’s days', () => {
    const allowance = open()
    expect(allowance.take(20_000)).toBe(true)
    clock.set('2026-11-24T22:59:00Z')
    expect(allowance.take(1)).toBe(false)
    clock.set('2026-11-24T23:01:00Z') // midnight in Berlin
    expect(allowance.take(1)).toBe(true)
  })

  it('is on the card before anything is sent', () => {
    const allowance = open()
    expect(allowance.take(15_000)).toBe(true)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const after = open() // as after a power cut
    expect(after.available()).toBe(5000)
    expect(after.counts().sent).toBe(15_000)
    expect(after.take(5001)).toBe(false)
  })

  it('sends nothing if that cannot be written down', () => {
    const allowance = open()
    rmSync(folder, { recursive: true })
    expect(allowance.take(100)).toBe(false)
    expect(allowance.visit(100, 100)).toBe(false)
    expect(allowance.problems()).toMatchObject([{ id: 'publishing.budget' }])
  })

  it('adds up while it is looked at every day, for 31 days', () => {
    const allowance = open()
    for (let day = 0; day < 40; day += 1) {
      allowance.available()
      nextDay()
    }
    expect(allowance.available()).toBe(32 * 20_000)
    allowance.stop()
    expect(open().available()).toBe(32 * 20_000)
  })

  it('takes back what was not sent, as old as it was', () => {
    const allowance = open()
    allowance.available()
    nextDay()
    expect(allowance.take(30_000)).toBe(true)
    allowance.giveBack(25_000)
    expect(allowance.available()).toBe(35_000)
    expect(allowance.counts().sent).toBe(5000)
    allowance.giveBack(1e9)
    expect(allowance.available()).toBe(40_000)
    for (let day = 0; day < 31; day += 1) nextDay()
    // What is left of the first day is gone by now; it did not become younger.
    expect(allowance.available()).toBe(40_000)
  })

  it('gives nothing new while the clock cannot be trusted, and nothing by readings of such hours', () => {
    clock.isTrusted = false
    expect(open().take(1)).toBe(false)
    clock.isTrusted = true
    expect(open().take(5000)).toBe(true)
    clock.isTrusted = false
    nextDay()
    expect(open().available()).toBe(15_000)
    clock.isTrusted = true
    traffic(20e6, false)
    expect(open().available()).toBe(0)
  })

  it('begins anew, with nothing in hand, where the file is damaged', () => {
    const silent = vi.spyOn(console, 'error').mockImplementation(() => {})
    for (const content of ['{', '{}', '{"version":2}', '{"version":1,"budget":{"day":"x"}}']) {
      writeFileSync(file, content)
      expect(open().available()).toBe(20_000)
    }
    expect(silent).toHaveBeenCalledTimes(4)
    silent.mockRestore()
  })
})

describe('visitors', () => {
  it('have half of a day’s share, and of what was carried over', () => {
    const allowance = open()
    let given = 0
    while (allowance.visit(900, 400)) given += 900
    expect(given).toBe(9900)
    expect(allowance.counts()).toMatchObject({ visits: 12, arrived: 4800, sent: 9900 })
    expect(allowance.take(10_000)).toBe(true) // what they cannot have
    nextDay()
    expect(allowance.visit(900, 400)).toBe(true)
    // Nobody asks for a week: then a log that is more than a day gives can be read whole.
    for (let day = 0; day < 7; day += 1) {
      nextDay()
      allowance.available()
    }
    expect(allowance.visit(70_000, 400)).toBe(true)
    expect(allowance.visit(20_000, 400)).toBe(false)
  })

  it('cannot use up what was carried over for pushes', () => {
    const allowance = open()
    for (let day = 0; day < 10; day += 1) {
      while (allowance.visit(500, 0));
      nextDay()
    }
    expect(allowance.available()).toBeGreaterThanOrEqual(10 * 10_000)
  })

  it('are served out of a part put aside, so that few of them cost a write to the card', () => {
    traffic(1e9)
    const allowance = open()
    const contents = new Set<string>()
    for (let visit = 0; visit < 30; visit += 1) {
      expect(allowance.visit(1000, 100)).toBe(true)
      contents.add(readFileSync(file, 'utf8'))
    }
    expect(contents.size).toBeLessThanOrEqual(4)
  })

  it('have at most what was put aside for them after a power cut', () => {
    const allowance = open()
    let given = 0
    for (let restart = 0; restart < 5; restart += 1) {
      const after = restart === 0 ? allowance : open()
      for (let visit = 0; visit < 3 && after.visit(900, 0); visit += 1) given += 900
    }
    expect(given).toBeLessThanOrEqual(10_000)
  })

  it('leave the rest of that part at a clean stop', () => {
    const allowance = open()
    expect(allowance.visit(1000, 0)).toBe(true)
    allowance.stop()
    expect(open().available()).toBe(19_000)
  })

  it('are counted on the card within ten minutes, and no more often', () => {
    vi.useFakeTimers()
    const allowance = open()
    expect(allowance.visit(1000, 70)).toBe(true)
    allowance.refuse(500)
    expect(JSON.parse(readFileSync(file, 'utf8')).counts.arrived).toBe(0)
    vi.advanceTimersByTime(9 * 60_000)
    expect(JSON.parse(readFileSync(file, 'utf8')).counts.arrived).toBe(0)
    vi.advanceTimersByTime(2 * 60_000)
    expect(JSON.parse(readFileSync(file, 'utf8')).counts).toMatchObject({ arrived: 70, refused: 1, refusing: 500 })
    const written = statSync(file).mtimeMs
    vi.advanceTimersByTime(60 * 60_000)
    expect(statSync(file).mtimeMs).toBe(written)
  })

  it('are told when there is something again', () => {
    clock.set('2026-11-24T22:00:00Z')
    expect(open().secondsToNextShare()).toBe(3600)
  })
})

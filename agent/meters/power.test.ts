import { describe, expect, it } from 'vitest'
import { type PlugReading, PlugTrouble } from './plug.ts'
import { type Plug, PowerMeter } from './power.ts'
import { modelledPower, powerModelFor } from './power-model.ts'

const pi4 = powerModelFor({
  deviceTree: 'Raspberry Pi 4 Model B Rev 1.4',
  product: '',
  cpu: '',
  virtual: false,
  architecture: 'arm64',
})
const start = Date.parse('2026-11-01T00:00:00Z')
const minute = (number: number) => ({
  start: start + number * 60_000,
  end: start + (number + 1) * 60_000,
  trusted: true,
})

/** A plug that says what the test puts into it; null is silence. */
class ScriptedPlug implements Plug {
  next: PlugReading | null = null

  async read(): Promise<PlugReading> {
    if (this.next) return this.next
    throw new PlugTrouble('silent', 'The plug does not answer.', 'Check it.')
  }
}

describe('the power meter', () => {
  it('takes the model where there is no plug', async () => {
    const meter = new PowerMeter(pi4)
    const [share] = await meter.settle(minute(0), 0.5)
    expect(share?.quantities).toMatchObject({ classRank: 2, seconds: 60, cpuSeconds: 30 })
    expect(share?.quantities.energy).toBeCloseTo((modelledPower(pi4, 0.5, '').value / 60) * 1e6, 3)
  })

  it('measures by the differences of the plug’s counter', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug)
    plug.next = { watts: 6, totalWh: 1000 }
    expect((await meter.settle(minute(0), 0))[0]?.quantities.classRank).toBe(2) // no difference yet
    plug.next = { watts: 6, totalWh: 1000.1 }
    const [share] = await meter.settle(minute(1), 0)
    expect(share?.quantities.classRank).toBe(0)
    expect(share?.quantities.energy).toBeCloseTo(100_000, 3)
    expect(share?.quantities.energyLow).toBeLessThan(100_000)
    expect(meter.lately(0, '')).toMatchObject({ class: 'measured', value: 6 })
  })

  it('bridges a short silence with the counter, losing and doubling nothing', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug)
    plug.next = { watts: 6, totalWh: 10 }
    await meter.settle(minute(0), 0)
    plug.next = null
    for (const number of [1, 2, 3]) expect(await meter.settle(minute(number), 0)).toEqual([])
    expect(meter.trouble()?.id).toBe('plug.silent')
    expect(meter.lately(0, '').class).toBe('modelled')
    plug.next = { watts: 6, totalWh: 10.4 }
    const shares = await meter.settle(minute(4), 0)
    expect(shares).toHaveLength(4)
    expect(shares.reduce((sum, { quantities }) => sum + (quantities.energy ?? 0), 0)).toBeCloseTo(400_000, 3)
    expect(shares.every(({ quantities }) => quantities.classRank === 0)).toBe(true)
    expect(meter.trouble()).toBeNull()
  })

  it('gives a plug up that stays silent: the time counts as modelled, and not again when it comes back', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug)
    plug.next = { watts: 6, totalWh: 10 }
    await meter.settle(minute(0), 0)
    plug.next = null
    const shares = []
    for (let number = 1; number <= 90; number += 1) shares.push(...(await meter.settle(minute(number), 0)))
    expect(shares.length).toBeGreaterThan(60)
    expect(shares.every(({ quantities }) => quantities.classRank === 2)).toBe(true)
    plug.next = { watts: 6, totalWh: 19 }
    const back = await meter.settle(minute(91), 0)
    expect(back.every(({ quantities }) => quantities.classRank === 2)).toBe(true)
    expect(shares.length + back.length).toBe(91)
  })

  it.each([
    ['backwards', 3],
    ['forwards further than a socket can carry', 500],
  ])('does not believe a counter that jumps %s', async (_direction, totalWh) => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug)
    plug.next = { watts: 6, totalWh: 10 }
    await meter.settle(minute(0), 0)
    plug.next = { watts: 6, totalWh }
    const [share] = await meter.settle(minute(1), 0)
    expect(share?.quantities.classRank).toBe(2)
    expect(meter.trouble()?.id).toBe('plug.leap')
    plug.next = { watts: 6, totalWh: totalWh + 0.1 }
    const [next] = await meter.settle(minute(2), 0)
    expect(next?.quantities.classRank).toBe(0)
    expect(next?.quantities.energy).toBeCloseTo(100_000, 3)
  })

  it('hands out what it holds back when it stops or the plug is taken away', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug)
    await meter.settle(minute(0), 0)
    expect(meter.usePlug(null)).toHaveLength(1)
    expect(meter.release()).toEqual([])
  })
})

describe('the power model', () => {
  const machine = { deviceTree: '', product: '', cpu: '', virtual: false, architecture: 'x64' }

  it.each([
    [{ ...machine, deviceTree: 'Raspberry Pi Zero 2 W Rev 1.0' }, 'rpi-zero-2-w@1'],
    [{ ...machine, deviceTree: 'Raspberry Pi 3 Model B Plus Rev 1.3' }, 'rpi-3b-plus@1'],
    [{ ...machine, deviceTree: 'Raspberry Pi 3 Model B Rev 1.2' }, 'rpi-3@1'],
    [{ ...machine, deviceTree: 'Raspberry Pi 4 Model B Rev 1.5' }, 'rpi-4b@1'],
    [{ ...machine, deviceTree: 'Raspberry Pi 400 Rev 1.0' }, 'rpi-400@1'],
    [{ ...machine, deviceTree: 'Raspberry Pi 5 Model B Rev 1.0' }, 'rpi-5@1'],
    [{ ...machine, cpu: 'Intel(R) N100' }, 'intel-n100@1'],
    [{ ...machine, cpu: 'Intel(R) N150' }, 'intel-n150@1'],
    [{ ...machine, virtual: true }, 'virtual-machine@1'],
    [machine, 'unknown-x86@1'],
    [{ ...machine, architecture: 'arm64', deviceTree: 'Orange Pi Zero' }, 'unknown-arm@1'],
  ])('of %j is %s', (hardware, id) => {
    expect(powerModelFor(hardware).id).toBe(id)
  })

  it.each([
    // Published pairs of idle and full watts: each must lie within the interval of its board.
    ['Raspberry Pi Zero 2 W', 0.6, 2.1],
    ['Raspberry Pi 3 Model B Plus', 3.1, 5.6],
    ['Raspberry Pi 3 Model B Plus', 1.9, 5.1],
    ['Raspberry Pi 4 Model B', 1.6, 5.0],
    ['Raspberry Pi 4 Model B', 2.7, 6.4],
    ['Raspberry Pi 4 Model B', 3.06, 6.12],
    ['Raspberry Pi 4 Model B', 2.2, 5.4],
    ['Raspberry Pi 4 Model B', 3.0, 6.3],
    ['Raspberry Pi 400', 2.7, 5.2],
    ['Raspberry Pi 5', 2.8, 9.7],
  ])('of %s covers %d W idle and %d W full', (deviceTree, idle, full) => {
    const model = powerModelFor({ ...machine, architecture: 'arm64', deviceTree })
    const [low, high] = [modelledPower(model, 0, ''), modelledPower(model, 1, '')]
    expect(low.low).toBeLessThanOrEqual(idle)
    expect(low.high).toBeGreaterThanOrEqual(idle)
    expect(high.low).toBeLessThanOrEqual(full)
    expect(high.high).toBeGreaterThanOrEqual(full)
    expect(low).toMatchObject({ class: 'modelled', boundary: 'wall' })
  })

  it('is wider for what it does not know', () => {
    const width = (utilisation: number, hardware: typeof machine) => {
      const { low, value, high } = modelledPower(powerModelFor(hardware), utilisation, '')
      return (high - low) / value
    }
    const known = { ...machine, architecture: 'arm64', deviceTree: 'Raspberry Pi 5' }
    const unknown = { ...known, deviceTree: 'Something else' }
    expect(width(0, unknown)).toBeGreaterThan(2 * width(0, known))
    expect(width(1, unknown)).toBeGreaterThan(2 * width(1, known))
  })
})

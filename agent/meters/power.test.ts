import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CalibrationReading } from '../api.ts'
import type { Share } from '../ledger/hours.ts'
import { type PlugReading, PlugTrouble } from './plug.ts'
import { type Plug, PowerMeter } from './power.ts'
import { type Hardware, machineOf, modelledPower, publishedModel } from './power-model.ts'
import { powerPairs } from './power-pairs.ts'
import type { PowerSensor, SensorReading } from './power-sensor.ts'

const pi4: Hardware = {
  deviceTree: 'Raspberry Pi 4 Model B Rev 1.4',
  product: '',
  cpu: '',
  virtual: false,
  architecture: 'arm64',
}
const published = publishedModel(machineOf(pi4))
const start = Date.parse('2026-11-01T00:00:00Z')
const minute = (number: number) => ({
  start: start + number * 60_000,
  end: start + (number + 1) * 60_000,
  trusted: true,
})
const idle: CalibrationReading = {
  watts: 2.9,
  low: 2.8,
  high: 3,
  utilisation: 0,
  at: '2026-11-01T00:00:00Z',
  boundary: 'wall',
}
const says = (totalWh: number, more: Partial<PlugReading> = {}): PlugReading => ({
  source: 'shelly-gen2@1',
  watts: 6,
  wattsStep: 0.1,
  wattsFloor: 0.2,
  totalWh,
  totalStepWh: 0.001,
  ...more,
})
const energyOf = (shares: Share[]) => shares.reduce((sum, { quantities }) => sum + (quantities.energy ?? 0), 0)

/** A plug that says what the test puts into it; null is silence. */
class ScriptedPlug implements Plug {
  next: PlugReading | null = null

  async read(): Promise<PlugReading> {
    if (this.next) return this.next
    throw new PlugTrouble('silent', 'The plug does not answer.', 'Check it.')
  }
}

/** A sensor that says what the test puts into it. */
class ScriptedSensor implements PowerSensor {
  next: SensorReading | null = {
    source: 'ina219@1',
    boundary: 'dc-input',
    watts: { low: 2.9, value: 3, high: 3.1 },
    wall: { low: 3.2, value: 3.8, high: 4.4 },
    packageWatts: 2,
  }
  calibration: readonly CalibrationReading[] = []
  told: unknown[] = []

  useCalibration(readings: readonly CalibrationReading[]): void {
    this.calibration = readings
  }

  watch(): ReturnType<PowerSensor['watch']> {
    return (utilisation, { source }) => {
      this.told = [utilisation, source]
      return this.next
    }
  }
}

describe('the power meter', () => {
  it('takes the model where there is nothing better', async () => {
    const meter = new PowerMeter(pi4)
    const [share] = await meter.settle(minute(0), 0.5)
    expect(share?.quantities).toMatchObject({ classRank: 2, seconds: 60, cpuSeconds: 30 })
    expect(share?.quantities.energy).toBeCloseTo((published.watts(0.5).value / 60) * 1e6, 3)
    expect(meter.lately(0, '')).toMatchObject({ class: 'modelled', boundary: 'wall', source: 'model:rpi-4b@1' })
    expect(meter.idle('')).toMatchObject({ value: expect.closeTo(published.watts(0).value), source: 'model:rpi-4b@1' })
  })

  it('takes the household’s readings before the published ones, while there are any', async () => {
    const meter = new PowerMeter(pi4)
    meter.useCalibration([idle])
    expect(meter.lately(0, '')).toMatchObject({ value: 2.9, low: 2.8, high: 3, source: 'calibrated:rpi-4b@1' })
    const [share] = await meter.settle(minute(0), 0)
    expect(share?.quantities).toMatchObject({ classRank: 2, energy: expect.closeTo((2.9 / 60) * 1e6, 3) })
    meter.useCalibration([])
    expect(meter.lately(0, '').source).toBe('model:rpi-4b@1')
  })

  it('takes a sensor before any model: shown at its own boundary, counted at the wall', async () => {
    const sensor = new ScriptedSensor()
    const meter = new PowerMeter(pi4, sensor)
    meter.useCalibration([idle])
    expect(sensor.calibration).toEqual([idle])
    const [share] = await meter.settle(minute(0), 0.25)
    expect(sensor.told).toEqual([0.25, 'calibrated:rpi-4b@1'])
    expect(share?.quantities).toMatchObject({ classRank: 1, energy: expect.closeTo((3.8 / 60) * 1e6, 3) })
    expect(share?.quantities.energyHigh).toBeCloseTo((4.4 / 60) * 1e6, 3)
    expect(meter.lately(0, '')).toMatchObject({ class: 'derived', boundary: 'dc-input', value: 3, source: 'ina219@1' })
    expect(await meter.follow()(0, '')).toMatchObject({ class: 'derived', value: 3 })
    sensor.next = null
    const [without] = await meter.settle(minute(1), 0)
    expect(without?.quantities.classRank).toBe(2)
    expect(meter.lately(0, '').class).toBe('modelled')
  })

  it('takes a plug before everything, and measures by the differences of its counter', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4, new ScriptedSensor())
    meter.usePlug(plug)
    plug.next = says(1000)
    expect((await meter.settle(minute(0), 0))[0]?.quantities.classRank).toBe(1) // no difference yet
    plug.next = says(1000.1)
    const [share] = await meter.settle(minute(1), 0)
    expect(share?.quantities.classRank).toBe(0)
    expect(share?.quantities.energy).toBeCloseTo(100_000, 3)
    expect(share?.quantities.energyLow).toBeLessThan(100_000)
    expect(meter.lately(0, '')).toMatchObject({ class: 'measured', value: 6, source: 'shelly-gen2@1' })
    expect(await meter.follow()(0, '')).toMatchObject({ class: 'measured', value: 6 })
  })

  it('takes off what else hangs on the plug, in its figures, its energy and what calibrates', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug, { low: 2, high: 3 })
    for (let number = 0; number <= 11; number += 1) {
      plug.next = says(1000 + number * 0.1)
      const [share] = await meter.settle(minute(number), 0)
      if (number < 2) continue
      expect(share?.quantities).toMatchObject({ classRank: 1, energy: expect.closeTo((3.5 / 60) * 1e6, 0) })
      expect(share?.quantities.energyLow).toBeLessThan((3 / 60) * 1e6)
      expect(share?.quantities.energyHigh).toBeGreaterThan((4 / 60) * 1e6)
    }
    const shown = { value: 3.5, class: 'derived', boundary: 'wall', source: 'shelly-gen2@1/less-others@1' }
    expect(meter.lately(0, '')).toMatchObject(shown)
    expect(await meter.follow()(0, '')).toMatchObject(shown)
    expect(meter.takeReading('')).toMatchObject({ watts: expect.closeTo(3.5) })
    expect(meter.trouble()).toBeNull()
  })

  it('keeps what a plug says where nobody knows what else hangs on it, but for the lower end', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug, 'unknown')
    plug.next = says(1000)
    await meter.settle(minute(0), 0.5)
    plug.next = says(1000.1)
    const [share] = await meter.settle(minute(1), 0.5)
    const { low } = published.watts(0.5)
    expect(share?.quantities).toMatchObject({ classRank: 1, energy: expect.closeTo(100_000, 3) })
    expect(share?.quantities.energyLow).toBeCloseTo((low / 60) * 1e6, 3)
    expect(meter.lately(0.5, '')).toMatchObject({ value: 6, high: 6.3, low: expect.closeTo(low, 3) })
  })

  it('says so where less goes through a plug than what else is said to hang on it', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug, { low: 10, high: 20 })
    plug.next = says(1000)
    await meter.settle(minute(0), 0)
    expect(meter.trouble()?.id).toBe('plug.others')
    meter.usePlug(plug, { low: 1, high: 2 })
    await meter.settle(minute(1), 0)
    expect(meter.trouble()).toBeNull()
  })

  it('bridges a short silence with the counter, losing and doubling nothing', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug)
    plug.next = says(10)
    await meter.settle(minute(0), 0)
    plug.next = null
    for (const number of [1, 2, 3]) expect(await meter.settle(minute(number), 0)).toEqual([])
    expect(meter.trouble()?.id).toBe('plug.silent')
    expect(meter.lately(0, '').class).toBe('modelled')
    plug.next = says(10.4)
    const shares = await meter.settle(minute(4), 0)
    expect(shares).toHaveLength(4)
    expect(energyOf(shares)).toBeCloseTo(400_000, 3)
    expect(shares.every(({ quantities }) => quantities.classRank === 0)).toBe(true)
    expect(meter.trouble()).toBeNull()
  })

  it('gives a plug up that stays silent: the time counts as modelled, and not again when it comes back', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug)
    plug.next = says(10)
    await meter.settle(minute(0), 0)
    plug.next = null
    const shares = []
    for (let number = 1; number <= 90; number += 1) shares.push(...(await meter.settle(minute(number), 0)))
    expect(shares.length).toBeGreaterThan(60)
    expect(shares.every(({ quantities }) => quantities.classRank === 2)).toBe(true)
    plug.next = says(19)
    const back = await meter.settle(minute(91), 0)
    expect(back.every(({ quantities }) => quantities.classRank === 2)).toBe(true)
    expect(shares.length + back.length).toBe(91)
  })

  it('does not take a counter that stands still for a machine without power', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug)
    plug.next = says(10)
    await meter.settle(minute(0), 0)
    const shares = []
    for (let number = 1; number <= 61; number += 1) shares.push(...(await meter.settle(minute(number), 0)))
    expect(shares).toHaveLength(61)
    expect(shares.every(({ quantities }) => quantities.classRank === 2)).toBe(true)
    expect(meter.trouble()?.id).toBe('plug.stuck')
  })

  it.each([
    ['backwards', 3],
    ['forwards further than a socket can carry', 500],
  ])('does not believe a counter that jumps %s', async (_direction, totalWh) => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug)
    plug.next = says(10)
    await meter.settle(minute(0), 0)
    plug.next = says(totalWh)
    const [share] = await meter.settle(minute(1), 0)
    expect(share?.quantities.classRank).toBe(2)
    expect(meter.trouble()?.id).toBe('plug.leap')
    for (let number = 2; number <= 61; number += 1) {
      plug.next = says(totalWh + (number - 1) * 0.1)
      const [next] = await meter.settle(minute(number), 0)
      expect(next?.quantities.classRank).toBe(0)
      expect(next?.quantities.energy).toBeCloseTo(100_000, 3)
      expect(meter.trouble()?.id).toBe(number === 61 ? undefined : 'plug.leap')
    }
  })

  it('hands out what it holds back when it stops or the plug is taken away', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug)
    await meter.settle(minute(0), 0)
    expect(meter.usePlug(null)).toHaveLength(1)
    expect(meter.release()).toEqual([])
  })

  it('hands every interval out once, whatever plug and counter do, and no more energy than a socket carries', async () => {
    const minutes = fc.array(fc.option(fc.double({ min: -1, max: 70, noNaN: true }), { freq: 3 }), { maxLength: 150 })
    await fc.assert(
      fc.asyncProperty(minutes, async (moves) => {
        const plug = new ScriptedPlug()
        const meter = new PowerMeter(pi4)
        meter.usePlug(plug)
        const shares: Share[] = []
        let totalWh = 100
        for (const [number, move] of moves.entries()) {
          totalWh = Math.max(0, totalWh + (move ?? 0))
          plug.next = move === null ? null : says(totalWh)
          shares.push(...(await meter.settle(minute(number), 0)))
        }
        shares.push(...meter.release())
        expect(shares.map(({ interval }) => interval.start)).toEqual(moves.map((_move, number) => minute(number).start))
        for (const { quantities } of shares) {
          const { energy = -1, energyLow = -1, energyHigh = -1, seconds } = quantities
          expect(seconds).toBe(60)
          expect(energyLow).toBeGreaterThanOrEqual(0)
          expect(energy).toBeGreaterThanOrEqual(energyLow)
          expect(energyHigh).toBeGreaterThanOrEqual(energy)
          expect(energy).toBeLessThan(70e6)
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('a reading for calibration', () => {
  it('typed in comes with its interval, and with what the processor said of itself', async () => {
    const meter = new PowerMeter(pi4, new ScriptedSensor())
    await meter.settle(minute(0), 0.1)
    expect(meter.typedReading(3, 0.1, '2026-11-01T00:01:00Z')).toEqual({
      watts: 3,
      low: 2.7,
      high: 3.3,
      utilisation: 0.1,
      packageWatts: 2,
      at: '2026-11-01T00:01:00Z',
      boundary: 'wall',
    })
    expect(new PowerMeter(pi4).typedReading(3, 0.1, '')).not.toHaveProperty('packageWatts')
  })

  it('taken from a plug is the mean of at least ten minutes, and begins anew afterwards', async () => {
    const plug = new ScriptedPlug()
    const meter = new PowerMeter(pi4)
    meter.usePlug(plug)
    for (let number = 0; number <= 10; number += 1) {
      expect(meter.takeReading('')).toBeNull()
      plug.next = says(number * 0.1)
      await meter.settle(minute(number), number > 5 ? 0.4 : 0)
    }
    const reading = meter.takeReading('2026-11-01T00:11:00Z')
    expect(reading).toMatchObject({ watts: expect.closeTo(6), utilisation: expect.closeTo(0.2), boundary: 'wall' })
    expect(reading?.low).toBeLessThan(5.9)
    expect(reading?.high).toBeGreaterThan(6.1)
    expect(meter.takeReading('')).toBeNull()
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
    [{ ...machine, deviceTree: 'Raspberry Pi Compute Module Zero Rev 1.0' }, 'rpi-cm0@1'],
    [{ ...machine, cpu: 'Intel(R) N100' }, 'intel-n100@1'],
    [{ ...machine, cpu: 'Intel(R) N150' }, 'intel-n150@1'],
    [{ ...machine, virtual: true }, 'virtual-machine@1'],
    [machine, 'unknown-x86@1'],
    [{ ...machine, architecture: 'arm64', deviceTree: 'Orange Pi Zero' }, 'unknown-arm@1'],
  ])('of %j is %s', (hardware, id) => {
    expect(publishedModel(machineOf(hardware)).source).toBe(`model:${id}`)
  })

  it.each([
    ['Raspberry Pi Zero 2 W', 'rpi-zero-2-w'],
    ['Raspberry Pi Compute Module 0', 'rpi-cm0'],
    ['Raspberry Pi 3 Model B Plus', 'rpi-3b-plus'],
    ['Raspberry Pi 4 Model B', 'rpi-4b'],
    ['Raspberry Pi 400', 'rpi-400'],
    ['Raspberry Pi 5', 'rpi-5'],
  ])('of %s covers every pair published of it, and 30 per cent', (deviceTree, type) => {
    const model = publishedModel(machineOf({ ...machine, architecture: 'arm64', deviceTree }))
    const [idle, full] = [modelledPower(model, 0, ''), modelledPower(model, 1, '')]
    expect(idle).toMatchObject({ class: 'modelled', boundary: 'wall' })
    for (const pair of powerPairs.filter((each) => each.type === type)) {
      expect(idle.low).toBeLessThanOrEqual(pair.idle + 0.001)
      expect(idle.high).toBeGreaterThanOrEqual(pair.idle - 0.001)
      expect(full.low).toBeLessThanOrEqual(pair.full + 0.001)
      expect(full.high).toBeGreaterThanOrEqual(pair.full - 0.001)
    }
    expect(idle.high - idle.low).toBeGreaterThanOrEqual(0.6 * idle.value - 0.002)
  })

  it('is wider for what it does not know', () => {
    const width = (utilisation: number, hardware: typeof machine) => {
      const { low, value, high } = modelledPower(publishedModel(machineOf(hardware)), utilisation, '')
      return (high - low) / value
    }
    const known = { ...machine, architecture: 'arm64', deviceTree: 'Raspberry Pi 5' }
    const unknown = { ...known, deviceTree: 'Something else' }
    expect(width(0, unknown)).toBeGreaterThan(2 * width(0, known))
    expect(width(1, unknown)).toBeGreaterThan(2 * width(1, known))
  })
})

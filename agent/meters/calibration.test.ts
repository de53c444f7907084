import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CalibrationReading } from '../api.ts'
import { calibratedModel, checkReadings, ReadingRefused, typedInterval } from './calibration.ts'
import type { PowerModel } from './power-model.ts'

const pi4 = { id: 'rpi-4b', label: 'Raspberry Pi 4 Model B', type: 'rpi-4b' as const }
const unknown = { id: 'unknown-arm', label: 'board of unknown type', type: null }
const reading = (watts: number, utilisation: number, more: Partial<CalibrationReading> = {}): CalibrationReading => ({
  watts,
  ...typedInterval(watts),
  utilisation,
  at: '2026-11-24T10:00:00Z',
  boundary: 'wall',
  ...more,
})
const modelOf = (...readings: CalibrationReading[]) => calibratedModel(pi4, readings) as PowerModel

describe('the calibrated model', () => {
  it('needs a reading', () => {
    expect(calibratedModel(pi4, [])).toBeNull()
  })

  it('is the reading where it was taken, and says where it is from', () => {
    const model = modelOf(reading(2.9, 0.03))
    expect(model).toMatchObject({ source: 'calibrated:rpi-4b@1', label: 'Raspberry Pi 4 Model B' })
    expect(model.watts(0.03)).toEqual({ low: 2.6, value: 2.9, high: expect.closeTo(3.2) })
  })

  it('adds to an idle reading what load adds to the type', () => {
    const { low, value, high } = modelOf(reading(2.9, 0, { low: 2.9, high: 2.9 })).watts(1)
    expect(value).toBeCloseTo(6.23, 1)
    expect(low).toBeGreaterThan(5.3)
    expect(high).toBeLessThan(7.2)
  })

  it('goes the other way from a reading under load', () => {
    const idle = modelOf(reading(6.2, 1)).watts(0)
    expect(idle.value).toBeCloseTo(2.87, 1)
    expect(idle.low).toBeLessThan(2.5)
    expect(idle.high).toBeGreaterThan(3.2)
  })

  it('of an unknown type multiplies, with a far wider interval', () => {
    const { low, value, high } = (calibratedModel(unknown, [reading(3, 0, { low: 3, high: 3 })]) as PowerModel).watts(1)
    expect(value).toBeGreaterThan(6)
    expect(value).toBeLessThan(10)
    expect(low).toBeGreaterThan(3)
    expect(high / low).toBeGreaterThan(2)
  })

  it('multiplies too where the type’s own figures leave nothing for idle', () => {
    const idle = modelOf(reading(2, 1)).watts(0)
    expect(idle.value).toBeGreaterThan(0.5)
    expect(idle.low).toBeGreaterThan(0)
  })

  it('is straight between two readings, whatever the table says of the type', () => {
    const model = modelOf(reading(8, 1), reading(2, 0))
    expect(model.watts(0.5).value).toBeCloseTo(5)
    expect(model.watts(0.25).value).toBeCloseTo(3.5)
  })

  it('takes readings of the same load for one, which holds them all', () => {
    const { low, value, high } = modelOf(reading(2.5, 0.02), reading(3.1, 0.04)).watts(0.03)
    expect(value).toBeCloseTo(2.8)
    expect([low, high]).toEqual([expect.closeTo(2.2), expect.closeTo(3.4)])
  })

  it('keeps low ≤ value ≤ high, above nothing, for any readings at any load', () => {
    const readings = fc.array(
      fc
        .tuple(fc.double({ min: 0.1, max: 300, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
        .map(([watts, utilisation]) => reading(watts, utilisation)),
      { minLength: 1, maxLength: 6 },
    )
    fc.assert(
      fc.property(readings, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), (list, utilisation, isKnown) => {
        const { low, value, high } = (calibratedModel(isKnown ? pi4 : unknown, list) as PowerModel).watts(utilisation)
        expect(low).toBeGreaterThanOrEqual(0)
        expect(low).toBeLessThanOrEqual(value + 1e-9)
        expect(value).toBeLessThanOrEqual(high + 1e-9)
        expect(Number.isFinite(high)).toBe(true)
      }),
    )
  })
})

describe('a reading typed in', () => {
  it('has an interval that grows with it, and never less than the floor', () => {
    expect(typedInterval(0.6)).toEqual({ low: 0.3, high: expect.closeTo(0.9) })
    expect(typedInterval(0.2).low).toBe(0)
    expect(typedInterval(20)).toEqual({ low: 19, high: 21 })
  })

  it('is taken if it has all its parts', () => {
    const whole = [reading(3, 0), reading(5, 1, { packageWatts: 2 })]
    expect(checkReadings(JSON.parse(JSON.stringify(whole)))).toEqual(whole)
    expect(checkReadings([])).toEqual([])
  })

  it.each([
    ['no list', {}, 'calibration'],
    ['too many', Array.from({ length: 13 }, () => reading(3, 0)), 'calibration'],
    ['a number', [3], 'calibration[0]'],
    ['no watts', [{ ...reading(3, 0), watts: undefined }], 'calibration[0].watts'],
    ['watts as text', [reading(3, 0), { ...reading(3, 0), watts: '3' }], 'calibration[1].watts'],
    ['not a number', [{ ...reading(3, 0), watts: Number.NaN }], 'calibration[0].watts'],
    ['endless watts', [{ ...reading(3, 0), watts: Number.POSITIVE_INFINITY }], 'calibration[0].watts'],
    ['negative watts', [{ ...reading(3, 0), watts: -3 }], 'calibration[0].watts'],
    ['nothing', [{ ...reading(3, 0), watts: 0, low: 0 }], 'calibration[0].watts'],
    ['an interval beside it', [{ ...reading(3, 0), low: 3.1 }], 'calibration[0]'],
    ['more than all', [{ ...reading(3, 0), utilisation: 1.1 }], 'calibration[0].utilisation'],
    ['another boundary', [{ ...reading(3, 0), boundary: 'dc-input' }], 'calibration[0].boundary'],
    ['no moment', [{ ...reading(3, 0), at: 'yesterday' }], 'calibration[0].at'],
    ['no real moment', [{ ...reading(3, 0), at: '2026-13-45T00:00:00Z' }], 'calibration[0].at'],
    ['a part too many', [{ ...reading(3, 0), volts: 5 }], 'calibration[0].volts'],
  ])('%s is refused', (_what, value, field) => {
    let refused: unknown
    try {
      checkReadings(value)
    } catch (error) {
      refused = error
    }
    expect(refused).toBeInstanceOf(ReadingRefused)
    expect(refused).toMatchObject({ field })
  })
})

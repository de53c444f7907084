import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlugReading } from './plug.ts'
import { PlugCounter } from './plug-counter.ts'
import type { Range } from './prediction.ts'

const reading = (totalWh: number, more: Partial<PlugReading> = {}): PlugReading => ({
  source: 'tasmota@1',
  watts: 3,
  wattsStep: 1,
  wattsFloor: 0.5,
  totalWh,
  totalStepWh: 1,
  ...more,
})
const sumOf = (energies: Range[], key: keyof Range) => energies.reduce((sum, energy) => sum + energy[key], 0)

/** A plug without error: its counter shows whole steps, its power is rounded to whole watts. */
function exactPlug(step: number, startWh: number) {
  let totalWh = startWh
  const shown = (watts: number) =>
    reading(Math.floor(totalWh / step + 1e-9) * step, { watts: Math.round(watts), totalStepWh: step })
  return {
    pass(watts: number, seconds: number) {
      totalWh += (watts * seconds) / 3600
      return shown(watts)
    },
    read: () => shown(3),
    passed: () => totalWh - startWh,
  }
}

const loads = fc.array(fc.double({ min: 0.6, max: 60, noNaN: true }), { minLength: 1, maxLength: 200 })
const steps = fc.constantFrom(0.001, 1 / 60, 1, 10)
const starts = fc.double({ min: 0, max: 1e5, noNaN: true })

describe('the counter of a plug', () => {
  it('whose steps are coarse is not read as nothing for an hour and everything at once', () => {
    const plug = exactPlug(1, 100.4)
    const counter = new PlugCounter(plug.read())
    const hours = Array.from({ length: 6 }, () =>
      sumOf(
        Array.from({ length: 60 }, () => counter.advance(plug.pass(3, 60), 60) as Range),
        'value',
      ),
    )
    for (const hour of hours) expect(Math.abs(hour - 3)).toBeLessThan(0.5)
  })

  it('handed out, at any time, what it moved to within a step, and what flowed lies within the interval', () => {
    fc.assert(
      fc.property(loads, steps, starts, (watts, step, start) => {
        const plug = exactPlug(step, start)
        const first = plug.read()
        const counter = new PlugCounter(first)
        const energies: Range[] = []
        let waiting = 0
        for (const load of watts) {
          const now = plug.pass(load, 60)
          waiting += 60
          const energy = counter.advance(now, waiting)
          if (energy === null) continue
          if (typeof energy === 'string') throw new Error(`it is no ${energy}`)
          waiting = 0
          energies.push(energy)
          expect(energy.low).toBeGreaterThanOrEqual(0)
          expect(energy.low).toBeLessThanOrEqual(energy.value)
          expect(energy.high).toBeGreaterThanOrEqual(energy.value)
          expect(Math.abs(sumOf(energies, 'value') - (now.totalWh - first.totalWh))).toBeLessThanOrEqual(step + 1e-6)
          expect(sumOf(energies, 'low')).toBeLessThanOrEqual(plug.passed() + 1e-6)
          expect(sumOf(energies, 'high')).toBeGreaterThanOrEqual(plug.passed() - 1e-6)
        }
      }),
    )
  })

  it('with steps of a watt-hour still knows a day of three watts to a tenth, beside the error of the plug', () => {
    const plug = exactPlug(1, 7.9)
    const counter = new PlugCounter(plug.read())
    let waiting = 0
    const day: Range[] = []
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      waiting += 60
      const energy = counter.advance(plug.pass(3.4, 60), waiting)
      if (energy === null) continue
      if (typeof energy === 'string') throw new Error(`it is no ${energy}`)
      waiting = 0
      day.push(energy)
    }
    const flowed = 3.4 * 24
    const floor = 0.5 * 24
    expect(Math.abs(sumOf(day, 'value') - flowed)).toBeLessThan(2)
    expect(sumOf(day, 'high') - flowed).toBeLessThan(floor + 0.1 * flowed)
    expect(flowed - sumOf(day, 'low')).toBeLessThan(floor + 0.1 * flowed)
  })

  it('takes the doubt of its steps off the lows as well, as soon as they can bear it', () => {
    const plug = exactPlug(1, 0)
    const counter = new PlugCounter(plug.read())
    const energies = Array.from({ length: 120 }, () => counter.advance(plug.pass(3, 60), 60) as Range)
    const lacking = sumOf(energies, 'value') - sumOf(energies, 'low')
    expect(lacking).toBeGreaterThan(2 + 0.5 * 2) // two steps, and the floor of half a watt for two hours
    expect(energies[0]?.low).toBe(0)
  })

  it('that stands still while power flows is waited for, and then covers the whole stretch', () => {
    const counter = new PlugCounter(reading(10, { totalStepWh: 0.001 }))
    const stands = reading(10, { totalStepWh: 0.001 })
    expect(counter.advance(stands, 60)).toBeNull()
    expect(counter.advance(stands, 120)).toBeNull()
    const energy = counter.advance(reading(10.15, { totalStepWh: 0.001 }), 180)
    expect(energy).toMatchObject({ value: expect.closeTo(0.15, 2) })
  })

  it('whose power is shown far too high is not called stuck, nor waited for, and stays right in sum', () => {
    const plug = exactPlug(10, 3) // 0.6 W shown as 1 W, steps of 10 Wh: sixteen hours each
    const counter = new PlugCounter(plug.read())
    const energies = Array.from({ length: 4 * 24 * 60 }, () => counter.advance(plug.pass(0.6, 60), 60) as Range)
    expect(Math.abs(sumOf(energies, 'value') - 0.6 * 4 * 24)).toBeLessThan(10)
    expect(Math.min(...energies.map(({ value }) => value))).toBeGreaterThan(0.001)
  })

  it('that stands still for four of its steps is stuck', () => {
    const counter = new PlugCounter(reading(10))
    const energies = Array.from({ length: 81 }, () => counter.advance(reading(10), 60))
    expect(energies.slice(0, 80).every((energy) => typeof energy === 'object')).toBe(true)
    expect(energies[80]).toBe('stuck')
  })

  it.each([
    ['backwards', 99],
    ['further than a socket can carry', 169],
  ])('that ran %s counts no longer', (_how, totalWh) => {
    expect(new PlugCounter(reading(100)).advance(reading(totalWh), 60)).toBe('leap')
  })

  it('has an interval that is never narrower than the floor', () => {
    const counter = new PlugCounter(reading(0, { totalStepWh: 0.001 }))
    counter.advance(reading(3, { totalStepWh: 0.001 }), 3600)
    const energy = counter.advance(reading(6, { totalStepWh: 0.001 }), 3600) as Range
    expect(energy.high - energy.value).toBeGreaterThan(0.5)
    expect(energy.value - energy.low).toBeGreaterThan(0.5)
    expect(energy.high - energy.value).toBeLessThan(0.51)
  })
})

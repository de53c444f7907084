import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PowerFigure } from '../api.ts'
import { otherWatts, ownPart, ownPower } from './plug-others.ts'

const through = { low: 9.8, value: 10, high: 10.2 }
const modelled = { low: 2, value: 3, high: 4 }
const figure: PowerFigure = {
  ...through,
  unit: 'W',
  source: 'shelly-gen2@1',
  at: '2026-11-24T10:00:00Z',
  class: 'measured',
  boundary: 'wall',
}

describe('what else hangs on a plug', () => {
  it('is nothing where that was said, or nothing was', () => {
    expect([otherWatts('nothing'), otherWatts(undefined)]).toEqual([null, null])
    expect(ownPower(figure, null, modelled)).toEqual(figure)
  })

  it('is taken off, and makes the interval wider by its own', () => {
    const others = otherWatts({ name: 'router', watts: { low: 5, high: 7 } })
    const own = ownPower(figure, others, modelled)
    expect(own).toEqual({
      ...figure,
      low: 2.8,
      value: 4,
      high: 5.2,
      class: 'derived',
      source: 'shelly-gen2@1/less-others@1',
    })
    expect(ownPart({ low: 98, value: 100, high: 102 }, others, 10, modelled)).toEqual({ low: 28, value: 40, high: 52 })
  })

  it('leaves the upper end where nobody knows how much it is, and the lower one to the model', () => {
    const own = ownPower(figure, otherWatts({ name: '', watts: null }), modelled)
    expect(own).toEqual({ ...figure, low: 2, class: 'derived', source: 'shelly-gen2@1/with-others@1' })
    expect(ownPart(through, 'unknown', 1, { ...modelled, low: 12 }).low).toBe(9.8)
    expect(ownPart(through, 'unknown', 3, modelled).low).toBe(6)
  })

  it('never makes less than nothing, nor a value outside of its interval', () => {
    const watts = fc.double({ min: 0, max: 4000, noNaN: true })
    const range = fc.tuple(watts, watts, watts).map((all) => {
      const [low = 0, value = 0, high = 0] = all.sort((a, b) => a - b)
      return { low, value, high }
    })
    fc.assert(
      fc.property(range, range, (all, { low, high }) => {
        const own = ownPart(all, { low, high }, 1, modelled)
        expect(own.low).toBeGreaterThanOrEqual(0)
        expect(own.value).toBeGreaterThanOrEqual(own.low)
        expect(own.high).toBeGreaterThanOrEqual(own.value)
        expect(own.high - own.low).toBeLessThanOrEqual(all.high - all.low + high - low + 1e-9)
      }),
    )
  })
})

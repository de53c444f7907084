import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, compare, type Fraction, floor, fraction, round, subtract, times, zero } from './fraction.ts'
import { type Range, roundRange, settle, sumRanges, sumWholes } from './rounding.ts'

const anyFraction = fc
  .tuple(fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }), fc.bigInt({ min: 1n, max: 10n ** 6n }))
  .map(([numerator, denominator]) => fraction(numerator, denominator))
const anyDistance = anyFraction.map((each) => (compare(each, zero) < 0 ? subtract(zero, each) : each))
const anyRange = fc
  .tuple(anyFraction, fc.option(fc.tuple(anyDistance, anyDistance), { nil: null }))
  .map(([value, distances]): Range<Fraction> => {
    const [below, above] = distances ?? [zero, zero]
    return { value, low: subtract(value, below), high: add(value, above) }
  })
const anyParts = fc.uniqueArray(
  fc.tuple(fc.string(), anyRange).map(([id, range]) => ({ id, range })),
  { selector: ({ id }) => id, minLength: 1, maxLength: 20 },
)
const settled = (parts: { id: string; range: Range<Fraction> }[]) => {
  const total = roundRange(sumRanges(parts.map(({ range }) => range)))
  return { total, ranges: settle(parts, total) }
}
const distance = (exact: Fraction, whole: bigint) => {
  const difference = subtract(exact, fraction(whole))
  return compare(difference, zero) < 0 ? subtract(zero, difference) : difference
}

describe('fractions', () => {
  it('are exact, in lowest terms, and rounded to the nearest, halves up', () => {
    expect(add(fraction(1n, 3n), fraction(1n, 6n))).toEqual({ numerator: 1n, denominator: 2n })
    expect(times(fraction(2n, 3n), 3n, 4n)).toEqual(fraction(1n, 2n))
    expect([fraction(-1n, 2n), fraction(-3n, 2n), fraction(7n, 2n)].map(floor)).toEqual([-1n, -2n, 3n])
    expect([fraction(-1n, 2n), fraction(1n, 2n), fraction(-2n, 3n), fraction(5n, 4n)].map(round)).toEqual([
      0n,
      1n,
      -1n,
      1n,
    ])
    expect(() => fraction(1n, 0n)).toThrow(RangeError)
  })
})

describe('rounding parts', () => {
  const part = (id: string, value: Fraction) => ({ id, range: { value, low: value, high: value } })

  it('gives what is missing to the largest remainders, and of equal ones to the first id', () => {
    const thirds = ['b', 'c', 'a'].map((id) => part(id, fraction(10n, 3n)))
    expect(settled(thirds).ranges.map(({ value }) => value)).toEqual([3n, 3n, 4n])
    const parts = [part('a', fraction(14n, 10n)), part('b', fraction(16n, 10n)), part('c', fraction(25n, 10n))]
    expect(settled(parts).ranges.map(({ value }) => value)).toEqual([1n, 2n, 3n])
  })

  it('keeps a part that is certain certain, beside one that is not', () => {
    const half = fraction(1n, 2n)
    const power = { id: 'power', range: { value: fraction(3n, 10n), low: fraction(1n, 10n), high: fraction(6n, 10n) } }
    const { total, ranges } = settled([part('internet', add(fraction(1n), half)), power])
    expect(total).toEqual({ value: 2n, low: 2n, high: 2n })
    expect(ranges).toEqual([
      { value: 2n, low: 2n, high: 2n },
      { value: 0n, low: 0n, high: 0n },
    ])
  })

  it('adds up, in every bound, in order, whatever the parts are', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const { total, ranges } = settled(parts)
        expect(sumWholes(ranges)).toEqual(total)
        for (const { value, low, high } of ranges) expect(low <= value && value <= high).toBe(true)
      }),
    )
  })

  it('never moves a part by a unit, and no bound by two', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        for (const [index, { value, low, high }] of settled(parts).ranges.entries()) {
          const { range } = parts[index] as (typeof parts)[number]
          expect(compare(distance(range.value, value), fraction(1n))).toBe(-1)
          expect(compare(distance(range.low, low), fraction(2n))).toBe(-1)
          expect(compare(distance(range.high, high), fraction(2n))).toBe(-1)
        }
      }),
    )
  })

  it('does not depend on the order of the parts', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const byId = (list: typeof parts) => {
          const { ranges } = settled(list)
          return new Map(list.map(({ id }, index) => [id, ranges[index]]))
        }
        expect(byId(parts.toReversed())).toEqual(byId(parts))
      }),
    )
  })
})

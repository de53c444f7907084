import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDecimal } from '../costs/decimal.ts'
import { type Direction, significant } from './significant.ts'

const of = (text: string, direction?: Direction) => significant(parseDecimal(text), direction)

describe('two significant digits', () => {
  it.each([
    ['0', '0', '0', '0'],
    ['7', '7', '7', '7'],
    ['2.3', '2.3', '2.3', '2.3'],
    ['2.349', '2.3', '2.3', '2.4'],
    ['2.35', '2.4', '2.3', '2.4'],
    ['0.0964', '0.096', '0.096', '0.097'],
    ['99.5', '100', '99', '100'],
    ['0.0995', '0.1', '0.099', '0.1'],
    ['1250', '1300', '1200', '1300'],
    ['1249.999999999999', '1200', '1200', '1300'],
    ['0.000000000001', '0.000000000001', '0.000000000001', '0.000000000001'],
    ['100000000000000.000000000001', '100000000000000', '100000000000000', '110000000000000'],
  ])('%s is %s, down %s, up %s', (text, nearest, down, up) => {
    expect([of(text), of(text, 'down'), of(text, 'up')]).toEqual([nearest, down, up])
  })

  it('refuses what is below zero', () => {
    expect(() => of('-0.1')).toThrow('-0.1 is below 0')
  })

  it('never shrink an interval, and change a value by at most a twentieth', () => {
    const decimal = fc.bigInt({ min: 0n, max: 10n ** 26n })
    const sorted = fc.tuple(decimal, decimal, decimal).map((all) => all.sort((a, b) => (a < b ? -1 : 1)))
    fc.assert(
      fc.property(sorted, ([low, value, high]) => {
        const rounded = {
          low: parseDecimal(significant(low as bigint, 'down')),
          value: parseDecimal(significant(value as bigint)),
          high: parseDecimal(significant(high as bigint, 'up')),
        }
        expect(rounded.low <= (low as bigint) && rounded.high >= (high as bigint)).toBe(true)
        expect(rounded.low <= rounded.value && rounded.value <= rounded.high).toBe(true)
        const change = rounded.value - (value as bigint)
        expect(20n * (change < 0n ? -change : change) <= (value as bigint)).toBe(true)
      }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { decimalPlaces, formatDecimal, parseDecimal, scale } from './decimal.ts'

describe('decimals', () => {
  it.each(['0', '0.32', '-3.5', '123456789012345', '0.000000000001', '-0.000000000001'])(
    'keeps %s as it is',
    (text) => {
      expect(formatDecimal(parseDecimal(text))).toBe(text)
    },
  )

  it('drops needless zeros', () => {
    expect(formatDecimal(parseDecimal('05.500'))).toBe('5.5')
  })

  it.each([
    '',
    '.',
    '1.',
    '.5',
    '1,5',
    '1e3',
    '+1',
    ' 1',
    '1 ',
    '0x1',
    'NaN',
    '٣',
    '1'.repeat(16),
    `0.${'1'.repeat(13)}`,
  ])('refuses %j', (text) => {
    expect(() => parseDecimal(text)).toThrow(RangeError)
  })

  it('adds what floating point cannot', () => {
    expect(formatDecimal(parseDecimal('0.1') + parseDecimal('0.2'))).toBe('0.3')
  })

  it('rounds a share once, half to even, in both directions', () => {
    expect(scale(1n, 1n, 2n)).toBe(0n)
    expect(scale(3n, 1n, 2n)).toBe(2n)
    expect(scale(5n, 1n, 2n)).toBe(2n)
    expect(scale(-3n, 1n, 2n)).toBe(-2n)
    expect(scale(-5n, 1n, 2n)).toBe(-2n)
    expect(scale(2n, 1n, 3n)).toBe(1n)
    expect(scale(-2n, 1n, 3n)).toBe(-1n)
    expect(formatDecimal(scale(parseDecimal('1'), 1n, 3n))).toBe('0.333333333333')
    expect(() => scale(1n, 1n, 0n)).toThrow(RangeError)
  })

  it('counts the digits after the point', () => {
    expect([decimalPlaces('12'), decimalPlaces('12.50')]).toEqual([0, 2])
  })
})

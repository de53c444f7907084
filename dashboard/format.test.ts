import { describe, expect, test } from 'vitest'
import type { MoneyRange } from '#agent/api.ts'
import { isTimezone, makeFormat } from './format.ts'

/** Intl uses narrow and non-breaking spaces that nobody wants to read in a test. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ')

function range(value: string, low: string, high: string, currency = 'EUR'): MoneyRange {
  const each = (amount: string) => ({ amount, currency })
  return { value: each(value), low: each(low), high: each(high) }
}

describe('a household’s own way of writing', () => {
  const german = makeFormat('de', 'Europe/Berlin')
  const british = makeFormat('en', 'Europe/London')
  const american = makeFormat('en', 'America/New_York')
  const french = makeFormat('fr', 'Europe/Paris')

  test('watts with the range’s ends alike', () => {
    expect(plain(german.watts(2.94))).toBe('2,9 W')
    expect(plain(british.watts(23.4))).toBe('23 W')
    expect(german.wattsEnds(2, 3.84).map(plain)).toEqual(['2,0', '3,8 W'])
  })

  test('bytes in decimal units', () => {
    expect(plain(british.bytes(0))).toBe('0 byte')
    expect(plain(british.bytes(76_400_000_000))).toBe('76 GB')
    expect(plain(british.bytes(999_600))).toBe('1 MB')
    expect(plain(french.bytes(2_340_000_000))).toBe('2,3 Go')
  })

  test('money has the decimals of its coins, the same in all three, and one more for a few coins', () => {
    expect(german.moneyParts(range('0.7021', '0.5512', '0.9'))).toEqual({
      value: '0,70',
      span: '0,55–0,90',
      currency: 'EUR',
      below: null,
    })
    expect(british.moneyParts(range('0.0243', '0.019', '0.031'))).toMatchObject({ value: '0.024', span: '0.019–0.031' })
    expect(british.moneyParts(range('103.4', '75', '140', 'JPY'))).toEqual({
      value: '103',
      span: '75–140',
      currency: 'JPY',
      below: null,
    })
    expect(british.moneyParts(range('1.00', '1.00', '1.00')).span).toBeNull()
    expect(british.moneyParts(range('0', '0', '0')).value).toBe('0.00')
  })

  test('money worth less than the smallest coin says just that', () => {
    expect(german.moneyParts(range('0.0001', '0', '0.0003')).below).toBe('0,01')
    expect(british.moneyParts(range('0.4', '0.2', '0.7', 'JPY')).below).toBe('1')
    expect(british.moneyParts(range('0.004', '0', '0.02')).below).toBeNull()
    expect(british.moneyParts(range('0', '0', '0')).below).toBeNull()
  })

  test('a share that rounds to nothing is still there', () => {
    expect(british.percent(0.001)).toBe('<1%')
    expect(british.percent(0)).toBe('0%')
    expect(british.percent(0.42)).toBe('42%')
  })

  test('dates in the household’s zone', () => {
    const night = '2026-11-23T23:30:00Z'
    expect(german.day(night)).toBe('24. November 2026')
    expect(british.day(night)).toBe('23 November 2026')
    expect(american.day(night)).toBe('November 23, 2026')
    expect(plain(american.time(night))).toBe('6:30 PM')
  })

  test('durations in the two largest units', () => {
    expect(british.duration(3 * 86_400 + 4 * 3600 + 59)).toBe('3 days, 4 hours')
    expect(british.duration(20)).toBe('0 minutes')
  })
})

test('a zone nobody knows becomes UTC and breaks nothing', () => {
  expect(makeFormat('en', 'Mars/Olympus').zone).toBe('UTC')
  expect(isTimezone('Europe/Berlin')).toBe(true)
  for (const name of ['', '../etc/passwd', 'Europe/Nowhere', '+02:00', 'x'.repeat(100)])
    expect(isTimezone(name)).toBe(false)
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal, parseDecimal } from './decimal.ts'
import { parseMoneyTyped } from './money-typed.ts'
import { TariffRefused } from './refusal.ts'

function refusal(run: () => unknown): TariffRefused {
  try {
    run()
  } catch (error) {
    if (error instanceof TariffRefused) return error
    throw error
  }
  throw new Error('it was taken')
}

describe('amounts as people type them', () => {
  it.each([
    // language, typed, read
    ['en', '1,234.5', '1234.5'],
    ['de', '1,234.5', '1234.5'],
    ['en', '1.234,5', '1234.5'],
    ['de', '1.234,5', '1234.5'],
    ['en', '0.32', '0.32'],
    ['en', '0,32', '0.32'],
    ['de', '0.32', '0.32'],
    ['de', '0.325', '0.325'],
    ['de', '1,234', '1.234'],
    ['en', '1.234', '1.234'],
    ['fr', '1,234', '1.234'],
    ['de', '1.234.567', '1234567'],
    ['de', '1.234.567,89', '1234567.89'],
    ['fr', '1\u202f234,5', '1234.5'],
    ['fr', '1 234', '1234'],
    ['en', '1 234.567', '1234.567'],
    ['de-CH', '1’234.50', '1234.5'],
    ['en', "1'234", '1234'],
    ['de', '1234.567', '1234.567'],
    ['de', '1.2345', '1.2345'],
    ['de', ',5', '0.5'],
    ['en', ' 12 ', '12'],
    ['en', '-3.5', '-3.5'],
    ['en', '−3.5', '-3.5'],
    ['no language at all', '1.5', '1.5'],
    ['en', '0012', '12'],
  ])('in %s takes %j as %s', (language, typed, read) => {
    expect(parseMoneyTyped(typed, language)).toBe(read)
  })

  it.each([
    ['de', '1.234', '1234', '1,234'],
    ['fr', '1.234', '1234', '1,234'],
    ['en', '1,234', '1234', '1.234'],
    ['en', '12,000', '12000', '12'],
    ['de', '-1.234', '-1234', '-1,234'],
  ])('in %s refuses %j, which is %s or %s', (language, typed, one, other) => {
    const { field, message, next } = refusal(() => parseMoneyTyped(typed, language, 'hardware.price'))
    expect({ field, message, next }).toEqual({
      field: 'hardware.price',
      message: `“${typed}” can be read as ${one} or as ${other}.`,
      next: `Write ${one} or ${other}, whichever is meant.`,
    })
  })

  it.each([
    '',
    '.',
    '5.',
    '1e3',
    '€5',
    '5 EUR',
    '1.23.456',
    '1,2,3',
    '1.234,567,8.9',
    '1.234 567,5',
    '12.34,5',
    '1a234,5',
    '--1',
    '+1',
    '1 23',
    '٣',
    '1'.repeat(16),
    `0.${'1'.repeat(13)}`,
  ])('refuses %j with an example', (typed) => {
    expect(refusal(() => parseMoneyTyped(typed, 'de')).next).toBe('Write digits only, such as 12,50.')
  })

  it('reads what the language itself writes, except thousands alone', () => {
    const languages = fc.constantFrom('en', 'de', 'fr', 'de-CH', 'es', 'it', 'pl', 'sv', 'ja', 'pt-BR')
    const cents = fc.integer({ min: 0, max: 10 ** 11 })
    fc.assert(
      fc.property(languages, cents, (language, amount) => {
        const value = parseDecimal((amount / 100).toFixed(2))
        const format = new Intl.NumberFormat(language, { minimumFractionDigits: 2 })
        expect(parseMoneyTyped(format.format(amount / 100), language)).toBe(formatDecimal(value))
      }),
    )
  })

  it('takes whatever is typed as a decimal, or refuses it', () => {
    const typed = fc.string({ unit: fc.constantFrom(...'0123456789.,-  ’'), maxLength: 20 })
    fc.assert(
      fc.property(fc.oneof(typed, fc.string()), fc.constantFrom('en', 'de', 'fr'), (text, language) => {
        try {
          expect(formatDecimal(parseDecimal(parseMoneyTyped(text, language)))).toMatch(/^-?\d+(\.\d+)?$/)
        } catch (error) {
          expect(error).toBeInstanceOf(TariffRefused)
        }
      }),
    )
  })
})

import { expect, test } from 'vitest'
import { readAmount, readQuantity } from './amounts.ts'
import { makeVisit } from './visit.ts'
import type { Language } from './words/index.ts'

const visitIn = (language: Language) => makeVisit({ kit: null, language, holder: null, csrf: '' })

test.each([
  // language, typed, unit, read
  ['en', '1,234.5', 'EUR', '1234.5'],
  ['de', '1,234.5', 'EUR', '1234.5'],
  ['en', '1.234,50', 'EUR', '1234.5'],
  ['fr', '1\u202f234,5', 'EUR', '1234.5'],
  ['de', '12,50', 'EUR', '12.5'],
  ['en', '12,50', 'EUR', '12.5'],
  ['en', '1234567', 'VND', '1234567'],
  ['en', '1.234', 'KWD', '1.234'],
  ['de', '1.234.567', 'JPY', '1234567'],
  ['de', '0,25', 'h', '0.25'],
  ['en', '24', 'h', '24'],
] as const)('in %s, %s %s is %s', async (language, typed, unit, read) => {
  expect(readQuantity(await visitIn(language), typed, unit)).toEqual({ value: read, mistake: null })
})

test.each([
  // language, typed, unit, what is said
  ['en', '1,234', 'EUR', /1234 or as 1\.234\. Please write the one you mean/],
  ['de', '1.234', 'EUR', /1234 oder 1,234/],
  ['fr', '1.234', 'h', /1234 ou 1,234/],
  ['en', '1,234', 'h', /1234 or as 1\.234/],
  ['en', '1.234', 'EUR', /at most 2 digits/],
  ['en', '12.500', 'EUR', /at most 2 digits/],
  ['de', '12,500', 'EUR', /höchstens 2 Stellen/],
  ['en', '10.5', 'JPY', /a whole number/],
  ['en', '1.234', 'h', /at most 2 digits/],
  ['en', '24.01', 'h', /24 hours/],
  ['en', '0', 'EUR', /above zero/],
  ['en', '-5', 'EUR', /above zero/],
  ['en', '', 'EUR', /a number like/],
  ['en', 'twelve', 'h', /a number like/],
] as const)('in %s, %j %s is sent back', async (language, typed, unit, said) => {
  const { value, mistake } = readQuantity(await visitIn(language), typed, unit)
  expect(value).toBeNull()
  expect(mistake).toMatch(said)
})

test('zeros after the point are digits, those of thousands are not', async () => {
  const english = await visitIn('en')
  expect(readAmount(english, '1.2300', 2).mistake).toMatch(/at most 2 digits/)
  for (const [typed, read] of [
    ['12.00', '12'],
    ['1,234,000', '1234000'],
    ['0.00', '0'],
    ['-0.50', '-0.5'],
  ] as const)
    expect(readAmount(english, typed, 2, 2_000_000)).toEqual({ value: read, mistake: null })
  expect(readAmount(english, '1,234,000').mistake).toMatch(/at most 1,000,000/)
})

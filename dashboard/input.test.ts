import { describe, expect, test } from 'vitest'
import { formOf, isHostname, isPersonId, meantCents, parseLocalTime, parseServerName } from './input.ts'

test('32 for a kWh means cents in euros, and is a price in yen', () => {
  expect(meantCents('32', 'EUR')).toBe(0.32)
  expect(meantCents('0.32', 'EUR')).toBeNull()
  expect(meantCents('32', 'JPY')).toBeNull()
})

describe('parseServerName', () => {
  test.each([
    ['social.our-house.example', 'social.our-house.example'],
    ['Social.Example.ORG', 'social.example.org'],
    ['example.org.', 'example.org'],
    ['bücher.example', 'xn--bcher-kva.example'],
  ])('%s', (text, expected) => expect(parseServerName(text)).toBe(expected))

  test.each([
    '',
    'localhost',
    'kit.local',
    '192.168.1.4',
    'https://example.org',
    'a b.example',
    '-a.example',
    'a..example',
    'x.lan',
    `${'a'.repeat(64)}.example`,
    'example.org/..',
    'a.1',
  ])('%j is refused', (text) => expect(parseServerName(text)).toBeNull())
})

describe('parseLocalTime', () => {
  const utc = (text: string) => Date.parse(text) / 1000

  test('reads a clock in the household’s zone, in summer and in winter', () => {
    expect(parseLocalTime('2026-11-24 18:30', 'Europe/Berlin')).toBe(utc('2026-11-24T17:30:00Z'))
    expect(parseLocalTime('2026-07-01T08:05', 'Europe/Berlin')).toBe(utc('2026-07-01T06:05:00Z'))
    expect(parseLocalTime('2026-11-24 18:30', 'Pacific/Auckland')).toBe(utc('2026-11-24T05:30:00Z'))
  })

  test('is right just after the clocks went forward', () => {
    expect(parseLocalTime('2026-03-29 03:10', 'Europe/Berlin')).toBe(utc('2026-03-29T01:10:00Z'))
  })

  test.each(['', 'now', '2026-13-01 10:00', '2026-02-30 10:00', '2026-11-24 25:00', '24.11.2026 18:30'])(
    '%j is refused',
    (text) => expect(parseLocalTime(text, 'UTC')).toBeNull(),
  )
})

test('short names and host names', () => {
  expect(['ada', 'Ada_2', 'a'.repeat(30)].every(isPersonId)).toBe(true)
  expect(['', 'ada b', 'ädä', '../ada', 'ada-b', 'a'.repeat(31), 'ada\n'].some(isPersonId)).toBe(false)
  expect(['hearth-7f3a', 'a'].every(isHostname)).toBe(true)
  expect(['', '-a', 'a-', 'a.b', 'A', 'a'.repeat(33)].some(isHostname)).toBe(false)
})

test('a form gives text without control characters, and secrets as they were typed', () => {
  const form = formOf(new URLSearchParams({ name: ' A\u0000d\na ', password: '  two spaces  ' }))
  expect(form.text('name')).toBe('A d a')
  expect(form.secret('password')).toBe('  two spaces  ')
  expect(form.text('absent')).toBe('')
  expect(formOf(undefined).text('name')).toBe('')
})

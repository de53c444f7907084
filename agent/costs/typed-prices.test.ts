import { expect, it } from 'vitest'
import type { AgentSettings } from '../api.ts'
import { unset } from '../service/settings.ts'
import { migrateSettings } from './tariff.ts'
import { retyped, sinceEver } from './typed-prices.ts'

const none = unset('EUR', 'Europe/Berlin')

/** What the settings are after prices of a kWh were typed on some days, one after the other. */
function typing(...typed: [day: string, price: string | null][]): AgentSettings {
  let settings = none
  for (const [day, pricePerKwh] of typed) {
    const after = { ...settings, pricePerKwh }
    settings = { ...after, typedPrices: retyped(settings, after, day) }
  }
  return settings
}
const power = (settings: AgentSettings) =>
  migrateSettings(settings).power.map(({ from, to, prices }) => [from, to, prices.kind === 'flat' && prices.perKwh])

it('a first price counts from the beginning', () => {
  expect(power(typing(['2026-11-03', '0.32']))).toEqual([['2000-01-01', undefined, '0.32']])
})

it('a price that changes counts from that day on, and the one before until then', () => {
  const two = [
    ['2000-01-01', undefined, '0.32'],
    ['2026-11-20', undefined, '0.40'],
  ]
  expect(power(typing(['2026-11-03', '0.32'], ['2026-11-20', '0.40']))).toEqual(two)
  const asOlderReleasesKeptIt = { ...none, pricePerKwh: '0.32' }
  const after = { ...none, pricePerKwh: '0.40' }
  expect(power({ ...after, typedPrices: retyped(asOlderReleasesKeptIt, after, '2026-11-20') })).toEqual(two)
})

it('a price that was taken away ends, and another one begins on its own day', () => {
  const settings = typing(['2026-11-03', '0.32'], ['2026-11-10', null], ['2026-11-20', '0.40'])
  expect(power(settings)).toEqual([
    ['2000-01-01', '2026-11-10', '0.32'],
    ['2026-11-20', undefined, '0.40'],
  ])
})

it('what was typed on the same day was a slip', () => {
  expect(power(typing(['2026-11-03', '3.2'], ['2026-11-03', '0.32']))).toEqual([['2000-01-01', undefined, '0.32']])
  expect(power(typing(['2026-11-03', '3.2'], ['2026-11-03', null]))).toEqual([])
  const back = typing(['2026-11-03', '0.32'], ['2026-11-20', '0.40'], ['2026-11-20', '0.32'])
  expect(power(back)).toEqual([['2000-01-01', undefined, '0.32']])
  const again = typing(['2026-11-03', '0.32'], ['2026-11-20', '4'], ['2026-11-20', '0.40'])
  expect(power(again).at(-1)).toEqual(['2026-11-20', undefined, '0.40'])
})

it('what was typed while the clock was ahead does not lie ahead for ever', () => {
  const settings = typing(['2026-11-03', '0.32'], ['2036-01-01', '0.35'], ['2026-11-20', '0.40'])
  expect(power(settings).map(([from]) => from)).toEqual(['2000-01-01', '2026-11-20'])
})

it('what was typed while the clock was ahead counts once it is saved again', () => {
  const settings = typing(['2026-11-03', '0.32'], ['2036-01-01', '0.35'], ['2026-11-20', '0.35'])
  expect(power(settings)).toEqual([
    ['2000-01-01', undefined, '0.32'],
    ['2026-11-20', undefined, '0.35'],
  ])
})

it('a price is the same with more zeros', () => {
  expect(power(typing(['2026-11-03', '0.40'], ['2026-11-20', '0.4']))).toHaveLength(1)
  expect(power(typing(['2026-11-03', '0.40'], ['2026-11-20', '4'], ['2026-11-20', '0.4']))).toHaveLength(1)
})

it('in another currency, the prices before are none', () => {
  const before = typing(['2026-11-03', '0.32'], ['2026-11-20', '0.40'])
  const typed = { of: 'power', from: sinceEver, typed: '2026-11-24' }
  expect(retyped(before, { ...before, currency: 'CHF' }, '2026-11-24')).toEqual([{ ...typed, amount: '0.40' }])
  const other = { ...before, currency: 'CHF', pricePerKwh: '0.30' }
  expect(retyped(before, other, '2026-11-24')).toEqual([{ ...typed, amount: '0.30' }])
  expect(retyped(before, { ...other, pricePerKwh: null }, '2026-11-24')).toEqual([])
})

it('other settings leave the days as they are, and each price has its own', () => {
  const before = typing(['2026-11-03', '0.32'])
  const after = { ...before, internetPerMonth: '5', domainPerYear: '12' }
  const typed = retyped(before, after, '2026-11-20')
  const later = { ...after, internetPerMonth: '6', typedPrices: typed }
  const { internet, fees, power } = migrateSettings({
    ...later,
    typedPrices: retyped({ ...after, typedPrices: typed }, later, '2026-11-24'),
  })
  expect(internet.map(({ from }) => from)).toEqual(['2000-01-01', '2026-11-24'])
  expect([fees.length, power.length]).toEqual([1, 1])
})

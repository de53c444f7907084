import { describe, expect, it } from 'vitest'
import { billInput, hoursFrom, tariffsWith } from './testing/household.ts'
import { type WhatIfInput, whatIf } from './what-if.ts'

const from = '2020-01-01'
const input: WhatIfInput = {
  ...billInput({
    tariffs: tariffsWith({
      power: [{ from, prices: { kind: 'flat', perKwh: '1' }, standingPerMonth: '1' }],
      internet: [{ from, kind: 'per-gb', perGb: '0.1' }],
    }),
    readings: hoursFrom('2026-10-31T23:00:00Z', 720, { wanOut: 1e7 }), // 2.16 kWh, 7.2 GB
    idleWatts: 2,
  }),
  people: 2,
}
const values = ({ before, after }: ReturnType<typeof whatIf>) =>
  [before, after].map(({ people, perMonth, perPerson }) => [people, perMonth.value.amount, perPerson?.value.amount])

describe('what if', () => {
  it('a kWh had another price', () => {
    expect(values(whatIf(input, { kind: 'price', perKwh: '0.5' }))).toEqual([
      [2, '3.88', '1.94'],
      [2, '2.8', '1.4'],
    ])
  })

  it('there were twice the people: what is above idle and traffic grow, the rest does not', () => {
    // 1.44 idle, 0.72 above it, 0.72 for traffic, 1 fixed.
    expect(values(whatIf(input, { kind: 'people', people: 4 }))[1]).toEqual([4, '5.32', '1.33'])
    const unknown = { ...input, idleWatts: null }
    expect(values(whatIf(unknown, { kind: 'people', people: 4 }))[1]).toEqual([4, '4.6', '1.15'])
    expect(values(whatIf({ ...input, people: 0 }, { kind: 'people', people: 1 }))).toEqual([
      [0, '3.88', undefined],
      [1, '3.88', '3.88'],
    ])
  })

  it('there was another disk', () => {
    // 120 over five years, and half a watt for 720 hours.
    const change = { kind: 'disk', price: '120', years: 5, watts: 0.5 } as const
    expect(values(whatIf(input, change))[1]).toEqual([2, '6.24', '3.12'])
  })

  it('is asked before anything was read', () => {
    const unread = { ...input, readings: [], now: Date.parse('2026-11-01T00:00:00Z') }
    const change = { kind: 'disk', price: '0', years: 1, watts: 1 } as const
    expect(values(whatIf(unread, change))).toEqual([
      [2, '3.16', '1.58'],
      [2, '3.88', '1.94'],
    ])
    expect(values(whatIf(unread, { kind: 'people', people: 4 }))[1]).toEqual([4, '3.88', '0.97'])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Tariffs } from '../api.ts'
import { billFor, preview } from './bill.ts'
import { dayStart, monthNamed, type Period } from './calendar.ts'
import { costParts } from './cost-parts.ts'
import { formatDecimal, parseDecimal } from './decimal.ts'
import { billInput, hourAt, hoursFrom, tariffsWith } from './testing/household.ts'

const flat: Tariffs['power'] = [{ from: '2026-01-01', prices: { kind: 'flat', perKwh: '0.40' } }]
const everyDay = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
const nights: Tariffs['power'] = [
  {
    from: '2026-01-01',
    standingPerMonth: '3',
    prices: {
      kind: 'time-of-use',
      bands: [
        { name: 'day', perKwh: '0.40', times: [{ days: [...everyDay], from: '06:00', to: '22:00' }] },
        {
          name: 'night',
          perKwh: '-0.05',
          times: [
            { days: [...everyDay], from: '00:00', to: '06:00' },
            { days: [...everyDay], from: '22:00', to: '24:00' },
          ],
        },
      ],
    },
  },
]

function daysOf(month: string, zone: string): Period[] {
  const { firstDay, endDay } = monthNamed(month, zone)
  return Array.from({ length: endDay - firstDay }, (_, index) => ({
    start: dayStart(firstDay + index, zone),
    end: dayStart(firstDay + index + 1, zone),
  }))
}
const sumOf = (parts: ReturnType<typeof costParts>, bound: 'value' | 'low' | 'high') =>
  formatDecimal(parts.reduce((sum, part) => sum + (part ? parseDecimal(part.total[bound].amount) : 0n), 0n))

describe('what parts of a month cost', () => {
  it('is energy by its price, and what is fixed by the days that passed', () => {
    const tariffs = tariffsWith({
      power: flat,
      fees: [{ kind: 'domain', amount: '3', per: 'month', from: '2026-01-01' }],
    })
    const input = billInput({
      tariffs,
      now: Date.parse('2026-11-03T11:00:00Z'),
      readings: hoursFrom('2026-10-31T23:00:00Z', 24),
    })
    const [first, second, third, fourth] = costParts(input, daysOf('2026-11', 'Europe/Berlin'))
    // 24 hours of 3 W at 0.40, and a thirtieth of 3 euros.
    expect(first).toMatchObject({
      total: { value: { amount: '0.1288' }, low: { amount: '0.1192' }, high: { amount: '0.1384' } },
      electricity: { value: { amount: '0.0288', currency: 'EUR' } },
    })
    expect(second?.total.value.amount).toBe('0.1')
    expect(third?.total.value.amount).toBe('0.05')
    expect(fourth).toBeNull()
  })

  it('is nothing where nothing is to be paid for', () => {
    const parts = costParts(
      billInput({ readings: hoursFrom('2026-11-02T00:00:00Z', 2) }),
      daysOf('2026-11', 'Europe/Berlin'),
    )
    expect(parts.every((part) => part === null)).toBe(true)
  })

  it('turns the bounds round where a price is below zero', () => {
    const input = billInput({ tariffs: tariffsWith({ power: nights }), readings: hoursFrom('2026-11-01T22:00:00Z', 1) })
    const electricity = costParts(input, daysOf('2026-11', 'Europe/Berlin'))[0]?.electricity
    const [value, low, high] = [electricity?.value, electricity?.low, electricity?.high].map((each) =>
      Number(each?.amount),
    )
    expect(low).toBeLessThan(value as number)
    expect(high).toBeGreaterThan(value as number)
  })

  it.each(['Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe'])('adds up to the bill so far in %s', (zone) => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            hour: fc.integer({ min: -30, max: 31 * 24 + 30 }),
            energy: fc.integer({ min: 0, max: 9e6 }),
            wanIn: fc.nat(1e9),
            unknownIn: fc.nat(1e8),
          }),
          { maxLength: 40 },
        ),
        fc.integer({ min: 0, max: 40 * 24 }),
        fc.boolean(),
        (hours, later, byHour) => {
          const start = Date.parse('2026-10-01T00:00:00Z')
          const readings = hours.map(({ hour, energy, ...more }) =>
            hourAt(start + hour * 3_600_000, { energy, energyLow: energy * 0.9, energyHigh: energy * 1.4, ...more }),
          )
          const tariffs = tariffsWith({
            timezone: zone,
            power: nights,
            internet: [{ from: '2026-10-05', kind: 'per-gb', perGb: '0.013' }],
            items: [{ kind: 'hardware', price: '84', bought: '2026-10-11', years: 7 }],
          })
          const input = billInput({ month: '2026-10', tariffs, readings, now: start + later * 3_600_000 + 1234 })
          const days = daysOf('2026-10', zone)
          const hoursIn = ({ start: from, end }: Period) =>
            Array.from({ length: Math.ceil((end - from) / 3_600_000) }, (_, index) => ({
              start: from + index * 3_600_000,
              end: Math.min(end, from + (index + 1) * 3_600_000),
            }))
          const parts = costParts(input, byHour ? days.flatMap(hoursIn) : days)
          const { total } = preview(billFor(input), 'so-far')
          for (const bound of ['value', 'low', 'high'] as const)
            expect(sumOf(parts, bound)).toBe(formatDecimal(parseDecimal(total[bound].amount)))
        },
      ),
      { numRuns: 25 },
    )
  })
})

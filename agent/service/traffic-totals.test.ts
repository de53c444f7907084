import { expect, it } from 'vitest'
import { type HourEntry, hourMs, splitByHour } from '../ledger/hours.ts'
import { beginning, trafficTotals } from './traffic-totals.ts'

const noon = Date.UTC(2026, 10, 24, 12)
const minute = 60_000

/** One hour's entry with so many minutes read. */
function read(hour: number, minutes: number): HourEntry {
  const interval = { start: hour, end: hour + minutes * minute, trusted: true }
  return { ...(splitByHour({ interval, quantities: { seconds: minutes * 60, lanIn: 1000 } })[0] as HourEntry), hour }
}
const gap = (entries: HourEntry[], now: number) =>
  trafficTotals(entries, noon, now, beginning(noon, entries, now)).gapSeconds

it('a kit switched on within an hour has no gap before', () => {
  expect(gap([read(noon, 2)], noon + 31 * minute)).toBe(0)
  expect(gap([read(noon, 29), read(noon + hourMs, 10)], noon + 70 * minute)).toBe(0)
})

it('what is missing later is a gap', () => {
  expect(gap([read(noon, 29), read(noon + hourMs, 10)], noon + 90 * minute)).toBe(20 * 60)
  expect(gap([], noon)).toBe(0)
})

it('a month that began before its entries counts from its own beginning', () => {
  const entries = [read(noon, 60)]
  const totals = trafficTotals(entries, noon, noon + hourMs, beginning(noon - 24 * hourMs, entries, noon + hourMs))
  expect(totals).toMatchObject({ gapSeconds: 0, lan: { in: 1000, out: 0 } })
})

it('takes of the hour in which a month begins only what is in the month', () => {
  const entries = [read(noon, 60), read(noon + hourMs, 60)]
  const half = noon + hourMs / 2
  expect(trafficTotals(entries, half, noon + 2 * hourMs, noon)).toMatchObject({ gapSeconds: 0, lan: { in: 1500 } })
  // Ten minutes after its beginning, a quarter of the forty read.
  expect(trafficTotals([read(noon, 40)], half, noon + 40 * minute, noon)).toMatchObject({
    gapSeconds: 0,
    lan: { in: 250 },
  })
})

it('adds up to near and far by service, the rest belonging to none', () => {
  const interval = { start: noon, end: noon + hourMs, trusted: true }
  const hour = (quantities: Partial<HourEntry>) => splitByHour({ interval, quantities })
  const { services } = trafficTotals(
    [
      ...hour({ lanIn: 100.4, wanIn: 900.4, serverIn: 700.3, fetchIn: 200.2 }),
      ...hour({ wanOut: 50, plainOut: 50.4, unknownOut: 7 }),
    ],
    noon,
    noon + hourMs,
    noon,
  )
  expect(services).toEqual({
    server: { in: 700, out: 0 },
    fetch: { in: 200, out: 0 },
    dashboard: { in: 0, out: 0 },
    plain: { in: 0, out: 50 },
    publish: { in: 0, out: 0 },
    other: { in: 100, out: 0 },
  })
})

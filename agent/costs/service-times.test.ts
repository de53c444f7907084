import { expect, test } from 'vitest'
import { hourMs, splitByHour } from '../ledger/hours.ts'
import { billFor, close } from './bill.ts'
import { serviceTimes } from './service-times.ts'
import { billInput, hoursFrom, tariffsWith } from './testing/household.ts'

const start = Date.parse('2026-10-31T23:00:00Z')
const end = Date.parse('2026-11-30T23:00:00Z')
const hour = (at: number, quantities: Record<string, number>) =>
  splitByHour({ interval: { start: at, end: at + hourMs, trusted: true }, quantities })
const seconds = (readings: ReturnType<typeof hour>) =>
  Object.fromEntries(serviceTimes(readings, { start, end }).map(({ id, cpuSeconds }) => [id, cpuSeconds]))

test('processor time of a month is what its hours have, of those at its ends as much as is inside', () => {
  const readings = [
    ...hour(start - hourMs, { cpuServer: 1000 }),
    ...hour(start - hourMs / 2, { cpuServer: 20, cpuSystem: 4 }), // as in a zone off by half an hour
    ...hour(start + hourMs, { cpuServer: 30, cpuWeb: 5, cpuDashboard: 2, cpuAgent: 1 }),
    ...hour(end, { cpuWeb: 1000 }),
  ]
  expect(seconds(readings)).toEqual({ server: 40, web: 5, dashboard: 2, agent: 1, system: 2 })
  expect(seconds([])).toEqual({ server: 0, web: 0, dashboard: 0, agent: 0, system: 0 })
})

test('services share the energy above idle by it, to the last coin; idle stays a line of its own', () => {
  const readings = hoursFrom('2026-10-31T23:00:00Z', 720)
  const tariffs = tariffsWith({ power: [{ from: '2026-01-01', prices: { kind: 'flat', perKwh: '0.32' } }] })
  const services = serviceTimes(hour(start, { cpuServer: 300, cpuWeb: 60, cpuAgent: 40 }), { start, end })
  const bill = close(billFor(billInput({ tariffs, readings, idleWatts: 2, services })))
  const amounts = Object.fromEntries(bill.services.map(({ id, range }) => [id, range.value.amount]))
  expect(bill.lines.map(({ kind, range }) => [kind, range.value.amount])).toEqual([
    ['power', '0.23'],
    ['idle', '0.46'],
  ])
  expect(amounts).toEqual({ server: '0.17', web: '0.04', dashboard: '0', agent: '0.02', system: '0' })
})

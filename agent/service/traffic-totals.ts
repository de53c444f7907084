import type { TrafficTotals } from '../api.ts'
import { hoursWithin } from '../costs/hours-within.ts'
import { type HourEntry, hourMs } from '../ledger/hours.ts'
import { type CountedService, countedServices } from '../meters/traffic.ts'

/** When the kit began to read, within its first hour: what lies before is no gap. Milliseconds since 1970. */
export function beginning(firstHour: number, entries: HourEntry[], now: number): number {
  const seconds = entries.find(({ hour }) => hour === firstHour)?.seconds ?? 3600
  return Math.min(firstHour + hourMs, now) - seconds * 1000
}

/**
 * Traffic from `since` to `now` (milliseconds since 1970), and how much of that time, since `begun`, has no reading.
 * @param entries the hour that holds `since` among them: a day of some zones begins within one
 */
export function trafficTotals(entries: HourEntry[], since: number, now: number, begun: number): TrafficTotals {
  const read = hoursWithin(entries, { start: since, end: now }, now)
  const sum = (name: keyof HourEntry) => Math.round(read.reduce((total, entry) => total + Number(entry[name]), 0))
  const both = (kind: 'lan' | 'wan' | 'unknown' | CountedService) => ({ in: sum(`${kind}In`), out: sum(`${kind}Out`) })
  const [lan, wan] = [both('lan'), both('wan')]
  const named = Object.fromEntries(countedServices.map((service) => [service, both(service)])) as Record<
    CountedService,
    TrafficTotals['lan']
  >
  const rest = (direction: 'in' | 'out') => {
    const sumNamed = Object.values(named).reduce((total, bytes) => total + bytes[direction], 0)
    return Math.max(0, lan[direction] + wan[direction] - sumNamed) // each is rounded by itself
  }
  return {
    since: new Date(since).toISOString(),
    lan,
    wan,
    services: { ...named, other: { in: rest('in'), out: rest('out') } },
    unknown: both('unknown'),
    gapSeconds: Math.max(0, Math.round((now - Math.max(since, begun)) / 1000) - sum('seconds')),
  }
}

import type { TrafficTotals } from '../api.ts'
import { type HourEntry, hourMs } from '../ledger/hours.ts'

/** When the kit began to read, within its first hour: what lies before is no gap. Milliseconds since 1970. */
export function beginning(firstHour: number, entries: HourEntry[], now: number): number {
  const seconds = entries.find(({ hour }) => hour === firstHour)?.seconds ?? 3600
  return Math.min(firstHour + hourMs, now) - seconds * 1000
}

/** Traffic from `since` to `now` (milliseconds since 1970), and how much of that time, since `begun`, has no reading. */
export function trafficTotals(entries: HourEntry[], since: number, now: number, begun: number): TrafficTotals {
  const read = entries.filter(({ hour }) => hour >= since && hour <= now)
  const sum = (name: 'lanIn' | 'lanOut' | 'wanIn' | 'wanOut' | 'unknownIn' | 'unknownOut' | 'seconds') =>
    Math.round(read.reduce((total, entry) => total + entry[name], 0))
  return {
    since: new Date(since).toISOString(),
    lan: { in: sum('lanIn'), out: sum('lanOut') },
    wan: { in: sum('wanIn'), out: sum('wanOut') },
    unknown: { in: sum('unknownIn'), out: sum('unknownOut') },
    gapSeconds: Math.max(0, Math.round((now - Math.max(since, begun)) / 1000) - sum('seconds')),
  }
}

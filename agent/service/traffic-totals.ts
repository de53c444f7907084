import type { TrafficTotals } from '../api.ts'
import type { HourEntry } from '../ledger/hours.ts'

/** Traffic from `since` to `now` (milliseconds since 1970), and how much of that time has no reading. */
export function trafficTotals(entries: HourEntry[], since: number, now: number): TrafficTotals {
  const read = entries.filter(({ hour }) => hour >= since && hour <= now)
  const sum = (name: 'lanIn' | 'lanOut' | 'wanIn' | 'wanOut' | 'unknownIn' | 'unknownOut' | 'seconds') =>
    Math.round(read.reduce((total, entry) => total + entry[name], 0))
  return {
    since: new Date(since).toISOString(),
    lan: { in: sum('lanIn'), out: sum('lanOut') },
    wan: { in: sum('wanIn'), out: sum('wanOut') },
    unknown: { in: sum('unknownIn'), out: sum('unknownOut') },
    gapSeconds: Math.max(0, Math.round((now - since) / 1000) - sum('seconds')),
  }
}

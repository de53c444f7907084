import { addQuantities, type HourEntry, hourMs, nothing } from '../ledger/hours.ts'
import type { Period } from './calendar.ts'

/**
 * The part of an hour that lies within a period, 0 to 1. Days of zones off by half an hour begin and end within one.
 * @param until where the hour ends so far, while it is not over
 */
export function partWithin(hour: number, { start, end }: Period, until = hour + hourMs): number {
  const inside = Math.min(end, until) - Math.max(start, hour)
  return inside > 0 ? inside / (until - hour) : 0
}

/**
 * Hours read within a period; of one that is only partly in it, as much of its quantities.
 * @param now the present hour has not more than until then
 */
export function hoursWithin(entries: readonly HourEntry[], period: Period, now: number): HourEntry[] {
  return entries.flatMap((entry) => {
    const part = partWithin(entry.hour, period, Math.min(entry.hour + hourMs, now))
    if (part === 0 || part === 1) return part === 1 ? [entry] : []
    const cut = { ...entry, ...nothing }
    addQuantities(cut, entry, part)
    return [cut]
  })
}

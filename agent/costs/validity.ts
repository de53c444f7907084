import type { Dated } from '../api.ts'
import { dayNumber } from './calendar.ts'

/** Days by number; `endDay` is not included and may be infinite. */
export interface Days {
  firstDay: number
  endDay: number
}

/** Something dated with the days it counts for. */
export interface Valid<Item> extends Days {
  item: Item
}

/** The days that are in both; null if none are. */
export function overlap(one: Days, other: Days): Days | null {
  const firstDay = Math.max(one.firstDay, other.firstDay)
  const endDay = Math.min(one.endDay, other.endDay)
  return firstDay < endDay ? { firstDay, endDay } : null
}

/** The days each item counts for: from its first until the next one begins, or until it ends itself. Oldest first. */
export function validityOf<Item extends Dated>(items: Item[]): Valid<Item>[] {
  const sorted = items.toSorted((one, other) => dayNumber(one.from) - dayNumber(other.from))
  return sorted.map((item, index) => {
    const next = sorted[index + 1]
    const ends = [item.to, next?.from].filter((day) => day !== undefined).map(dayNumber)
    return { item, firstDay: dayNumber(item.from), endDay: Math.min(Number.POSITIVE_INFINITY, ...ends) }
  })
}

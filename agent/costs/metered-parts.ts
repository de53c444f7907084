import type { Tariffs } from '../api.ts'
import { type Month, type Period, stretchesOf } from './calendar.ts'
import { parseDecimal } from './decimal.ts'
import { type ExactMoney, lineIds } from './exact-line.ts'
import { fraction } from './fraction.ts'
import { distribute, type Quantities, wholeHour } from './metering.ts'
import {
  bytesPerGb,
  internetTimetables,
  microwattHoursPerKwh,
  type Price,
  powerTimetables,
  priceSegments,
  type Timetable,
} from './price-times.ts'
import { mapRange, type Range, sumWholes } from './rounding.ts'
import type { Segment } from './week.ts'

interface PartsInput {
  month: Month
  tariffs: Tariffs
  readings: { hour: number; quantities: Quantities<bigint> }[]
}

/**
 * What energy and metered traffic cost in each part of a month; null where nothing was read, or what was read had no
 * price. Parts must be in order.
 */
export function meteredParts(
  { month, tariffs, readings }: PartsInput,
  parts: Period[],
): { power: ExactMoney | null; internet: ExactMoney | null }[] {
  const stretches = stretchesOf(month, tariffs.timezone)
  const prices = { month, tariffs, idOf: lineIds() }
  const costOf = (timetables: Timetable[], of: (quantities: Quantities<bigint>) => Range<bigint>, per: bigint) => {
    const sums = new Map<number, Range<bigint>>()
    const segments = timetables.length === 0 ? [] : within(priceSegments(timetables, stretches), parts)
    distribute(readings, segments, ({ key: { price, part } }, quantities, milliseconds) => {
      const cost = price && times(of(quantities), parseDecimal(price.each) * milliseconds)
      if (cost) sums.set(part, sumWholes([cost, ...(sums.has(part) ? [sums.get(part) as Range<bigint>] : [])]))
    })
    return parts.map((_, part) => {
      const sum = sums.get(part)
      return sum ? mapRange(sum, (each) => fraction(each, per * wholeHour)) : null
    })
  }
  const power = costOf(powerTimetables(prices), ({ idle, active }) => sumWholes([idle, active]), microwattHoursPerKwh)
  const internet = costOf(internetTimetables(prices), ({ traffic }) => traffic, bytesPerGb)
  return parts.map((_, part) => ({ power: power[part] ?? null, internet: internet[part] ?? null }))
}

/** Where a price is below zero, using more costs less. */
function times({ value, low, high }: Range<bigint>, factor: bigint): Range<bigint> {
  const [least, most] = factor < 0n ? [high, low] : [low, high]
  return { value: value * factor, low: least * factor, high: most * factor }
}

/** Segments cut where parts begin and end; what is in none of the parts is left out. */
function within(segments: Segment<Price | null>[], parts: Period[]): Segment<{ price: Price | null; part: number }>[] {
  return parts.flatMap(({ start, end }, part) =>
    segments
      .filter((segment) => segment.end > start && segment.start < end)
      .map((segment) => ({
        start: Math.max(segment.start, start),
        end: Math.min(segment.end, end),
        key: { price: segment.key, part },
      })),
  )
}

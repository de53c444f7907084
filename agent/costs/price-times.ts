import type { Tariffs } from '../api.ts'
import type { Month, Stretch } from './calendar.ts'
import type { LineIds } from './exact-line.ts'
import { type Days, overlap, type Valid, validityOf } from './validity.ts'
import { type DayPart, minutesPerDay, type Segment, segmentsOf, weekdayOf, weekdays, weekOf } from './week.ts'

/** What prices are for, in what is metered. */
export const microwattHoursPerKwh = 1_000_000_000n
export const bytesPerGb = 1_000_000_000n

interface PricesInput {
  month: Month
  tariffs: Tariffs
  idOf: LineIds
}

/** A price that counted for some of a month. */
export interface Price {
  id: string
  name?: string
  /** In the currency, for a kWh or a GB; exact decimal. */
  each: string
}

/** Prices of some days, and when in the week each counts. */
export interface Timetable extends Days {
  prices: Price[]
  week: DayPart<Price>[][]
}

/** Which price counts when; null: none. */
export function priceSegments(timetables: Timetable[], stretches: Stretch[]): Segment<Price | null>[] {
  const none = allWeek(null)
  return segmentsOf(stretches, (day): DayPart<Price | null>[] => {
    const week = timetables.find(({ firstDay, endDay }) => day >= firstDay && day < endDay)?.week ?? none
    return week[weekdayOf(day)] ?? []
  })
}

/** Prices of a kWh. */
export function powerTimetables({ month, tariffs, idOf }: PricesInput): Timetable[] {
  return within(month, validityOf(tariffs.power)).map(({ item: { from, prices: given }, ...days }) => {
    if (given.kind === 'flat')
      return { ...days, ...onePrice({ id: idOf('power', undefined, from), each: given.perKwh }) }
    const prices = given.bands.map(({ name, perKwh }) => ({ id: idOf('power', name, from), name, each: perKwh }))
    const week = weekOf(given.bands).map((parts) => parts.map((part) => ({ ...part, key: prices[part.key] as Price })))
    return { ...days, prices, week }
  })
}

/** Prices of a GB to and from the internet, where it has one. */
export function internetTimetables({ month, tariffs, idOf }: PricesInput): Timetable[] {
  return within(month, validityOf(tariffs.internet)).flatMap(({ item, ...days }) => {
    if (item.kind !== 'per-gb') return []
    return [{ ...days, ...onePrice({ id: idOf('internet', undefined, item.from), each: item.perGb }) }]
  })
}

function within<Item>(month: Month, items: Valid<Item>[]): Valid<Item>[] {
  return items.filter((item) => overlap(month, item) !== null)
}

function onePrice(price: Price): Omit<Timetable, keyof Days> {
  return { prices: [price], week: allWeek(price) }
}

function allWeek<Key>(key: Key): DayPart<Key>[][] {
  return weekdays.map(() => [{ from: 0, to: minutesPerDay, key }])
}

import type { PriceBand, Weekday } from '../api.ts'
import type { Period, Stretch } from './calendar.ts'
import { dayMs, minuteMs } from './calendar.ts'

export const weekdays: readonly Weekday[] = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
]
export const minutesPerDay = 24 * 60

/** A part of a local day, in minutes after its midnight; `to` is not included. */
export interface DayPart<Key> {
  from: number
  to: number
  key: Key
}

/** A part of a period. */
export interface Segment<Key> extends Period {
  key: Key
}

/** 0 for a Monday, 6 for a Sunday, of a day's number. */
export function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7
}

/** Minutes after midnight of `00:00` to `24:00`; NaN for anything else. */
export function minuteOfDay(time: string): number {
  const match = /^(\d{2}):([0-5]\d)$/.exec(time)
  const minute = match ? Number(match[1]) * 60 + Number(match[2]) : Number.NaN
  return minute <= minutesPerDay ? minute : Number.NaN
}

/** The bands of each weekday, Monday first, in the order of the day. The key is the band's index. */
export function weekOf(bands: PriceBand[]): DayPart<number>[][] {
  const week: DayPart<number>[][] = weekdays.map(() => [])
  for (const [key, band] of bands.entries()) {
    for (const { days, from, to } of band.times) {
      for (const day of days) week[weekdays.indexOf(day)]?.push({ from: minuteOfDay(from), to: minuteOfDay(to), key })
    }
  }
  for (const day of week) day.sort((one, other) => one.from - other.from)
  return week
}

/** A time of the week, from and to such as `22:00` and `24:00`, that has no price, or two: then by their bands' names. */
export interface WeekTrouble {
  day: Weekday
  from: string
  to: string
  both?: [name: string, other: string]
}

/** What keeps bands from giving every minute of the week one price; empty if they do. */
export function troublesOfWeek(bands: PriceBand[]): WeekTrouble[] {
  return weekOf(bands).flatMap((parts, index) => {
    const day = weekdays[index] as Weekday
    const troubles: WeekTrouble[] = []
    const nameOf = (key: number) => bands[key]?.name ?? ''
    let until = 0
    let last = -1
    for (const { from, to, key } of parts) {
      if (from > until) troubles.push({ day, from: clockTime(until), to: clockTime(from) })
      if (from < until) {
        const both: [string, string] = [nameOf(last), nameOf(key)]
        troubles.push({ day, from: clockTime(from), to: clockTime(Math.min(to, until)), both })
      }
      if (to <= until) continue
      until = to
      last = key
    }
    if (until < minutesPerDay) troubles.push({ day, from: clockTime(until), to: '24:00' })
    return troubles
  })
}

/** The same in words. */
export function troubleOfWeek(bands: PriceBand[]): string[] {
  return troublesOfWeek(bands).map(({ day, from, to, both }) => {
    const time = `${day[0]?.toUpperCase()}${day.slice(1)} ${from}–${to}`
    return both ? `${time} has two prices, “${both[0]}” and “${both[1]}”` : `${time} has no price`
  })
}

/** Lays the parts of local days over a time whose offsets are known. `partsOf` tells a day's parts by its number. */
export function segmentsOf<Key>(stretches: Stretch[], partsOf: (day: number) => DayPart<Key>[]): Segment<Key>[] {
  const segments: Segment<Key>[] = []
  for (const { start, end, offset } of stretches) {
    for (let day = Math.floor((start + offset) / dayMs); day * dayMs - offset < end; day += 1) {
      const midnight = day * dayMs - offset
      for (const { from, to, key } of partsOf(day)) {
        const part = {
          start: Math.max(start, midnight + from * minuteMs),
          end: Math.min(end, midnight + to * minuteMs),
        }
        if (part.start < part.end) segments.push({ ...part, key })
      }
    }
  }
  return segments
}

/** Minutes after midnight as `00:00` to `24:00`. */
export function clockTime(minute: number): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}

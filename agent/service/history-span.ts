import type { HistoryStep } from '../api.ts'
import { dayName, dayNumber, dayNumberAt, dayStart, monthNamed, type Period } from '../costs/calendar.ts'
import { hourMs } from '../ledger/hours.ts'

/** A part of a household's time with its name in `HistoryPart`. */
export interface Step extends Period {
  name: string
}

/** What a history is of. */
export interface Span extends Period {
  /** Null: the last two days, or all years. */
  of: string | null
  steps: Step[]
  earlier: string | null
  later: string | null
}

const lastHours = 48
/** More only a clock that was wrong makes. */
const mostYears = 50

/**
 * The time a history is asked for, in parts: the hours of a day, the days of a month, the months of a year, or all years.
 * @param of a day, month or year; null: the last two days, or the present month or year
 * @param first when the kit began, in milliseconds since 1970, as `now`
 * @throws RangeError where `of` is no such thing
 */
export function spanOf(step: HistoryStep, of: string | null, first: number, now: number, zone: string): Span {
  const today = dayName(dayNumberAt(now, zone))
  const begun = dayName(dayNumberAt(Math.min(first, now), zone))
  if (step === 'year') return years(begun, today, zone)
  if (step === 'hour' && of === null) return hoursUntil(now, begun < today ? besideName(today, -1) : null)
  const length = today.length - (step === 'hour' ? 0 : step === 'day' ? 3 : 6)
  const name = of ?? today.slice(0, length)
  const steps = step === 'hour' ? hoursOf(name, zone) : step === 'day' ? daysOf(name, zone) : monthsOf(name, zone)
  const beside = (by: number) => besideName(name, by)
  return {
    of: name,
    ...ends(steps),
    steps,
    earlier: name > begun.slice(0, length) ? beside(-1) : null,
    later: name < today.slice(0, length) ? beside(1) : null,
  }
}

function years(begun: string, today: string, zone: string): Span {
  const [from, to] = [begun, today].map((day) => Number(day.slice(0, 4))) as [number, number]
  const count = Math.min(to - from + 1, mostYears)
  const steps = Array.from({ length: count }, (_, index) => {
    const year = String(to - count + 1 + index)
    return { name: year, ...ends(monthsOf(year, zone)) }
  })
  return { of: null, ...ends(steps), steps, earlier: null, later: null }
}

function hoursUntil(now: number, earlier: string | null): Span {
  const end = Math.floor(now / hourMs) * hourMs + hourMs
  const steps = hoursBetween(end - lastHours * hourMs, end)
  return { of: null, ...ends(steps), steps, earlier, later: null }
}

/** The hours that begin in a day: 23 to 25 of them. Where a zone is off by half an hour, they do so half past. */
function hoursOf(day: string, zone: string): Step[] {
  const number = dayNumber(day)
  if (Number.isNaN(number)) throw new RangeError(`“${day}” is not a day such as 2026-11-24`)
  return hoursBetween(dayStart(number, zone), dayStart(number + 1, zone))
}

function hoursBetween(start: number, end: number): Step[] {
  const steps: Step[] = []
  for (let hour = Math.ceil(start / hourMs) * hourMs; hour < end; hour += hourMs)
    steps.push({ name: new Date(hour).toISOString(), start: hour, end: hour + hourMs })
  return steps
}

function daysOf(month: string, zone: string): Step[] {
  const { firstDay, endDay } = monthNamed(month, zone)
  const starts = Array.from({ length: endDay - firstDay + 1 }, (_, index) => dayStart(firstDay + index, zone))
  return starts
    .slice(0, -1)
    .map((start, index) => ({ name: dayName(firstDay + index), start, end: starts[index + 1] as number }))
}

function monthsOf(year: string, zone: string): Step[] {
  if (!/^\d{4}$/.test(year)) throw new RangeError(`“${year}” is not a year such as 2026`)
  return monthNames(year).map((name) => {
    const { start, end } = monthNamed(name, zone)
    return { name, start, end }
  })
}

export function monthNames(year: string): string[] {
  return Array.from({ length: 12 }, (_, index) => `${year}-${String(index + 1).padStart(2, '0')}`)
}

function ends(steps: Step[]): Period {
  return { start: steps[0]?.start ?? 0, end: steps.at(-1)?.end ?? 0 }
}

/** The day, month or year so many later. */
function besideName(name: string, by: number): string {
  const [year = 0, month = 1, day = 1] = name.split('-').map(Number)
  if (name.length === 4) return String(year + by).padStart(4, '0')
  const date = name.length === 7 ? Date.UTC(year, month - 1 + by, 1) : Date.UTC(year, month - 1, day + by)
  return new Date(date).toISOString().slice(0, name.length)
}

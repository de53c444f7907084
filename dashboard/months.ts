import { dayNumber, dayStart } from '#agent/costs/calendar.ts'
import type { Visit } from './visit.ts'

/** A month such as `2026-11`, or null if the text is none. */
export function monthOf(text: string | undefined): string | null {
  return text !== undefined && /^20\d{2}-(0[1-9]|1[0-2])$/.test(text) ? text : null
}

/** The month so many months later. */
export function monthBeside(month: string, step: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number - 1 + step, 15)).toISOString().slice(0, 7)
}

export function monthName({ format }: Visit, month: string): string {
  return format.month(`${month}-15T12:00:00Z`)
}

/** A day such as `2026-11-24` as people write it. */
export function dayName({ format }: Visit, day: string): string {
  return format.day(new Date(dayStart(dayNumber(day), format.zone)))
}

/** Today in the household's zone, such as `2026-11-24`. */
export function today({ format }: Visit): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: format.zone }).format(Date.now())
}

import { dayMs, dayName, dayNumber, dayStart, monthNamed } from '../costs/calendar.ts'
import { lateDays } from './report.ts'

export type Every = 'month' | 'week'

/** First day, and the day after the last. */
export interface ReportPeriod {
  from: string
  to: string
}

/** The calendar month, or week from Monday, that holds a day (its number, as in costs/calendar.ts). */
export function periodAround(every: Every, day: number): ReportPeriod {
  if (every === 'month') {
    const { firstDay, endDay } = monthNamed(dayName(day).slice(0, 7), 'UTC')
    return { from: dayName(firstDay), to: dayName(endDay) }
  }
  const monday = day - ((((day + 3) % 7) + 7) % 7) // 1970-01-01 was a Thursday
  return { from: dayName(monday), to: dayName(monday + 7) }
}

/** The first month or week that begins on a day such as `2026-11-01`, or after it. */
export function periodFrom(every: Every, day: string): ReportPeriod {
  const around = periodAround(every, dayNumber(day))
  return around.from === day ? around : periodAround(every, dayNumber(around.to))
}

/** From when on a period may be reported, milliseconds since 1970. */
export function dueAt({ to }: ReportPeriod, zone: string): number {
  return dayStart(dayNumber(to) + lateDays, zone)
}

/** The months or weeks from a day on that may be reported by now, oldest first. */
export function periodsDue(every: Every, from: string, now: number, zone: string): ReportPeriod[] {
  const due: ReportPeriod[] = []
  // What surely lies ahead is not looked up in the zone's calendar.
  for (
    let period = periodFrom(every, from);
    dayNumber(period.to) * dayMs < now;
    period = periodFrom(every, period.to)
  ) {
    if (dueAt(period, zone) > now) break
    due.push(period)
  }
  return due
}

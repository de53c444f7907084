import type { PriceBand, Weekday } from '#agent/api.ts'
import { clockTime, minutesPerDay, weekdays, weekOf } from '#agent/costs/week.ts'

type Times = PriceBand['times']

/** Days of the week that one choice stands for. */
export const dayChoices: Record<string, readonly Weekday[]> = {
  all: weekdays,
  workdays: weekdays.slice(0, 5),
  weekend: weekdays.slice(5),
  ...Object.fromEntries(weekdays.map((day) => [day, [day]])),
}

/** Minutes after midnight; where `to` is not after `from`, it is on the next day. */
export interface HourRange {
  from: number
  to: number
}

const wholeDay: HourRange = { from: 0, to: minutesPerDay }

/** Hours as people write them: `22-6`, `6.30–14:00, 20–24`; the whole day where nothing is. Null: they are none. */
export function parseHours(text: string): HourRange[] | null {
  if (text.trim() === '') return [wholeDay]
  const ranges = text.split(/[,;]/).map((part) => {
    const ends = part.split(/[-–—]/).map(minuteTyped)
    const [from, to] = ends
    if (ends.length !== 2 || from === undefined || to === undefined) return null
    return from === to || from === minutesPerDay || Number.isNaN(from + to) ? null : { from, to }
  })
  return ranges.includes(null) ? null : (ranges as HourRange[])
}

function minuteTyped(text: string): number {
  const match = /^(\d{1,2})(?:[:.h](\d{2}))?\s*(?:h|uhr)?$/i.exec(text.trim())
  const minute = match ? Number(match[1]) * 60 + Number(match[2] ?? 0) : Number.NaN
  return minute <= minutesPerDay && Number(match?.[2] ?? 0) < 60 ? minute : Number.NaN
}

/** Hours of some days. A night is cut at midnight: it counts from its evening to the morning of the day after. */
export function timesOn(days: readonly Weekday[], ranges: HourRange[]): Times {
  const after = weekdays.filter((_day, index) => days.includes(weekdays[(index + 6) % 7] as Weekday))
  return ranges.flatMap(({ from, to }) => {
    if (to > from) return [{ days: [...days], from: clockTime(from), to: clockTime(to) }]
    const evening = { days: [...days], from: clockTime(from), to: clockTime(minutesPerDay) }
    return to === 0 ? [evening] : [evening, { days: after, from: clockTime(0), to: clockTime(to) }]
  })
}

/** The hours of a week that are in some times, each once, and all others. */
export function divideWeek(times: Times): { within: Times; rest: Times } {
  const within = weekOf([{ name: '', perKwh: '0', times }]).map(joined)
  const rest = within.map((day) => {
    const starts = [0, ...day.map(({ to }) => to)]
    const ends = [...day.map(({ from }) => from), minutesPerDay]
    return starts.map((from, index) => ({ from, to: ends[index] as number })).filter(({ from, to }) => from < to)
  })
  return { within: timesOfWeek(within), rest: timesOfWeek(rest) }
}

/** Ranges of a day in their order, those that touch made one. */
function joined(parts: HourRange[]): HourRange[] {
  const ranges: HourRange[] = []
  for (const { from, to } of parts) {
    const last = ranges.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else ranges.push({ from, to })
  }
  return ranges
}

/** The times of a week by day, days with the same hours put together. */
function timesOfWeek(week: HourRange[][]): Times {
  const all = week.flatMap((ranges, index) =>
    ranges.map(({ from, to }) => ({ day: weekdays[index] as Weekday, from: clockTime(from), to: clockTime(to) })),
  )
  return [...Map.groupBy(all, ({ from, to }) => `${from}–${to}`).values()].map((same) => {
    const { from, to } = same[0] as (typeof all)[number]
    return { days: same.map(({ day }) => day), from, to }
  })
}

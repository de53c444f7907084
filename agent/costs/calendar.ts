/** A period of a household's calendar; both ends in milliseconds since 1970, the end not included. */
export interface Period {
  start: number
  end: number
}

/** A time within which the local clock runs evenly: it shows UTC plus `offset`, in milliseconds. */
export interface Stretch extends Period {
  offset: number
}

/** A calendar month in a household's zone. */
export interface Month extends Period {
  /** `2026-11`. */
  month: string
  /** Its days by number: the first, and the one after the last. */
  firstDay: number
  endDay: number
}

export const minuteMs = 60_000
export const dayMs = 24 * 60 * minuteMs
/** No zone is further from Greenwich than this. */
const widest = 15 * 60 * minuteMs
/** No zone changes its offset twice within this time. */
const sampleMs = 6 * 60 * minuteMs

/** Whether `zone` is an IANA time zone this machine knows, such as Europe/Berlin. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false // an offset such as +01:00 knows no summer time
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** Number of a day such as `2026-11-24`, counted from 1970-01-01; NaN for a day that is not in the calendar. */
export function dayNumber(day: string): number {
  const midnight = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  const number = midnight / dayMs
  return Number.isFinite(number) && dayName(number) === day ? number : Number.NaN
}

/** The day with a number, as `2026-11-24`. */
export function dayName(number: number): string {
  return new Date(number * dayMs).toISOString().slice(0, 10)
}

/** The calendar month that holds a moment, in a zone. */
export function monthOf(moment: number, zone: string): Month {
  return monthNamed(dayName(dayNumberAt(moment, zone)).slice(0, 7), zone)
}

/** The calendar month with a name such as `2026-11`, in a zone. Throws `RangeError` for another name. */
export function monthNamed(month: string, zone: string): Month {
  const firstDay = dayNumber(`${month}-01`)
  if (Number.isNaN(firstDay)) throw new RangeError(`“${month}” is not a month such as 2026-11`)
  const [year = 0, number = 1] = month.split('-').map(Number)
  const endDay = Date.UTC(year, number, 1) / dayMs
  const local = localClock(zone)
  return { month, firstDay, endDay, start: startOfDay(local, firstDay), end: startOfDay(local, endDay) }
}

/** The calendar day that holds a moment, in a zone: 23, 24 or 25 hours. */
export function dayOf(moment: number, zone: string): Period {
  const local = localClock(zone)
  const day = Math.floor(local(moment) / dayMs)
  return { start: startOfDay(local, day), end: startOfDay(local, day + 1) }
}

/** The number of the calendar day that holds a moment, in a zone. */
export function dayNumberAt(moment: number, zone: string): number {
  return Math.floor(localClock(zone)(moment) / dayMs)
}

/** When a day, given by its number, begins in a zone. */
export function dayStart(day: number, zone: string): number {
  return startOfDay(localClock(zone), day)
}

/** A period cut where the zone's offset changes. Both ends must be full minutes. */
export function stretchesOf(period: Period, zone: string): Stretch[] {
  const local = localClock(zone)
  return cut(period, (moment) => local(moment) - moment)
}

function cut({ start, end }: Period, offsetAt: (moment: number) => number): Stretch[] {
  const found: Stretch[] = []
  let from = start
  let offset = offsetAt(start)
  for (let seen = start; seen < end; ) {
    const next = Math.min(seen + sampleMs, end)
    if (offsetAt(next) === offset) {
      seen = next
      continue
    }
    seen = firstMinute(seen, next, (moment) => offsetAt(moment) !== offset)
    found.push({ start: from, end: seen, offset })
    from = seen
    offset = offsetAt(seen)
  }
  if (from < end) found.push({ start: from, end, offset })
  return found
}

/**
 * The first minute whose local day is this one or later. Needs no offsets, so a day whose midnight is skipped by summer
 * time starts when it really starts.
 */
function startOfDay(local: (moment: number) => number, day: number): number {
  const midnight = day * dayMs
  return firstMinute(midnight - widest, midnight + widest, (moment) => local(moment) >= midnight)
}

/** The first minute after `before` that is so, by bisection; `after` must be so. */
function firstMinute(before: number, after: number, isSo: (moment: number) => boolean): number {
  let [low, high] = [before, after]
  while (high - low > minuteMs) {
    const middle = low + Math.floor((high - low) / 2 / minuteMs) * minuteMs
    if (isSo(middle)) high = middle
    else low = middle
  }
  return high
}

/** Offsets are looked up for so long at once. */
const lookedUpMs = 16 * dayMs
/** About twenty years of them; more are forgotten and looked up again. */
const mostLookedUp = 512
const clocks = new Map<string, (moment: number) => number>()

/** What a zone's clock shows at a moment, as if it showed UTC. What was looked up is kept: asking Intl is what costs. */
function localClock(zone: string): (moment: number) => number {
  const known = clocks.get(zone)
  if (known) return known
  const shown = intlClock(zone)
  const offsetAt = (moment: number) => shown(moment) - Math.floor(moment / 1000) * 1000
  const lookedUp = new Map<number, Stretch[]>()
  const lookUp = (chunk: number) => {
    if (lookedUp.size >= mostLookedUp) lookedUp.clear()
    const stretches = cut({ start: chunk * lookedUpMs, end: (chunk + 1) * lookedUpMs }, offsetAt)
    lookedUp.set(chunk, stretches)
    return stretches
  }
  const clock = (moment: number) => {
    const chunk = Math.floor(moment / lookedUpMs)
    const stretches = lookedUp.get(chunk) ?? lookUp(chunk)
    const { offset } = stretches.find(({ end }) => moment < end) as Stretch
    return moment + offset
  }
  clocks.set(zone, clock)
  return clock
}

/** The same in whole seconds, from the machine's own tables. */
function intlClock(zone: string): (moment: number) => number {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  return (moment) => {
    const parts = format.formatToParts(moment)
    const part = (type: string) => parts.find((each) => each.type === type)?.value ?? ''
    const date = `${part('year')}-${part('month')}-${part('day')}`
    return Date.parse(`${date}T${part('hour')}:${part('minute')}:${part('second')}Z`)
  }
}

/** A period of a household's calendar; both ends in milliseconds since 1970, the end not included. */
export interface Period {
  start: number
  end: number
}

const minute = 60_000
/** No zone is further from Greenwich than this. */
const widest = 15 * 60 * minute

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

/** The calendar month that holds a moment, in a zone, with its name such as `2026-11`. */
export function monthOf(moment: number, zone: string): Period & { month: string } {
  const date = localDates(zone)
  const month = date(moment).slice(0, 7)
  const [year = 0, number = 1] = month.split('-').map(Number)
  return {
    month,
    start: startOfDate(date, Date.UTC(year, number - 1, 1)),
    end: startOfDate(date, Date.UTC(year, number, 1)),
  }
}

/** The calendar day that holds a moment, in a zone: 23, 24 or 25 hours. */
export function dayOf(moment: number, zone: string): Period {
  const date = localDates(zone)
  const midnight = Date.parse(`${date(moment)}T00:00:00Z`)
  return { start: startOfDate(date, midnight), end: startOfDate(date, midnight + 24 * 60 * minute) }
}

/**
 * The first minute whose local date is that of `midnight` (given in UTC) or later, by bisection. Needs no offsets, so a
 * day whose midnight is skipped by summer time starts when it really starts.
 */
function startOfDate(date: (moment: number) => string, midnight: number): number {
  const wanted = new Date(midnight).toISOString().slice(0, 10)
  let before = midnight - widest
  let after = midnight + widest
  while (after - before > minute) {
    const middle = before + Math.floor((after - before) / 2 / minute) * minute
    if (date(middle) < wanted) before = middle
    else after = middle
  }
  return after
}

function localDates(zone: string): (moment: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    calendar: 'iso8601',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  return (moment) => {
    const part = (type: string) => format.formatToParts(moment).find((each) => each.type === type)?.value ?? ''
    return `${part('year')}-${part('month')}-${part('day')}`
  }
}

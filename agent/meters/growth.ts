/** How full the data partition was, one reading a day, and when it will be full if it goes on like that. */

/** `day`: UTC days since 1970; `used`: bytes. */
export interface DayUse {
  day: number
  used: number
}

const dayMs = 24 * 3600_000
const keptDays = 60
const leastDays = 14
/** With fewer readings than on every second day, a few odd days would decide. */
const leastReadings = 8
const farDays = 5 * 365

/** The history with today's reading, at most sixty days of it, oldest first. Days after today are a leap of the clock. */
export function withToday(history: readonly DayUse[], used: number, now: number): DayUse[] {
  const today = Math.floor(now / dayMs)
  const before = history.filter(({ day }) => day < today && day > today - keptDays)
  return [...before, { day: today, used }]
}

/**
 * Bytes that come to it a day: the median of the slopes between all pairs of readings, which one large upload or clean-up
 * does not move. Null while there are too few.
 */
export function growthPerDay(history: readonly DayUse[]): number | null {
  const [first, last] = [history[0], history.at(-1)]
  if (!first || !last || last.day - first.day < leastDays || history.length < leastReadings) return null
  const slopes = history
    .flatMap((from, index) => history.slice(index + 1).map((to) => (to.used - from.used) / (to.day - from.day)))
    .sort((a, b) => a - b)
  return slopes[Math.floor(slopes.length / 2)] as number
}

/**
 * When the space is used up at the pace of the days read. RFC 3339; null while that is not known, without growth, or when
 * it is more than five years away.
 */
export function fullOn(history: readonly DayUse[], free: number, now: number): string | null {
  const bytesPerDay = growthPerDay(history) ?? 0
  const daysLeft = free / bytesPerDay
  return bytesPerDay > 0 && daysLeft <= farDays ? new Date(now + daysLeft * dayMs).toISOString() : null
}

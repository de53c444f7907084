/**
 * What the kit may send for publishing, so that it never weighs on the line it runs on: each day at most 64 KiB, and at
 * most 0.1 % of what went over the internet side on the mean of the seven days before. What was not used may be used
 * for 31 days more. Where nothing went over the internet side, nothing is sent.
 */

export const bytesPerDay = 64 * 1024
/** A thousandth of the traffic. */
const trafficPerByte = 1000
/** Days whose traffic decides about a share. */
export const meanDays = 7
export const carriedDays = 31

/** Days are numbers from 1970-01-01, as in agent/costs/calendar.ts. */
export interface Budget {
  /** The last day that was looked at; null: none was. */
  day: number | null
  /** Whether anything went over the internet side in the seven days before it. */
  isOnline: boolean
  /** What is left of each day's share, oldest first. */
  left: readonly DayBytes[]
}

/** Bytes of a day's share. */
export interface DayBytes {
  day: number
  bytes: number
}

export const emptyBudget: Budget = { day: null, isOnline: false, left: [] }

/**
 * The budget on a day. Each day adds its share once; a day that nobody looks at adds none. Before the last day that was
 * looked at nothing is added; if that lies more than 31 days ahead, the clock was wrong, and it begins anew without
 * anything in hand.
 * @param wan bytes in and out on the internet side, of each of the seven days before; days without a reading are left
 *   out, and count as nothing
 * @param share what a day adds
 * @throws RangeError
 */
export function onDay(budget: Budget, day: number, wan: readonly number[], share = shareOf(wan)): Budget {
  if (!Number.isSafeInteger(day)) throw new RangeError(`${day} is not the number of a day`)
  if (wan.length > meanDays || !wan.every((bytes) => bytes >= 0 && Number.isFinite(bytes)))
    throw new RangeError(`the traffic must be bytes of at most ${meanDays} days`)
  const isOnline = wan.some((bytes) => bytes > 0)
  if (budget.day !== null && day < budget.day - carriedDays) return { day, isOnline, left: [] }
  if (budget.day !== null && day <= budget.day) return { ...budget, isOnline }
  const kept = budget.left.filter((each) => each.day >= day - carriedDays)
  return { day, isOnline, left: share > 0 ? [...kept, { day, bytes: share }] : kept }
}

/** What a day adds, by the traffic of the seven days before it. */
export function shareOf(wan: readonly number[]): number {
  const traffic = wan.reduce((sum, bytes) => sum + bytes, 0)
  return Math.min(bytesPerDay, Math.floor(traffic / meanDays / trafficPerByte))
}

/** Bytes that may be sent now. */
export function available({ isOnline, left }: Budget): number {
  return isOnline ? left.reduce((sum, { bytes }) => sum + bytes, 0) : 0
}

/**
 * Asks to send so many bytes on a day, all or nothing. Keep the budget that is given back before they are sent: if the
 * power fails, they count.
 * @returns `taken`: of which days' shares they are
 * @throws RangeError as `onDay`, and for bytes that are no whole number of at least 0
 */
export function allow(
  budget: Budget,
  bytes: number,
  day: number,
  wan: readonly number[],
): { allowed: boolean; budget: Budget; taken: DayBytes[] } {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`${bytes} is no number of bytes`)
  const now = onDay(budget, day, wan)
  if (bytes > available(now) || !now.isOnline) return { allowed: false, budget: now, taken: [] }
  const [taken, left] = splitParts(now.left, bytes)
  return { allowed: true, budget: { ...now, left }, taken }
}

/** Takes back parts that were allowed and not sent, each as old as it was. */
export function giveBack(budget: Budget, parts: readonly DayBytes[]): Budget {
  return { ...budget, left: addParts(budget.left, parts) }
}

/** Adds bytes to those of the same day, oldest day first. */
export function addParts(to: readonly DayBytes[], parts: readonly DayBytes[]): DayBytes[] {
  const sums = new Map(to.map(({ day, bytes }) => [day, bytes]))
  for (const { day, bytes } of parts) sums.set(day, (sums.get(day) ?? 0) + bytes)
  return [...sums]
    .map(([day, bytes]) => ({ day, bytes }))
    .filter(({ bytes }) => bytes > 0)
    .sort((one, other) => one.day - other.day)
}

/** So many bytes of the oldest parts, and what is left of them all. */
export function splitParts(parts: readonly DayBytes[], bytes: number): [DayBytes[], DayBytes[]] {
  const off: DayBytes[] = []
  const left: DayBytes[] = []
  let due = bytes
  for (const part of parts) {
    const used = Math.min(due, part.bytes)
    due -= used
    if (used > 0) off.push({ day: part.day, bytes: used })
    if (used < part.bytes) left.push({ day: part.day, bytes: part.bytes - used })
  }
  return [off, left]
}

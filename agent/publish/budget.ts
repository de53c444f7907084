/**
 * What the kit may send for publishing, so that it never weighs on the line it runs on: each day at most 64 KiB, and at
 * most 0.1 % of what went over the internet side on the mean of the seven days before. What was not used may be used
 * for 31 days more. Where nothing went over the internet side, nothing is sent.
 */

export const bytesPerDay = 64 * 1024
/** A thousandth of the traffic. */
const trafficPerByte = 1000
const meanDays = 7
export const carriedDays = 31

/** Days are numbers from 1970-01-01, as in agent/costs/calendar.ts. */
export interface Budget {
  /** The last day that was looked at; null: none was. */
  day: number | null
  /** Whether anything went over the internet side in the seven days before it. */
  isOnline: boolean
  /** What is left of each day's share, oldest first. */
  left: readonly { day: number; bytes: number }[]
}

export const emptyBudget: Budget = { day: null, isOnline: false, left: [] }

/**
 * The budget on a day. Each day adds its share once; a day that nobody looks at adds none. Before the last day that was
 * looked at nothing is added; if that lies more than 31 days ahead, the clock was wrong, and it begins anew without
 * anything in hand.
 * @param wan bytes in and out on the internet side, of each of the seven days before; days without a reading are left
 *   out, and count as nothing
 * @throws RangeError
 */
export function onDay(budget: Budget, day: number, wan: readonly number[]): Budget {
  if (!Number.isSafeInteger(day)) throw new RangeError(`${day} is not the number of a day`)
  if (wan.length > meanDays || !wan.every((bytes) => bytes >= 0 && Number.isFinite(bytes)))
    throw new RangeError(`the traffic must be bytes of at most ${meanDays} days`)
  const traffic = wan.reduce((sum, bytes) => sum + bytes, 0)
  const isOnline = traffic > 0
  if (budget.day !== null && day < budget.day - carriedDays) return { day, isOnline, left: [] }
  if (budget.day !== null && day <= budget.day) return { ...budget, isOnline }
  const share = Math.min(bytesPerDay, Math.floor(traffic / meanDays / trafficPerByte))
  const kept = budget.left.filter((each) => each.day >= day - carriedDays)
  return { day, isOnline, left: share > 0 ? [...kept, { day, bytes: share }] : kept }
}

/** Bytes that may be sent now. */
export function available({ isOnline, left }: Budget): number {
  return isOnline ? left.reduce((sum, { bytes }) => sum + bytes, 0) : 0
}

/**
 * Asks to send so many bytes on a day, all or nothing. Keep the budget that is given back before they are sent: if the
 * power fails, they count.
 * @throws RangeError as `onDay`, and for bytes that are no whole number of at least 0
 */
export function allow(
  budget: Budget,
  bytes: number,
  day: number,
  wan: readonly number[],
): { allowed: boolean; budget: Budget } {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`${bytes} is no number of bytes`)
  const now = onDay(budget, day, wan)
  if (bytes > available(now) || !now.isOnline) return { allowed: false, budget: now }
  let due = bytes
  const left = now.left.map((each) => {
    const used = Math.min(due, each.bytes)
    due -= used
    return { ...each, bytes: each.bytes - used }
  })
  return { allowed: true, budget: { ...now, left: left.filter((each) => each.bytes > 0) } }
}

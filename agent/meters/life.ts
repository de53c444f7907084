import type { Range } from './prediction.ts'

/** Bounds that may be open: a disk that is still like new may last for any time. */
export interface OpenRange {
  low: number
  value: number | null
  high: number | null
}

export interface Pace {
  /** Share of the life used up by so many bytes. */
  used: Range
  bytes: number
  /** Bytes written a day at present. */
  bytesPerDay: number
}

const daysPerYear = 365.25

/** Share of the life that a year takes at the present pace; null where too little was written to tell. */
export function wearPerYear({ used, bytes, bytesPerDay }: Pace): Range | null {
  if (bytes <= 0 || bytesPerDay < 0) return null
  const perYear = (share: number) => (Math.max(0, share) / bytes) * bytesPerDay * daysPerYear
  return { low: perYear(used.low), value: perYear(used.value), high: perYear(used.high) }
}

/** Years until the life is used up, at that pace; never less than none. */
export function yearsLeft(used: Range, perYear: Range): OpenRange | null {
  const left = (share: number, pace: number) => (pace > 0 ? Math.max(0, 1 - share) / pace : null)
  const low = left(used.high, perYear.high)
  return low === null ? null : { low, value: left(used.value, perYear.value), high: left(used.low, perYear.low) }
}

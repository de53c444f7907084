/** A value with the interval it is expected in, all in the value's unit. */
export interface Range {
  low: number
  value: number
  high: number
}

/** How far values of a kind spread, and how many of them say so. */
export interface Spread {
  /** Standard deviation. */
  deviation: number
  /** Degrees of freedom. */
  freedom: number
}

/** Student's t for an interval that holds nine cases of ten, by degrees of freedom from 1; later ones use the last. */
const t90 = [
  6.314, 2.92, 2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753,
] as const

/** Spread of values around the mean of their own group. */
export function spreadWithin(groups: readonly (readonly number[])[]): Spread {
  let squares = 0
  let freedom = 0
  for (const group of groups) {
    if (group.length === 0) continue
    const middle = mean(group)
    squares += group.reduce((sum, value) => sum + (value - middle) ** 2, 0)
    freedom += group.length - 1
  }
  return { deviation: freedom > 0 ? Math.sqrt(squares / freedom) : 0, freedom }
}

/**
 * Where one more value of the kind is expected: the mean of those that are known, and the interval that holds nine of ten
 * if they are normally spread. Null while too few are known to tell.
 */
export function predictNext(values: readonly number[], { deviation, freedom } = spreadWithin([values])): Range | null {
  if (values.length === 0 || freedom < 1) return null
  const value = mean(values)
  const t = t90[Math.min(freedom, t90.length) - 1] as number
  const reach = t * deviation * Math.sqrt(1 + 1 / values.length)
  return { low: value - reach, value, high: value + reach }
}

/** The same for what spreads by factors: values above zero. */
export function predictNextFactor(values: readonly number[], spread?: Spread): Range | null {
  const logs = predictNext(values.map(Math.log), spread)
  return logs && mapRange(logs, Math.exp)
}

export function mapRange({ low, value, high }: Range, change: (each: number) => number): Range {
  return { low: change(low), value: change(value), high: change(high) }
}

/** The smallest range that holds all: the value is their mean. */
export function hull(ranges: readonly Range[]): Range {
  return {
    low: Math.min(...ranges.map(({ low }) => low)),
    value: mean(ranges.map(({ value }) => value)),
    high: Math.max(...ranges.map(({ high }) => high)),
  }
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

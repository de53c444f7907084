import { add, compare, type Fraction, floor, fraction, round, subtract, zero } from './fraction.ts'

/** A value with its bounds: `low ≤ value ≤ high`. */
export interface Range<Number> {
  value: Number
  low: Number
  high: Number
}

/** A part of a whole; ids are unique among its parts. */
export interface Part<Number> {
  id: string
  range: Range<Number>
}

export function mapRange<From, To>({ value, low, high }: Range<From>, change: (each: From) => To): Range<To> {
  return { value: change(value), low: change(low), high: change(high) }
}

export function sumRanges(ranges: Range<Fraction>[]): Range<Fraction> {
  const total = (bound: keyof Range<Fraction>) => ranges.map((range) => range[bound]).reduce(add, zero)
  return { value: total('value'), low: total('low'), high: total('high') }
}

export function sumWholes(ranges: Range<bigint>[]): Range<bigint> {
  const total = (bound: keyof Range<bigint>) => ranges.reduce((sum, range) => sum + range[bound], 0n)
  return { value: total('value'), low: total('low'), high: total('high') }
}

/** Each bound to its nearest whole number. */
export function roundRange(range: Range<Fraction>): Range<bigint> {
  return mapRange(range, round)
}

/**
 * Whole numbers that stand for exact parts and add up to `total`, in the order of the parts. `total` must be the parts'
 * sum rounded up or down.
 *
 * Each part is rounded down, and those with the largest remainders get one more; of equal remainders, the part whose id
 * comes first. So no part moves by one or more. The bounds are rounded as distances from the value, by the same rule:
 * that keeps them in order and adding up, and leaves a part without uncertainty without any.
 */
export function settle(parts: Part<Fraction>[], total: Range<bigint>): Range<bigint>[] {
  const share = (exact: (range: Range<Fraction>) => Fraction, whole: bigint) =>
    apportion(
      parts.map(({ id, range }) => ({ id, exact: exact(range) })),
      whole,
    )
  const values = share(({ value }) => value, total.value)
  const below = share(({ value, low }) => subtract(value, low), total.value - total.low)
  const above = share(({ value, high }) => subtract(high, value), total.high - total.value)
  return values.map((value, index) => ({
    value,
    low: value - (below[index] as bigint),
    high: value + (above[index] as bigint),
  }))
}

function apportion(parts: { id: string; exact: Fraction }[], total: bigint): bigint[] {
  const wholes = parts.map(({ exact }) => floor(exact))
  const remainders = parts.map(({ id, exact }, index) => ({
    id,
    index,
    remainder: subtract(exact, fraction(wholes[index] as bigint)),
  }))
  remainders.sort((one, other) => compare(other.remainder, one.remainder) || (one.id < other.id ? -1 : 1))
  const missing = Number(total - wholes.reduce((sum, whole) => sum + whole, 0n))
  for (const { index } of remainders.slice(0, missing)) wholes[index] = (wholes[index] as bigint) + 1n
  return wholes
}

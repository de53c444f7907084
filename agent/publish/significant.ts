import { type Decimal, formatDecimal } from '../costs/decimal.ts'

export const significantDigits = 2

/** `nearest` rounds a half up. */
export type Direction = 'nearest' | 'down' | 'up'

/**
 * A decimal of at least 0 with two significant digits: 0.0964 becomes `0.096`, 1250 becomes `1300`. It is exact, and
 * keeps order: what is rounded down is never above the same rounded to the nearest, nor that above what is rounded up.
 * @throws RangeError for what is below 0
 */
export function significant(value: Decimal, direction: Direction = 'nearest'): string {
  if (value < 0n) throw new RangeError(`${formatDecimal(value)} is below 0`)
  const dropped = value.toString().length - significantDigits
  if (dropped <= 0) return formatDecimal(value)
  const unit = 10n ** BigInt(dropped)
  const rest = value % unit
  const isUp = direction === 'up' ? rest > 0n : direction === 'nearest' && 2n * rest >= unit
  return formatDecimal((value / unit + (isUp ? 1n : 0n)) * unit)
}

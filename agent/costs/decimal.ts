/**
 * Exact decimal numbers as whole multiples of 10⁻¹², held in a BigInt. Sums and differences are exact; a product or a
 * share is rounded once, half to even, far below any coin. Rounding to coins is left to whoever shows an amount.
 */
export type Decimal = bigint

/** Digits after the point that are kept. */
export const decimalDigits = 12
const one = 10n ** BigInt(decimalDigits)

/** Reads `12`, `0.096` or `-3.5`; at most 15 digits before and 12 after the point. Throws `RangeError` for anything else. */
export function parseDecimal(text: string): Decimal {
  const match = /^(-?)(\d{1,15})(?:\.(\d{1,12}))?$/.exec(text)
  if (!match) throw new RangeError(`“${text}” is not a decimal number such as 0.32`)
  const [, sign, whole = '', fraction = ''] = match
  const magnitude = BigInt(whole) * one + BigInt(fraction.padEnd(decimalDigits, '0'))
  return sign ? -magnitude : magnitude
}

/** Writes a decimal in full, without needless zeros: `0.096`. */
export function formatDecimal(value: Decimal): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimalDigits + 1, '0')
  const fraction = digits.slice(-decimalDigits).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -decimalDigits)}${fraction ? `.${fraction}` : ''}`
}

/** `value × numerator ÷ denominator`, rounded once, half to even. The denominator must be positive. */
export function scale(value: Decimal, numerator: bigint, denominator: bigint): Decimal {
  if (denominator <= 0n) throw new RangeError('the denominator must be positive')
  const product = value * numerator
  const quotient = product / denominator
  const remainder = product % denominator
  const twice = 2n * (remainder < 0n ? -remainder : remainder)
  const up = twice > denominator || (twice === denominator && quotient % 2n !== 0n)
  if (!up) return quotient
  return product < 0n ? quotient - 1n : quotient + 1n
}

/** How many digits after the point a text like `12.50` has. */
export function decimalPlaces(text: string): number {
  return text.split('.')[1]?.length ?? 0
}

import { formatDecimal, parseDecimal } from './decimal.ts'
import { TariffRefused } from './refusal.ts'

/** Separators of thousands that are never a decimal sign: spaces and apostrophes. */
const plainGroup = /[\u0020\u00a0\u2009\u202f'’]/
const digits = /^\d{1,15}$/

/**
 * Reads an amount as people type it, and gives it as a plain decimal: `1,234.5` and `1.234,5` are `1234.5`, wherever one
 * is. One sign before exactly three digits says two things; it is the decimal sign only if the language (BCP 47) writes
 * it so: `1.234` is taken in English and refused in German, with both readings. A sum without a whole part (`,5`) and
 * one below zero are taken. `field` names the amount in the error. Throws `TariffRefused`.
 */
export function parseMoneyTyped(text: string, language: string, field = 'amount'): string {
  const trimmed = text.trim()
  const sign = /^[-−]/.test(trimmed) ? '-' : ''
  const unsigned = sign ? trimmed.slice(1) : trimmed
  const signs = [...unsigned.matchAll(/[.,]/g)].map(([each]) => each)
  const readings = [...readingsOf(unsigned, signs)]
  const [reading, other] = readings.map((each) => formatDecimal(parseDecimal(`${sign}${each}`)))
  const ownSign = decimalSign(language)
  if (reading === undefined) {
    const example = `12${ownSign}50`
    throw new TariffRefused(field, `“${text}” is not an amount.`, `Write digits only, such as ${example}.`)
  }
  if (other === undefined) return reading
  // Two readings: first as a whole number with thousands, then with a decimal sign.
  if (signs[0] === ownSign) return other
  const fraction = other.replace('.', ownSign)
  throw new TariffRefused(
    field,
    `“${text}” can be read as ${reading} or as ${fraction}.`,
    `Write ${reading} or ${fraction}, whichever is meant.`,
  )
}

/** Every way to read an amount without its sign: with groups of thousands, then with a decimal sign. */
function* readingsOf(text: string, signs: string[]): Generator<string> {
  const [first, last] = [signs[0], signs.at(-1)]
  if (first === undefined) {
    const whole = withoutGroups(text, '')
    if (whole !== null) yield whole
    return
  }
  if (signs.every((each) => each === first)) {
    const whole = withoutGroups(text, first)
    if (whole !== null) yield whole
  }
  // A decimal sign comes once, after every separator of thousands.
  const at = text.lastIndexOf(last as string)
  const group = signs.length > 1 ? (first as string) : ''
  if (signs.filter((each) => each === last).length > 1) return
  const whole = at === 0 ? '0' : withoutGroups(text.slice(0, at), group)
  const fraction = text.slice(at + 1)
  if (whole !== null && /^\d{1,12}$/.test(fraction)) yield `${whole}.${fraction}`
}

/** Digits with or without groups of three; null if they are neither. Groups are all parted by the same sign. */
function withoutGroups(text: string, sign: string): string | null {
  const separator = sign || plainGroup.exec(text)?.[0]
  if (separator === undefined) return digits.test(text) ? text : null
  const [head = '', ...groups] = text.split(separator)
  const whole = `${head}${groups.join('')}`
  const isGrouped = /^[1-9]\d{0,2}$/.test(head) && groups.every((each) => /^\d{3}$/.test(each))
  return isGrouped && digits.test(whole) ? whole : null
}

function decimalSign(language: string): string {
  let locale = language
  try {
    Intl.getCanonicalLocales(language)
  } catch {
    locale = 'en'
  }
  const parts = new Intl.NumberFormat(locale, { numberingSystem: 'latn' }).formatToParts(1.5)
  return parts.find(({ type }) => type === 'decimal')?.value ?? '.'
}

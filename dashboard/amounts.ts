import { parseMoneyTyped } from '#agent/costs/money-typed.ts'
import { hoursADay, placesOf } from '#agent/ledger/typed-entry.ts'
import type { Visit } from './visit.ts'

/** An exact decimal with a point, or what is wrong with what was typed. */
export type ReadAmount = { value: string; mistake: null } | { value: null; mistake: string }

/** A price is never more, in any currency. */
const mostOfPrice = 1_000_000
/** A bill can be, where a coin is worth little. */
const mostOfEntry = 999_999_999_999

/**
 * An amount as people type it in the page's language, of either sign, with at most so many digits written after the
 * point. One that can be read in two ways is a mistake that shows both.
 */
export function readAmount(visit: Visit, text: string, places = 6, most = mostOfPrice): ReadAmount {
  const { words, format } = visit
  const value = amountIn(format.locale, text)
  if (value === null) return { value, mistake: readings(visit, text) ?? words.mistakes.number }
  if (Math.abs(Number(value)) > most) return { value: null, mistake: words.mistakes.tooMuch(format.number(most)) }
  if (placesWritten(text, value) > places) return { value: null, mistake: words.mistakes.tooFine(places) }
  return { value, mistake: null }
}

/** Hours or money of an entry in the ledger, within the bounds that the agent has for them (`checkTyped`). */
export function readQuantity(visit: Visit, text: string, unit: string): ReadAmount {
  const { ledger } = visit.words
  const read = readAmount(visit, text, placesOf(unit) ?? undefined, mostOfEntry)
  if (read.value === null) return read
  if (Number(read.value) <= 0) return { value: null, mistake: ledger.amountWrong }
  return unit === 'h' && Number(read.value) > hoursADay ? { value: null, mistake: ledger.hoursWrong } : read
}

/** Also where they are zeros: `12.500` with three digits may have been meant as thousands. */
function placesWritten(text: string, value: string): number {
  const digits = (of: string) => of.replace(/\D/g, '').replace(/^0+/, '')
  const isWhole = !value.includes('.') && digits(text) === digits(value)
  return isWhole ? 0 : (/[.,](\d+)\s*$/.exec(text)?.[1]?.length ?? 0)
}

/**
 * What is said of an amount that only another language reads: `1.234` in German is 1234, or 1,234. Both are written so
 * that they can be typed, without separators of thousands.
 */
function readings({ words, format }: Visit, text: string): string | null {
  const fraction = amountIn('en', text) ?? amountIn('de', text)
  if (fraction === null) return null
  const whole = text.trim().replace(/[.,]/g, '')
  return words.mistakes.ambiguous(whole, asTyped(format, fraction))
}

/** A decimal as people type it in the page's language: with a point, `3.125` would be refused where that parts thousands. */
export function asTyped(format: Visit['format'], decimal: string): string {
  return decimal.replace('.', format.number(0.5, 1)[1] as string)
}

function amountIn(language: string, text: string): string | null {
  try {
    return parseMoneyTyped(text, language)
  } catch {
    return null
  }
}

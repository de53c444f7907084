import { parseMoneyTyped } from '#agent/costs/money-typed.ts'
import type { Visit } from './visit.ts'

/** An exact decimal with a point, or what is wrong with what was typed. */
export type ReadAmount = { value: string; mistake: null } | { value: null; mistake: string }

const most = 1_000_000

/**
 * An amount as people type it in the page's language, of either sign, with at most so many digits after the point. One
 * that can be read in two ways is a mistake that shows both.
 */
export function readAmount(visit: Visit, text: string, places = 6): ReadAmount {
  const { words, format } = visit
  const value = amountIn(format.locale, text)
  if (value === null) return { value, mistake: readings(visit, text) ?? words.mistakes.number }
  if (Math.abs(Number(value)) > most) return { value: null, mistake: words.mistakes.tooMuch(format.number(most)) }
  if ((value.split('.')[1]?.length ?? 0) > places) return { value: null, mistake: words.mistakes.tooFine(places) }
  return { value, mistake: null }
}

/**
 * What is said of an amount that only another language reads: `1.234` in German is 1234, or 1,234. Both are written so
 * that they can be typed, without separators of thousands.
 */
function readings({ words, format }: Visit, text: string): string | null {
  const fraction = amountIn('en', text) ?? amountIn('de', text)
  if (fraction === null) return null
  const whole = text.trim().replace(/[.,]/g, '')
  const sign = format.number(0.5, 1)[1] as string
  return words.mistakes.ambiguous(whole, fraction.replace('.', sign))
}

function amountIn(language: string, text: string): string | null {
  try {
    return parseMoneyTyped(text, language)
  } catch {
    return null
  }
}

import type { AgentSettings, TypedPrice } from '../api.ts'
import { parseDecimal } from './decimal.ts'

type Simple = Pick<AgentSettings, 'currency' | 'pricePerKwh' | 'internetPerMonth' | 'domainPerYear' | 'typedPrices'>

const fields = {
  power: 'pricePerKwh',
  internet: 'internetPerMonth',
  domain: 'domainPerYear',
} as const satisfies Record<TypedPrice['of'], keyof Simple>
const kinds = Object.keys(fields) as TypedPrice['of'][]

/** A first price counts from here: for the days before it nobody gave another. */
export const sinceEver = '2000-01-01'

/** The simple prices by their days, oldest first. */
export function typedPricesOf(settings: Simple): TypedPrice[] {
  return (
    settings.typedPrices ??
    kinds.flatMap((of) => {
      const amount = settings[fields[of]]
      return amount === null ? [] : [{ of, amount, from: sinceEver, typed: sinceEver }]
    })
  )
}

/**
 * The same after the simple prices were changed: a new one counts from today, and the one before stays for the days
 * before. What was typed today is typed again: that was a slip, and counts for nothing. In another currency, the prices
 * before are none.
 * @param today in the household's zone
 */
export function retyped(before: Simple, after: Simple, today: string): TypedPrice[] {
  const prices = before.currency === after.currency ? typedPricesOf(before) : []
  return kinds.flatMap((of) => {
    const list = prices.filter((price) => price.of === of)
    const amount = after[fields[of]]
    const stays = list.length > 0 && list.every(({ typed }) => typed <= today) && isSame(amount, before[fields[of]])
    return stays ? list : changed(list, of, amount, today)
  })
}

/** `0.40` is `0.4`. */
function isSame(one: string | null, other: string | null): boolean {
  return one === null || other === null ? one === other : parseDecimal(one) === parseDecimal(other)
}

function changed(list: TypedPrice[], of: TypedPrice['of'], amount: string | null, today: string): TypedPrice[] {
  // What lies ahead was typed while the clock was ahead.
  const past = list.filter(({ from }) => from <= today)
  const last = past.at(-1)
  const isSlip = last !== undefined && last.typed >= today
  const stays = isSlip ? past.slice(0, -1) : past
  const from = last === undefined || (isSlip && last.from === sinceEver) ? sinceEver : today
  if (isSame(stays.at(-1)?.amount ?? null, amount)) return stays
  return [...stays, { of, amount, from, typed: today }]
}

import type { AgentSettings, TypedPrice } from '../api.ts'

type Simple = Pick<AgentSettings, 'pricePerKwh' | 'internetPerMonth' | 'domainPerYear' | 'typedPrices'>

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
 * before. What was typed today is typed again: that was a slip, and counts for nothing.
 * @param today in the household's zone
 */
export function retyped(before: Simple, after: Simple, today: string): TypedPrice[] {
  const prices = typedPricesOf(before)
  return kinds.flatMap((of) => {
    const list = prices.filter((price) => price.of === of)
    const amount = after[fields[of]]
    return amount === before[fields[of]] ? list : changed(list, of, amount, today)
  })
}

function changed(list: TypedPrice[], of: TypedPrice['of'], amount: string | null, today: string): TypedPrice[] {
  // What lies ahead was typed while the clock was ahead.
  const past = list.filter(({ from }) => from <= today)
  const last = past.at(-1)
  const isSlip = last !== undefined && last.typed >= today
  const stays = isSlip ? past.slice(0, -1) : past
  const from = last === undefined || (isSlip && last.from === sinceEver) ? sinceEver : today
  if ((stays.at(-1)?.amount ?? null) === amount) return stays
  return [...stays, { of, amount, from, typed: today }]
}

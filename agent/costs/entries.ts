import type { Bill } from '../api.ts'
import type { EntryDraft } from '../ledger/entry.ts'

/** Where entries of what a month cost come from. */
export const billSystem = 'hearth-bill'

/**
 * A closed bill as entries for the ledger, one a line, for the owner only. Their external ids are month and line, so
 * recording the same bill twice adds nothing. Throws `RangeError` for a bill that is not closed.
 */
export function costEntries(bill: Bill, instance: string): EntryDraft[] {
  const { month, period, state, currency, coverage } = bill
  if (state !== 'closed') throw new RangeError(`The bill of ${month} is not closed. Close it before it is recorded.`)
  return bill.lines.map(({ id, kind, range: { value, low, high } }) => {
    const isCertain = low.amount === high.amount
    const isMetered = kind === 'power' || kind === 'idle'
    return {
      kind: 'cost',
      period,
      instance,
      purpose: id,
      amounts: [
        {
          value: value.amount,
          ...(isCertain ? {} : { low: low.amount, high: high.amount }),
          unit: currency,
        },
      ],
      source: 'tariff',
      method: 'bill@1',
      ...(isMetered ? { coveredSeconds: coverage.coveredSeconds } : {}),
      audience: 'owner',
      external: { system: billSystem, id: `${month}/${id}` },
    }
  })
}

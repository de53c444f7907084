import type { Bill, BillLine, BillLineKind } from '../api.ts'
import type { CurrentEntry } from '../ledger/corrections.ts'
import type { EntryDraft } from '../ledger/entry.ts'
import type { Range } from './rounding.ts'

/** Where entries of what a month cost come from. */
export const billSystem = 'hearth-bill'

/** A line of a closed bill as it stands in the ledger, corrections included. */
export interface EnteredLine extends Pick<BillLine, 'id' | 'kind' | 'name'> {
  currency: string
  /** Exact decimals. */
  range: Range<string>
}

/** Seconds of a month that were read, and of these without a price of electricity. */
export interface EnergyRead {
  coveredSeconds: number
  unpricedSeconds: number
}

/** Stands in the entries of a month in which nothing was read. */
const unreadNote = 'Nothing was read in this month: what electricity cost is not known.'

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
    const note = coverage.coveredSeconds === 0 ? unreadNote : isMetered && unpricedNote(coverage.unpricedSeconds)
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
      ...(note ? { note } : {}),
    }
  })
}

/** Whether an entry is a line of a bill, withdrawn or not. */
export function isOfBill({ kind, external }: Pick<CurrentEntry['entry'], 'kind' | 'external'>): boolean {
  return kind === 'cost' && external?.system === billSystem
}

/**
 * The line of a bill that an entry is; null where it is none, or was withdrawn. A correction in another currency, which
 * cannot be added up with the rest, withdraws it, too.
 */
export function enteredLine({ entry, amounts: [amount] }: CurrentEntry): EnteredLine | null {
  if (!isOfBill(entry) || amount === undefined || amount.unit !== entry.amounts[0]?.unit) return null
  const { purpose: id = '' } = entry
  const { value, low = value, high = value, unit: currency } = amount
  const [, kind = '', name] = /^([^/@]*)(?:\/([^@]*))?/.exec(id) ?? []
  return {
    id,
    kind: kind as BillLineKind,
    ...(name !== undefined && { name }),
    currency,
    range: { value, low, high },
  }
}

/** What an entry of a bill's energy says of its month, withdrawn or not; null for any other entry. */
export function energyRead(entry: CurrentEntry['entry']): EnergyRead | null {
  const { coveredSeconds, note = '' } = entry
  if (!isOfBill(entry) || coveredSeconds === undefined) return null
  return { coveredSeconds, unpricedSeconds: Number(/^(\d+) s were read without a price/.exec(note)?.[1] ?? 0) }
}

/** Stands in the entries of energy of a month in which it had no price for a while; `energyRead` reads it. */
function unpricedNote(seconds: number): string | null {
  return seconds > 0 ? `${seconds} s were read without a price of electricity, and are not in it.` : null
}

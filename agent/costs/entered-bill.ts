import type { Bill } from '../api.ts'
import { classes } from '../ledger/hours.ts'
import { type BillInput, moneyRange, serviceShares, unitOf } from './bill.ts'
import { dayName, monthNamed } from './calendar.ts'
import { parseDecimal } from './decimal.ts'
import type { EnergyRead, EnteredLine } from './entries.ts'
import { mapRange, sumWholes } from './rounding.ts'

export interface EnteredBillInput {
  /** `2026-10`. */
  month: string
  zone: string
  /** The household's, for a bill all of whose lines were withdrawn. */
  currency: string
  lines: readonly EnteredLine[]
  /** What the bill's entries of energy say, withdrawn or not; null: it has none, as energy had no price or was not read. */
  energy: EnergyRead | null
  /** What the entries of the month's days say of energy; null: there are none. */
  metered: { seconds: number; classRank: number } | null
  /** Of the readings, where all of the month's are still there; else none. */
  services: BillInput['services']
}

/**
 * The bill of a month as it stands in the ledger: the lines that were entered when it was over, with the corrections
 * since. Nothing of it is worked out again by prices of today; how much was used at which price is not in it.
 */
export function enteredBill({ month: name, zone, lines, energy, metered, services, ...more }: EnteredBillInput): Bill {
  const { month, start, end, firstDay, endDay } = monthNamed(name, zone)
  const currency = lines[0]?.currency ?? more.currency
  const counted = lines.filter((line) => line.currency === currency)
  const wholes = counted.map(({ range }) => mapRange(range, parseDecimal))
  const power = counted.flatMap(({ kind }, index) =>
    kind === 'power' ? [wholes[index] as (typeof wholes)[number]] : [],
  )
  const hasEnergy = counted.some(({ kind }) => kind === 'power' || kind === 'idle')
  const seconds = Math.round((end - start) / 1000)
  const covered = energy?.coveredSeconds ?? Math.round(metered?.seconds ?? 0)
  return {
    month,
    period: { from: dayName(firstDay), to: dayName(endDay) },
    state: 'closed',
    currency,
    lines: counted.map(({ id, kind, name }, index) => ({
      id,
      kind,
      ...(name !== undefined && { name }),
      range: moneyRange(wholes[index] as (typeof wholes)[number], currency),
      basis: {},
    })),
    total: moneyRange(sumWholes(wholes), currency),
    coverage: {
      seconds,
      coveredSeconds: Math.min(covered, seconds),
      unpricedSeconds: energy?.unpricedSeconds ?? Math.min(covered, seconds),
    },
    powerClass: hasEnergy && metered && metered.seconds > 0 ? (classes[metered.classRank] ?? null) : null,
    services: serviceShares(services, sumWholes(power), unitOf(wholes, currency), currency),
  }
}

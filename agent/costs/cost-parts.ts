import type { MoneyRange } from '../api.ts'
import { type BillInput, moneyRange } from './bill.ts'
import { monthNamed, type Period } from './calendar.ts'
import { isElectricity } from './costs.ts'
import type { ExactMoney } from './exact-line.ts'
import { fixedParts } from './fixed-lines.ts'
import { type Fraction, zero } from './fraction.ts'
import { meteredParts } from './metered-parts.ts'
import { quantitiesOf } from './metering.ts'
import { type Range, roundRange, settle, sumRanges } from './rounding.ts'

/** What a part of a month cost. */
export interface CostPart {
  total: MoneyRange
  /** Of it energy, with the fixed part of its contract. */
  electricity: MoneyRange
}

/**
 * What each part of a month cost so far, in 10⁻¹² of the currency. The totals of parts that make up the month add up to
 * its bill so far, to the last digit. Parts must be in order. Null where nothing is to be paid for.
 */
export function costParts(
  { month: name, now, tariffs, readings }: Pick<BillInput, 'month' | 'now' | 'tariffs' | 'readings'>,
  parts: Period[],
): (CostPart | null)[] {
  const month = monthNamed(name, tariffs.timezone)
  const until = Math.round(Math.min(Math.max(now, month.start), month.end))
  const quantities = readings.map((reading) => ({ hour: reading.hour, quantities: quantitiesOf(reading, null) }))
  const metered = meteredParts({ month, tariffs, readings: quantities }, parts)
  const fixed = fixedParts({ month, tariffs, until }, parts)
  const exact = parts.map((_, index) => {
    const { power, internet } = metered[index] as (typeof metered)[number]
    const lines = [
      ...(power ? [{ kind: 'power', range: power }] : []),
      ...(internet ? [{ kind: 'internet', range: internet }] : []),
      ...(fixed[index] ?? []).map(({ kind, amount }) => ({ kind, range: certain(amount) })),
    ]
    const electricity = lines.filter(({ kind }) => isElectricity(kind))
    return {
      id: String(index).padStart(6, '0'),
      there: lines.length > 0,
      range: sum(lines),
      electricity: sum(electricity),
    }
  })
  const totals = settle(exact, roundRange(sum(exact)))
  return exact.map(({ there, electricity }, index) =>
    there
      ? {
          total: moneyRange(totals[index] as Range<bigint>, tariffs.currency),
          electricity: moneyRange(roundRange(electricity), tariffs.currency),
        }
      : null,
  )
}

function certain(amount: Fraction): ExactMoney {
  return { value: amount, low: amount, high: amount }
}

function sum(lines: { range: ExactMoney }[]): ExactMoney {
  return lines.length > 0 ? sumRanges(lines.map(({ range }) => range)) : certain(zero)
}

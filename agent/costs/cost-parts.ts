import type { MoneyRange } from '../api.ts'
import { type BillInput, moneyRange } from './bill.ts'
import { monthNamed, type Period } from './calendar.ts'
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
    const charges = fixed[index] as (typeof fixed)[number]
    const standing = charges.filter(({ kind }) => kind === 'standing').map(({ amount }) => certain(amount))
    const others = charges.filter(({ kind }) => kind !== 'standing').map(({ amount }) => certain(amount))
    const electricity = [...standing, ...(power ? [power] : [])]
    const all = [...electricity, ...others, ...(internet ? [internet] : [])]
    return { id: String(index).padStart(6, '0'), there: all.length > 0, range: sum(all), electricity: sum(electricity) }
  })
  const totals = settle(exact, roundRange(sum(exact.map(({ range }) => range))))
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

function sum(ranges: ExactMoney[]): ExactMoney {
  return ranges.length > 0 ? sumRanges(ranges) : certain(zero)
}

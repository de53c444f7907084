import { parseDecimal } from '../costs/decimal.ts'
import type { CurrentEntry } from './corrections.ts'
import type { Amount, Entry } from './entry.ts'
import { addQuantities, classes, nothing, type Quantities } from './hours.ts'
import { directions, meterSystem, untrustedNote } from './metered-days.ts'

/** What was metered on some days. */
export interface MeteredDay extends Quantities {
  /** False: some of its hours may belong to other days. */
  trusted: boolean
}

/** 10⁻¹² kWh in a microwatt-hour. */
const perMicrowattHour = 1000n
const quantityOf = new Map<string, keyof Quantities>(
  Object.entries(directions).map(([name, purpose]) => [purpose, name as keyof Quantities]),
)

/**
 * The quantities that own entries of metered days were made from, by day, as they count now. A day whose entry of power
 * was withdrawn has no energy and no seconds.
 */
export function meteredByDay(entries: CurrentEntry[]): Map<string, MeteredDay> {
  const days = new Map<string, MeteredDay>()
  for (const { entry, amounts } of entries) {
    if (entry.external?.system !== meterSystem || (entry.kind !== 'power' && entry.kind !== 'traffic')) continue
    const day = days.get(entry.period.from) ?? { ...nothing, trusted: true }
    addQuantities(day, quantitiesIn(entry, amounts[0]))
    day.trusted &&= entry.note !== untrustedNote
    days.set(entry.period.from, day)
  }
  return days
}

/** Bytes stored by owner, by day of the count. */
export function storedByDay(entries: CurrentEntry[]): Map<string, Record<string, number>> {
  const days = new Map<string, Record<string, number>>()
  for (const { entry, amounts } of entries) {
    if (entry.external?.system !== meterSystem || entry.kind !== 'storage') continue
    if (entry.purpose === undefined || amounts[0]?.unit !== 'B') continue
    days.set(entry.period.from, { ...days.get(entry.period.from), [entry.purpose]: Number(amounts[0].value) })
  }
  return days
}

function quantitiesIn(
  { kind, purpose = '', source, coveredSeconds = 0 }: Entry,
  amount: Amount | undefined,
): Partial<Quantities> {
  if (amount === undefined) return {}
  if (kind === 'power' && amount.unit === 'kWh') {
    const { value, low = value, high = value } = amount
    const rank = (classes as readonly string[]).indexOf(source)
    return {
      energy: microwattHours(value),
      energyLow: microwattHours(low),
      energyHigh: microwattHours(high),
      classRank: rank < 0 ? classes.length - 1 : rank,
      seconds: coveredSeconds,
    }
  }
  const name = kind === 'traffic' && amount.unit === 'B' ? quantityOf.get(purpose) : undefined
  return name ? { [name]: Number(amount.value) } : {}
}

function microwattHours(kwh: string): number {
  return Number(parseDecimal(kwh) / perMicrowattHour)
}

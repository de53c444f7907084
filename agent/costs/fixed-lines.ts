import type { BillLine, CostItem, Tariffs } from '../api.ts'
import { dayNumber, dayStart, type Month } from './calendar.ts'
import { formatDecimal, parseDecimal } from './decimal.ts'
import type { ExactLine, LineIds } from './exact-line.ts'
import { type Fraction, fraction, round, times } from './fraction.ts'
import { type Days, overlap, validityOf } from './validity.ts'

const monthsPerYear = 12n
const daysPerYear = 365.25

interface FixedInput {
  month: Month
  /** The moment until which the month counts so far. */
  until: number
  tariffs: Tariffs
  idOf: LineIds
}

/** What something costs in the days of a month it counts for, whatever is used. */
interface Charge extends Pick<BillLine, 'id' | 'kind' | 'basis'> {
  name?: string | undefined
  days: Days
  /** Multiples of 10⁻¹² of the currency, for all of these days. */
  amount: Fraction
}

/** Lines of what costs the same whatever is used: by days, and so far by the part of these that has passed. */
export function fixedLines(input: FixedInput): ExactLine[] {
  return [...standing(input), ...internet(input), ...items(input), ...fees(input)].map((charge) =>
    lineOf(charge, input),
  )
}

function standing({ month, tariffs, idOf }: FixedInput): Charge[] {
  return validityOf(tariffs.power).flatMap((valid) => {
    const { from, standingPerMonth } = valid.item
    if (standingPerMonth === undefined) return []
    return monthly(month, valid, fraction(parseDecimal(standingPerMonth))).map((charge) => ({
      ...charge,
      id: idOf('standing', undefined, from),
      kind: 'standing',
    }))
  })
}

function internet({ month, tariffs, idOf }: FixedInput): Charge[] {
  return validityOf(tariffs.internet).flatMap((valid) => {
    const { item } = valid
    if (item.kind !== 'monthly') return []
    return monthly(month, valid, fraction(parseDecimal(item.perMonth))).map((charge) => ({
      ...charge,
      id: idOf('internet', undefined, item.from),
      kind: 'internet',
    }))
  })
}

function fees({ month, tariffs, idOf }: FixedInput): Charge[] {
  const valid = [...Map.groupBy(tariffs.fees, ({ kind, name }) => `${kind}/${name ?? ''}`).values()].flatMap(validityOf)
  return valid.flatMap((fee) => {
    const { kind, name, amount, per, from } = fee.item
    const perYear = parseDecimal(amount) * (per === 'year' ? 1n : monthsPerYear)
    return monthly(month, fee, fraction(perYear, monthsPerYear)).map((charge) => ({
      ...charge,
      id: idOf(kind, name, from),
      kind,
      name,
      basis: { ...charge.basis, perYear: formatDecimal(perYear) },
    }))
  })
}

/** A monthly amount for the days it counts for; none if these are not in the month. */
function monthly(month: Month, valid: Days, perMonth: Fraction): Pick<Charge, 'days' | 'amount' | 'basis'>[] {
  const days = overlap(month, valid)
  if (days === null) return []
  const amount = times(perMonth, BigInt(days.endDay - days.firstDay), BigInt(month.endDay - month.firstDay))
  return [{ days, amount, basis: { perMonth: formatDecimal(round(perMonth)) } }]
}

/** Straight line: each day of an item's life bears the same. */
function items({ month, tariffs, idOf }: FixedInput): Charge[] {
  return tariffs.items.flatMap((item) => {
    const { kind, name, price, years, bought } = item
    const days = overlap(month, lifeOf(item))
    if (days === null) return []
    const amount =
      bought === null
        ? fraction(parseDecimal(price), BigInt(Math.round(years * Number(monthsPerYear))))
        : fraction(parseDecimal(price) * BigInt(days.endDay - days.firstDay), BigInt(lifeDays(years)))
    const basis = { price, years: String(years), perMonth: formatDecimal(round(amount)) }
    return [
      { id: idOf(kind, name, ''), kind, name, days, amount, basis: bought === null ? basis : { ...basis, bought } },
    ]
  })
}

function lifeOf({ bought, years }: CostItem): Days {
  if (bought === null) return { firstDay: Number.NEGATIVE_INFINITY, endDay: Number.POSITIVE_INFINITY }
  return { firstDay: dayNumber(bought), endDay: dayNumber(bought) + lifeDays(years) }
}

function lifeDays(years: number): number {
  return Math.round(years * daysPerYear)
}

function lineOf({ id, kind, name, days, amount, basis }: Charge, { month, until, tariffs }: FixedInput): ExactLine {
  const start = days.firstDay === month.firstDay ? month.start : dayStart(days.firstDay, tariffs.timezone)
  const end = days.endDay === month.endDay ? month.end : dayStart(days.endDay, tariffs.timezone)
  const passed = BigInt(Math.min(Math.max(until, start), end) - start)
  const part = (money: Fraction) => ({ money: { value: money, low: money, high: money }, basis })
  return {
    id,
    kind,
    ...(name === undefined ? {} : { name }),
    soFar: part(times(amount, passed, BigInt(end - start))),
    expected: part(amount),
  }
}

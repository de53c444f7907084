import type { BillLine, CostItem, Tariffs } from '../api.ts'
import { dayNumber, dayStart, type Month, type Period } from './calendar.ts'
import { formatDecimal, parseDecimal } from './decimal.ts'
import { type ExactLine, type LineIds, lineIds } from './exact-line.ts'
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
  return chargesOf(input).map((charge) => lineOf(charge, input))
}

/** What of these costs falls on each part of a month, as far as it has passed. */
export function fixedParts(
  { month, until, tariffs }: Omit<FixedInput, 'idOf'>,
  parts: Period[],
): Pick<Charge, 'kind' | 'amount'>[][] {
  const input = { month, until, tariffs, idOf: lineIds() }
  const charges = chargesOf(input).map((charge) => ({ ...charge, ...spanOf(charge, input) }))
  return parts.map((part) =>
    charges.flatMap(({ kind, amount, start, end }) => {
      const passed = Math.min(part.end, end, until) - Math.max(part.start, start)
      return passed > 0 ? [{ kind, amount: times(amount, BigInt(passed), BigInt(end - start)) }] : []
    }),
  )
}

function chargesOf(input: FixedInput): Charge[] {
  return [...standing(input), ...internet(input), ...items(input), ...fees(input)]
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

/** The days of a charge that are in the month. */
function spanOf({ days }: Charge, { month, tariffs }: FixedInput): Period {
  return {
    start: days.firstDay === month.firstDay ? month.start : dayStart(days.firstDay, tariffs.timezone),
    end: days.endDay === month.endDay ? month.end : dayStart(days.endDay, tariffs.timezone),
  }
}

function lineOf(charge: Charge, input: FixedInput): ExactLine {
  const { id, kind, name, amount, basis } = charge
  const { start, end } = spanOf(charge, input)
  const passed = BigInt(Math.min(Math.max(input.until, start), end) - start)
  const part = (money: Fraction) => ({ money: { value: money, low: money, high: money }, basis })
  return {
    id,
    kind,
    ...(name === undefined ? {} : { name }),
    soFar: part(times(amount, passed, BigInt(end - start))),
    expected: part(amount),
  }
}

import type { Bill, MoneyRange, PowerFigure, Tariffs } from '../api.ts'
import { classes, hourMs } from '../ledger/hours.ts'
import { dayName, type Month, monthNamed } from './calendar.ts'
import { minorUnits } from './currency.ts'
import { type Decimal, decimalDigits, formatDecimal } from './decimal.ts'
import { type ExactLine, lineIds } from './exact-line.ts'
import { fixedLines } from './fixed-lines.ts'
import { type Fraction, floor, fraction, times } from './fraction.ts'
import { meteredLines } from './metered-lines.ts'
import { quantitiesOf, type Reading } from './metering.ts'
import { mapRange, type Range, roundRange, settle, sumRanges, sumWholes } from './rounding.ts'

export interface BillInput {
  /** `2026-11`, in the tariffs' zone. */
  month: string
  /** Milliseconds since 1970. */
  now: number
  tariffs: Tariffs
  /**
   * In any order; what is outside the month is left out. Where the zone has half hours, the hours at both ends of a month
   * belong to two: give both.
   */
  readings: Reading[]
  /** Power of this machine without load; null where that is not known, and then there is no line for it. */
  idleWatts: number | null
  /** Power at present, from which the month is expected as long as nothing was read in it. */
  power: Pick<PowerFigure, 'value' | 'low' | 'high'>
  /** Processor time of each service in the month (`serviceTimes`); what belongs to none must be one of them. */
  services: { id: string; cpuSeconds: number }[]
}

/** A month's costs before anything is rounded. */
export interface ExactBill extends Pick<Bill, 'month' | 'period' | 'currency' | 'coverage' | 'powerClass'> {
  /** Both ends of the month, and the moment until which it counts so far; milliseconds since 1970. */
  start: number
  end: number
  until: number
  lines: ExactLine[]
  services: BillInput['services']
}

/**
 * A month's costs: power and metered traffic for the time that was read, everything else by days. Nothing is rounded;
 * `preview` and `close` do that.
 */
export function billFor({ month: name, now, tariffs, readings, idleWatts, power, services }: BillInput): ExactBill {
  const month = monthNamed(name, tariffs.timezone)
  const { start, end } = month
  const until = Math.round(Math.min(Math.max(now, start), end))
  const seconds = Math.round((until - start) / 1000)
  const within = readings.filter(({ hour }) => hour + hourMs > start && hour < end)
  const idOf = lineIds()
  const { lines, unpriced } = meteredLines({
    month,
    tariffs,
    readings: within.map((reading) => ({ hour: reading.hour, quantities: quantitiesOf(reading, idleWatts) })),
    otherwise: quantitiesOf(hourAt(power), idleWatts),
    idle: idleWatts !== null,
    idOf,
  })
  return {
    month: month.month,
    period: { from: dayName(month.firstDay), to: dayName(month.endDay) },
    start,
    end,
    until,
    currency: tariffs.currency,
    lines: [...lines, ...fixedLines({ month, until, tariffs, idOf })],
    coverage: {
      seconds,
      coveredSeconds: Math.min(coveredSeconds(within, month), seconds),
      unpricedSeconds: Number(floor(times(unpriced, 1n, 1000n))),
    },
    powerClass: classes[Math.max(...within.map(({ classRank }) => classRank))] ?? null,
    services,
  }
}

/** The bill of a month so far, or of all of it if it goes on as it did; in coins where it is to be divided. */
export function preview(bill: ExactBill, state: 'so-far' | 'expected', inCoins = false): Bill {
  return settled(bill, state, inCoins ? minorUnits(bill.currency) : decimalDigits)
}

/**
 * The bill of a month that is over, rounded once, to coins. Where nothing was read there is no line of what is metered:
 * it is not known, rather than nothing. Throws `RangeError` for a month that is not over.
 */
export function close(bill: ExactBill): Bill {
  if (bill.until < bill.end) {
    throw new RangeError(`${bill.month} is not over. Close its bill after ${new Date(bill.end).toISOString()}.`)
  }
  const isRead = bill.coverage.coveredSeconds > 0
  const lines = bill.lines.filter(({ soFar: { basis } }) => isRead || !('kwh' in basis || 'gb' in basis))
  return settled({ ...bill, lines }, 'closed', minorUnits(bill.currency))
}

/** Money as the API gives it. */
export function moneyRange(range: Range<Decimal>, currency: string): MoneyRange {
  return mapRange(range, (each) => ({ amount: formatDecimal(each), currency }))
}

/** Rounds the total to so many digits, and the lines so that they add up to it. */
function settled(bill: ExactBill, state: Bill['state'], places: number): Bill {
  const { month, period, currency, coverage, powerClass } = bill
  const unit = 10n ** BigInt(decimalDigits - places)
  const money = (units: Range<bigint>) =>
    moneyRange(
      mapRange(units, (each) => each * unit),
      currency,
    )
  const parts = bill.lines.map(({ soFar, expected }) => (state === 'expected' ? expected : soFar))
  const exact = parts.map(({ money }) => mapRange(money, (each) => times(each, 1n, unit)))
  const total = roundRange(sumRanges(exact))
  const ranges = settle(
    bill.lines.map(({ id }, index) => ({ id, range: exact[index] as Range<Fraction> })),
    total,
  )
  const active = sumWholes(ranges.filter((_, index) => bill.lines[index]?.kind === 'power'))
  return {
    month,
    period,
    state,
    currency,
    lines: bill.lines.map(({ soFar, expected, ...line }, index) => ({
      ...line,
      range: money(ranges[index] as Range<bigint>),
      basis: parts[index]?.basis ?? {},
    })),
    total: money(total),
    coverage,
    powerClass,
    services: serviceShares(
      bill.services,
      mapRange(active, (each) => each * unit),
      unit,
      currency,
    ),
  }
}

/** The largest unit that all of some money is whole in: the currency's coin, or what decimals are multiples of. */
export function unitOf(money: Range<Decimal>[], currency: string): bigint {
  const coin = 10n ** BigInt(decimalDigits - minorUnits(currency))
  return money.every(({ value, low, high }) => [value, low, high].every((each) => each % coin === 0n)) ? coin : 1n
}

/** What energy above idle cost, divided by processor time, in whole units. */
export function serviceShares(
  services: BillInput['services'],
  active: Range<Decimal>,
  unit: bigint,
  currency: string,
): Bill['services'] {
  const inUnits = mapRange(active, (each) => each / unit)
  return byProcessorTime(services, inUnits).map(({ range, ...service }) => ({
    ...service,
    range: moneyRange(
      mapRange(range, (each) => each * unit),
      currency,
    ),
  }))
}

function byProcessorTime(services: BillInput['services'], active: Range<bigint>) {
  const weights = services.map(({ cpuSeconds }) => BigInt(Math.round(cpuSeconds * 1e6)))
  const sum = weights.reduce((total, weight) => total + weight, 0n)
  if (sum === 0n) return []
  const shares = services.map(({ id }, index) => ({
    id,
    range: mapRange(active, (each) => fraction(each * (weights[index] as bigint), sum)),
  }))
  const ranges = settle(shares, active)
  return services.map((service, index) => ({ ...service, range: ranges[index] as Range<bigint> }))
}

/** Seconds of a month that have a reading; time that was read twice counts once an hour. */
function coveredSeconds(readings: Reading[], { start, end }: Month): number {
  const covered = readings.map(({ hour, seconds }) => {
    const inside = Math.min(end, hour + hourMs) - Math.max(start, hour)
    return BigInt(Math.round(Math.min(seconds, 3600) * 1000)) * BigInt(inside)
  })
  return Number(covered.reduce((sum, each) => sum + each, 0n) / BigInt(hourMs * 1000))
}

/** An hour at this power. */
function hourAt({ value, low, high }: BillInput['power']): Reading {
  const energy = { energy: value * 1e6, energyLow: low * 1e6, energyHigh: high * 1e6 }
  const traffic = { lanIn: 0, lanOut: 0, wanIn: 0, wanOut: 0, unknownIn: 0, unknownOut: 0 }
  return { hour: 0, seconds: 3600, classRank: 0, ...energy, ...traffic }
}

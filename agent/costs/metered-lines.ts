import type { Tariffs } from '../api.ts'
import { type Month, type Stretch, stretchesOf } from './calendar.ts'
import { type Decimal, formatDecimal, parseDecimal } from './decimal.ts'
import type { ExactLine, ExactMoney, LineIds } from './exact-line.ts'
import { add, type Fraction, fraction, round, times, zero } from './fraction.ts'
import { meter, type Quantities, type Use } from './metering.ts'
import {
  bytesPerGb,
  internetTimetables,
  microwattHoursPerKwh,
  type Price,
  powerTimetables,
  priceSegments,
  type Timetable,
} from './price-times.ts'
import { mapRange, type Range, sumRanges } from './rounding.ts'

const millisecondsPerSecond = 1000n

/** What was used at a price. */
interface Priced {
  price: Price
  use: Use
}

interface MeteredInput {
  month: Month
  tariffs: Tariffs
  readings: { hour: number; quantities: Quantities<bigint> }[]
  /** A full hour, the mean as long as nothing was read. */
  otherwise: Quantities<bigint>
  /** Whether there is a line for what is idle. */
  idle: boolean
  idOf: LineIds
}

/** Lines of what is metered, and the time that was read without a price for power, in milliseconds. */
export function meteredLines(input: MeteredInput): { lines: ExactLine[]; unpriced: Fraction } {
  const stretches = stretchesOf(input.month, input.tariffs.timezone)
  const power = usesAt(powerTimetables(input), stretches, input)
  const perGb = internetTimetables(input)
  const internet = perGb.length > 0 ? usesAt(perGb, stretches, input).priced : []
  const lines = power.priced.map((each) => energyLine('power', each.price, [each]))
  if (input.idle && lines.length > 0) lines.push(energyLine('idle', { id: 'idle' }, power.priced))
  lines.push(...internet.map(trafficLine))
  return { lines, unpriced: power.unpriced }
}

/** What was used at each price that counted for some of the month, in the order of the prices. */
function usesAt(timetables: Timetable[], stretches: Stretch[], { readings, otherwise }: MeteredInput) {
  const uses = meter(readings, priceSegments(timetables, stretches), otherwise)
  const priced = timetables.flatMap(({ prices }) =>
    prices.flatMap((price): Priced[] => {
      const use = uses.get(price)
      return use ? [{ price, use }] : []
    }),
  )
  return { priced, unpriced: uses.get(null)?.soFar.measured ?? zero }
}

function energyLine(kind: 'power' | 'idle', { id, name }: Omit<Price, 'each'>, uses: Priced[]): ExactLine {
  // Without a line for it, nothing is idle and all of the energy is active.
  const of = kind === 'idle' ? 'idle' : 'active'
  const part = (when: keyof Use) => {
    const energy = sumRanges(uses.map(({ use }) => use[when][of]))
    const money = sumRanges(uses.map(({ use, price }) => cost(use[when][of], price, microwattHoursPerKwh)))
    const kwh = mapRange(energy, (each) => formatDecimal(whole(each, microwattHoursPerKwh)))
    const seconds = uses.map(({ use }) => use[when].measured).reduce(add, zero)
    return {
      money,
      basis: {
        kwh: kwh.value,
        kwhLow: kwh.low,
        kwhHigh: kwh.high,
        pricePerKwh: meanPrice(uses, energy.value, money.value),
        secondsCovered: String(round(times(seconds, 1n, millisecondsPerSecond))),
      },
    }
  }
  return { id, kind, ...(name === undefined ? {} : { name }), soFar: part('soFar'), expected: part('expected') }
}

function trafficLine({ price, use }: Priced): ExactLine {
  const part = (when: keyof Use) => {
    const { traffic } = use[when]
    const gb = mapRange(traffic, (each) => formatDecimal(whole(each, bytesPerGb)))
    return {
      money: cost(traffic, price, bytesPerGb),
      basis: { gb: gb.value, gbLow: gb.low, gbHigh: gb.high, pricePerGb: price.each },
    }
  }
  return { id: price.id, kind: 'internet', soFar: part('soFar'), expected: part('expected') }
}

/** Where a price is below zero, using more costs less. */
function cost(quantity: Range<Fraction>, price: Price, per: bigint): ExactMoney {
  const each = parseDecimal(price.each)
  const { value, low, high } = mapRange(quantity, (amount) => times(amount, each, per))
  return each < 0n ? { value, low: high, high: low } : { value, low, high }
}

/** What a kWh cost on average, to a millionth; the price itself where there is one. */
function meanPrice(uses: Priced[], energy: Fraction, money: Fraction): string {
  if (energy.numerator === 0n) return uses[0]?.price.each ?? '0'
  const mean = fraction(
    money.numerator * energy.denominator * microwattHoursPerKwh,
    money.denominator * energy.numerator,
  )
  const millionth = parseDecimal('0.000001')
  return formatDecimal(round(times(mean, 1n, millionth)) * millionth)
}

/** A quantity in a larger unit, as a decimal. */
function whole(quantity: Fraction, per: bigint): Decimal {
  return round(times(quantity, parseDecimal('1'), per))
}

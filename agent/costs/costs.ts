import type { AgentSettings, CostLine, Costs, MoneyRange, PowerFigure } from '../api.ts'
import { classes, type HourEntry } from '../ledger/hours.ts'
import { monthOf } from './calendar.ts'
import { type Decimal, formatDecimal, parseDecimal, scale } from './decimal.ts'

const microwattHoursPerKwh = 1_000_000_000n
const monthsPerYear = 12n

interface Range {
  value: Decimal
  low: Decimal
  high: Decimal
}

/** A cost so far this month, and expected for all of it. */
interface Line {
  kind: CostLine['kind']
  basis: CostLine['basis']
  soFar: Range
  expected: Range
}

export interface CostsInput {
  /** Milliseconds since 1970. */
  now: number
  settings: AgentSettings
  /** Accounts on the server; 0 while there are none or nobody knows. */
  people: number
  /** Entries of the month; others are left out. */
  entries: HourEntry[]
  /** Power at present, from which the month is expected as long as nothing was read in it. */
  power: PowerFigure
}

/**
 * What the kit costs this month, in the household's own calendar. Power counts for the hours that were read, and is
 * expected to go on at their mean; monthly and yearly amounts count by the share of the month that has passed.
 */
export function computeCosts({ now, settings, people, entries, power }: CostsInput): Costs {
  const { month, start, end } = monthOf(now, settings.timezone)
  const passed = { part: BigInt(Math.round(now - start)), of: BigInt(end - start) }
  const read = entries.filter(({ hour }) => hour >= start && hour < end)
  const seconds = read.reduce((sum, entry) => sum + entry.seconds, 0)
  const lines = [
    powerLine({ read, seconds, monthSeconds: (end - start) / 1000, settings, power }),
    ...monthlyLines(passed, settings),
  ].filter((line) => line !== null)

  const { currency } = settings
  const soFar = sum(lines.map((line) => line.soFar))
  const expected = sum(lines.map((line) => line.expected))
  const day = 24n * 3600n * 1000n
  const covered = read.reduce((total, entry) => total + Math.min(entry.seconds, 3600), 0)
  return {
    month,
    soFar: money(soFar, currency),
    expected: money(expected, currency),
    perDay: money(scaleRange(expected, day, passed.of), currency),
    lines: lines.map(({ kind, basis, soFar }) => ({ kind, basis, range: money(soFar, currency) })),
    people,
    perPerson: people > 0 ? money(scaleRange(expected, 1n, BigInt(people)), currency) : null,
    covered: Math.min(1, covered / Math.max(1, (now - start) / 1000)),
    powerClass: classes[Math.max(...read.map((entry) => entry.classRank))] ?? power.class,
  }
}

interface PowerLineInput {
  read: HourEntry[]
  /** Seconds read. */
  seconds: number
  monthSeconds: number
  settings: AgentSettings
  power: PowerFigure
}

function powerLine({ read, seconds, monthSeconds, settings, power }: PowerLineInput): Line | null {
  if (settings.pricePerKwh === null) return null
  const price = parseDecimal(settings.pricePerKwh)
  const cost = (energy: bigint) => scale(price, energy, microwattHoursPerKwh)
  const energy = (name: 'energy' | 'energyLow' | 'energyHigh') =>
    BigInt(Math.round(read.reduce((total, entry) => total + entry[name], 0)))
  const used = { value: energy('energy'), low: energy('energyLow'), high: energy('energyHigh') }
  const soFar = mapRange(used, cost)
  const wholeMonth = (watts: number) => cost(BigInt(Math.round((watts * 1e6 * monthSeconds) / 3600)))
  const kwh = (each: bigint) => formatDecimal(scale(parseDecimal('1'), each, microwattHoursPerKwh))
  return {
    kind: 'power',
    basis: {
      kwh: kwh(used.value),
      kwhLow: kwh(used.low),
      kwhHigh: kwh(used.high),
      pricePerKwh: settings.pricePerKwh,
      secondsCovered: String(Math.round(seconds)),
    },
    soFar,
    expected:
      seconds >= 1
        ? scaleRange(soFar, BigInt(Math.round(monthSeconds)), BigInt(Math.round(seconds)))
        : { value: wholeMonth(power.value), low: wholeMonth(power.low), high: wholeMonth(power.high) },
  }
}

function monthlyLines(passed: { part: bigint; of: bigint }, settings: AgentSettings): Line[] {
  const line = (kind: CostLine['kind'], perMonth: Decimal, basis: CostLine['basis']): Line => {
    const soFar = scale(perMonth, passed.part, passed.of)
    return {
      kind,
      basis: { ...basis, perMonth: formatDecimal(perMonth) },
      soFar: { value: soFar, low: soFar, high: soFar },
      expected: { value: perMonth, low: perMonth, high: perMonth },
    }
  }
  const { internetPerMonth, hardware, domainPerYear } = settings
  const lines: Line[] = []
  if (internetPerMonth !== null) lines.push(line('internet', parseDecimal(internetPerMonth), {}))
  if (hardware !== null) {
    const { price, years } = hardware
    const months = BigInt(Math.round(years * 12))
    lines.push(line('hardware', scale(parseDecimal(price), 1n, months), { price, years: String(years) }))
  }
  if (domainPerYear !== null) {
    lines.push(line('domain', scale(parseDecimal(domainPerYear), 1n, monthsPerYear), { perYear: domainPerYear }))
  }
  return lines
}

function mapRange({ value, low, high }: Range, change: (each: bigint) => Decimal): Range {
  return { value: change(value), low: change(low), high: change(high) }
}

function scaleRange(range: Range, numerator: bigint, denominator: bigint): Range {
  return mapRange(range, (each) => scale(each, numerator, denominator))
}

function sum(ranges: Range[]): Range {
  const total = { value: 0n, low: 0n, high: 0n }
  for (const { value, low, high } of ranges) {
    total.value += value
    total.low += low
    total.high += high
  }
  return total
}

function money({ value, low, high }: Range, currency: string): MoneyRange {
  const each = (amount: Decimal) => ({ amount: formatDecimal(amount), currency })
  return { value: each(value), low: each(low), high: each(high) }
}

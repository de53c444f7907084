import type { AgentSettings, BillLineKind, CostLine, Costs, PowerFigure } from '../api.ts'
import { type BillInput, billFor, moneyRange, preview } from './bill.ts'
import { dayMs, monthOf } from './calendar.ts'
import { parseDecimal, scale } from './decimal.ts'
import { mapRange } from './rounding.ts'
import { type ServiceHours, serviceTimes } from './service-times.ts'
import { tariffsOf } from './tariff.ts'

export interface CostsInput {
  /** Milliseconds since 1970. */
  now: number
  settings: AgentSettings
  /** Accounts on the server; 0 while there are none or nobody knows. */
  people: number
  /** Entries of the month; others are left out. */
  entries: (BillInput['readings'][number] & ServiceHours)[]
  /** Power at present, from which the month is expected as long as nothing was read in it. */
  power: PowerFigure
  /** Power without load, for a line of its own; none without it. */
  idleWatts?: number | null
}

/** Lines of a bill in a few words. */
export const costGroups: Record<BillLineKind, CostLine['kind']> = {
  power: 'power',
  idle: 'power',
  standing: 'power',
  internet: 'internet',
  hardware: 'hardware',
  card: 'hardware',
  disk: 'hardware',
  domain: 'domain',
  relay: 'domain',
}

/** Whether a line of a bill is energy, or the fixed part of its contract. */
export function isElectricity(kind: string): boolean {
  return Object.hasOwn(costGroups, kind) && costGroups[kind as BillLineKind] === 'power'
}

/** What the kit costs this month, in the household's own calendar: the bill so far, and expected for all of the month. */
export function computeCosts(input: CostsInput): Costs {
  const { now, settings, people, entries, power, idleWatts = null } = input
  const tariffs = tariffsOf(settings)
  const { month, start, end } = monthOf(now, tariffs.timezone)
  const services = serviceTimes(entries, { start, end })
  const exact = billFor({ month, now, tariffs, readings: entries, idleWatts, power, services })
  const bill = preview(exact, 'so-far')
  const expected = preview(exact, 'expected').total
  const partOfExpected = (part: bigint, of: bigint) =>
    moneyRange(
      mapRange(expected, ({ amount }) => scale(parseDecimal(amount), part, of)),
      bill.currency,
    )
  const { seconds, coveredSeconds } = bill.coverage
  return {
    month,
    soFar: bill.total,
    expected,
    perDay: partOfExpected(BigInt(dayMs), BigInt(end - start)),
    lines: bill.lines.map(({ kind, range, basis }) => ({ kind: costGroups[kind], range, basis })),
    bill,
    people,
    perPerson: people > 0 ? partOfExpected(1n, BigInt(people)) : null,
    covered: Math.min(1, coveredSeconds / Math.max(1, seconds)),
    powerClass: bill.powerClass ?? power.class,
  }
}

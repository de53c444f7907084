import type { AgentSettings, History, HistoryPart, HistoryStep, StepCost } from '../api.ts'
import { type BillInput, billFor, close, moneyRange } from '../costs/bill.ts'
import { dayName, dayNumber, dayNumberAt, dayStart, monthNamed, monthOf, type Period } from '../costs/calendar.ts'
import { costParts } from '../costs/cost-parts.ts'
import { costGroups } from '../costs/costs.ts'
import { parseDecimal } from '../costs/decimal.ts'
import { billSystem } from '../costs/entries.ts'
import { mapRange, type Range, sumWholes } from '../costs/rounding.ts'
import { tariffsOf } from '../costs/tariff.ts'
import { type CurrentEntry, currentEntries } from '../ledger/corrections.ts'
import { addQuantities, classes, hourMs, nothing, type Quantities } from '../ledger/hours.ts'
import type { Journal } from '../ledger/journal.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type MeteredDay, meteredByDay, storedByDay } from '../ledger/metered-entries.ts'
import { type Span, type Step, spanOf } from './history-span.ts'

export interface HistorySources {
  /** Milliseconds since 1970. */
  now: number
  settings: AgentSettings
  readings: Ledger
  journal: Journal
  /** What a month's bill is made from. */
  billInput: (month: string) => BillInput
}

/** What was metered in a step; null: nothing. */
type Metered = MeteredDay | null
type Stored = HistoryPart['storage']

/**
 * Power, traffic, space and cost over a time, from what is kept of it. A day that was entered in the ledger counts as it
 * stands there, corrections included, since readings are deleted; other days count by their readings. Nothing is added
 * up from rounded figures: energies are whole microwatt-hours, money is exact.
 */
export class HistoryBook {
  readonly #sources: HistorySources
  readonly #zone: string

  constructor(sources: HistorySources) {
    this.#sources = sources
    this.#zone = sources.settings.timezone
  }

  /** @param of see `spanOf` @throws RangeError, JournalTrouble */
  read(step: HistoryStep, of: string | null): History {
    const { now } = this.#sources
    const first = this.#first(step)
    const span = spanOf(step, of, first ?? now, now, this.#zone)
    // A month is paid for from its first day on, whenever in it the kit began.
    const begun = step === 'day' && first !== null ? monthOf(first, this.#zone).start : first
    const steps = span.steps.filter(({ start, end }) => begun !== null && end > begun && start <= now)
    const metered = this.#metered(step, span, steps)
    const stored = this.#stored(step, span, steps)
    const costs = this.#costs(step, steps, metered)
    const parts = steps.map((each, index) => {
      const facts = { metered: metered[index] ?? null, stored: stored[index] ?? null, cost: costs[index] ?? null }
      return this.#part(each, facts, first ?? now)
    })
    const whole = {
      metered: sum(metered),
      stored: stored.findLast((each) => each !== null) ?? null,
      cost: sumCosts(costs),
    }
    const [start, end] = [span.start, span.end].map((moment) => new Date(moment).toISOString()) as [string, string]
    const all = { name: span.of ?? '', start: steps[0]?.start ?? span.start, end: steps.at(-1)?.end ?? span.start }
    const { earlier, later } = span
    return { step, of: span.of, start, end, parts, whole: this.#part(all, whole, first ?? now), earlier, later }
  }

  /** When the kit began to read; null while it did not. Hours are known as far as the readings go. */
  #first(step: HistoryStep): number | null {
    const { readings, journal } = this.#sources
    const hour = readings.firstHour()
    const day = step === 'hour' ? null : journal.dayOf('first', { kind: 'power' })
    if (day === null) return hour
    const start = dayStart(dayNumber(day), this.#zone)
    // On the day of the first reading, its hour says it better.
    return hour === null || hour >= dayStart(dayNumber(day) + 1, this.#zone) ? start : hour
  }

  #part(
    { name, start, end }: Step,
    { metered, stored, cost }: { metered: Metered; stored: Stored; cost: StepCost | null },
    first: number,
  ): HistoryPart {
    const { now } = this.#sources
    const seconds = Math.max(0, Math.round((Math.min(end, now) - Math.max(start, first)) / 1000))
    return {
      name,
      start: new Date(start).toISOString(),
      end: new Date(end).toISOString(),
      seconds,
      coveredSeconds: Math.min(Math.round(metered?.seconds ?? 0), seconds),
      energy: metered && metered.seconds > 0 ? energyOf(metered) : null,
      traffic: metered && trafficOf(metered),
      storage: stored,
      cost,
      clockTrusted: metered?.trusted ?? true,
    }
  }

  #metered(step: HistoryStep, span: Span, steps: Step[]): Metered[] {
    if (step === 'hour') return this.#hours(span, steps)
    if (step === 'day') {
      const days = this.#days(span.of as string)
      return steps.map(({ name }) => days.get(name) ?? null)
    }
    if (step === 'month') return steps.map(({ name }) => sum([...this.#days(name).values()]))
    return steps.map(({ name }) => sum(monthsOf(name).map((month) => sum([...this.#days(month).values()]))))
  }

  #hours({ start, end }: Period, steps: Step[]): Metered[] {
    const hours = new Map(this.#sources.readings.entries(start, end).map((entry) => [entry.hour, entry]))
    return steps.map((each) => {
      const entry = hours.get(each.start)
      if (!entry) return null
      // An hour has 3600 seconds: more were noted only because the clock went back over it.
      return { ...entry, trusted: entry.trusted && entry.seconds <= 3601 }
    })
  }

  /** The days of a month on which something was metered. */
  #days(month: string): Map<string, MeteredDay> {
    const { readings, now } = this.#sources
    const { firstDay, endDay, start, end } = monthNamed(month, this.#zone)
    if (start > now) return new Map()
    const entries = this.#entries(['power', 'traffic', 'correction'], dayName(firstDay), dayName(endDay))
    const days = meteredByDay(entries)
    const entered = new Set(days.keys())
    const numbers = Array.from({ length: endDay - firstDay }, (_, index) => firstDay + index)
    const open = numbers.filter((day) => !entered.has(dayName(day)))
    if (open.length === 0) return days
    const from = dayStart(open[0] as number, this.#zone)
    const to = dayStart((open.at(-1) as number) + 1, this.#zone)
    for (const hour of readings.entries(from, Math.min(to, end))) {
      const name = dayName(dayNumberAt(hour.hour, this.#zone))
      if (!entered.has(name)) days.set(name, sum([days.get(name) ?? null, hour]) as MeteredDay)
    }
    return days
  }

  /** Space as it was last counted in each step. */
  #stored(step: HistoryStep, span: Span, steps: Step[]): Stored[] {
    const { journal } = this.#sources
    if (step === 'hour') return []
    const counts = (from: string, to: string) => storedByDay(this.#entries(['storage', 'correction'], from, to))
    if (step === 'day') {
      const days = counts(`${span.of}-01`, nextName(span.of as string))
      return steps.map(({ name }) => storedOf(days.get(name)))
    }
    return steps.map(({ name }) => {
      const day = journal.dayOf('last', { kind: 'storage', from: name, to: nextName(name) })
      return day === null ? null : storedOf(counts(day, dayName(dayNumber(day) + 1)).get(day))
    })
  }

  #entries(kinds: string[], from: string, to: string): CurrentEntry[] {
    return currentEntries(kinds.flatMap((kind) => this.#sources.journal.entries({ kind, from, to }, true)))
  }

  #costs(step: HistoryStep, steps: Step[], metered: Metered[]): (StepCost | null)[] {
    if (step === 'month') return steps.map(({ name }, index) => this.#monthCost(name, metered[index] ?? null))
    if (step === 'year')
      return steps.map(({ name }) => sumCosts(monthsOf(name).map((month) => this.#monthCost(month, undefined))))
    const months = Map.groupBy(steps, ({ start }) => monthOf(start, this.#zone).month)
    const costs = [...months].flatMap(([month, parts]) => this.#partCosts(month, parts))
    // Where the hours are deleted by now, nobody knows at what price they were.
    const known = this.#sources.readings.firstHour() ?? Number.POSITIVE_INFINITY
    return costs.map((cost, index) => (metered[index] && (steps[index] as Step).end <= known ? null : cost))
  }

  #partCosts(month: string, parts: Step[]): (StepCost | null)[] {
    const { now, settings, readings } = this.#sources
    const state = this.#isOver(month) ? 'computed' : 'so-far'
    const [start, end] = [parts[0]?.start ?? 0, parts.at(-1)?.end ?? 0]
    // An hour more on both sides: in zones off by half an hour, days begin and end within one.
    const read = readings.entries(start - hourMs, end + hourMs)
    const costs = costParts({ month, now, tariffs: tariffsOf(settings), readings: read }, parts)
    return costs.map((cost) => cost && { ...cost, state })
  }

  /** What a month cost as it was entered; where it was not, by its readings and the prices of today. */
  #monthCost(month: string, metered: Metered | undefined): StepCost | null {
    const { now, billInput, readings } = this.#sources
    const { start, end } = monthNamed(month, this.#zone)
    if (start > now) return null
    if (!this.#isOver(month)) return this.#partCosts(month, [{ name: month, start, end }])[0] ?? null
    const entered = this.#enteredCost(month)
    if (entered || metered === null) return entered
    const first = readings.firstHour()
    if (first === null || first >= end) return null
    const input = billInput(month)
    if (input.readings.every(({ hour }) => hour + hourMs <= start || hour >= end)) return null
    const { lines, total, currency } = close(billFor(input))
    if (lines.length === 0) return null
    const electricity = lines.filter(({ kind }) => costGroups[kind] === 'power').map(({ range }) => decimals(range))
    return { total, electricity: moneyRange(sumWholes(electricity), currency), state: 'computed' }
  }

  #enteredCost(month: string): StepCost | null {
    const { settings } = this.#sources
    const from = `${month}-01`
    const amounts = this.#entries(['cost', 'correction'], from, dayName(dayNumber(from) + 1)).flatMap(
      ({ entry, amounts: [amount] }) => {
        const { external, purpose = '' } = entry
        if (external?.system !== billSystem || amount === undefined || amount.unit !== settings.currency) return []
        const { value, low = value, high = value } = amount
        return [{ kind: purpose.split(/[/@]/)[0] ?? '', range: mapRange({ value, low, high }, parseDecimal) }]
      },
    )
    if (amounts.length === 0) return null
    const isElectricity = (kind: string) => Object.hasOwn(costGroups, kind) && costGroups[kind as 'power'] === 'power'
    const money = (parts: typeof amounts) => moneyRange(sumWholes(parts.map(({ range }) => range)), settings.currency)
    const electricity = amounts.filter(({ kind }) => isElectricity(kind))
    return { total: money(amounts), electricity: money(electricity), state: 'entered' }
  }

  #isOver(month: string): boolean {
    return monthNamed(month, this.#zone).end <= this.#sources.now
  }
}

function monthsOf(year: string): string[] {
  return Array.from({ length: 12 }, (_, index) => `${year}-${String(index + 1).padStart(2, '0')}`)
}

/** The first day after a month or a year. */
function nextName(name: string): string {
  const [year = 0, month = 12] = name.split('-').map(Number)
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10)
}

function sum(parts: (Metered | (Quantities & { trusted: boolean }))[]): Metered {
  const there = parts.filter((part) => part !== null)
  if (there.length === 0) return null
  const total = { ...nothing, trusted: there.every(({ trusted }) => trusted) }
  for (const part of there) addQuantities(total, part)
  return total
}

function energyOf({ energy, energyLow, energyHigh, classRank }: MeteredDay): HistoryPart['energy'] {
  const wattHours = (microwattHours: number) => microwattHours / 1e6
  return {
    wattHours: wattHours(energy),
    lowWattHours: wattHours(energyLow),
    highWattHours: wattHours(energyHigh),
    class: classes[classRank] ?? 'modelled',
    boundary: 'wall',
  }
}

function trafficOf(metered: MeteredDay): HistoryPart['traffic'] {
  const bytes = (side: 'lan' | 'wan' | 'unknown') => ({
    in: Math.round(metered[`${side}In`]),
    out: Math.round(metered[`${side}Out`]),
  })
  return { lan: bytes('lan'), wan: bytes('wan'), unknown: bytes('unknown') }
}

function storedOf(use: Record<string, number> | undefined): Stored {
  if (use === undefined) return null
  const { server = 0, media = 0, ledger = 0, system = 0, backups } = use
  return { server, media, ledger, system, ...(backups !== undefined && { backups }) }
}

/** What is known of several costs in one currency; null where nothing is. */
function sumCosts(costs: (StepCost | null)[]): StepCost | null {
  const there = costs.filter((cost) => cost !== null)
  const [first] = there
  if (first === undefined) return null
  const { currency } = first.total.value
  const total = (of: 'total' | 'electricity') =>
    moneyRange(sumWholes(there.map((cost) => decimals(cost[of]))), currency)
  const states = ['so-far', 'computed', 'entered'] as const
  const state = states.find((each) => there.some((cost) => cost.state === each)) ?? 'entered'
  return { total: total('total'), electricity: total('electricity'), state }
}

function decimals(range: StepCost['total']): Range<bigint> {
  return mapRange(range, ({ amount }) => parseDecimal(amount))
}

import type { AgentSettings, History, HistoryPart, HistoryStep, StepCost } from '../api.ts'
import { type BillInput, billFor, close, moneyRange } from '../costs/bill.ts'
import { dayName, dayNumber, dayStart, monthNamed, monthOf, type Period } from '../costs/calendar.ts'
import { costParts } from '../costs/cost-parts.ts'
import { isElectricity } from '../costs/costs.ts'
import { parseDecimal } from '../costs/decimal.ts'
import { hoursWithin } from '../costs/hours-within.ts'
import { mapRange, type Range, sumWholes } from '../costs/rounding.ts'
import { tariffsOf } from '../costs/tariff.ts'
import { classes, hourMs } from '../ledger/hours.ts'
import type { Journal } from '../ledger/journal.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type MeteredDay, storedByDay } from '../ledger/metered-entries.ts'
import { type EnteredMonths, type Metered, ownEntries, roundingSeconds, sum } from './entered-months.ts'
import { monthNames, type Span, type Step, spanOf } from './history-span.ts'

export interface HistorySources {
  /** Milliseconds since 1970. */
  now: number
  settings: AgentSettings
  readings: Ledger
  journal: Journal
  /** Of the same journal. */
  entered: EnteredMonths
  /** What a month's bill is made from. */
  billInput: (month: string) => BillInput
}

type Stored = HistoryPart['storage']

/**
 * Power, traffic, space and cost over a time, from what is kept of it. A day that was entered in the ledger counts as it
 * stands there, corrections included, since readings are deleted; other days count by their readings. Nothing is added
 * up from rounded figures: energies are whole microwatt-hours, money is exact.
 */
export class HistoryBook {
  readonly #sources: HistorySources
  readonly #zone: string
  /** From when on hours are kept. */
  readonly #kept: number
  readonly #months = new Map<string, Metered>()

  constructor(sources: HistorySources) {
    this.#sources = sources
    this.#zone = sources.settings.timezone
    this.#kept = sources.readings.firstHour() ?? Number.POSITIVE_INFINITY
  }

  /** @param of see `spanOf` @throws RangeError, JournalTrouble */
  read(step: HistoryStep, of: string | null): History {
    const { now, entered } = this.#sources
    entered.refresh()
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
      cost: this.#wholeCost(step, span, costs, metered),
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
    if (step === 'month') return steps.map(({ name }) => this.#month(name))
    return steps.map(({ name }) => sum(monthNames(name).map((month) => this.#month(month))))
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
    const days = this.#sources.entered.days(month)
    return new Map([...days, ...this.#openDays(month, days)])
  }

  #month(name: string): Metered {
    const known = this.#months.get(name)
    if (known !== undefined) return known
    const { now, entered } = this.#sources
    const month = monthNamed(name, this.#zone).start > now ? null : entered.month(name)
    const metered = month && sum([month.metered, ...this.#openDays(name, month.days).values()])
    this.#months.set(name, metered)
    return metered
  }

  /** Days of a month that were not entered, by their readings. */
  #openDays(month: string, entered: { has(day: string): boolean }): Map<string, MeteredDay> {
    const { readings, now } = this.#sources
    const { firstDay, endDay } = monthNamed(month, this.#zone)
    const numbers = Array.from({ length: endDay - firstDay }, (_, index) => firstDay + index)
    const days = numbers
      .filter((day) => !entered.has(dayName(day)))
      .map((day) => ({ name: dayName(day), start: dayStart(day, this.#zone), end: dayStart(day + 1, this.#zone) }))
    const [start, end] = [days[0]?.start ?? 0, days.at(-1)?.end ?? 0]
    if (end <= this.#kept || start > now) return new Map()
    const hours = readings.entries(start - hourMs, end)
    return new Map(
      days.flatMap((day) => {
        const metered = sum(hoursWithin(hours, day, now))
        return metered ? [[day.name, metered]] : []
      }),
    )
  }

  /** Space as it was last counted in each step. */
  #stored(step: HistoryStep, span: Span, steps: Step[]): Stored[] {
    const { journal } = this.#sources
    if (step === 'hour') return []
    const counts = (from: string, to: string) => storedByDay(ownEntries(journal, ['storage', 'correction'], from, to))
    if (step === 'day') {
      const days = counts(`${span.of}-01`, nextName(span.of as string))
      return steps.map(({ name }) => storedOf(days.get(name)))
    }
    return steps.map(({ name }) => {
      const day = journal.dayOf('last', { kind: 'storage', from: name, to: nextName(name) })
      return day === null ? null : storedOf(counts(day, dayName(dayNumber(day) + 1)).get(day))
    })
  }

  #costs(step: HistoryStep, steps: Step[], metered: Metered[]): (StepCost | null)[] {
    if (step === 'month') return steps.map(({ name }) => this.#monthCost(name))
    if (step === 'year') {
      return steps.map(({ name }) => {
        const months = monthNames(name)
        return sumCosts(
          months.map((month) => this.#monthCost(month)),
          months.map((month) => this.#month(month)),
        )
      })
    }
    const months = Map.groupBy(steps, ({ start }) => monthOf(start, this.#zone).month)
    const costs = [...months].flatMap(([month, parts]) => this.#partCosts(month, parts))
    return costs.map((cost, index) => (this.#isForgotten(steps[index] as Step, metered[index]) ? null : cost))
  }

  /** A month cost what was entered for it, whatever its days would cost by the prices of today. */
  #wholeCost(step: HistoryStep, { of }: Span, costs: (StepCost | null)[], metered: Metered[]): StepCost | null {
    const days = sumCosts(costs, metered)
    if (step !== 'day' || of === null) return days
    return this.#enteredCost(of) ?? (days && { ...days, incomplete: days.incomplete || this.#lackedPrice(of) })
  }

  #partCosts(month: string, parts: Step[]): (StepCost | null)[] {
    const { now, settings, readings } = this.#sources
    if (this.#isForeign(month)) return parts.map(() => null)
    const state = this.#isOver(month) ? 'computed' : 'so-far'
    const [start, end] = [parts[0]?.start ?? 0, parts.at(-1)?.end ?? 0]
    // An hour more on both sides: in zones off by half an hour, days begin and end within one.
    const read = readings.entries(start - hourMs, end + hourMs)
    const costs = costParts({ month, now, tariffs: tariffsOf(settings), readings: read }, parts)
    return costs.map((cost) => cost && { ...cost, state, incomplete: false })
  }

  /** What a month cost as it was entered; where it was not, by its readings and the prices of today. */
  #monthCost(name: string): StepCost | null {
    const { now, billInput } = this.#sources
    const { start, end } = monthNamed(name, this.#zone)
    if (start > now) return null
    const metered = this.#month(name)
    const incomplete = this.#isForgotten({ start, end }, metered)
    if (!this.#isOver(name)) {
      const [cost] = this.#partCosts(name, [{ name, start, end }])
      return cost ? { ...cost, incomplete: incomplete || this.#lackedPrice(name) } : null
    }
    const entered = this.#enteredCost(name)
    if (entered || metered === null || this.#kept >= end || this.#isForeign(name)) return entered
    const { lines, currency, coverage } = close(billFor(billInput(name)))
    if (lines.length === 0 || coverage.coveredSeconds === 0) return null
    const parts = lines.map(({ kind, range }) => ({ kind, range: decimals(range) }))
    return { ...costOf(parts, currency), state: 'computed', incomplete: incomplete || coverage.unpricedSeconds > 0 }
  }

  #enteredCost(month: string): StepCost | null {
    const { settings, entered } = this.#sources
    const { isBilled, costs, energy, metered } = entered.month(month)
    const lines = costs
      .filter(({ currency }) => currency === settings.currency)
      .map(({ kind, range }) => ({ kind, range: mapRange(range, parseDecimal) }))
    const isKnown = isBilled && (lines.length > 0 || costs.length === 0) // all of it was withdrawn, or is in this currency
    if (!isKnown || !this.#isOver(month)) return null
    const unpricedSeconds = energy ? energy.unpricedSeconds : (metered?.seconds ?? 0)
    return { ...costOf(lines, settings.currency), state: 'entered', incomplete: unpricedSeconds > 0 }
  }

  /** Whether it was entered in another currency than the household has by now: prices of today say nothing of it. */
  #isForeign(month: string): boolean {
    const { settings, entered } = this.#sources
    const { costs } = entered.month(month)
    return this.#isOver(month) && costs.length > 0 && costs.every(({ currency }) => currency !== settings.currency)
  }

  /** Whether electricity had no price for some of the time that was read, in a month that was not entered. */
  #lackedPrice(month: string): boolean {
    return billFor(this.#sources.billInput(month)).coverage.unpricedSeconds > 0
  }

  /** Whether hours of a part were deleted since: nobody knows any more at what prices they were. */
  #isForgotten({ start, end }: Period, metered: Metered | undefined): boolean {
    if (!metered || start >= this.#kept) return false
    const { readings, now } = this.#sources
    const left = end > this.#kept ? sum(hoursWithin(readings.entries(start - hourMs, end), { start, end }, now)) : null
    return metered.seconds > (left?.seconds ?? 0) + roundingSeconds
  }

  #isOver(month: string): boolean {
    return monthNamed(month, this.#zone).end <= this.#sources.now
  }
}

/** The first day after a month or a year. */
function nextName(name: string): string {
  const [year = 0, month = 12] = name.split('-').map(Number)
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10)
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

function costOf(lines: { kind: string; range: Range<bigint> }[], currency: string) {
  const money = (parts: typeof lines) => moneyRange(sumWholes(parts.map(({ range }) => range)), currency)
  return { total: money(lines), electricity: money(lines.filter(({ kind }) => isElectricity(kind))) }
}

/** What is known of several costs in one currency, and of what was metered meanwhile; null where nothing is. */
function sumCosts(costs: (StepCost | null)[], metered: Metered[]): StepCost | null {
  const there = costs.filter((cost) => cost !== null)
  const [first] = there
  if (first === undefined) return null
  const { currency } = first.total.value
  const total = (of: 'total' | 'electricity') =>
    moneyRange(sumWholes(there.map((cost) => decimals(cost[of]))), currency)
  const states = ['so-far', 'computed', 'entered'] as const
  const state = states.find((each) => there.some((cost) => cost.state === each)) ?? 'entered'
  const incomplete = costs.some((cost, index) => (cost ? cost.incomplete : metered[index]?.seconds))
  return { total: total('total'), electricity: total('electricity'), state, incomplete }
}

function decimals(range: StepCost['total']): Range<bigint> {
  return mapRange(range, ({ amount }) => parseDecimal(amount))
}

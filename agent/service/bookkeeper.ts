import type {
  AgentSettings,
  Bill,
  BillPreview,
  History,
  HistoryStep,
  Imported,
  LiveFigures,
  PowerFigure,
  Problem,
  StorageUse,
  Tariffs,
  WhatIf,
} from '../api.ts'
import { type BillInput, billFor, close, preview } from '../costs/bill.ts'
import { dayName, dayNumber, dayNumberAt, dayOf, dayStart, monthNamed, monthOf } from '../costs/calendar.ts'
import { enteredBill } from '../costs/entered-bill.ts'
import { costEntries, isOfBill } from '../costs/entries.ts'
import { hoursWithin } from '../costs/hours-within.ts'
import { serviceTimes } from '../costs/service-times.ts'
import { checkChange, checkHouseholdTariffs, tariffsOf } from '../costs/tariff.ts'
import { typedPricesOf } from '../costs/typed-prices.ts'
import { whatIf } from '../costs/what-if.ts'
import type { Clock } from '../ledger/clock.ts'
import type { Entry, EntryDraft } from '../ledger/entry.ts'
import { type ExportFormat, exportEntries, readEntries } from '../ledger/exports/export.ts'
import { type HourEntry, hourMs } from '../ledger/hours.ts'
import { type EntryFilter, Journal, type Party } from '../ledger/journal.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { meteredDays, storageEntries } from '../ledger/metered-days.ts'
import { EnteredMonths, roundingSeconds, sum } from './entered-months.ts'
import { EntryMark } from './entry-mark.ts'
import { HistoryBook } from './history.ts'

export interface BookkeeperOptions {
  folder: string
  clock: Clock
  readings: Ledger
  settings: () => AgentSettings
  /** Host name of the server. */
  instance: () => string
  /** Host names it had before, or also has on the home network. */
  formerly?: () => readonly string[]
  /** Accounts on the server; 0 while nobody knows. */
  people: () => number
  /** Power without load, and as it is. */
  power: () => { idle: PowerFigure; now: LiveFigures['power'] }
}

/** Keeps the ledger's entries: what people enter, the days and months that are over; and works out what a month costs. */
export class Bookkeeper {
  readonly #options: BookkeeperOptions
  readonly #journal: Journal
  readonly #entered: EnteredMonths
  /** The end of the last day that was looked at, in milliseconds since 1970. */
  readonly #days: EntryMark<number>
  /** The last month that was looked at, and by what prices. */
  readonly #months: EntryMark<{ month: string; prices: string }>

  constructor(options: BookkeeperOptions) {
    this.#options = options
    this.#journal = new Journal({ folder: options.folder, clock: options.clock })
    this.#entered = new EnteredMonths(this.#journal, () => options.clock.now())
    this.#days = new EntryMark('days-in-journal', this.#journal, options.readings)
    this.#months = new EntryMark('months-in-journal', this.#journal, options.readings)
  }

  stop(): void {
    this.#journal.stop()
  }

  /** For who keeps books beside these: of members, of what is published. */
  get journal(): Journal {
    return this.#journal
  }

  problems(): Problem[] {
    return this.#journal.problems()
  }

  /** Throws `JournalTrouble`. */
  entries(filter: EntryFilter): Entry[] {
    return this.#journal.entries(filter)
  }

  /** Records what a person did or paid. Throws `EntryRefused`, `JournalTrouble`. */
  record(draft: Omit<EntryDraft, 'instance'>): Entry {
    return this.#journal.record({ instance: this.#options.instance(), ...draft })
  }

  /** The entries of a month (`2026-11`), or all, as text in a format. Throws `JournalTrouble`. */
  export(format: ExportFormat, month: string | undefined): string {
    return exportEntries(format, {
      entries: this.#journal.entries(),
      names: new Map(this.#journal.parties().map(({ id, name }) => [id, name])),
      currency: this.#options.settings().currency,
      ...(month !== undefined && { month }),
    })
  }

  /** Takes the entries of a JSON export, all or none. Throws `ImportRefused`, `EntryRefused`, `JournalTrouble`. */
  import(file: Uint8Array): Imported {
    const { instance, formerly } = this.#options
    return this.#journal.importAll(readEntries(file), new Set([instance(), ...(formerly?.() ?? [])]))
  }

  /** Throws `JournalTrouble`. */
  parties(): Party[] {
    return this.#journal.parties()
  }

  /** Throws `EntryRefused`, `JournalTrouble`. */
  addParty(name: string): Party {
    return this.#journal.addParty({ name })
  }

  /** Erases a person's name and the content of the entries about them. Throws `JournalTrouble`. */
  eraseParty(id: string): { erased: number } {
    return { erased: this.#journal.eraseParty(id) }
  }

  /**
   * The bill of a month such as `2026-11`: as it was entered where it is over, or what it would be where it was not; else
   * so far. Throws `RangeError`, `JournalTrouble`.
   */
  bill(month: string): Bill {
    return this.#billOver(month) ?? preview(billFor(this.#billInput(month)), 'so-far')
  }

  /** A month's bills to be divided, in coins: the one where it is over, else so far and as expected. Throws likewise. */
  billsInCoins(month = this.#month()): Bill[] {
    const over = this.#billOver(month)
    if (over) return [over]
    const exact = billFor(this.#billInput(month))
    return [preview(exact, 'so-far', true), preview(exact, 'expected', true)]
  }

  /** Null while the month is not over. */
  #billOver(month: string): Bill | null {
    const { clock, settings } = this.#options
    const { timezone: zone, currency } = settings()
    if (monthNamed(month, zone).end > clock.now()) return null
    this.#entered.refresh()
    const { isBilled, costs, energy, metered } = this.#entered.month(month)
    if (!isBilled) return { ...close(billFor(this.#billInput(month))), state: 'computed' }
    const hours = this.#allHours(month)
    const services = hours ? serviceTimes(hours, monthNamed(month, zone)) : []
    return enteredBill({ month, zone, currency, lines: costs, energy, metered, services })
  }

  /** What was metered and paid in the parts of a time; `of` as in `spanOf`. Throws `RangeError`, `JournalTrouble`. */
  history(step: HistoryStep, of: string | null): History {
    const { clock, readings, settings } = this.#options
    return new HistoryBook({
      now: clock.now(),
      settings: settings(),
      readings,
      journal: this.#journal,
      entered: this.#entered,
      billInput: (month) => this.#billInput(month),
    }).read(step, of)
  }

  /** What this month is expected to cost now, and with other tariffs. Throws `TariffRefused`. */
  previewBill(value: unknown): BillPreview {
    const input = this.#billInput(this.#month())
    const expected = (tariffs: Tariffs) => preview(billFor({ ...input, tariffs }), 'expected').total
    const other = checkHouseholdTariffs(value, this.#options.settings())
    return { before: expected(input.tariffs), after: expected(other) }
  }

  /** What this month would cost with another price, more people or a bigger disk. Throws `TariffRefused`. */
  whatIf(value: unknown): WhatIf {
    const { people, settings } = this.#options
    return whatIf({ ...this.#billInput(this.#month()), people: people() }, checkChange(value, settings().currency))
  }

  /** Enters the days that are over and were not entered yet. Call only while the clock has been right for a while. */
  enterDays(): void {
    const { clock, readings, settings, instance } = this.#options
    const noted = this.#days.read()
    // From the beginning where the clock was ahead then: what is entered already is not entered twice.
    const goesOn = noted !== null && noted <= clock.now()
    const first = goesOn ? noted : readings.firstHour()
    if (first === null) return
    const [now, zone] = [clock.now(), settings().timezone]
    const since = goesOn ? first : dayOf(first, zone).start
    const today = dayOf(now, zone)
    const hour = Math.floor(now / hourMs) * hourMs
    const { drafts, through } = meteredDays({
      // In zones off by half an hour, the hour in which a day ends must be over, too: until then it is divided otherwise.
      now: today.start > hour ? today.start : now,
      zone,
      instance: instance(),
      since,
      readings: (day) => hoursWithin(readings.entries(day.start - hourMs, day.end), day, now),
    })
    if (drafts.length > 0) this.#journal.recordAll(drafts)
    if (through !== noted) this.#days.keep(through)
  }

  /**
   * Enters what the months that are over cost, once all their days are in. Likewise. A month is entered once, whatever
   * prices are given later; one that had none then, when it gets some.
   */
  enterMonths(): void {
    const { clock, settings } = this.#options
    const tariffs = tariffsOf(settings())
    const zone = tariffs.timezone
    const present = monthOf(clock.now(), zone)
    const days = this.#days.read()
    const first = this.#firstMonth(zone)
    if (days === null || days < present.start || first === null || this.#isBeingTyped()) return
    const prices = JSON.stringify(tariffs)
    const noted = this.#months.read()
    // From the beginning where the clock was ahead then, as with days.
    const goesOn = noted !== null && noted.prices === prices && noted.month < present.month
    const last = this.#journal.dayOf('last', { kind: 'power' }) ?? ''
    let through: string | null = null
    for (let month = goesOn ? monthAfter(noted.month) : first; month < present.month; month = monthAfter(month)) {
      if (!this.#enterMonth(month, last)) break
      through = month
    }
    if (through !== null) this.#months.keep({ month: through, prices })
  }

  /** @param last the last day that was metered @returns false: it is too early */
  #enterMonth(month: string, last: string): boolean {
    const to = `${monthAfter(month)}-01`
    const entries = this.#journal.entries({ kind: 'cost', from: `${month}-01`, to }, true) // others' were imported
    if (entries.some(isOfBill)) return true
    // A day that was metered after it says that it has passed: a clock that is set ahead for an hour ends months, too.
    if (last < to) return false
    // What is left of hours that were deleted is not what it cost: it stays without an entry, and incomplete.
    this.#entered.refresh()
    if (!this.#allHours(month)) return true
    const bill = close(billFor(this.#billInput(month)))
    if (bill.lines.length > 0) this.#journal.recordAll(costEntries(bill, this.#options.instance()))
    return true
  }

  /** The month in which the kit was first read, as far as anything tells of it. */
  #firstMonth(zone: string): string | null {
    const hour = this.#options.readings.firstHour()
    const day = this.#journal.dayOf('first', { kind: 'power' })
    const moments = [hour, day && dayStart(dayNumber(day), zone)].filter((moment) => typeof moment === 'number')
    return moments.length > 0 ? monthOf(Math.min(...moments), zone).month : null
  }

  /** Whether a simple price was typed today: it can still be typed again. */
  #isBeingTyped(): boolean {
    const { clock, settings } = this.#options
    const present = settings()
    const today = dayName(dayNumberAt(clock.now(), present.timezone))
    return present.tariffs === null && typedPricesOf(present).some(({ typed }) => typed === today)
  }

  /** What was read in a month; null where hours that were metered, as its days say, are deleted by now. */
  #allHours(month: string): HourEntry[] | null {
    const { clock, readings, settings } = this.#options
    const { start, end } = monthNamed(month, settings().timezone)
    const hours = readings.entries(start - hourMs, end)
    const left = sum(hoursWithin(hours, { start, end }, clock.now()))?.seconds ?? 0
    const metered = this.#entered.month(month).metered?.seconds ?? 0
    return left + roundingSeconds >= metered ? hours : null
  }

  /** Enters the space used, as it was just counted. */
  enterStorage(use: NonNullable<StorageUse['use']>): void {
    const { clock, settings, instance } = this.#options
    this.#journal.recordAll(storageEntries(use, clock.now(), settings().timezone, instance()))
  }

  #month(): string {
    return monthOf(this.#options.clock.now(), this.#options.settings().timezone).month
  }

  /** A month's readings, and the prices of its days. Throws `RangeError` where the month is none. */
  #billInput(month: string): BillInput {
    const { clock, readings, power } = this.#options
    const settings = this.#options.settings()
    const { start, end } = monthNamed(month, settings.timezone)
    const { idle, now } = power()
    // An hour more on both sides: in zones off by half an hour, months begin and end within one.
    const hours = readings.entries(start - hourMs, end + hourMs)
    return {
      month,
      now: clock.now(),
      tariffs: tariffsOf(settings),
      readings: hours,
      idleWatts: idle.value,
      power: now,
      services: serviceTimes(hours, { start, end }),
    }
  }
}

function monthAfter(month: string): string {
  const { endDay } = monthNamed(month, 'UTC')
  return dayName(endDay).slice(0, 7)
}

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
import { monthNamed, monthOf } from '../costs/calendar.ts'
import { costEntries } from '../costs/entries.ts'
import { serviceTimes } from '../costs/service-times.ts'
import { checkChange, checkHouseholdTariffs, tariffsOf } from '../costs/tariff.ts'
import { whatIf } from '../costs/what-if.ts'
import type { Clock } from '../ledger/clock.ts'
import type { Entry, EntryDraft } from '../ledger/entry.ts'
import { type ExportFormat, exportEntries, readEntries } from '../ledger/exports/export.ts'
import { hourMs } from '../ledger/hours.ts'
import { type EntryFilter, Journal, type Party } from '../ledger/journal.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { meteredDays, storageEntries } from '../ledger/metered-days.ts'
import { HistoryBook } from './history.ts'

export interface BookkeeperOptions {
  folder: string
  clock: Clock
  readings: Ledger
  settings: () => AgentSettings
  /** Host name of the server. */
  instance: () => string
  /** Accounts on the server; 0 while nobody knows. */
  people: () => number
  /** Power without load, and as it is. */
  power: () => { idle: PowerFigure; now: LiveFigures['power'] }
}

/** Keeps the ledger's entries: what people enter, the days and months that are over; and works out what a month costs. */
export class Bookkeeper {
  readonly #options: BookkeeperOptions
  readonly #journal: Journal

  constructor(options: BookkeeperOptions) {
    this.#options = options
    this.#journal = new Journal({ folder: options.folder, clock: options.clock })
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
    return this.#journal.importAll(readEntries(file), this.#options.instance())
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

  /** The bill of a month such as `2026-11`: closed where it is over, else so far. Throws `RangeError`. */
  bill(month: string): Bill {
    const exact = billFor(this.#billInput(month))
    const { end } = monthNamed(month, this.#options.settings().timezone)
    return end <= this.#options.clock.now() ? close(exact) : preview(exact, 'so-far')
  }

  /** A month's bills to be divided, in coins: closed where it is over, else so far and as expected. Throws `RangeError`. */
  billsInCoins(month = this.#month()): Bill[] {
    const exact = billFor(this.#billInput(month))
    if (exact.end <= this.#options.clock.now()) return [close(exact)]
    return [preview(exact, 'so-far', true), preview(exact, 'expected', true)]
  }

  /** What was metered and paid in the parts of a time; `of` as in `spanOf`. Throws `RangeError`, `JournalTrouble`. */
  history(step: HistoryStep, of: string | null): History {
    const { clock, readings, settings } = this.#options
    return new HistoryBook({
      now: clock.now(),
      settings: settings(),
      readings,
      journal: this.#journal,
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
    const noted = readings.noted<number>('days-entered')
    // From the beginning where the clock was ahead then: what is entered already is not entered twice.
    const since = noted === null || noted > clock.now() ? readings.firstHour() : noted
    if (since === null) return
    const { drafts, through } = meteredDays({
      now: clock.now(),
      zone: settings().timezone,
      instance: instance(),
      since,
      readings: ({ start, end }) => readings.entries(start, end),
    })
    if (drafts.length > 0) this.#journal.recordAll(drafts)
    if (through !== noted) readings.note('days-entered', through)
  }

  /** Enters what the months that are over cost, once all their days are in. Likewise. */
  enterMonths(): void {
    const { clock, readings, settings } = this.#options
    const zone = settings().timezone
    const { start } = monthOf(clock.now(), zone)
    const entered = readings.noted<number>('days-entered')
    if (entered === null || entered < start) return
    const noted = readings.noted<string>('month-entered')
    const notedEnd = noted === null ? null : monthNamed(noted, zone).end
    // From the beginning where the clock was ahead then, as with days.
    const since = notedEnd === null || notedEnd > start ? readings.firstHour() : notedEnd
    if (since === null) return
    for (let at = since; at < start; ) {
      const { month } = monthOf(at, zone)
      this.#enterMonth(month)
      at = monthNamed(month, zone).end
      readings.note('month-entered', month)
    }
  }

  #enterMonth(month: string): void {
    const { instance } = this.#options
    // Prices that change later make other lines: a month is entered once.
    const there = this.#journal
      .entries({ kind: 'cost', from: `${month}-01` })
      .filter((entry) => entry.instance === instance()) // others' were imported
    const bill = close(billFor(this.#billInput(month)))
    if (bill.coverage.coveredSeconds > 0 && !there.some(({ period }) => period.from.startsWith(month)))
      this.#journal.recordAll(costEntries(bill, instance()))
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

import type { DatabaseSync } from 'node:sqlite'
import type { HourlyReading, Problem } from '../api.ts'
import { closeDamaged, inTransaction, isDamage, openDatabase } from './database.ts'
import { classes, type HourEntry, hourMs, Notebook, nothing, type Share, sumByHour } from './hours.ts'
import { migrations } from './migrations.ts'

/** Hourly readings are the household's own and kept for so long. */
const keepDays = 400
const damageShownDays = 30
const dayMs = 24 * hourMs

const columns = [
  'energy',
  'energyLow',
  'energyHigh',
  'seconds',
  'cpuSeconds',
  'cpuServer',
  'cpuWeb',
  'cpuDashboard',
  'cpuAgent',
  'cpuSystem',
  'lanIn',
  'lanOut',
  'wanIn',
  'wanOut',
  'unknownIn',
  'unknownOut',
  'serverIn',
  'serverOut',
  'fetchIn',
  'fetchOut',
  'dashboardIn',
  'dashboardOut',
  'plainIn',
  'plainOut',
  'publishIn',
  'publishOut',
  'written',
] as const
const inSeconds = /^(seconds|cpu)/

/**
 * What stands in the column `trusted` beside 0 and 1: the hour was not known when it was written, and may be yet. A run of
 * the agent writes its held rows anew with each flush; those of a run before stay where they are, as not trusted.
 */
const held = 2

const addUp = `
  ON CONFLICT (hour, trusted) DO UPDATE SET
    classRank = max(classRank, excluded.classRank),
    ${columns.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`

const upsert = `
  INSERT INTO readings (hour, trusted, classRank, ${columns.join(', ')})
  VALUES (:hour, :trusted, :classRank, ${columns.map((name) => `:${name}`).join(', ')}) ${addUp}`

const settleHeld = `
  INSERT INTO readings (hour, trusted, classRank, ${columns.join(', ')})
  SELECT hour, 0, classRank, ${columns.join(', ')} FROM readings WHERE trusted = ${held} ${addUp}`

const removeHeld = `DELETE FROM readings WHERE trusted = ${held}`

const select = `
  SELECT hour, trusted, classRank, ${columns.join(', ')} FROM readings
  WHERE hour >= ? AND hour < ? AND trusted <= ?`

// Two questions that end at the first row, where one in the order of trust would sort them all.
const selectFirst = `
  SELECT coalesce(
    (SELECT hour FROM readings WHERE trusted = 1 ORDER BY hour LIMIT 1),
    (SELECT hour FROM readings WHERE trusted <= ? ORDER BY hour LIMIT 1)
  ) AS hour`

const keepNote = `
  INSERT INTO notes (name, value) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`

/**
 * The kit's private readings: a notebook in memory that is written to SQLite in one short transaction when `flush` is
 * called. Its methods do not throw: while the database cannot be written or read (full disk), everything goes on in
 * memory, `problems` says so, and what was not written is written next time. A damaged database is put aside.
 */
export class Ledger {
  readonly #folder: string
  readonly #now: () => number
  readonly #notebook = new Notebook()
  /** Notes as JSON, and the names of those that are not in the database yet. */
  readonly #notes = new Map<string, string>()
  readonly #unwritten = new Set<string>()
  #database: DatabaseSync | null = null
  #trouble: Problem | null = null
  /** Whether held rows in the database are of this run, and stand in the notebook as well. */
  #ownsHeld = false

  constructor(folder: string, now: () => number) {
    this.#folder = folder
    this.#now = now
  }

  /** Opens and checks the database. */
  start(): void {
    this.#attempt(() => {})
  }

  /** Writes what is left and closes. */
  stop(): void {
    this.#writeDown('all')
    this.#database?.close()
    this.#database = null
  }

  /** Adds readings; they are safe after the next `flush`. */
  add(shares: Share[]): void {
    this.#notebook.add(shares)
  }

  /**
   * Writes the notebook, and the notes that wait. What still moves when the time becomes known is written as well, so that
   * a power cut costs no more of it; but it stays in the notebook, by which the next flush writes it where it belongs then.
   */
  flush(): void {
    this.#writeDown('settled')
  }

  /** @param which is written for good */
  #writeDown(which: 'all' | 'settled'): void {
    const entries = this.#notebook.entries(which)
    const movable = which === 'all' ? [] : this.#notebook.entries('movable')
    if (entries.length + movable.length + this.#unwritten.size === 0) return
    if (!this.#write(entries, movable)) return
    this.#ownsHeld = true
    this.#notebook.forget(which)
    this.#trouble = null
  }

  /** Hours from `from` up to, not including, `to` (milliseconds since 1970), written or not, oldest first. */
  entries(from: number, to: number): HourEntry[] {
    const written = this.#attempt((database) => {
      const statement = database.prepare(select)
      statement.setReturnArrays(true)
      return statement.all(Math.ceil(from / 1000), Math.ceil(to / 1000), this.#mostTrusted) as unknown as number[][]
    })
    const unwritten = this.#notebook.entries().filter(({ hour }) => hour >= from && hour < to)
    return sumByHour([...(written ?? []).map(entryOf), ...unwritten])
  }

  /** Start of the first hour ever read, if possible by a trusted clock; null before the first reading. */
  firstHour(): number | null {
    const first = this.#attempt((database) => database.prepare(selectFirst).get(this.#mostTrusted))
    if (typeof first?.hour === 'number') return first.hour * 1000
    return this.#notebook.entries()[0]?.hour ?? null
  }

  /** Deletes hours older than 400 days. Call only while the clock can be trusted. */
  forgetOld(): void {
    const oldest = Math.floor((this.#now() - keepDays * dayMs) / 1000)
    this.#attempt((database) => database.prepare('DELETE FROM readings WHERE hour < ?').run(oldest))
  }

  /** Keeps a small fact, as JSON, under a name. What says nothing new is not written again. */
  note(name: string, value: unknown): void {
    this.noteLater(name, value)
    if (this.#unwritten.has(name)) this.#write([])
  }

  /** The same with the next `flush`: for what a power cut may undo, as it is found out or done again then. */
  noteLater(name: string, value: unknown): void {
    const text = JSON.stringify(value)
    if (this.#textOf(name) === text) return
    this.#notes.set(name, text)
    this.#unwritten.add(name)
  }

  /** The fact kept under a name, or null. */
  noted<Value>(name: string): Value | null {
    const text = this.#textOf(name)
    return text === undefined ? null : (JSON.parse(text) as Value)
  }

  problems(): Problem[] {
    const damage = this.noted<{ problem: Problem; at: number }>('damage')
    const recent = damage && Math.abs(this.#now() - damage.at) < damageShownDays * dayMs
    return [...(recent ? [damage.problem] : []), ...(this.#trouble ? [this.#trouble] : [])]
  }

  /** Held rows of this run are read from the notebook, where they may have moved since. */
  get #mostTrusted(): number {
    return this.#ownsHeld ? 1 : held
  }

  #textOf(name: string): string | undefined {
    if (!this.#notes.has(name)) {
      const stored = this.#attempt((database) => database.prepare('SELECT value FROM notes WHERE name = ?').get(name))
      if (typeof stored?.value === 'string') this.#notes.set(name, stored.value)
    }
    return this.#notes.get(name)
  }

  /**
   * Writes hours and all notes that wait in one transaction. @param movable hours in place of those that were held; left
   * out: those stay @returns whether it was written
   */
  #write(entries: HourEntry[], movable?: HourEntry[]): boolean {
    const written = this.#attempt((database) => {
      inTransaction(database, () => {
        if (movable && !this.#ownsHeld) database.exec(settleHeld)
        if (movable) database.exec(removeHeld)
        const hours = database.prepare(upsert)
        for (const entry of entries) hours.run(row(entry))
        for (const entry of movable ?? []) hours.run({ ...row(entry), trusted: held })
        const notes = database.prepare(keepNote)
        for (const name of this.#unwritten) notes.run(name, this.#notes.get(name) as string)
      })
      return true
    })
    if (written) this.#unwritten.clear()
    return written === true
  }

  /** Works on the database; undefined if that failed, which is then a problem until the next successful flush. */
  #attempt<Result>(work: (database: DatabaseSync) => Result): Result | undefined {
    try {
      try {
        return work(this.#open())
      } catch (error) {
        if (!this.#database || !isDamage(error)) throw error
        closeDamaged(this.#database)
        this.#database = null
        return work(this.#open()) // opening checks the file, and puts it aside
      }
    } catch (error) {
      this.#trouble = {
        id: 'ledger.write',
        where: `${this.#folder}/ledger.db`,
        what: `The readings cannot be written or read: ${error instanceof Error ? error.message : error}.`,
        next: 'Make room if the space is used up. New readings are kept in memory and written as soon as it works.',
      }
      return undefined
    }
  }

  #open(): DatabaseSync {
    if (this.#database) return this.#database
    const { database, damage } = openDatabase(this.#folder, { name: 'ledger.db', migrations }, new Date(this.#now()))
    this.#database = database
    if (damage) {
      for (const name of this.#notes.keys()) this.#unwritten.add(name) // what is known of them is not lost with the file
      const problem: Problem = {
        id: 'ledger.damaged',
        where: damage.file,
        what: `The readings' database was damaged (${damage.reason}). It was kept as ${damage.aside}, and readings begin anew.`,
        next: 'Nothing needs to be done. If it happens again, replace the card or disk.',
      }
      this.note('damage', { problem, at: this.#now() })
    }
    return database
  }
}

/** An hour as the API gives it. */
export function hourlyReading(entry: HourEntry): HourlyReading {
  const wattHours = (microwattHours: number) => microwattHours / 1e6
  return {
    hour: new Date(entry.hour).toISOString(),
    energyWh: wattHours(entry.energy),
    energyLowWh: wattHours(entry.energyLow),
    energyHighWh: wattHours(entry.energyHigh),
    class: classes[entry.classRank] ?? 'modelled',
    secondsCovered: Math.round(entry.seconds),
    cpu: entry.seconds > 0 ? entry.cpuSeconds / entry.seconds : 0,
    lanIn: Math.round(entry.lanIn),
    lanOut: Math.round(entry.lanOut),
    wanIn: Math.round(entry.wanIn),
    wanOut: Math.round(entry.wanOut),
    unknownIn: Math.round(entry.unknownIn),
    unknownOut: Math.round(entry.unknownOut),
    // An hour has 3600 seconds: more were noted only because the clock went back over it.
    clockTrusted: entry.trusted && entry.seconds <= 3601,
  }
}

function row(entry: HourEntry): Record<string, number> {
  const values = columns.map((name) => [name, inSeconds.test(name) ? entry[name] : Math.round(entry[name])])
  return {
    ...Object.fromEntries(values),
    hour: entry.hour / 1000,
    trusted: entry.trusted ? 1 : 0,
    classRank: entry.classRank,
  }
}

function entryOf([hour = 0, trusted, classRank = 0, ...values]: number[]): HourEntry {
  const entry = { hour: hour * 1000, trusted: trusted === 1, ...nothing, classRank }
  for (let index = 0; index < columns.length; index++) {
    entry[columns[index] as (typeof columns)[number]] = values[index] as number
  }
  return entry
}

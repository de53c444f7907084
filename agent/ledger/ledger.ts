import type { DatabaseSync } from 'node:sqlite'
import type { HourlyReading, Problem } from '../api.ts'
import { isDamage, openDatabase } from './database.ts'
import { classes, type HourEntry, hourMs, Notebook, type Share, sumByHour } from './hours.ts'

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
  'lanIn',
  'lanOut',
  'wanIn',
  'wanOut',
  'unknownIn',
  'unknownOut',
] as const
const inSeconds: readonly string[] = ['seconds', 'cpuSeconds']

const upsert = `
  INSERT INTO readings (hour, trusted, classRank, ${columns.join(', ')})
  VALUES (:hour, :trusted, :classRank, ${columns.map((name) => `:${name}`).join(', ')})
  ON CONFLICT (hour, trusted) DO UPDATE SET
    classRank = max(classRank, excluded.classRank),
    ${columns.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`

/**
 * The kit's private readings: a notebook in memory that is written to SQLite in one short transaction when `flush` is
 * called. What could not be written stays in the notebook and is written next time.
 */
export class Ledger {
  readonly #folder: string
  readonly #now: () => number
  readonly #notebook = new Notebook()
  #database: DatabaseSync | null = null
  #writeTrouble: Problem | null = null

  constructor(folder: string, now: () => number) {
    this.#folder = folder
    this.#now = now
  }

  /** Opens the database; throws only what no other file would cure. */
  start(): void {
    const { database, problem } = openDatabase(this.#folder, new Date(this.#now()))
    this.#database = database
    if (problem) this.note('damage', { problem, at: this.#now() })
  }

  /** Writes what is left and closes. */
  stop(): void {
    this.flush()
    this.#database?.close()
    this.#database = null
  }

  /** Adds readings; they are safe after the next `flush`. */
  add(shares: Share[]): void {
    this.#notebook.add(shares)
  }

  /** Writes the notebook. A failure is kept as a problem, not thrown: the readings stay in memory. */
  flush(): void {
    const entries = this.#notebook.entries()
    if (entries.length === 0) return
    try {
      this.#inTransaction((database) => {
        const statement = database.prepare(upsert)
        for (const entry of entries) statement.run(row(entry))
      })
      this.#notebook.clear()
      this.#writeTrouble = null
    } catch (error) {
      if (isDamage(error)) return this.#beginAnew()
      this.#writeTrouble = {
        id: 'ledger.write',
        where: `${this.#folder}/ledger.db`,
        what: `The latest readings could not be written: ${error instanceof Error ? error.message : error}.`,
        next: 'Make room if the space is used up. The readings are kept in memory and written as soon as it works.',
      }
    }
  }

  /** Hours from `from` up to, not including, `to` (milliseconds since 1970), written or not, oldest first. */
  entries(from: number, to: number): HourEntry[] {
    const written = this.#open()
      .prepare('SELECT * FROM readings WHERE hour >= ? AND hour < ?')
      .all(Math.ceil(from / 1000), Math.ceil(to / 1000))
    const unwritten = this.#notebook.entries().filter(({ hour }) => hour >= from && hour < to)
    return sumByHour([...written.map(entryOf), ...unwritten])
  }

  /** Start of the first hour ever read, or null. */
  firstHour(): number | null {
    const first = this.#open().prepare('SELECT min(hour) AS hour FROM readings WHERE trusted = 1').get()?.hour
    return typeof first === 'number' ? first * 1000 : null
  }

  /** Deletes hours older than 400 days. Call only while the clock can be trusted. */
  forgetOld(): void {
    const oldest = Math.floor((this.#now() - keepDays * dayMs) / 1000)
    this.#inTransaction((database) => database.prepare('DELETE FROM readings WHERE hour < ?').run(oldest))
  }

  /** Keeps a small fact, as JSON, under a name. */
  note(name: string, value: unknown): void {
    this.#open()
      .prepare('INSERT INTO notes (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
      .run(name, JSON.stringify(value))
  }

  /** The fact kept under a name, or null. */
  noted<Value>(name: string): Value | null {
    const value = this.#open().prepare('SELECT value FROM notes WHERE name = ?').get(name)?.value
    return typeof value === 'string' ? (JSON.parse(value) as Value) : null
  }

  problems(): Problem[] {
    const damage = this.noted<{ problem: Problem; at: number }>('damage')
    const recent = damage && Math.abs(this.#now() - damage.at) < damageShownDays * dayMs
    return [...(recent ? [damage.problem] : []), ...(this.#writeTrouble ? [this.#writeTrouble] : [])]
  }

  /** The file was damaged while it was open: puts it aside and writes the notebook to a new one. */
  #beginAnew(): void {
    try {
      this.#database?.close()
    } catch {} // closing a damaged file may complain about it once more
    this.start()
    this.flush()
  }

  #inTransaction(work: (database: DatabaseSync) => void): void {
    const database = this.#open()
    database.exec('BEGIN IMMEDIATE')
    try {
      work(database)
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  #open(): DatabaseSync {
    if (!this.#database) throw new Error('the ledger is not open')
    return this.#database
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
  const values = columns.map((name) => [name, inSeconds.includes(name) ? entry[name] : Math.round(entry[name])])
  return {
    ...Object.fromEntries(values),
    hour: entry.hour / 1000,
    trusted: entry.trusted ? 1 : 0,
    classRank: entry.classRank,
  }
}

function entryOf(stored: Record<string, unknown>): HourEntry {
  const number = (name: string) => Number(stored[name])
  const entry = {
    hour: number('hour') * 1000,
    trusted: stored.trusted === 1,
    classRank: number('classRank'),
  } as HourEntry
  for (const name of columns) entry[name] = number(name)
  return entry
}

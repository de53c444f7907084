import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** SQLite's own codes for a file that is damaged, or none of its files. */
const damagedCodes = [11, 26]

export interface DatabaseKind {
  /** `ledger.db`. */
  name: string
  /**
   * Migration N brings the file from schema N-1 to N. They only ever add tables, or columns with a default, so that an
   * older release can go on with a newer database after a fall-back.
   */
  migrations: readonly string[]
  /** Run at each opening, after the settings that all databases share. */
  pragmas?: string
}

export interface OpenedDatabase {
  database: DatabaseSync
  /** Set when a damaged file had to be put aside. */
  damage: { file: string; aside: string; reason: string } | null
}

/**
 * Opens a database in a folder, checks it and brings its schema up to date. A damaged file is put aside under another
 * name and a new one begun; any other failure (full disk, no permission) is thrown and leaves everything as it is.
 */
export function openDatabase(folder: string, kind: DatabaseKind, now: Date): OpenedDatabase {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = path.join(folder, kind.name)
  try {
    return { database: open(file, kind), damage: null }
  } catch (error) {
    if (!isDamage(error)) throw error
    const aside = setAside(file, now)
    const reason = error instanceof Error ? error.message : String(error)
    return { database: open(file, kind), damage: { file, aside: path.basename(aside), reason } }
  }
}

/** Whether an error means that the database file itself is damaged. */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamagedDatabase) return true
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' && damagedCodes.includes(code & 0xff)
}

/** Runs work in one transaction: all of it is written and durable when this returns, or nothing. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** Closes a database that may be damaged. */
export function closeDamaged(database: DatabaseSync): void {
  try {
    database.close()
  } catch {} // it may complain once more
}

class DamagedDatabase extends Error {}

function open(file: string, { migrations, pragmas = '' }: DatabaseKind): DatabaseSync {
  // SQLite takes an empty file for a new database, and would delete the journal beside it.
  if (sizeOf(file) === 0 && (sizeOf(`${file}-wal`) ?? 0) > 0) throw new DamagedDatabase('it is empty')
  // SQLite gives a new file to everybody whom the umask allows, and what belongs to it goes by the file.
  if (sizeOf(file) === null) closeSync(openSync(file, 'a', 0o600))
  const database = new DatabaseSync(file, { timeout: 5000 })
  try {
    // FULL: what was acknowledged survives a power cut. One short transaction every ten minutes costs the card little.
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -256; ${pragmas}`)
    const verdict = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
    if (verdict !== 'ok') throw new DamagedDatabase(String(verdict))
    migrate(database, migrations)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function sizeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.size ?? null
}

function migrate(database: DatabaseSync, migrations: readonly string[]): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  migrations.slice(version).forEach((migration, index) => {
    database.exec(`BEGIN IMMEDIATE; ${migration}; PRAGMA user_version = ${version + index + 1}; COMMIT`)
  })
}

/** Renames the database and what belongs to it; the names are free, nothing is overwritten. Returns the new name. */
function setAside(file: string, now: Date): string {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '')
  let aside = `${file}.damaged-${stamp}`
  for (let number = 2; existsSync(aside); number += 1) aside = `${file}.damaged-${stamp}-${number}`
  for (const suffix of ['-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
  }
  renameSync(file, aside)
  return aside
}

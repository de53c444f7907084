import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Problem } from '../api.ts'
import { migrations } from './migrations.ts'

/** SQLite's own codes for a file that is damaged, or none of its files. */
const damagedCodes = [11, 26]

export interface OpenedDatabase {
  database: DatabaseSync
  /** Set when a damaged file had to be put aside. */
  problem: Problem | null
}

/**
 * Opens `ledger.db` in a folder, checks it and brings its schema up to date. A damaged file is put aside under another
 * name and a new one begun; any other failure (full disk, no permission) is thrown and leaves everything as it is.
 */
export function openDatabase(folder: string, now: Date): OpenedDatabase {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = path.join(folder, 'ledger.db')
  try {
    return { database: open(file), problem: null }
  } catch (error) {
    if (!isDamage(error)) throw error
    const aside = setAside(file, now)
    return { database: open(file), problem: damageProblem(file, aside, error) }
  }
}

/** Whether an error means that the database file itself is damaged. */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamagedDatabase) return true
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' && damagedCodes.includes(code & 0xff)
}

class DamagedDatabase extends Error {}

function open(file: string): DatabaseSync {
  // SQLite takes an empty file for a new database, and would delete the journal beside it.
  if (sizeOf(file) === 0 && (sizeOf(`${file}-wal`) ?? 0) > 0) throw new DamagedDatabase('it is empty')
  const database = new DatabaseSync(file, { timeout: 5000 })
  try {
    // FULL: what was acknowledged survives a power cut. One short transaction every ten minutes costs the card little.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -256')
    const verdict = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
    if (verdict !== 'ok') throw new DamagedDatabase(String(verdict))
    migrate(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function sizeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.size ?? null
}

function migrate(database: DatabaseSync): void {
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

function damageProblem(file: string, aside: string, error: unknown): Problem {
  return {
    id: 'ledger.damaged',
    where: file,
    what: `The readings' database was damaged (${error instanceof Error ? error.message : error}). It was kept as ${path.basename(aside)}, and readings begin anew.`,
    next: 'Nothing needs to be done. If it happens again, replace the card or disk.',
  }
}

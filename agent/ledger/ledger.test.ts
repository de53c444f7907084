import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Share } from './hours.ts'
import { hourlyReading, Ledger } from './ledger.ts'
import { migrations } from './migrations.ts'

const hour = Date.parse('2026-11-01T12:00:00Z')
let folder: string
let now: number
let ledger: Ledger

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ledger-'))
  now = hour
  ledger = open()
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const file = () => path.join(folder, 'ledger.db')
const open = () => {
  const opened = new Ledger(folder, () => now)
  opened.start()
  return opened
}
const share = (start: number, minutes: number, more: Share['quantities'] = {}, trusted = true): Share => ({
  interval: { start, end: start + minutes * 60_000, trusted },
  quantities: { energy: minutes * 50_000, energyLow: 0, energyHigh: 0, seconds: minutes * 60, classRank: 0, ...more },
})
const energies = (of = ledger) => of.entries(0, now + 48 * 3_600_000).map(({ energy }) => Math.round(energy))

describe('the ledger', () => {
  it('cuts what crosses the hour, and adds what comes later', () => {
    ledger.add([share(hour + 50 * 60_000, 20)])
    ledger.flush()
    ledger.add([share(hour + 70 * 60_000, 10)])
    expect(energies()).toEqual([500_000, 1_000_000])
    ledger.flush()
    expect(energies()).toEqual([500_000, 1_000_000])
  })

  it('still has everything after it was closed and opened', () => {
    ledger.add([share(hour, 10, { lanIn: 7, wanOut: 2 ** 45, unknownIn: 3, cpuSeconds: 300 })])
    ledger.stop()
    ledger = open()
    const [entry] = ledger.entries(hour, hour + 1)
    expect(entry && hourlyReading(entry)).toEqual({
      hour: '2026-11-01T12:00:00.000Z',
      energyWh: 0.5,
      energyLowWh: 0,
      energyHighWh: 0,
      class: 'measured',
      secondsCovered: 600,
      cpu: 0.5,
      lanIn: 7,
      lanOut: 0,
      wanIn: 0,
      wanOut: 2 ** 45,
      unknownIn: 3,
      unknownOut: 0,
      clockTrusted: true,
    })
  })

  it('keeps what each service did, and takes up a database from before that was noted', () => {
    ledger.stop()
    rmSync(file())
    const old = new DatabaseSync(file())
    old.exec(`${migrations[0]}; PRAGMA user_version = 1`)
    old.exec(`INSERT INTO readings VALUES (${hour / 1000}, 1, 500000, 0, 0, 0, 600, 300, 7, 0, 0, 0, 0, 0)`)
    old.close()
    ledger = open()
    expect(ledger.entries(hour, hour + 1)[0]).toMatchObject({
      energy: 500_000,
      lanIn: 7,
      cpuServer: 0,
      serverIn: 0,
      written: 0,
    })
    ledger.add([share(hour, 10, { cpuServer: 1.25, cpuSystem: 0.5, serverIn: 3, publishOut: 4, written: 4096 })])
    ledger.stop()
    ledger = open()
    const added = { energy: 1_000_000, cpuServer: 1.25, cpuSystem: 0.5, serverIn: 3, publishOut: 4, written: 4096 }
    expect(ledger.entries(hour, hour + 1)[0]).toMatchObject(added)
  })

  it('survives being killed after a flush', () => {
    ledger.add([share(hour, 10)])
    ledger.flush()
    expect(energies(open())).toEqual([500_000]) // the first one was never closed
  })

  it('keeps the worst class of an hour, and marks an hour with a doubtful part', () => {
    ledger.add([share(hour, 10)])
    ledger.flush()
    ledger.add([share(hour + 600_000, 10, { classRank: 2 }, false)])
    ledger.flush()
    const [entry] = ledger.entries(hour, hour + 1)
    expect(entry).toMatchObject({ classRank: 2, trusted: false, energy: 1_000_000 })
  })

  it('does not call an hour measured again because its last part was', () => {
    for (const classRank of [0, 2, 0]) {
      ledger.add([share(hour, 10, { classRank })])
      ledger.flush()
    }
    expect(ledger.entries(hour, hour + 1)[0]).toMatchObject({ classRank: 2, trusted: true })
  })

  it('marks an hour the clock went over twice', () => {
    ledger.add([share(hour, 60), share(hour, 30)])
    const [entry] = ledger.entries(hour, hour + 1)
    expect(entry && hourlyReading(entry)).toMatchObject({ secondsCovered: 5400, clockTrusted: false })
  })

  it('leaves hours without a reading out', () => {
    ledger.add([share(hour, 10), share(hour + 5 * 3_600_000, 10)])
    ledger.flush()
    expect(ledger.entries(0, now + 48 * 3_600_000)).toHaveLength(2)
  })

  it('forgets what is older than 400 days', () => {
    ledger.add([share(hour - 401 * 86_400_000, 10), share(hour - 399 * 86_400_000, 10)])
    ledger.flush()
    ledger.forgetOld()
    expect(energies()).toEqual([500_000])
  })

  it('keeps notes', () => {
    ledger.note('a', { b: [1] })
    ledger.stop()
    ledger = open()
    expect([ledger.noted('a'), ledger.noted('c')]).toEqual([{ b: [1] }, null])
  })

  it('writes a note that may wait with the next readings, or at a clean stop, and none that says nothing new', () => {
    const written = () => statSync(`${file()}-wal`).size
    const before = written()
    ledger.noteLater('ran:a', 1)
    ledger.noteLater('ran:b', 1)
    expect([written(), ledger.noted('ran:a')]).toEqual([before, 1])
    ledger.add([share(hour, 10)])
    ledger.flush()
    expect(written()).toBeGreaterThan(before)
    expect([open().noted('ran:a'), open().noted('ran:b')]).toEqual([1, 1])
    const after = written()
    ledger.note('ran:a', 1)
    ledger.flush()
    expect(written()).toBe(after)
    ledger.noteLater('ran:a', 2)
    ledger.stop()
    expect(open().noted('ran:a')).toBe(2)
  })

  it('keeps what is noted over damage while it is open', () => {
    ledger.note('a', 1)
    ledger.stop()
    ledger = open()
    expect(ledger.noted('a')).toBe(1)
    writeFileSync(file(), 'damage '.repeat(1000))
    ledger.add([share(hour, 10)])
    ledger.flush()
    ledger.flush()
    expect(open().noted('a')).toBe(1)
  })

  it('makes every write durable', () => {
    const database = new DatabaseSync(file())
    expect(database.prepare('PRAGMA journal_mode').get()?.journal_mode).toBe('wal')
    database.close()
  })
})

describe('a damaged database', () => {
  const damages: [string, () => void][] = [
    ['overwritten at its start', () => scribble(0)],
    ['overwritten in its middle', () => scribble(4096)],
    ['cut in half', () => truncateSync(file(), Math.floor(readFileSync(file()).length / 2))],
    ['another kind of file', () => writeFileSync(file(), 'not a database at all, but long enough'.repeat(200))],
  ]

  it.each(damages)('%s is put aside, and readings go on', (_what, damage) => {
    ledger.add([share(hour, 10)])
    ledger.stop()
    damage()
    const damaged = readFileSync(file())
    ledger = open()
    expect(ledger.problems().map(({ id }) => id)).toEqual(['ledger.damaged'])
    const aside = readdirSync(folder).filter((name) => /^ledger\.db\.damaged-20261101T120000Z$/.test(name))
    expect(aside).toHaveLength(1)
    expect(readFileSync(path.join(folder, aside[0] as string))).toEqual(damaged)
    ledger.add([share(hour, 20)])
    ledger.stop()
    ledger = open()
    expect(energies()).toEqual([1_000_000])
    expect(ledger.problems()[0]?.what).toContain(aside[0])
    now += 31 * 86_400_000
    expect(ledger.problems()).toEqual([])
  })

  it('that was emptied takes its journal with it, which belongs to no other file', () => {
    ledger.stop()
    truncateSync(file())
    writeFileSync(`${file()}-wal`, 'journal of the damaged one')
    ledger = open()
    expect(ledger.problems().map(({ id }) => id)).toEqual(['ledger.damaged'])
    const journal = path.join(folder, 'ledger.db.damaged-20261101T120000Z-wal')
    expect(readFileSync(journal, 'utf8')).toBe('journal of the damaged one')
  })

  it('never overwrites what was put aside before', () => {
    for (let number = 0; number < 3; number += 1) {
      ledger.stop()
      writeFileSync(file(), `damage ${number} `.repeat(1000))
      ledger = open()
    }
    expect(readdirSync(folder).filter((name) => name.includes('damaged'))).toHaveLength(3)
  })

  it('that breaks while it is open costs nothing of what is in memory', () => {
    // More than the cache holds, so that the oldest hour has to be read from the damaged file again.
    const oldest = hour - 9599 * 3_600_000
    ledger.add(Array.from({ length: 9600 }, (_, number) => share(oldest + number * 3_600_000, 1)))
    ledger.stop()
    ledger = open()
    const { length } = readFileSync(file())
    for (let page = 0; page < length; page += 4096) scribble(page)
    ledger.add([share(oldest, 20)])
    ledger.flush()
    expect(ledger.problems().map(({ id }) => id)).toEqual(['ledger.damaged'])
    expect(energies(open())).toEqual([1_000_000])
  })

  it('that is a folder, or cannot be written, is reported, and readings stay in memory', async () => {
    ledger.stop()
    await rm(file())
    await import('node:fs/promises').then(({ mkdir }) => mkdir(file()))
    ledger = open()
    ledger.add([share(hour, 20)])
    ledger.flush()
    ledger.note('a', 1)
    expect(ledger.problems().map(({ id }) => id)).toEqual(['ledger.write'])
    expect([energies(), ledger.noted('a')]).toEqual([[1_000_000], 1])
    await rm(file(), { recursive: true })
    ledger.flush()
    expect(ledger.problems()).toEqual([])
    expect(energies(open())).toEqual([1_000_000])
  })

  function scribble(position: number): void {
    const descriptor = openSync(file(), 'r+')
    writeSync(descriptor, Buffer.alloc(2048, 0x5a), 0, 2048, position)
    closeSync(descriptor)
  }
})

describe('migrations', () => {
  it('bring an empty file to the newest schema, step by step', () => {
    const database = new DatabaseSync(file())
    expect(database.prepare('PRAGMA user_version').get()?.user_version).toBe(migrations.length)
    database.close()
  })

  it('leave the database of a newer release as it is, and go on with it', () => {
    ledger.add([share(hour, 10)])
    ledger.stop()
    const database = new DatabaseSync(file())
    database.exec('ALTER TABLE readings ADD COLUMN later INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 99')
    database.close()
    ledger = open()
    ledger.add([share(hour, 10)])
    ledger.flush()
    expect(energies()).toEqual([1_000_000])
    expect(ledger.problems()).toEqual([])
  })
})

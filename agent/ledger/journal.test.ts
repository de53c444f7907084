import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { canonicalJson } from './canonical-json.ts'
import { type EntryDraft, EntryRefused } from './entry.ts'
import { Journal, JournalTrouble, saltedLeaf } from './journal.ts'

let folder: string
let clock: FakeClock
let journal: Journal

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'journal-'))
  clock = new FakeClock('2026-11-24T10:00:00Z')
  journal = new Journal({ folder, clock })
})
afterEach(async () => {
  journal.stop()
  await rm(folder, { recursive: true, force: true })
})

const file = () => path.join(folder, 'journal.db')
const reopen = () => {
  journal.stop()
  journal = new Journal({ folder, clock })
}
const donation = (more: Partial<EntryDraft> = {}): EntryDraft => ({
  kind: 'donation',
  period: { from: '2026-11-24', to: '2026-11-25' },
  instance: 'hearth.example',
  amounts: [{ value: '20', unit: 'EUR' }],
  source: 'typed',
  audience: 'members',
  ...more,
})

describe('the journal', () => {
  it('numbers, dates and keeps what is recorded', () => {
    const first = journal.record(donation())
    clock.pass(60)
    clock.isTrusted = false
    const second = journal.record(donation({ note: 'Für Öl & Brot' }))
    reopen()
    expect(journal.entries()).toEqual([first, second])
    expect(first).toMatchObject({ version: 1, sequence: 1, recordedAt: '2026-11-24T10:00:00.000Z', clockTrusted: true })
    expect(second).toMatchObject({ sequence: 2, clockTrusted: false, note: 'Für Öl & Brot' })
    expect(journal.entry(second.id)).toEqual(second)
    expect(journal.entry('00000000-0000-4000-8000-000000000000')).toBeNull()
  })

  it('takes all of several entries or none', () => {
    expect(() =>
      journal.recordAll([donation(), donation({ references: [{ relation: 'corrects', id: crypto.randomUUID() }] })]),
    ).toThrow('there is no entry')
    expect(journal.entries()).toEqual([])
    expect(journal.record(donation()).sequence).toBe(1)
  })

  it('adds nothing when the same thing is imported twice', () => {
    const external = { system: 'liberapay', id: '2026-11/7' }
    const first = journal.record(donation({ external }))
    expect(journal.record(donation({ external, amounts: [{ value: '99', unit: 'EUR' }] }))).toEqual(first)
    expect(journal.recordAll([donation({ external }), donation({ external })])).toEqual([first, first])
    expect(journal.record(donation({ external: { system: 'liberapay', id: '2026-11/8' } })).sequence).toBe(2)
  })

  it('finds entries by day, kind and party', () => {
    const { id } = journal.addParty({ name: 'Ada' })
    journal.record(donation())
    journal.record(donation({ period: { from: '2026-12-01', to: '2026-12-02' }, party: id }))
    journal.record(donation({ kind: 'bill' }))
    const sequences = (filter: Parameters<Journal['entries']>[0]) =>
      journal.entries(filter).map(({ sequence }) => sequence)
    expect(sequences({ from: '2026-11-01', to: '2026-12-01' })).toEqual([1, 3])
    expect(sequences({ kind: 'bill' })).toEqual([3])
    expect(sequences({ party: id })).toEqual([2])
    expect(sequences({ party: id, kind: 'bill' })).toEqual([])
  })

  it('refers to entries here, and to entries of other logs it cannot know', () => {
    const first = journal.record(donation())
    const elsewhere = { relation: 'settles', id: crypto.randomUUID(), log: 'other.example/log' }
    const second = journal.record(donation({ references: [{ relation: 'corrects', id: first.id }, elsewhere] }))
    expect(second.references).toHaveLength(2)
  })

  it('keeps kinds, units and fields nobody here knows', () => {
    const strange = {
      ...donation({ kind: 'seed-swap', amounts: [{ value: '3', unit: 'bags' }] }),
      plot: { row: 7, dry: true },
    }
    const entry = journal.record(strange)
    reopen()
    expect(journal.entries()[0]).toEqual(entry)
    expect(entry).toMatchObject({ kind: 'seed-swap', plot: { row: 7, dry: true } })
  })

  it('writes nothing before a refused entry', () => {
    expect(() => journal.recordAll([donation(), donation({ kind: 'Not A Word' })])).toThrow(EntryRefused)
    expect(journal.entries()).toEqual([])
  })
})

describe('proofs and erasing', () => {
  it('hashes each entry with a salt of its own', () => {
    const [one, other] = [journal.record(donation()), journal.record(donation())]
    const salts = [journal.salt(one.id), journal.salt(other.id)] as [Buffer, Buffer]
    expect(salts[0].equals(salts[1])).toBe(false)
    expect(journal.leaves()).toEqual([
      { sequence: 1, hash: saltedLeaf(salts[0], canonicalJson(one)) },
      { sequence: 2, hash: saltedLeaf(salts[1], canonicalJson(other)) },
    ])
    expect(journal.leaves(1, 2).map(({ sequence }) => sequence)).toEqual([2])
  })

  it('forgets a person without a trace in the files, and no other hash changes', () => {
    const ada = journal.addParty({ name: 'Ada Lovelace', account: 'ada' })
    const bob = journal.addParty({ name: 'Bob' })
    journal.record(donation({ party: ada.id, note: 'the-secret-of-ada' }))
    const kept = journal.record(donation({ party: bob.id }))
    const before = journal.leaves()
    expect(journal.eraseParty(ada.id)).toBe(1)
    reopen()
    expect(journal.leaves()).toEqual(before)
    expect(journal.entries()).toEqual([kept])
    expect(journal.parties()).toEqual([bob])
    journal.stop()
    const everything = Buffer.concat(readdirSync(folder).map((name) => readFileSync(path.join(folder, name))))
    for (const trace of ['the-secret-of-ada', 'Ada Lovelace', ada.id]) expect(everything.includes(trace)).toBe(false)
    expect(everything.includes(bob.id)).toBe(true)
  })

  it('knows the party of an account again', () => {
    const ada = journal.partyOf('ada', 'Ada')
    expect(journal.partyOf('ada', 'Ada L.').id).toBe(ada.id)
    expect(() => journal.addParty({ name: '  ' })).toThrow('needs a name')
  })
})

describe('a journal in trouble', () => {
  it('is put aside when it is damaged, and said', () => {
    journal.record(donation())
    journal.stop()
    truncateSync(file(), 5000)
    reopen()
    expect(journal.entries()).toEqual([])
    expect(journal.problems().map(({ id }) => id)).toEqual(['journal.damaged'])
    expect(readdirSync(folder).filter((name) => name.includes('damaged-2026'))).toHaveLength(1)
    expect(journal.record(donation()).sequence).toBe(1)
  })

  it('is never taken for whole when it cannot be written', () => {
    journal.stop()
    rmSync(file(), { force: true })
    mkdirSync(file())
    expect(() => journal.record(donation())).toThrow(JournalTrouble)
    rmSync(file(), { recursive: true })
    expect(journal.record(donation()).sequence).toBe(1)
  })
})

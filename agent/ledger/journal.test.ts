import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { canonicalJson } from './canonical-json.ts'
import { type Entry, type EntryDraft, EntryRefused } from './entry.ts'
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

describe('importing', () => {
  const server = 'hearth.example'
  const own = new Set([server])
  const from = (more: object = {}): Entry => ({
    ...donation(),
    version: 1,
    id: crypto.randomUUID(),
    sequence: 41,
    recordedAt: '2025-01-02T03:04:05.678Z',
    clockTrusted: false,
    ...more,
  })

  it('takes entries as they are, with a number of its own, and each once', () => {
    journal.record(donation())
    const odd = from({
      kind: 'seedling',
      colour: { z: [1.5, null], a: 'ü' },
      amounts: [{ value: '3', unit: 'tomato' }],
    })
    const confirmation = from({ kind: 'confirmation', references: [{ relation: 'confirms', id: odd.id }] })
    expect(journal.importAll([confirmation, odd], own)).toEqual({ added: 2, present: 0, loose: 0 })
    reopen()
    const there = journal.entries().slice(1)
    expect(there).toEqual([
      { ...confirmation, sequence: 2 },
      { ...odd, sequence: 3 },
    ])
    const salt = journal.salt(odd.id) as Buffer
    expect(journal.leaves().at(-1)?.hash).toEqual(saltedLeaf(salt, canonicalJson({ ...odd, sequence: 3 })))
    expect(journal.importAll([odd, ...there], own)).toEqual({ added: 0, present: 3, loose: 0 })
    expect(journal.record(donation()).sequence).toBe(4)
  })

  it('takes all or none', () => {
    const good = from()
    const entries = function* () {
      yield good
      throw new EntryRefused('kind', 'is wrong', 'Mend it.')
    }
    expect(() => journal.importAll(entries(), own)).toThrow('is wrong')
    expect(journal.entries()).toEqual([])
    expect(() => journal.importAll([good, { ...good, note: 'changed' }], own)).toThrow('says something else')
    expect(journal.entries()).toEqual([])
    expect(journal.importAll([good], own).added).toBe(1)
  })

  it('says which references lead nowhere; they may come later', () => {
    const work = from({ kind: 'work' })
    const correction = from({ kind: 'correction', references: [{ relation: 'corrects', id: work.id }] })
    const elsewhere = from({ references: [{ relation: 'settles', id: crypto.randomUUID(), log: 'other.example/log' }] })
    expect(journal.importAll([correction, elsewhere], own).loose).toBe(1)
    expect(journal.importAll([work], own).loose).toBe(0)
  })

  it('does not bring back who was erased', () => {
    const ada = journal.addParty({ name: 'Ada' })
    const gift = journal.record(donation({ party: ada.id }))
    journal.eraseParty(ada.id)
    expect(journal.importAll([gift], own)).toMatchObject({ added: 0, present: 1 })
    expect(journal.entries()).toEqual([])
  })

  it('tells what another server metered from its own of the same day', () => {
    const metered = (instance: string) => ({ instance, external: { system: 'hearth-meter', id: '2026-11-23/power' } })
    expect(journal.importAll([from(metered('other.example'))], own).added).toBe(1)
    const mine = journal.record(donation(metered(server)))
    expect(journal.entries()).toHaveLength(2)
    expect(journal.record(donation(metered(server)))).toEqual(mine)
    const again = [from(metered(server)), from(metered('other.example')), from(metered('third.example'))]
    expect(journal.importAll(again, own)).toMatchObject({ added: 1, present: 2 })
  })

  it('knows what its server metered on trial for its own, by the names it is told and by its own entries', () => {
    const trial = (day: string) => ({
      instance: 'hearth-7f3a.local',
      kind: 'power',
      period: { from: `2026-11-${day}`, to: '2026-11-30' },
      external: { system: 'hearth-meter', id: `2026-11-${day}/power` },
    })
    const days = () => journal.entries({ kind: 'power' }, true).map(({ period }) => period.from)
    // A journal that began anew after the permanent name was chosen.
    expect(journal.importAll([from(trial('20'))], own).added).toBe(1)
    expect(days()).toEqual([])
    expect(journal.importAll([from(trial('21'))], new Set([server, 'hearth-7f3a.local'])).added).toBe(1)
    expect(days()).toEqual(['2026-11-21'])
    // From then on its own entries say so.
    expect(journal.importAll([from(trial('22')), from({ ...trial('23'), instance: 'other.example' })], own).added).toBe(
      2,
    )
    expect(days()).toEqual(['2026-11-21', '2026-11-22'])
    // And none of these days is metered twice.
    expect(journal.record(donation({ ...trial('22'), instance: server })).instance).toBe('hearth-7f3a.local')
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

describe('people of the server', () => {
  it('tell nothing of themselves unless they say so, thing by thing', () => {
    const [ada, bob] = [journal.partyOf('ada', 'Ada'), journal.partyOf('bob', 'Bob')]
    expect(journal.consents()).toEqual({ hours: new Set(), money: new Set() })
    expect(journal.changeParty(ada.id, { consents: ['hours'] }).consents).toEqual(['hours'])
    journal.changeParty(bob.id, { consents: ['hours', 'money'] })
    reopen()
    expect(journal.consents()).toEqual({ hours: new Set([ada.id, bob.id]), money: new Set([bob.id]) })
    journal.changeParty(bob.id, { consents: [] })
    journal.eraseParty(ada.id)
    expect(journal.consents()).toEqual({ hours: new Set(), money: new Set() })
  })

  it('may name who they are elsewhere, by an address', () => {
    const { id } = journal.partyOf('ada', 'Ada')
    const actor = 'https://social.example/users/ada'
    expect(journal.changeParty(id, { actor })).toMatchObject({ actor })
    expect(journal.changeParty(id, { consents: ['money'] })).toMatchObject({ actor })
    expect(journal.changeParty(id, { actor: '' })).not.toHaveProperty('actor')
    for (const wrong of [
      'ada',
      'http://social.example/ada',
      'javascript:alert(1)',
      'https://ada:secret@social.example/',
      'https://social.example/a b',
      `https://social.example/${'a'.repeat(200)}`,
    ])
      expect(() => journal.changeParty(id, { actor: wrong }), wrong).toThrow('actor: is no address')
    expect(() => journal.changeParty(crypto.randomUUID(), { actor })).toThrow('is not here')
  })

  it('are joined to a name the owner knew them by, with its entries, consents and end', () => {
    const known = journal.addParty({ name: 'Ada' })
    const before = journal.record(donation({ party: known.id }))
    const ada = journal.partyOf('ada', 'Ada')
    const after = journal.record(donation({ party: ada.id }))
    const leaves = journal.leaves()
    journal.joinParties(known.id, ada.id)
    reopen()
    expect(journal.entries({ party: ada.id })).toEqual([before, after])
    expect(journal.entries({ party: known.id })).toEqual([before])
    expect([...journal.joined()]).toEqual([[known.id, ada.id]])
    journal.changeParty(ada.id, { consents: ['money'] })
    expect(journal.consents().money).toEqual(new Set([known.id, ada.id]))
    expect(journal.eraseParty(ada.id)).toBe(2)
    expect([journal.entries(), journal.parties(), journal.leaves()]).toEqual([[], [], leaves])
  })

  it('are never joined to one another', () => {
    const [ada, bob] = [journal.partyOf('ada', 'Ada'), journal.partyOf('bob', 'Bob')]
    const known = journal.addParty({ name: 'Ada' })
    const other = journal.addParty({ name: 'Ada' })
    expect(() => journal.joinParties(ada.id, bob.id)).toThrow('belongs to an account')
    expect(() => journal.joinParties(known.id, other.id)).toThrow('has no account')
    journal.joinParties(known.id, ada.id)
    expect(() => journal.joinParties(known.id, bob.id)).toThrow('belongs to an account')
  })

  it('leave their party behind when the account goes: who is called so next is somebody else', () => {
    const ada = journal.partyOf('ada', 'Ada')
    journal.record(donation({ party: ada.id }))
    journal.leaveAccount('ada')
    const next = journal.partyOf('ada', 'Another Ada')
    expect(next.id).not.toBe(ada.id)
    expect(journal.entries({ party: next.id })).toEqual([])
    expect(journal.entries({ party: ada.id })).toHaveLength(1)
    expect(journal.parties().map(({ name, account }) => [name, account])).toEqual([
      ['Ada', undefined],
      ['Another Ada', 'ada'],
    ])
  })

  it('of a file from before tell nothing', () => {
    const ada = journal.partyOf('ada', 'Ada')
    journal.stop()
    const database = new DatabaseSync(file())
    for (const column of ['tellsHours', 'tellsMoney', 'joined'])
      database.exec(`ALTER TABLE parties DROP COLUMN ${column}`)
    database.exec('PRAGMA user_version = 1')
    database.close()
    reopen()
    expect(journal.parties()).toEqual([ada])
    expect(journal.consents().hours.size).toBe(0)
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

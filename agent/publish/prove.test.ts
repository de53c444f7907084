import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canonicalJson } from '../ledger/canonical-json.ts'
import type { Entry } from '../ledger/entry.ts'
import { Journal } from '../ledger/journal.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { committedHashes, treeSize } from './commitment.ts'
import { checkProof, proveEntry } from './prove.ts'
import { type BuiltReport, buildReport } from './report.ts'

let folder: string
let journal: Journal
let parties: string[]

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'prove-'))
  journal = new Journal({ folder, clock: new FakeClock('2026-11-09T10:00:00Z') })
  parties = ['Ada', 'Bob'].map((name) => journal.addParty({ name }).id)
})
afterEach(async () => {
  journal.stop()
  await rm(folder, { recursive: true, force: true })
})

const work = (party: string | undefined): Entry =>
  journal.record({
    kind: 'work',
    period: { from: '2026-10-24', to: '2026-10-25' },
    instance: 'hearth.example',
    ...(party && { party }),
    activity: 'care',
    amounts: [{ value: '2', unit: 'h' }],
    source: 'typed',
    audience: 'party',
  })

const report = (before: BuiltReport[] = []): BuiltReport =>
  buildReport({
    instance: 'hearth.example',
    period: before.length > 0 ? { from: '2026-11-01', to: '2026-12-01' } : { from: '2026-10-01', to: '2026-11-01' },
    zone: 'Europe/Berlin',
    now: Date.parse('2026-12-24T10:00:00Z'),
    entries: [],
    after: before[0]?.commitment.to ?? 0,
    leaves: journal.leaves(before[0]?.commitment.to),
    filling: Buffer.alloc(32, before.length).toString('base64'),
    people: 2,
    consents: { hours: new Set(), money: new Set() },
    published: before.map((each) => each.report),
    sums: { hours: [], money: [] },
  })

const prove = (entry: Entry, { commitment }: BuiltReport) =>
  proveEntry(entry, journal.salt(entry.id) as Buffer, journal.leaves(), commitment)

describe('a proof of one entry', () => {
  it('shows that it was there when the report was made, before and after others are erased', () => {
    const [ada, bob] = parties
    const entries = [work(ada), work(bob), work(bob), work(undefined), work(bob)]
    const first = report()
    expect(first.commitment).toMatchObject({ from: 1, to: 5 })
    const later = [work(bob), work(ada), work(bob)]
    const second = report([first])
    expect(second.commitment).toMatchObject({ from: 6, to: 8 })
    expect(first.report.entries.size).toBe(second.report.entries.size)
    const proof = prove(entries[0] as Entry, first)
    expect(checkProof(proof, first.report)).toBe(true)
    journal.eraseParty(bob as string)
    expect(checkProof(proof, first.report)).toBe(true)
    expect(prove(entries[0] as Entry, first)).toEqual(proof)
    expect(checkProof(prove(later[1] as Entry, second), second.report)).toBe(true)
    expect(checkProof(proof, second.report)).toBe('The entry is not what the report commits to.')
    expect(journal.salt((entries[1] as Entry).id)).toBeNull()
  })

  it('is small, and goes through JSON and back', () => {
    const entries = Array.from({ length: 30 }, () => work(parties[0]))
    const made = report()
    for (const entry of entries) {
      const text = canonicalJson(prove(entry, made))
      expect(text.length).toBeLessThan(1200)
      expect(checkProof(JSON.parse(text), made.report)).toBe(true)
    }
    const [entry] = entries as [Entry]
    const fromText = proveEntry(
      canonicalJson(entry),
      journal.salt(entry.id) as Buffer,
      journal.leaves(0, 30),
      made.commitment,
    )
    expect(fromText).toEqual(prove(entry, made))
  })

  it('fails for anything that was changed', () => {
    const entries = Array.from({ length: 7 }, () => work(parties[0]))
    const made = report()
    const proof = prove(entries[4] as Entry, made)
    const other = prove(entries[5] as Entry, made)
    const changes: Record<string, unknown> = {
      version: 2,
      entry: { ...proof.entry, amounts: [{ value: '3', unit: 'h' }] },
      salt: other.salt,
      index: 5,
      size: 8,
      path: other.path,
    }
    expect(Object.keys(changes).sort()).toEqual(Object.keys(proof).sort())
    for (const [name, value] of Object.entries(changes))
      expect(checkProof({ ...proof, [name]: value }, made.report)).toEqual(expect.any(String))
    expect(checkProof({ ...proof, path: [] }, made.report)).toBe('The entry is not what the report commits to.')
    const unpadded = proof.salt.replace('=', '')
    expect(checkProof({ ...proof, salt: unpadded }, made.report)).toBe('Its salt is not 32 bytes in base64.')
  })

  it('is in a tree that is as large for few entries as for many, and whose filling cannot be told', () => {
    const sizes = new Set<number>()
    for (let entries = 0; entries < 40; entries += 1) {
      sizes.add(report().report.entries.size)
      work(parties[0])
    }
    expect([...sizes]).toEqual([1024])
    const hashes = committedHashes(journal.leaves(), report().commitment)
    expect(new Set(hashes.map((hash) => hash.toString('hex'))).size).toBe(1024)
    // A kit's meters enter nine a day: with and without a hundred gifts and hours, a month looks the same.
    for (let days = 1; days <= 31; days += 1) expect(treeSize(9 * days + 100)).toBe(treeSize(9 * days))
    expect(treeSize(1025)).toBe(2048)
  })

  it('never throws, whatever it is given', () => {
    for (const party of parties) work(party)
    const made = report()
    const proof = prove(journal.entries()[0] as Entry, made)
    const anything = fc.oneof(fc.anything(), fc.constantFrom(...Object.values(proof)))
    const record = fc.record({ version: anything, entry: anything, salt: anything, index: anything, path: anything })
    fc.assert(fc.property(fc.oneof(fc.anything(), record), (value) => checkProof(value, made.report) !== true))
    const spoiled = fc.record({ name: fc.constantFrom(...Object.keys(proof)), value: fc.anything() })
    fc.assert(fc.property(spoiled, ({ name, value }) => checkProof({ ...proof, [name]: value }, made.report) !== true))
  })

  it('is not made of what does not belong together', () => {
    const entry = work(parties[0])
    const made = report()
    const after = work(parties[0])
    const salt = journal.salt(entry.id) as Buffer
    expect(() => prove(after, made)).toThrow('Entry 2 is not among 1 to 1')
    expect(() => proveEntry(entry, journal.salt(after.id) as Buffer, journal.leaves(), made.commitment)).toThrow('salt')
    expect(() => proveEntry({ ...entry, note: 'x' }, salt, journal.leaves(), made.commitment)).toThrow('recorded')
    expect(() => proveEntry(entry, salt, journal.leaves(1), made.commitment)).toThrow('Leaves are missing')
  })
})

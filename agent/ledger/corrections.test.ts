import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { answerTo, confirmationOf, correctionOf, currentEntries } from './corrections.ts'
import { checkDraft, type Entry, type EntryDraft } from './entry.ts'
import { exportEntries, readEntries } from './exports/export.ts'
import { Journal } from './journal.ts'

const [ada, bob] = [crypto.randomUUID(), crypto.randomUUID()]
let sequence = 0
const recorded = (draft: EntryDraft): Entry => {
  sequence += 1
  return {
    ...draft,
    version: 1,
    id: crypto.randomUUID(),
    sequence,
    recordedAt: '2026-11-24T10:00:00.000Z',
    clockTrusted: true,
  }
}
const byPerson = (draft: EntryDraft) => recorded({ ...draft, source: 'typed-by-person' })
const work = () =>
  recorded({
    kind: 'work',
    period: { from: '2026-11-24', to: '2026-11-25' },
    instance: 'hearth.example',
    party: ada,
    activity: 'moderation',
    engagement: 'volunteer',
    amounts: [{ value: '2', unit: 'h' }],
    source: 'typed',
    audience: 'members',
    start: '14:30',
  })

describe('corrections and confirmations', () => {
  it('count as the last one says, and stand in the ledger themselves', () => {
    const entry = work()
    const first = recorded(correctionOf(entry, [{ value: '3', unit: 'h' }]))
    const second = recorded(correctionOf(entry, [{ value: '2.5', unit: 'h' }], 'from 9 to 11:30'))
    expect(currentEntries([entry, first, second])).toEqual([
      { entry, amounts: [{ value: '2.5', unit: 'h' }], corrections: [first, second], confirmedBy: [] },
    ])
    expect(checkDraft(correctionOf(entry, []))).toMatchObject({ party: ada, activity: 'moderation', start: '14:30' })
  })

  it('a correction has to be confirmed anew', () => {
    const entry = work()
    const confirmed = recorded(confirmationOf(entry, bob))
    const confirmers = (...more: Entry[]) => currentEntries([entry, confirmed, ...more])[0]?.confirmedBy
    expect(confirmers(confirmed)).toMatchObject([{ party: bob }])
    const corrected = recorded(correctionOf(entry, []))
    expect(confirmers(corrected)).toEqual([])
    expect(confirmers(corrected, recorded(confirmationOf(entry, bob)))).toMatchObject([{ party: bob }])
  })

  it('tell who confirmed: a person, the owner, or the owner in the name of a person who may say so', () => {
    const entry = work()
    const confirmers = (...more: Entry[]) => currentEntries([entry, ...more])[0]?.confirmedBy
    const [entered, own] = [recorded(confirmationOf(entry, bob)), byPerson(confirmationOf(entry, bob))]
    expect(confirmers(own)).toEqual([{ party: bob, byOwner: false }])
    expect(confirmers(entered)).toEqual([{ party: bob, byOwner: true }])
    expect(confirmers(entered, own)).toEqual([{ party: bob, byOwner: false }])
    expect(confirmers(own, entered)).toEqual([{ party: bob, byOwner: false }])
    const [asOwner, again] = [recorded(confirmationOf(entry)), recorded(confirmationOf(entry))]
    expect(confirmers(asOwner, again)).toEqual([{ byOwner: false }])
    expect(checkDraft(confirmationOf(entry))).not.toHaveProperty('party')
    const [right, wrong] = [
      byPerson(answerTo(entered, 'acceptance')),
      byPerson(answerTo(entered, 'objection', 'never')),
    ]
    expect(confirmers(entered, right)).toEqual([{ party: bob, byOwner: false }])
    expect(confirmers(entered, asOwner, wrong)).toEqual([{ byOwner: false }])
    expect(confirmers(entered, { ...wrong, party: ada })).toEqual([{ party: bob, byOwner: true }])
    // What is said of a confirmation is no line of its own, and nothing of the entry.
    expect(currentEntries([entry, entered, wrong])).toMatchObject([{ entry: { id: entry.id } }])
    expect(currentEntries([entry, entered, wrong])[0]).not.toHaveProperty('contested')
  })

  it('leave what the person contests contested, until that person says otherwise', () => {
    const entry = work()
    const wrong = byPerson(answerTo(entry, 'objection', 'it was 1 h'))
    const corrected = recorded(correctionOf(entry, [{ value: '2', unit: 'h' }]))
    const now = (...more: Entry[]) => currentEntries([entry, wrong, ...more])[0]
    expect(now()).toMatchObject({ contested: wrong, answer: wrong })
    expect(now(corrected)).toMatchObject({ contested: wrong })
    expect(now(corrected)).not.toHaveProperty('answer')
    expect(now(corrected, byPerson(answerTo(entry, 'acceptance')))).not.toHaveProperty('contested')
    expect(now(corrected, recorded({ ...answerTo(entry, 'acceptance'), party: bob }))).toHaveProperty('contested')
    expect(now(byPerson(correctionOf(entry, [{ value: '1', unit: 'h' }])))).not.toHaveProperty('contested')
  })

  it('nobody confirms an entry of their own, or corrects a correction', () => {
    const entry = work()
    expect(() => confirmationOf(entry, ada)).toThrow('nobody can confirm an entry of their own')
    expect(() => confirmationOf(recorded(confirmationOf(entry, bob)), ada)).toThrow('needs none')
    expect(() => correctionOf(recorded(correctionOf(entry, [])), [])).toThrow('cannot be corrected')
  })

  it('the person it is about says whether it is right, until it is corrected', () => {
    const entry = work()
    const [right, wrong] = [
      recorded(answerTo(entry, 'acceptance')),
      recorded(answerTo(entry, 'objection', 'it was 1 h')),
    ]
    expect(checkDraft(answerTo(entry, 'objection', 'it was 1 h'))).toMatchObject({ party: ada, audience: 'party' })
    expect(currentEntries([entry, right, wrong])).toMatchObject([{ answer: wrong, amounts: entry.amounts }])
    expect(currentEntries([entry, wrong, recorded(correctionOf(entry, []))])[0]).not.toHaveProperty('answer')
    expect(() => answerTo(right, 'acceptance')).toThrow('is no entry about a person')
    expect(() => correctionOf(wrong, [])).toThrow('cannot be corrected')
  })

  it('count as the last one says in whatever order months are imported', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'hearth-corrections-'))
    const clock = new FakeClock('2026-10-05T10:00:00Z')
    const open = (name: string) => new Journal({ folder: path.join(folder, name), clock })
    const origin = open('origin')
    const { version, id, sequence, recordedAt, clockTrusted, ...draft } = work()
    const entry = origin.record({ ...draft, period: { from: '2026-10-05', to: '2026-10-06' } })
    clock.set('2026-11-05T10:00:00Z')
    origin.record(correctionOf(entry, [{ value: '3', unit: 'h' }]))
    clock.set('2026-12-05T10:00:00Z')
    origin.record(correctionOf(entry, [{ value: '2.5', unit: 'h' }]))
    const entries = origin.entries()
    const month = (name: string) =>
      Buffer.from(exportEntries('json', { entries, names: new Map(), currency: 'EUR', month: `2026-${name}` }))
    const said = currentEntries(entries).map(({ amounts, corrections }) => [amounts, corrections.map(({ id }) => id)])
    expect(said).toMatchObject([[[{ value: '2.5' }], [expect.any(String), expect.any(String)]]])
    try {
      for (const order of ['10 11 12', '11 12 10', '10 12 11', '12 11 10']) {
        const other = open(order)
        for (const name of order.split(' '))
          expect(other.importAll(readEntries(month(name)), new Set(['hearth.example'])).added).toBe(1)
        const now = currentEntries(other.entries())
        other.stop()
        expect([order, now.map(({ amounts, corrections }) => [amounts, corrections.map(({ id }) => id)])]).toEqual([
          order,
          said,
        ])
      }
    } finally {
      origin.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('count after what was recorded before them where the clock was not known', () => {
    const entry = work()
    const first = recorded(correctionOf(entry, [{ value: '3', unit: 'h' }]))
    const second = recorded(correctionOf(entry, [{ value: '2.5', unit: 'h' }]))
    const lost = { ...second, recordedAt: '2020-01-01T00:00:10.000Z', clockTrusted: false }
    expect(currentEntries([entry, first, lost])[0]?.amounts).toEqual(lost.amounts)
    expect(currentEntries([entry, first, { ...lost, clockTrusted: true }])[0]?.amounts).toEqual(first.amounts)
  })

  it('of an entry that is not there stand by themselves', () => {
    const orphan = recorded(correctionOf(work(), []))
    expect(currentEntries([orphan])).toMatchObject([{ entry: orphan }])
    const elsewhere = { ...orphan, references: [{ relation: 'corrects', id: orphan.id, log: 'other.example' }] }
    expect(currentEntries([orphan, elsewhere])).toHaveLength(1)
  })
})

import { describe, expect, it } from 'vitest'
import { answerTo, confirmationOf, correctionOf, currentEntries } from './corrections.ts'
import { checkDraft, type Entry, type EntryDraft } from './entry.ts'

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
  })

describe('corrections and confirmations', () => {
  it('count as the last one says, and stand in the ledger themselves', () => {
    const entry = work()
    const first = recorded(correctionOf(entry, [{ value: '3', unit: 'h' }]))
    const second = recorded(correctionOf(entry, [{ value: '2.5', unit: 'h' }], 'from 9 to 11:30'))
    expect(currentEntries([entry, first, second])).toEqual([
      { entry, amounts: [{ value: '2.5', unit: 'h' }], corrections: [first, second], confirmedBy: [] },
    ])
    expect(checkDraft(correctionOf(entry, []))).toMatchObject({ party: ada, activity: 'moderation' })
  })

  it('a correction has to be confirmed anew', () => {
    const entry = work()
    const confirmed = recorded(confirmationOf(entry, bob))
    expect(currentEntries([entry, confirmed, confirmed])[0]?.confirmedBy).toEqual([bob])
    const corrected = recorded(correctionOf(entry, []))
    expect(currentEntries([entry, confirmed, corrected])[0]?.confirmedBy).toEqual([])
    expect(currentEntries([entry, confirmed, corrected, recorded(confirmationOf(entry, bob))])[0]?.confirmedBy).toEqual(
      [bob],
    )
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

  it('of an entry that is not there stand by themselves', () => {
    const orphan = recorded(correctionOf(work(), []))
    expect(currentEntries([orphan])).toMatchObject([{ entry: orphan }])
    const elsewhere = { ...orphan, references: [{ relation: 'corrects', id: orphan.id, log: 'other.example' }] }
    expect(currentEntries([orphan, elsewhere])).toHaveLength(1)
  })
})

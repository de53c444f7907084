import { describe, expect, it } from 'vitest'
import { answerTo, confirmationOf, correctionOf } from './corrections.ts'
import type { Entry, EntryDraft } from './entry.ts'
import { hoursOf } from './own-hours.ts'

const [ada, old, bob] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
const names = new Map<string, string>([
  [ada, 'Ada'],
  [bob, 'Bob'],
])
let sequence = 0
const recorded = (draft: EntryDraft): Entry => ({
  ...draft,
  version: 1,
  id: crypto.randomUUID(),
  sequence: ++sequence,
  recordedAt: '2026-11-24T10:00:00.000Z',
  clockTrusted: true,
})
const work = (more: Partial<EntryDraft> = {}) =>
  recorded({
    kind: 'work',
    period: { from: '2026-11-24', to: '2026-11-25' },
    instance: 'hearth.example',
    party: ada,
    activity: 'care',
    engagement: 'paid',
    amounts: [{ value: '2', unit: 'h' }],
    source: 'typed',
    audience: 'party',
    ...more,
  })
const byPerson = (draft: EntryDraft) => recorded({ ...draft, source: 'typed-by-person' })
const seenBy = (party: string, ...entries: Entry[]) =>
  hoursOf(entries, new Set(party === ada ? [ada, old] : [party]), (id) => names.get(id) ?? null)

describe('hours as a person sees them', () => {
  it('are their own, under every party of theirs, and nobody else’s', () => {
    const { own, toConfirm } = seenBy(ada, work(), work({ party: old }), work({ party: bob }))
    expect(own.map(({ who }) => who)).toEqual(['Ada', null])
    expect(toConfirm).toEqual([])
  })

  it('entered by somebody else need an answer, and again after each correction by somebody else', () => {
    const entry = work()
    const needs = (...more: Entry[]) => seenBy(ada, entry, ...more).own[0]?.needsAnswer
    const accepted = byPerson(answerTo(entry, 'acceptance'))
    const corrected = recorded(correctionOf(entry, [{ value: '1', unit: 'h' }], 'one hour'))
    expect(needs()).toBe(true)
    expect(needs(accepted)).toBe(false)
    expect(needs(accepted, corrected)).toBe(true)
    expect(needs(accepted, corrected, byPerson(answerTo(entry, 'objection', 'it was two')))).toBe(false)
    expect(seenBy(ada, entry, corrected).own[0]).toMatchObject({
      hours: '1',
      before: '2',
      why: 'one hour',
      byOwner: true,
    })
  })

  it('entered by themselves need none, until somebody else corrects them', () => {
    const entry = work({ source: 'typed-by-person' })
    expect(seenBy(ada, entry).own[0]).toMatchObject({ needsAnswer: false, byOwner: false })
    expect(seenBy(ada, entry, byPerson(correctionOf(entry, []))).own[0]).toMatchObject({
      needsAnswer: false,
      hours: null,
    })
    expect(seenBy(ada, entry, recorded(correctionOf(entry, []))).own[0]?.needsAnswer).toBe(true)
  })

  it('of others are there to confirm only where these let everybody see them, and without what is theirs alone', () => {
    const open = work({ audience: 'members', purpose: 'backups', start: '14:30' })
    const { toConfirm } = seenBy(bob, work(), open)
    expect(toConfirm).toMatchObject([{ id: open.id, who: 'Ada', hours: '2', purpose: 'backups' }])
    expect(JSON.stringify(toConfirm)).not.toMatch(/paid|14:30/)
    expect(seenBy(ada, open).own[0]).toMatchObject({ start: '14:30' })
    expect(seenBy(bob, open, byPerson(confirmationOf(open, bob))).toConfirm).toEqual([])
    expect(seenBy(bob, open, byPerson(answerTo(open, 'objection'))).toConfirm).toEqual([])
    expect(seenBy(bob, open, byPerson(correctionOf(open, []))).toConfirm).toEqual([])
    expect(seenBy(ada, open, byPerson(confirmationOf(open, bob))).own[0]?.confirmedBy).toEqual([
      { by: 'person', name: 'Bob' },
    ])
  })

  it('that they are said to have confirmed are told to them, until they answer; not whose, where these are not shown', () => {
    const [open, closed] = [work({ audience: 'members', purpose: 'backups' }), work()]
    const entered = [recorded(confirmationOf(open, bob)), recorded(confirmationOf(closed, bob))]
    const asked = (...more: Entry[]) => seenBy(bob, open, closed, ...entered, ...more).toAnswer
    expect(asked()).toEqual([
      { id: entered[0]?.id, day: '2026-11-24', of: { who: 'Ada', hours: '2', activity: 'care', purpose: 'backups' } },
      { id: entered[1]?.id, day: '2026-11-24' },
    ])
    expect(seenBy(ada, open, closed, ...entered).toAnswer).toEqual([])
    expect(seenBy(ada, open, closed, ...entered).own[0]?.confirmedBy).toEqual([{ by: 'owner-for-person', name: 'Bob' }])
    // A correction takes the confirmation back, and not that it was entered in their name.
    expect(asked(recorded(correctionOf(open, [{ value: '1', unit: 'h' }])))).toHaveLength(2)
    const answers = entered.map((entry, at) => byPerson(answerTo(entry, at === 0 ? 'objection' : 'acceptance')))
    expect(asked(...answers)).toEqual([])
    const { own } = seenBy(ada, open, closed, ...entered, ...answers)
    expect(own.map(({ confirmedBy }) => confirmedBy)).toEqual([[], [{ by: 'person', name: 'Bob' }]])
    expect(seenBy(bob, open, byPerson(confirmationOf(open, bob)), recorded(confirmationOf(open))).toAnswer).toEqual([])
  })

  it('stay contested when the owner corrects them, and are asked about again', () => {
    const entry = work({ audience: 'members' })
    const wrong = byPerson(answerTo(entry, 'objection', 'it was one'))
    const corrected = recorded(correctionOf(entry, [{ value: '2', unit: 'h' }]))
    expect(seenBy(ada, entry, wrong, corrected).own[0]).toMatchObject({ needsAnswer: true, objection: 'it was one' })
    expect(seenBy(bob, entry, wrong, corrected).toConfirm).toEqual([])
    const accepted = byPerson(answerTo(entry, 'acceptance'))
    expect(seenBy(ada, entry, wrong, corrected, accepted).own[0]).not.toHaveProperty('objection')
  })

  it('are answered by the person alone: what somebody else says of them is no answer', () => {
    const entry = work()
    const forged = recorded({ ...answerTo(entry, 'acceptance'), party: bob })
    expect(seenBy(ada, entry, forged).own[0]?.needsAnswer).toBe(true)
    expect(() => answerTo(work({ party: undefined } as never), 'acceptance')).toThrow('is no entry about a person')
  })
})

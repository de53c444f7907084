import { expect, it } from 'vitest'
import { visibleTo } from './audience.ts'
import type { Entry } from './entry.ts'

const entry: Entry = {
  version: 1,
  id: crypto.randomUUID(),
  sequence: 7,
  kind: 'work',
  period: { from: '2026-11-24', to: '2026-11-25' },
  recordedAt: '2026-11-24T10:00:00.000Z',
  clockTrusted: true,
  instance: 'hearth.example',
  party: crypto.randomUUID(),
  activity: 'moderation',
  engagement: 'paid',
  amounts: [{ value: '2', unit: 'h' }],
  source: 'typed',
  audience: 'members',
  external: { system: 'sheet', id: '7' },
  note: 'between us',
}

it('gives each viewer the fields of the table, and no more', () => {
  const names = (viewer: Parameters<typeof visibleTo>[0]) => Object.keys(visibleTo(viewer, entry) ?? {})
  expect(visibleTo('owner', entry)).toEqual(entry)
  expect(names('party')).not.toEqual(expect.arrayContaining(['sequence']))
  expect(names('party')).toEqual(expect.arrayContaining(['note', 'engagement', 'amounts', 'recordedAt']))
  for (const hidden of ['note', 'engagement', 'external', 'sequence', 'recordedAt'])
    expect(names('members')).not.toContain(hidden)
  expect(names('members')).toEqual(expect.arrayContaining(['party', 'amounts', 'activity']))
})

it('gives nothing of an entry that is not for the viewer', () => {
  expect(visibleTo('public', entry)).toBeNull()
  expect(visibleTo('members', { ...entry, audience: 'party' })).toBeNull()
  expect(visibleTo('party', { ...entry, audience: 'owner' })).toBeNull()
})

it('lets fields that nobody here knows go with the entry', () => {
  const strange = { ...entry, plot: 7 } as Entry
  expect(visibleTo('members', strange)).toHaveProperty('plot', 7)
  expect(visibleTo('members', { ...strange, audience: 'party' })).toBeNull()
})

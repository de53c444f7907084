import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical-json.ts'
import { checkEntry, type Entry, EntryRefused, entryFields } from './entry.ts'
import { readPage, withTable } from './entry-table.ts'

const id = '0b0e6b1c-7a0e-4a53-9f1c-3f1d2f6f1a2b'
const entry: Entry = {
  version: 1,
  id,
  sequence: 7,
  kind: 'power',
  period: { from: '2026-11-24', to: '2026-11-25' },
  start: '14:30',
  recordedAt: '2026-11-25T00:23:00.000Z',
  clockTrusted: true,
  instance: 'hearth-1a2b.local',
  party: id,
  fund: 'Running costs',
  purpose: 'the server',
  activity: 'moderation',
  engagement: 'volunteer',
  amounts: [{ value: '0.096', low: '0.07', high: '0.12', unit: 'kWh' }],
  source: 'modelled',
  method: 'energy@1',
  coveredSeconds: 86_400,
  audience: 'owner',
  external: { system: 'hearth-meter', id: '2026-11-24/power' },
  references: [{ relation: 'belongs-to', id, log: 'other.example/log' }],
  note: 'Öl & Brot',
}
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(entry).filter(([name]) => !names.includes(name)))

describe('an entry', () => {
  it('is taken with every field the table names, and with those alone that it needs', () => {
    expect(checkEntry(entry)).toBe(entry)
    expect(Object.keys(entryFields).sort()).toEqual(Object.keys(entry).sort())
    const optional = [
      'start',
      'party',
      'fund',
      'purpose',
      'activity',
      'engagement',
      'method',
      'coveredSeconds',
      'external',
      'references',
      'note',
    ]
    expect(checkEntry(without(...optional))).toBeDefined()
    for (const name of Object.keys(without(...optional)))
      expect(() => checkEntry(without(name)), name).toThrow(EntryRefused)
  })

  const refused: [string, object, string][] = [
    ['another version', { version: 2 }, 'version'],
    ['an id that is no UUID', { id: '7' }, 'id'],
    ['a sequence below one', { sequence: 0 }, 'sequence'],
    ['a kind of two words', { kind: 'new power' }, 'kind'],
    ['a day that is not in the calendar', { period: { from: '2026-02-30', to: '2026-03-01' } }, 'period.from'],
    ['a period that ends before it begins', { period: { from: '2026-11-24', to: '2026-11-24' } }, 'period.to'],
    ['a moment without a zone', { recordedAt: '2026-11-25T00:23:00' }, 'recordedAt'],
    ['a host name with a path', { instance: 'hearth.example/x' }, 'instance'],
    ['an amount that is a number', { amounts: [{ value: 0.1, unit: 'kWh' }] }, 'amounts[0].value'],
    ['an amount with a comma', { amounts: [{ value: '1,234.5', unit: 'EUR' }] }, 'amounts[0].value'],
    ['an amount of 1e5', { amounts: [{ value: '1e5', unit: 'EUR' }] }, 'amounts[0].value'],
    ['a unit with a space', { amounts: [{ value: '1', unit: 'a b' }] }, 'amounts[0].unit'],
    ['half an interval', { amounts: [{ value: '1', low: '0', unit: 'h' }] }, 'amounts[0].high'],
    ['an interval beside its value', { amounts: [{ value: '1', low: '2', high: '3', unit: 'h' }] }, 'amounts[0]'],
    ['seventeen amounts', { amounts: Array(17).fill({ value: '1', unit: 'h' }) }, 'amounts'],
    ['an unknown audience', { audience: 'friends' }, 'audience'],
    ['a time that no clock shows', { start: '24:00' }, 'start'],
    ['a time that is a number', { start: 14.5 }, 'start'],
    ['a note of two lines', { note: 'one\ntwo' }, 'note'],
    ['a note that hides a line', { note: 'one\u2028two' }, 'note'],
    ['a reference to nothing', { references: [{ relation: 'corrects' }] }, 'references[0].id'],
    ['an id whose text nothing can make', { id: { toString: 1 } }, 'id'],
    ['a kind that is an object', { kind: { valueOf: null } }, 'kind'],
    ['an audience whose text nothing can make', { audience: { toString: 1 } }, 'audience'],
    ['half a surrogate pair', { later: '\ud800' }, 'entry.later'],
    ['a number that is none', { later: Number.NaN }, 'entry.later'],
    ['more levels than any program needs', { later: JSON.parse('['.repeat(20) + ']'.repeat(20)) }, 'entry.later'],
    ['more than 16 KiB', { later: 'x'.repeat(17_000) }, 'entry'],
  ]
  it.each(refused)('with %s is refused, with its place', (_what, change, field) => {
    try {
      checkEntry({ ...entry, ...change })
    } catch (error) {
      expect(error).toBeInstanceOf(EntryRefused)
      expect((error as EntryRefused).field.startsWith(field), (error as Error).message).toBe(true)
      expect((error as EntryRefused).next).not.toBe('')
      return
    }
    throw new Error('was taken')
  })

  it('of any other form is refused with an error of its own', () => {
    for (const value of [null, undefined, 7, 'entry', [], [entry]])
      expect(() => checkEntry(value)).toThrow(EntryRefused)
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(entry)), fc.anything(), (name, anything) => {
        try {
          checkEntry({ ...entry, [name]: anything })
        } catch (error) {
          if (!(error instanceof EntryRefused)) throw error
        }
      }),
    )
  })
})

describe('canonicalJson', () => {
  it('sorts members by UTF-16 code units, at every level, as RFC 8785 has it', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}')
    expect(canonicalJson({ b: [{ d: undefined, c: 1e21 }, null], a: 1.5 })).toBe('{"a":1.5,"b":[{"c":1e+21},null]}')
  })

  it('is one form for whatever order members came in', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

it('the documentation has the table of fields as the code has it (node agent/ledger/entry-table.ts)', () => {
  expect(readPage()).toBe(withTable(readPage()))
  for (const name of Object.keys(entryFields)) expect(readPage()).toContain(`| \`${name}\` |`)
})

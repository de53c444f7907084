import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ImportRefused, jsonArray, maximumImport, readEntries } from './json.ts'
import { entryOf, exportInputs, inputOf } from './testing.ts'

const read = (text: string) => [...readEntries(Buffer.from(text))]

describe('JSON', () => {
  it('holds each entry in canonical form, a line each', () => {
    const entry = entryOf({ kind: 'seedling', ...{ colour: { z: 1, a: [true, null] } } })
    const lines = jsonArray(inputOf([entry, entry])).split('\n')
    expect([lines[0], ...lines.slice(3)]).toEqual(['[', ']', ''])
    expect(lines[1]).toBe(`${lines[2]},`)
    expect(lines[2]).toMatch(
      /^\{"amounts":\[\],"audience":"owner","clockTrusted":true,"colour":\{"a":\[true,null\],"z":1\},"id":/,
    )
  })

  it('is read back as it was', () => {
    fc.assert(
      fc.property(exportInputs, (input) => {
        expect(read(jsonArray(input))).toEqual(input.entries)
        expect(read(`\ufeff${JSON.stringify(input.entries, null, '\t')}\r\n`)).toEqual(input.entries)
      }),
    )
  })

  it('is of the month asked for', () => {
    const entry = entryOf({ kind: 'bill' })
    expect(read(jsonArray(inputOf([entry], { month: '2026-11' })))).toEqual([entry])
    expect(jsonArray(inputOf([entry], { month: '2026-12' }))).toBe('[]\n')
  })

  const good = JSON.stringify(entryOf({ kind: 'bill' }))
  const bad = JSON.stringify({ ...entryOf({ kind: 'bill' }), kind: 'A B' })
  it.each([
    ['Line 1: the file is no list', 'file', ''],
    ['Line 1: the file is no list', 'file', '{}'],
    ['Line 1, entry 1: entry: must be an object', 'entries[0].entry', '[3]'],
    ['Line 4, entry 2: kind:', 'entries[1].kind', `[\n${good},\n\n${bad}\n]`],
    ['Line 3, entry 2 is no JSON', 'entries[1]', `[\n${good},\n]`],
    ['Line 2, entry 1 is no JSON', 'entries[0]', `[\n${good}\n${good}]`],
    ['Line 1: a bracket is closed', 'file', `[${good}}]`],
    ['Line 3: something stands after the end', 'file', `[${good}]\n\n[]`],
    ['more digits than', 'entries[0].seed', `[${good.replace('{', '{"seed":9007199254740993,')}]`],
    ['more digits than', 'entries[0].seed', `[${good.replace('{', '{"seed":0.1234567890123456789,')}]`],
    ['larger than any entry', 'entries[0]', `[{"note":"${'x'.repeat(300_000)}"}]`],
    ['larger than 32 MiB', 'file', `[${' '.repeat(maximumImport)}]`],
  ])('refuses: %s', (message, field, text) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ name: 'ImportRefused', field, message: expect.stringContaining(message) }),
    )
  })

  it('refuses what is not UTF-8', () => {
    const bytes = Buffer.from(`[${good}]`)
    bytes[bytes.indexOf('bill')] = 0xff
    expect(() => [...readEntries(bytes)]).toThrow(ImportRefused)
  })

  it('refuses a file that was cut anywhere', () => {
    const whole = jsonArray(inputOf([entryOf({ kind: 'bill', note: 'a ] in "it"' }), entryOf({ kind: 'bill' })]))
    for (let length = 0; length < whole.trimEnd().length; length++)
      expect(() => read(whole.slice(0, length))).toThrow(ImportRefused)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { importJson, jsonArray } from './json.ts'
import { entryOf, exportInputs, inputOf } from './testing.ts'

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
        expect(importJson(jsonArray(input))).toEqual(input.entries)
      }),
    )
  })

  it('is of the month asked for', () => {
    const entry = entryOf({ kind: 'bill' })
    expect(importJson(jsonArray(inputOf([entry], { month: '2026-11' })))).toEqual([entry])
    expect(jsonArray(inputOf([entry], { month: '2026-12' }))).toBe('[]\n')
  })

  it.each([
    ['', 'The file is no JSON'],
    ['{}', 'The file is no list of entries'],
    ['[3]', 'Entry 1 of the file cannot be taken: entry: must be an object'],
    [
      JSON.stringify([entryOf({ kind: 'bill' }), { ...entryOf({ kind: 'bill' }), kind: 'A B' }]),
      'Entry 2 of the file cannot be taken: kind:',
    ],
  ])('refuses %j', (text, message) => {
    expect(() => importJson(text)).toThrow(message)
  })
})

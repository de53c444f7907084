import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry } from '../entry.ts'
import { csvTable } from './csv.ts'
import { entryOf, exportInputs, inputOf } from './testing.ts'

/** Reads RFC 4180 to the letter: rows end with CR LF, a quote within quotes is doubled, nothing else is taken. */
function read(text: string): string[][] {
  const rows: string[][] = [[]]
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  while (field.lastIndex < text.length) {
    const at = field.lastIndex
    const match = field.exec(text)
    if (!match) throw new Error(`not CSV at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`)
    rows.at(-1)?.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === '\r\n') rows.push([])
  }
  if (rows.pop()?.length !== 0) throw new Error('the last row does not end')
  return rows
}

function table(text: string): Record<string, string>[] {
  const [header = [], ...rows] = read(text)
  return rows.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index] ?? ''])))
}

const ada = '11111111-1111-4111-8111-111111111111'

describe('the table', () => {
  it('has a row for each amount, and one for an entry without', () => {
    const hours = entryOf({
      kind: 'work',
      party: ada,
      amounts: [
        { value: '-1.5', unit: 'h' },
        { value: '3', low: '2', high: '4', unit: 'EUR' },
      ],
    })
    const confirmation = entryOf({ kind: 'confirmation', references: [{ relation: 'confirms', id: hours.id }] })
    const rows = table(csvTable(inputOf([hours, confirmation], { names: new Map([[ada, 'Ada, "A"']]) })))
    expect(rows).toMatchObject([
      {
        id: hours.id,
        party: ada,
        partyName: 'Ada, "A"',
        amount: '-1.5',
        unit: 'h',
        low: '',
        from: '2026-11-24',
        other: '',
      },
      { id: hours.id, amount: '3', unit: 'EUR', low: '2', high: '4' },
      {
        id: confirmation.id,
        amount: '',
        unit: '',
        references: JSON.stringify([{ id: hours.id, relation: 'confirms' }]),
      },
    ])
  })

  it('has what it does not know in the last column', () => {
    const entry = entryOf({
      kind: 'seedling',
      amounts: [{ value: '1', unit: 'h', rate: 2 } as never],
      ...{ colour: '=red', period: { from: '2026-11-24', to: '2026-11-25', shift: 1 } as Entry['period'] },
    })
    const [row = {}] = table(csvTable(inputOf([entry])))
    expect(Object.keys(row).at(-1)).toBe('other')
    expect(JSON.parse(row.other ?? '')).toEqual({ colour: '=red', period: { shift: 1 }, amounts: { rate: 2 } })
  })

  it.each(['=1+1', '+1', '-1', '@A1', '  =1', '\u202e=1', '＝1', "'=1", '\ufeff=1'])(
    'takes the formula from %j',
    (note) => {
      expect(table(csvTable(inputOf([entryOf({ kind: 'bill', note })])))[0]?.note).toBe(`'${note}`)
    },
  )

  it('is of the month asked for', () => {
    const entry = entryOf({ kind: 'bill' })
    expect(read(csvTable(inputOf([entry], { month: '2026-11' })))).toHaveLength(2)
    expect(read(csvTable(inputOf([entry], { month: '2026-12' })))).toHaveLength(1)
  })
})

describe('whatever was recorded', () => {
  it('is read back as it was, and begins no formula', () => {
    fc.assert(
      fc.property(exportInputs, (input) => {
        const rows = table(csvTable(input))
        const back = (cell = '') => (cell.startsWith("'") ? cell.slice(1) : cell)
        const expected = input.entries.flatMap((entry) =>
          (entry.amounts.length > 0 ? entry.amounts : [undefined]).map((amount) => ({
            id: entry.id,
            note: entry.note ?? '',
            fund: entry.fund ?? '',
            start: entry.start ?? '',
            name: (input.names.get(entry.party ?? '') ?? '').toWellFormed(),
            amount: amount?.value ?? '',
            unit: amount?.unit ?? '',
          })),
        )
        const found = rows.map(({ id, note, fund, start, partyName, amount, unit }) => ({
          id,
          note: back(note),
          fund: back(fund),
          start,
          name: back(partyName),
          amount,
          unit: back(unit),
        }))
        expect(found).toEqual(expected)
        for (const { amount, low, high, ...texts } of rows)
          for (const text of Object.values(texts)) expect(text).not.toMatch(/^\s*[=+\-@]/)
      }),
    )
  })
})

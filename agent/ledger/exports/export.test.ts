import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ExportFormat, exportEntries, exportFormats } from './export.ts'
import { entryOf, exportInputs, inputOf } from './testing.ts'

const ada = '11111111-1111-4111-8111-111111111111'
const donation = entryOf({
  kind: 'donation',
  party: ada,
  amounts: [{ value: '5', unit: 'EUR' }],
  note: 'for the "winter", [2001-01-01]',
  id: '00000000-0000-4000-8000-000000000001',
  sequence: 7,
})
const confirmation = entryOf({
  kind: 'confirmation',
  references: [
    { relation: 'confirms', id: donation.id },
    { relation: 'belongs-to', id: donation.id, log: 'other.example' },
  ],
  id: '00000000-0000-4000-8000-000000000002',
  sequence: 8,
})
const input = inputOf([donation, confirmation], { names: new Map([[ada, 'Ada']]) })

describe('exports', () => {
  it('have a media type and an extension of their own', () => {
    const extensions = Object.values(exportFormats).map(({ extension }) => extension)
    expect(new Set(extensions).size).toBe(5)
    expect(exportFormats.json.mediaType).toBe('application/json')
  })

  it('for hledger', () => {
    expect(exportEntries('hledger', input)).toBe(`; Ledger of a Commonhearth server for hledger: everything recorded.
; Costs are the only expenses in money. They accrue against the host; bills and purchases are set against that.
; What has no amounts, or cannot be dated, is kept as a comment. The entries in full are in the JSON export.

decimal-mark .

; EUR: EUR
commodity EUR
    format 1000.00 EUR

account Assets:Fund:Common
account Income:Donations

payee Ada

tag id
tag instance
tag kind
tag note
tag party
tag source
tag until

2026-11-24 * (7) Ada
    ; id: 00000000-0000-4000-8000-000000000001
    ; kind: donation
    ; until: 2026-11-25
    ; instance: hearth.example
    ; party: ${ada}
    ; source: typed
    ; note: for the "winter"; (2001-01-01)
    Assets:Fund:Common  5.00 EUR
    Income:Donations  -5.00 EUR

; 2026-11-24 * (8) confirmation
;     ; id: 00000000-0000-4000-8000-000000000002
;     ; kind: confirmation
;     ; until: 2026-11-25
;     ; instance: hearth.example
;     ; source: typed
;     ; reference: confirms 00000000-0000-4000-8000-000000000001
;     ; reference: belongs-to 00000000-0000-4000-8000-000000000001 other.example
`)
  })

  it('for Beancount', () => {
    expect(exportEntries('beancount', input).split('\n').slice(4).join('\n')).toBe(`option "title" "Commonhearth"
option "operating_currency" "EUR"

2026-11-24 commodity EUR
  unit: "EUR"

2026-11-24 open Assets:Fund:Common
2026-11-24 open Income:Donations

2026-11-24 * "Ada" "donation"
  sequence: 7
  id: "00000000-0000-4000-8000-000000000001"
  kind: "donation"
  until: "2026-11-25"
  instance: "hearth.example"
  party: "${ada}"
  source: "typed"
  note: "for the \\"winter\\", [2001-01-01]"
  Assets:Fund:Common  5.00 EUR
  Income:Donations  -5.00 EUR

; 2026-11-24 * "confirmation" "confirmation"
;   sequence: 8
;   id: "00000000-0000-4000-8000-000000000002"
;   kind: "confirmation"
;   until: "2026-11-25"
;   instance: "hearth.example"
;   source: "typed"
;   reference: "confirms 00000000-0000-4000-8000-000000000001"
;   reference-2: "belongs-to 00000000-0000-4000-8000-000000000001 other.example"
`)
  })

  it('declare as many digits as the longest amount has', () => {
    const entry = entryOf({ kind: 'power', amounts: [{ value: '0.0961', low: '0.05', high: '0.2', unit: 'kWh' }] })
    expect(exportEntries('ledger', inputOf([entry]))).toContain('    format 1000.0000 KWH\n')
    expect(exportEntries('ledger', inputOf([entry]))).toContain('  0.0961 KWH\n    ; low: 0.05\n    ; high: 0.2\n')
  })

  it.each(Object.keys(exportFormats) as ExportFormat[])('to %s refuse what is no month', (format) => {
    expect(() => exportEntries(format, { ...input, month: '2026-13' })).toThrow('is no month')
  })
})

/** Every form of line that a file may have; anything else would be a way in for a text from a person. */
const amount = String.raw`-?\d+(\.\d+)?`
const account = '(Assets|Equity|Expenses|Income|Liabilities)(:[A-Z0-9][A-Za-z0-9-]*)+'
const journalSymbol = '([A-Z]+|"[A-Z][A-Z0-9._-]*")'
const journalLines = [
  /^$/,
  /^;/,
  /^decimal-mark \.$/,
  new RegExp(`^commodity ${journalSymbol}$`),
  new RegExp(String.raw`^ {4}format 1000(\.\d*)? ${journalSymbol}$`),
  new RegExp(`^account ${account}$`),
  /^payee [^\s;|"][^;|"]*$/,
  /^tag [a-z]+$/,
  /^\d{4}-\d{2}-\d{2} \* \(\d+\) [^\s;|"][^;|"]*$/,
  /^ {4}; [a-z]+: [^,[\]]+$/,
  new RegExp(`^ {4}${account} {2}${amount} ${journalSymbol}$`),
]
const quoted = String.raw`"(?:[^"\\]|\\["\\])*"`
const beancountLines = [
  /^$/,
  /^;/,
  /^option "(title|operating_currency)" "[A-Za-z]+"$/,
  /^\d{4}-\d{2}-\d{2} commodity [A-Z][A-Z0-9._-]*[A-Z0-9]$/,
  new RegExp(`^\\d{4}-\\d{2}-\\d{2} open ${account}$`),
  new RegExp(`^\\d{4}-\\d{2}-\\d{2} \\* ${quoted} ${quoted}$`),
  /^ {2}sequence: \d+$/,
  new RegExp(`^ {2}[a-z]+(-\\d+)?: ${quoted}$`),
  new RegExp(`^ {2}${account} {2}${amount} [A-Z][A-Z0-9._-]*[A-Z0-9]$`),
  new RegExp(`^ {4}(low|high): ${amount}$`),
]

describe.each([
  ['hledger', journalLines],
  ['ledger', journalLines],
  ['beancount', beancountLines],
] as const)('whatever was recorded, for %s', (format, forms) => {
  it('no text makes a line of its own or changes the meaning of one, and each transaction balances', () => {
    fc.assert(
      fc.property(exportInputs, (anything) => {
        const text = exportEntries(format, anything)
        const lines = text.split('\n')
        expect(lines.filter((line) => !forms.some((form) => form.test(line)))).toEqual([])
        expect(lines.filter((line) => Buffer.byteLength(line) > 4000 || /[\p{Cc}\u2028\u2029]/u.test(line))).toEqual([])
        const begun = lines.filter((line) => /^(; )?\d{4}-\d{2}-\d{2} \* /.test(line))
        expect(begun).toHaveLength(anything.entries.length)
        for (const part of text.split(/\n\n/)) expect(unbalanced(part)).toEqual([])
      }),
    )
  })

  it('orders by date', () => {
    fc.assert(
      fc.property(exportInputs, (anything) => {
        const dates = [...exportEntries(format, anything).matchAll(/^(\d{4}-\d{2}-\d{2}) \* /gm)].map(
          (match) => match[1],
        )
        expect(dates).toEqual(dates.toSorted())
      }),
    )
  })
})

/** Commodities that do not add up to zero in a transaction. */
function unbalanced(transaction: string): string[] {
  const sums = new Map<string, bigint>()
  const postings = new RegExp(`^ {2,4}${account} {2}(?<value>${amount}) (?<symbol>\\S+)$`, 'gm')
  for (const { groups } of transaction.matchAll(postings)) {
    const { value = '', symbol = '' } = groups ?? {}
    const [whole = '', fraction = ''] = value.split('.')
    // A level times its days may have more digits than the parser takes.
    const scaled = BigInt(`${whole}${fraction.padEnd(12, '0')}`)
    sums.set(symbol, (sums.get(symbol) ?? 0n) + scaled)
  }
  return [...sums].filter(([, sum]) => sum !== 0n).map(([symbol]) => symbol)
}

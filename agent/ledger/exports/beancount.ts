import { book, type ExportInput, type Transaction } from './booking.ts'
import { oneLine } from './names.ts'
import { declared, opening, padded, remarks, type UnitFacts } from './text.ts'

/** Entries as Beancount's input. Passes `bean-check`. @throws RangeError for no month */
export function beancountLedger(input: ExportInput): string {
  const transactions = book(input)
  const { units, accounts } = declared(transactions, input.currency)
  const begin = transactions.find(({ booked }) => booked)?.date ?? '1970-01-01'
  return [
    ...opening('Beancount', input.month).map((line) => `; ${line}`),
    '',
    'option "title" "Commonhearth"',
    `option "operating_currency" "${input.currency}"`,
    '',
    ...[...units].flatMap(([unit, { commodity }]) => [`${begin} commodity ${commodity}`, `  unit: ${quoted(unit)}`]),
    '',
    ...accounts.map((account) => `${begin} open ${account}`),
    '',
    ...transactions.flatMap((transaction) => [...transactionLines(transaction, units), '']),
  ].join('\n')
}

function transactionLines(transaction: Transaction, units: Map<string, UnitFacts>): string[] {
  const { entry, date, payee, booked, postings } = transaction
  const what = [entry.kind, entry.activity ?? entry.purpose].filter((word) => word !== undefined).join(': ')
  const lines = [
    `${date} * ${quoted(payee)} ${quoted(what)}`,
    `  sequence: ${entry.sequence}`,
    ...numbered(remarks(transaction)).map(([name, text]) => `  ${name}: ${quoted(text)}`),
    ...postings.flatMap(({ account, value, unit, low, high }) => {
      const { commodity, least } = units.get(unit) as UnitFacts
      return [
        `  ${account}  ${padded(value, least)} ${commodity}`,
        ...(low === undefined ? [] : [`    low: ${padded(low, least)}`]),
        ...(high === undefined ? [] : [`    high: ${padded(high, least)}`]),
      ]
    }),
  ]
  return booked ? lines : lines.map((line) => `; ${line}`)
}

/** Beancount takes a name once a transaction: a second `reference` is `reference-2`. */
function numbered(pairs: [string, string][]): [string, string][] {
  const count = new Map<string, number>()
  return pairs.map(([name, text]) => {
    const nth = (count.get(name) ?? 0) + 1
    count.set(name, nth)
    return [nth === 1 ? name : `${name}-${nth}`, text]
  })
}

function quoted(text: string): string {
  return `"${oneLine(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

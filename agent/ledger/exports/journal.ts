import { parseDecimal } from '../../costs/decimal.ts'
import { book, type ExportInput, type Transaction } from './booking.ts'
import { tagValue } from './names.ts'
import { declared, opening, padded, remarks, type UnitFacts } from './text.ts'

const thousand = parseDecimal('1000')

/** Entries as hledger's journal. Passes `hledger check -s ordereddates payees tags`. @throws RangeError for no month */
export function hledgerJournal(input: ExportInput): string {
  return journal(input, { program: 'hledger', first: ['decimal-mark .', ''], whole: '1000.' })
}

/** Entries as a journal of Ledger. Passes `ledger --pedantic --check-payees`. @throws RangeError for no month */
export function ledgerJournal(input: ExportInput): string {
  return journal(input, { program: 'Ledger', first: [], whole: '1000' })
}

/** Where the two programs differ. */
interface Dialect {
  program: string
  first: string[]
  /** A number without a fraction, as the format of a commodity: only one needs its point, only the other minds it. */
  whole: string
}

function journal(input: ExportInput, { program, first, whole }: Dialect): string {
  const transactions = book(input)
  const { units, accounts, payees } = declared(transactions, input.currency)
  const bodies = transactions.map((transaction) => transactionLines(transaction, units))
  const tags = new Set(bodies.flatMap((lines) => lines.map((line) => /^ +; ([a-z]+):/.exec(line)?.[1] ?? '')))
  tags.delete('')
  return [
    ...opening(program, input.month).map((line) => `; ${line}`),
    '',
    ...first,
    ...[...units].flatMap(([unit, { commodity, most }]) => [
      `; ${commodity}: ${tagValue(unit)}`,
      `commodity ${symbol(commodity)}`,
      `    format ${most === 0 ? whole : padded(thousand, most)} ${symbol(commodity)}`,
    ]),
    '',
    ...accounts.map((account) => `account ${account}`),
    '',
    ...payees.map((payee) => `payee ${payee}`),
    '',
    ...[...tags].sort().map((tag) => `tag ${tag}`),
    '',
    ...bodies.flatMap((lines) => [...lines, '']),
  ].join('\n')
}

function transactionLines(transaction: Transaction, units: Map<string, UnitFacts>): string[] {
  const { entry, date, payee, booked, postings } = transaction
  const lines = [
    `${date} * (${entry.sequence}) ${payee}`,
    ...remarks(transaction).map(([name, text]) => `    ; ${name}: ${tagValue(text)}`),
    ...postings.flatMap(({ account, value, unit, low, high }) => {
      const { commodity, least } = units.get(unit) as UnitFacts
      return [
        `    ${account}  ${padded(value, least)} ${symbol(commodity)}`,
        ...(low === undefined ? [] : [`    ; low: ${padded(low, least)}`]),
        ...(high === undefined ? [] : [`    ; high: ${padded(high, least)}`]),
      ]
    }),
  ]
  return booked ? lines : lines.map((line) => `; ${line}`)
}

/** Both programs take a symbol of letters as it is, others in quotes. */
function symbol(commodity: string): string {
  return /^[A-Z]+$/.test(commodity) ? commodity : `"${commodity}"`
}

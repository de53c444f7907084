import { beancountLedger } from './beancount.ts'
import type { ExportInput } from './booking.ts'
import { csvTable } from './csv.ts'
import { hledgerJournal, ledgerJournal } from './journal.ts'
import { jsonArray } from './json.ts'

export type { ExportInput } from './booking.ts'
export { bookings } from './booking.ts'
export { maximumImport, readEntries } from './json.ts'

interface Format {
  mediaType: string
  /** Of the file's name, without the point. */
  extension: string
  write: (input: ExportInput) => string
}

/** The formats entries are exported in. */
export const exportFormats = {
  hledger: { mediaType: 'text/plain; charset=utf-8', extension: 'journal', write: hledgerJournal },
  ledger: { mediaType: 'text/plain; charset=utf-8', extension: 'ledger', write: ledgerJournal },
  beancount: { mediaType: 'text/plain; charset=utf-8', extension: 'beancount', write: beancountLedger },
  csv: { mediaType: 'text/csv; charset=utf-8; header=present', extension: 'csv', write: csvTable },
  json: { mediaType: 'application/json', extension: 'json', write: jsonArray },
} as const satisfies Record<string, Format>

export type ExportFormat = keyof typeof exportFormats

/** Entries as text in a format. @throws RangeError where the month is none */
export function exportEntries(format: ExportFormat, input: ExportInput): string {
  return exportFormats[format].write(input)
}

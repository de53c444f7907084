/** The documentation's table of an entry's fields: `node agent/ledger/entry-table.ts` writes it into docs/ledger.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { entryFields } from './entry.ts'

const file = path.resolve(import.meta.dirname, '../../docs/ledger.md')
const marks = ['<!-- fields -->', '<!-- end of fields -->'] as const

/** The page with the table as the code has it. */
export function withTable(page: string): string {
  const rows = Object.entries(entryFields).map(
    ([name, { about, audience }]) => `| \`${name}\` | ${about} | ${audience} |`,
  )
  const table = ['| Field | What it says | Seen by |', '|---|---|---|', ...rows].join('\n')
  const [before, rest = ''] = page.split(marks[0])
  const after = rest.split(marks[1])[1] ?? ''
  return `${before}${marks[0]}\n${table}\n${marks[1]}${after}`
}

/** The page as it stands. */
export function readPage(): string {
  return readFileSync(file, 'utf8')
}

if (import.meta.main) writeFileSync(file, withTable(readPage()))

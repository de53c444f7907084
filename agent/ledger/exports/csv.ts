import { type Cell, csvText, safeText } from '../../csv.ts'
import { canonicalJson } from '../canonical-json.ts'
import { type Amount, type Entry, entryFields } from '../entry.ts'
import { bookingDay, type ExportInput, inMonth } from './booking.ts'

/** A column's value for one amount of an entry, or for an entry without amounts. */
type Column = (entry: Entry, amount: Amount | undefined, names: ReadonlyMap<string, string>) => Cell

const columns: Record<string, Column> = {
  id: ({ id }) => id,
  sequence: ({ sequence }) => sequence,
  kind: ({ kind }) => kind,
  from: ({ period }) => period.from,
  to: ({ period }) => period.to,
  start: ({ start }) => start,
  recordedAt: ({ recordedAt }) => recordedAt,
  clockTrusted: ({ clockTrusted }) => clockTrusted,
  instance: ({ instance }) => safeText(instance),
  party: ({ party }) => party,
  partyName: ({ party }, _, names) => safeText(party === undefined ? undefined : names.get(party)),
  fund: ({ fund }) => safeText(fund),
  purpose: ({ purpose }) => safeText(purpose),
  activity: ({ activity }) => activity,
  engagement: ({ engagement }) => engagement,
  amount: (_, amount) => amount?.value,
  unit: (_, amount) => safeText(amount?.unit),
  low: (_, amount) => amount?.low,
  high: (_, amount) => amount?.high,
  source: ({ source }) => safeText(source),
  method: ({ method }) => safeText(method),
  coveredSeconds: ({ coveredSeconds }) => coveredSeconds,
  audience: ({ audience }) => audience,
  externalSystem: ({ external }) => external?.system,
  externalId: ({ external }) => safeText(external?.id),
  references: ({ references }) => references && canonicalJson(references),
  note: ({ note }) => safeText(note),
  other: (entry, amount) => other(entry, amount),
}

/**
 * Entries as CSV (RFC 4180, UTF-8, a header), in the order they were recorded: a row for each amount, and one for an
 * entry without amounts. Fields unknown here are JSON in the last column. A text that a spreadsheet could take for a
 * formula has `'` before it, and so has one that begins with `'`. @throws RangeError for no month
 */
export function csvTable({ entries, names, month }: ExportInput): string {
  const rows = inMonth(entries, month, bookingDay).flatMap((entry) =>
    (entry.amounts.length > 0 ? entry.amounts : [undefined]).map((amount) =>
      Object.values(columns).map((column) => column(entry, amount, names)),
    ),
  )
  return csvText([Object.keys(columns), ...rows])
}

/** What has no column: unknown fields of the entry, and those within a field under its name. */
function other(entry: Entry, amount: Amount | undefined): string | undefined {
  const { from, to, ...period } = entry.period
  const { system, id, ...external } = entry.external ?? { system: '', id: '' }
  const { value, unit, low, high, ...amounts } = amount ?? { value: '', unit: '' }
  const unknown = Object.entries(entry).filter(([name]) => !Object.hasOwn(entryFields, name))
  const within = Object.entries({ period, external, amounts }).filter(([, fields]) => Object.keys(fields).length > 0)
  const all = [...unknown, ...within]
  return all.length === 0 ? undefined : canonicalJson(Object.fromEntries(all))
}

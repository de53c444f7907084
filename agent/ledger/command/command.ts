import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Change, MonthlyCost } from '../../api.ts'
import { confirmationOf, correctionOf, currentEntries } from '../corrections.ts'
import type { Entry } from '../entry.ts'
import { type ExportFormat, exportEntries, exportFormats } from '../exports/export.ts'
import { readFolder, readUrl } from '../log/source.ts'
import { renderReport, verifyLog } from '../log/verify.ts'
import { isTypedKind, partyNamed, typedDraft, typedKinds } from '../typed-entry.ts'
import { agentBook, type Book, copyBook } from './book.ts'

const usage = `hearth ledger: what a server cost, who carried it, what was done for it

  hearth ledger show [--month 2026-11] [--json]
  hearth ledger add donation|bill|purchase|work AMOUNT [--unit EUR] [--day 2026-11-24] [--who NAME] [--purpose TEXT]
                    [--activity moderation] [--paid]
  hearth ledger correct ID [AMOUNT] [--note TEXT]       without an amount: it should not count at all
  hearth ledger confirm ID --who NAME
  hearth ledger export ${Object.keys(exportFormats).join('|')} [--month 2026-11] [--output FILE]
  hearth ledger what-if price 0.40 | people 6 | disk PRICE YEARS WATTS
  hearth ledger verify URL|FOLDER [--key VKEY] [--earlier FILE] [--witness VKEY]…

On a kit these speak to its agent (--socket PATH). With --copy FOLDER they work on a copy of /data/hearth/agent.`

const options = {
  activity: { type: 'string' },
  copy: { type: 'string' },
  day: { type: 'string' },
  earlier: { type: 'string' },
  json: { type: 'boolean' },
  key: { type: 'string' },
  month: { type: 'string' },
  note: { type: 'string' },
  output: { type: 'string' },
  paid: { type: 'boolean' },
  purpose: { type: 'string' },
  socket: { type: 'string' },
  unit: { type: 'string' },
  who: { type: 'string' },
  witness: { type: 'string', multiple: true },
} as const

/** Wrong words on the command line. */
class UsageError extends Error {}

type Values = ReturnType<typeof parse>['values']

/**
 * `hearth ledger …`, on a kit and elsewhere.
 * @returns the exit status: 0 done, 1 failed or not verified, 2 wrong words
 */
export async function ledgerCommand(
  args: string[],
  print: (text: string) => void,
  printError: (text: string) => void,
): Promise<number> {
  try {
    const { values, positionals } = parse(args)
    const [verb = 'help', ...rest] = positionals
    if (verb === 'help') {
      print(usage)
      return 0
    }
    if (verb === 'verify') return await verify(rest, values, print)
    const book =
      values.copy === undefined ? agentBook(values.socket ?? '/run/hearth/agent.sock') : copyBook(values.copy)
    try {
      await onBook(book, verb, rest, values, print)
      return 0
    } finally {
      if ('close' in book) (book as ReturnType<typeof copyBook>).close()
    }
  } catch (error) {
    const { message, next } = error as Error & { next?: string }
    const more = next === undefined || message.includes(next) ? '' : ` ${next}`
    printError(`hearth ledger: ${message}${more}`)
    const wrongWords =
      error instanceof UsageError || String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
    if (wrongWords) printError('Run `hearth ledger help`.')
    return wrongWords ? 2 : 1
  }
}

function parse(args: string[]) {
  return parseArgs({ args, options, allowPositionals: true })
}

async function onBook(
  book: Book,
  verb: string,
  rest: string[],
  values: Values,
  print: (text: string) => void,
): Promise<void> {
  switch (verb) {
    case 'show':
      return print(await show(book, values))
    case 'add':
      return print(`Recorded as ${(await add(book, rest, values)).id}`)
    case 'correct': {
      const entry = await find(book, rest[0])
      const amounts =
        rest[1] === undefined ? [] : [{ value: rest[1], unit: values.unit ?? entry.amounts[0]?.unit ?? 'EUR' }]
      return print(`Recorded as ${(await book.recordEntry(correctionOf(entry, amounts, values.note))).id}`)
    }
    case 'confirm': {
      if (values.who === undefined) throw new UsageError('say who confirms it with --who NAME.')
      const entry = await find(book, rest[0])
      return print(
        `Recorded as ${(await book.recordEntry(confirmationOf(entry, await partyNamed(book, values.who)))).id}`,
      )
    }
    case 'export': {
      const format = (Object.keys(exportFormats) as ExportFormat[]).find((each) => each === rest[0])
      if (!format) throw new UsageError(`name a format: ${Object.keys(exportFormats).join(', ')}.`)
      const text = exportEntries(format, {
        entries: await book.entries(),
        names: await names(book),
        currency: await book.currency(),
        ...(values.month !== undefined && { month: values.month }),
      })
      if (values.output === undefined) return print(text.trimEnd())
      writeFileSync(values.output, text, { mode: 0o600 })
      return print(`Written to ${values.output}`)
    }
    case 'what-if': {
      if (!book.whatIf) throw new UsageError('what-if needs the agent of a kit: it has the readings and prices.')
      const { before, after } = await book.whatIf(changeOf(rest))
      return print(`${monthly('now', before)}\n${monthly('then', after)}`)
    }
    default:
      throw new UsageError(`there is no “${verb}”.`)
  }
}

async function show(book: Book, { month, json }: Values): Promise<string> {
  if (month !== undefined && !/^\d{4}-\d{2}$/.test(month)) throw new UsageError('write the month as in 2026-11.')
  const current = currentEntries(await book.entries()).filter(({ entry }) => entry.period.from.startsWith(month ?? ''))
  if (json) return JSON.stringify(current, null, 2)
  const nameOf = await names(book)
  const lines = current.map(({ entry, amounts, corrections, confirmedBy }) => {
    const said = amounts.map(
      ({ value, unit, low, high }) => `${value}${low === undefined ? '' : ` (${low}–${high})`} ${unit}`,
    )
    const who = entry.party === undefined ? undefined : (nameOf.get(entry.party) ?? 'erased')
    const marks = [
      corrections.length > 0 && (amounts.length === 0 ? 'withdrawn' : 'corrected'),
      confirmedBy.length > 0 && `confirmed by ${confirmedBy.map((id) => nameOf.get(id) ?? 'erased').join(', ')}`,
    ].filter(Boolean)
    const what = [entry.kind, entry.activity, entry.purpose, who, ...marks].filter(Boolean).join(', ')
    return `${entry.period.from}  ${entry.id}  ${said.join(', ') || '–'}  ${what}`
  })
  return lines.length === 0 ? 'Nothing is recorded.' : lines.join('\n')
}

async function add(book: Book, [kind, amount]: string[], values: Values): Promise<Entry> {
  if (kind === undefined || !isTypedKind(kind) || amount === undefined)
    throw new UsageError(`say what and how much: ${typedKinds.join(', ')}, then a number.`)
  const day = values.day ?? new Intl.DateTimeFormat('sv-SE').format(Date.now())
  const after = Date.parse(`${day}T00:00:00Z`) + 24 * 3600_000
  if (Number.isNaN(after)) throw new UsageError('write the day as in 2026-11-24.')
  const { purpose, activity, who, paid } = values
  if (kind === 'work' && who === undefined) throw new UsageError('say who worked with --who NAME.')
  return book.recordEntry({
    ...typedDraft(kind),
    period: { from: day, to: new Date(after).toISOString().slice(0, 10) },
    amounts: [{ value: amount, unit: values.unit ?? (kind === 'work' ? 'h' : await book.currency()) }],
    ...(purpose !== undefined && { purpose }),
    ...(kind === 'work' && { activity: activity ?? 'other', engagement: paid ? 'paid' : 'volunteer' }),
    ...(who !== undefined && { party: await partyNamed(book, who) }),
  })
}

function changeOf([kind, first = '', second = '', third = '']: string[]): Change {
  if (kind === 'price') return { kind, perKwh: first }
  if (kind === 'people') return { kind, people: Number(first) }
  if (kind === 'disk') return { kind, price: first, years: Number(second), watts: Number(third) }
  throw new UsageError('say what would change: price, people or disk.')
}

function monthly(when: string, { perMonth: { value, low, high }, people, perPerson }: MonthlyCost): string {
  const short = (amount: string) => Number(amount).toFixed(2)
  const each = perPerson ? `, ${short(perPerson.value.amount)} for each of ${people}` : ''
  return `${when.padEnd(5)}${short(value.amount)} (${short(low.amount)}–${short(high.amount)}) ${value.currency} a month${each}`
}

async function find(book: Book, id: string | undefined): Promise<Entry> {
  if (id === undefined) throw new UsageError('name an entry by its id; `show` lists them.')
  const found = (await book.entries()).filter((entry) => entry.id.startsWith(id))
  if (found.length === 1) return found[0] as Entry
  throw new Error(
    `${found.length === 0 ? 'No entry has' : 'Several entries have'} an id that begins with ${id}. \`show\` lists them.`,
  )
}

async function names(book: Book): Promise<Map<string, string>> {
  return new Map((await book.parties()).map(({ id, name }) => [id, name]))
}

async function verify([where]: string[], values: Values, print: (text: string) => void): Promise<number> {
  if (where === undefined) throw new UsageError('name the address or folder of a log.')
  const { key, earlier, witness } = values
  const report = await verifyLog(/^https?:/.test(where) ? readUrl(where) : readFolder(where), {
    ...(key !== undefined && { key }),
    ...(earlier !== undefined && { earlier: readFileSync(earlier, 'utf8') }),
    ...(witness !== undefined && { witnesses: witness }),
  })
  print(values.json ? JSON.stringify(report, null, 2) : renderReport(report))
  return report.ok ? 0 : 1
}

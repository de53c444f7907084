import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { AgentSettings, Bill, Change, MoneyRange, MonthlyCost } from '../../api.ts'
import { monthOf } from '../../costs/calendar.ts'
import { minorUnits } from '../../costs/currency.ts'
import { checkReport } from '../../publish/check.ts'
import { checkProofFile, type ProofFile } from '../../publish/proof-file.ts'
import { type Confirmer, confirmationOf, correctionOf, currentEntries } from '../corrections.ts'
import type { Entry } from '../entry.ts'
import { type ExportFormat, exportEntries, exportFormats, maximumImport } from '../exports/export.ts'
import { readFolder, readUrl } from '../log/source.ts'
import { type LogReport, renderReport, verifyLog } from '../log/verify.ts'
import { checkTyped, isTypedKind, partyNamed, typedDraft, typedKinds } from '../typed-entry.ts'
import { agentBook, type Book, copyBook } from './book.ts'

const usage = `hearth ledger: what a server cost, who carried it, what was done for it

  hearth ledger show [--month 2026-11] [--json]
  hearth ledger add donation|bill|purchase|work AMOUNT [--unit EUR] [--day 2026-11-24] [--who NAME] [--purpose TEXT]
                    [--fund NAME] [--activity moderation] [--start 14:30] [--paid] [--note TEXT]
  hearth ledger correct ID [AMOUNT] [--note TEXT]       without an amount: it should not count at all
  hearth ledger confirm ID [--who NAME]                 as the owner; or in the name of somebody, who is told
  hearth ledger export ${Object.keys(exportFormats).join('|')} [--month 2026-11] [--output FILE]
  hearth ledger import FILE                             of an export as JSON; what is there is not taken twice
  hearth ledger bill [--month 2026-11] [--json]
  hearth ledger settings [FILE]                         prices, plug, zone: shows them as JSON, or takes them from a file
  hearth ledger what-if price 0.40 | people 6 | disk PRICE YEARS WATTS
  hearth ledger prove ID [--output FILE]                shows one entry to whoever is given it, once it was reported
  hearth ledger verify URL|FOLDER [--key VKEY] [--earlier FILE] [--witness VKEY]… [--proof FILE]

Amounts are written with a point and nothing between thousands: 1234.50.
On a kit these speak to its agent (--socket PATH). With --copy FOLDER they work on a copy of /data/hearth/agent.`

const options = {
  activity: { type: 'string' },
  copy: { type: 'string' },
  day: { type: 'string' },
  earlier: { type: 'string' },
  fund: { type: 'string' },
  json: { type: 'boolean' },
  key: { type: 'string' },
  month: { type: 'string' },
  note: { type: 'string' },
  output: { type: 'string' },
  paid: { type: 'boolean' },
  proof: { type: 'string' },
  purpose: { type: 'string' },
  socket: { type: 'string' },
  start: { type: 'string' },
  unit: { type: 'string' },
  who: { type: 'string' },
  witness: { type: 'string', multiple: true },
} as const

/** Which of them each verb takes, but for --copy and --socket. */
const taken: Record<string, (keyof typeof options)[]> = {
  add: ['activity', 'day', 'fund', 'note', 'paid', 'purpose', 'start', 'unit', 'who'],
  bill: ['json', 'month'],
  confirm: ['who'],
  correct: ['note', 'unit'],
  export: ['month', 'output'],
  prove: ['output'],
  show: ['json', 'month'],
  verify: ['earlier', 'json', 'key', 'proof', 'witness'],
}

/** An entry, its salt and a path of hashes. */
const maximumProof = 256 * 1024

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
    refuseUntaken(verb, values)
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
  return parseArgs({ args: belowZeroLast(args), options, allowPositionals: true })
}

/** An amount below zero, to which a line of a bill is corrected, would be taken for an option. */
function belowZeroLast(args: string[]): string[] {
  const [amounts, rest] = [args.filter(isBelowZero), args.filter((each) => !isBelowZero(each))]
  return args.includes('correct') && !args.includes('--') && amounts.length > 0 ? [...rest, '--', ...amounts] : args
}

function isBelowZero(word: string): boolean {
  return /^-\d/.test(word)
}

/** What a verb does not take would be lost without a word. @throws UsageError */
function refuseUntaken(verb: string, values: Values): void {
  const other = Object.keys(values).find(
    (name) => name !== 'copy' && name !== 'socket' && !taken[verb]?.some((each) => each === name),
  )
  if (other) throw new UsageError(`${verb} takes no --${other}.`)
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
        rest[1] === undefined
          ? []
          : [{ value: plainOrBelow(rest[1]), unit: values.unit ?? entry.amounts[0]?.unit ?? 'EUR' }]
      return print(`Recorded as ${(await book.recordEntry(correctionOf(entry, amounts, values.note))).id}`)
    }
    case 'confirm': {
      const entry = await find(book, rest[0])
      const { id } = await book.recordEntry(await confirmation(book, entry, values.who))
      const told = values.who === undefined ? 'by the owner' : `for ${values.who}, entered by the owner`
      return print(`Recorded as ${id}: confirmed ${told}`)
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
    case 'prove': {
      const { id } = await find(book, rest[0])
      const text = JSON.stringify(await book.prove(id), null, 2)
      if (values.output === undefined) return print(text)
      writeFileSync(values.output, `${text}\n`, { mode: 0o600 })
      return print(`Written to ${values.output}`)
    }
    case 'import': {
      const [file] = rest
      if (file === undefined) throw new UsageError('name a file that was exported as JSON.')
      const { added, present, loose } = await book.importEntries(readWhole(file))
      const lines = [`${added} added, ${present} there already.`]
      if (loose > 0)
        lines.push(`${loose} references lead to entries that are not here: import their ledger or month too.`)
      return print(lines.join('\n'))
    }
    case 'bill': {
      const month = values.month ?? (await monthNow(book))
      const bill = await agentOf(book).bill(month)
      return print(values.json ? JSON.stringify(bill, null, 2) : billLines(bill))
    }
    case 'settings': {
      const [file] = rest
      const agent = agentOf(book)
      const settings = file === undefined ? await agent.settings() : await agent.saveSettings(settingsIn(file))
      return print(JSON.stringify(settings, null, 2))
    }
    case 'what-if': {
      const { before, after, asOf } = await book.whatIf(changeOf(rest))
      return print([monthly('now', before), monthly('then', after), ...(asOf ? [ofCopy(asOf)] : [])].join('\n'))
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
  const lines = current.map(({ entry, amounts, corrections, confirmedBy, contested }) => {
    const said = amounts.map(
      ({ value, unit, low, high }) => `${value}${low === undefined ? '' : ` (${low}–${high})`} ${unit}`,
    )
    const named = (party: string) => nameOf.get(party) ?? 'no name here'
    const confirmer = ({ party, byOwner }: Confirmer) =>
      party === undefined ? 'the owner' : `${named(party)}${byOwner ? ', entered by the owner' : ''}`
    const who = entry.party === undefined ? undefined : named(entry.party)
    const marks = [
      corrections.length > 0 && (amounts.length === 0 ? 'withdrawn' : 'corrected'),
      contested && amounts.length > 0 && `contested${contested.note === undefined ? '' : `: ${contested.note}`}`,
      confirmedBy.length > 0 && `confirmed by ${confirmedBy.map(confirmer).join('; ')}`,
    ].filter(Boolean)
    const about = [entry.start && `from ${entry.start}`, entry.fund && `fund ${entry.fund}`]
    const what = [entry.kind, entry.activity, entry.purpose, ...about, who, ...marks].filter(Boolean).join(', ')
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
  const { purpose, fund, activity, start, who, paid, note } = values
  if (kind === 'work' && who === undefined) throw new UsageError('say who worked with --who NAME.')
  if (kind !== 'work' && (activity ?? start ?? paid) !== undefined)
    throw new UsageError('--activity, --start and --paid are for work.')
  const draft = {
    ...typedDraft(kind),
    period: { from: day, to: new Date(after).toISOString().slice(0, 10) },
    amounts: [{ value: plain(amount), unit: values.unit ?? (kind === 'work' ? 'h' : await book.currency()) }],
    ...(start !== undefined && { start }),
    ...(fund !== undefined && { fund }),
    ...(purpose !== undefined && { purpose }),
    ...(note !== undefined && { note }),
    ...(kind === 'work' && {
      activity: activity ?? 'other',
      engagement: paid ? ('paid' as const) : ('volunteer' as const),
    }),
  }
  checkTyped(draft) // before a name is taken into the ledger for it
  return book.recordEntry({ ...draft, ...(who !== undefined && { party: await partyNamed(book, who) }) })
}

/** By the owner, or in the name of somebody else than the person it is about. */
async function confirmation(book: Book, entry: Entry, who: string | undefined) {
  if (who === undefined) return confirmationOf(entry)
  const { party } = entry
  const person = (await book.parties()).find(({ id }) => id === party)?.joined ?? party
  return confirmationOf({ ...entry, ...(person !== undefined && { party: person }) }, await partyNamed(book, who))
}

/** An amount as it was typed: only the one form that nobody can read in two ways. */
function plain(amount: string): string {
  if (/^\d+(\.\d+)?$/.test(amount)) return amount
  throw new Error(`“${amount}” is no amount. Write it with a point and nothing between thousands, as in 1234.50.`)
}

/** What a line of a bill is corrected to can be below zero. */
function plainOrBelow(amount: string): string {
  return isBelowZero(amount) ? `-${plain(amount.slice(1))}` : plain(amount)
}

function agentOf({ agent }: Book): NonNullable<Book['agent']> {
  if (agent) return agent
  throw new UsageError('this needs the agent: it is not in a copy.')
}

/** The month it is in the household's zone. */
async function monthNow(book: Book): Promise<string> {
  return monthOf(Date.now(), (await agentOf(book).settings()).timezone).month
}

function readWhole(file: string): Buffer {
  if (statSync(file).size > maximumImport)
    throw new Error(
      `${file} is larger than ${maximumImport / 1024 ** 2} MiB. Export month by month (--month), and import one after the other.`,
    )
  return readFileSync(file)
}

function settingsIn(file: string): AgentSettings {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new Error(`${file} is no JSON (${error.message}). Begin with what \`hearth ledger settings\` shows.`)
  }
}

const billStates: Record<Bill['state'], string> = {
  'so-far': 'so far',
  expected: 'expected',
  closed: 'closed',
  computed: 'not entered, by the prices of today',
}

/** A line each, what it was worked out from below; then the total. */
function billLines({ month, state, currency, lines, total, coverage, powerClass }: Bill): string {
  const days = (seconds: number) => (seconds / 86_400).toFixed(1)
  const shown = (amount: string) => Number(amount).toFixed(minorUnits(currency))
  const part = (what: string, { value, low, high }: MoneyRange) => {
    const interval = low.amount === high.amount ? '' : ` (${shown(low.amount)}–${shown(high.amount)})`
    return `${what.padEnd(24)}${shown(value.amount).padStart(10)}${interval}`
  }
  const isUnread = coverage.seconds > 0 && coverage.coveredSeconds === 0
  return [
    `${month}, ${billStates[state]}, in ${currency}`,
    ...lines.map(({ id, name, range }) => part(name ?? id, range)),
    part('total', total),
    `metered ${days(coverage.coveredSeconds)} of ${days(coverage.seconds)} days${powerClass ? `; power ${powerClass}` : isUnread ? '; power not known' : ''}`,
    ...(coverage.unpricedSeconds > 0 ? [`no price of power for ${days(coverage.unpricedSeconds)} days`] : []),
  ].join('\n')
}

function rounded(amount: string): string {
  return Number(amount).toFixed(2)
}

function changeOf([kind, first = '', second = '', third = '']: string[]): Change {
  if (kind === 'price') return { kind, perKwh: first }
  if (kind === 'people') return { kind, people: Number(first) }
  if (kind === 'disk') return { kind, price: first, years: Number(second), watts: Number(third) }
  throw new UsageError('say what would change: price, people or disk.')
}

function monthly(when: string, { perMonth: { value, low, high }, people, perPerson }: MonthlyCost): string {
  const each = perPerson ? `, ${rounded(perPerson.value.amount)} for each of ${people}` : ''
  return `${when.padEnd(5)}${rounded(value.amount)} (${rounded(low.amount)}–${rounded(high.amount)}) ${value.currency} a month${each}`
}

/** What a copy does not have, it says. */
function ofCopy(asOf: string): string {
  return `As of ${asOf}, the last reading in the copy. What the machine needs without load is not in it: with more people, only traffic is taken to grow.`
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
  const { key, earlier, witness, proof } = values
  const leaves = new Map<number, Buffer>()
  const report = await verifyLog(/^https?:/.test(where) ? readUrl(where) : readFolder(where), {
    ...(proof !== undefined && { visit: (leaf: Buffer, index: number) => leaves.set(index, leaf) }),
    ...(key !== undefined && { key }),
    ...(earlier !== undefined && { earlier: readFileSync(earlier, 'utf8') }),
    ...(witness !== undefined && { witnesses: witness }),
  })
  if (proof !== undefined) addProof(report, readProof(proof), leaves)
  print(values.json ? JSON.stringify(report, null, 2) : renderReport(report))
  return report.ok ? 0 : 1
}

/** Whether an entry stands in one of the reports, as part of what was found. */
function addProof(report: LogReport, proof: unknown, leaves: ReadonlyMap<number, Buffer>): void {
  const log = { key: report.key?.vkey ?? '', leaf: (index: number) => leaves.get(index) }
  const found = checkProofFile(proof, log, (leaf) => checkReport(JSON.parse(Buffer.from(leaf).toString())))
  if (found === true) {
    const { leaf, proof: shown } = proof as ProofFile
    report.proved.push(
      `The entry ${shown.entry.id} was in the ledger when report ${leaf} was published, just as it is here.`,
    )
    return
  }
  report.ok = false
  const next = 'Ask whoever gave it to you for another; do not rely on this one.'
  report.problems.push({ trouble: 'refused', where: 'the proof', what: found, next })
}

function readProof(file: string): unknown {
  if (statSync(file).size > maximumProof) throw new Error(`${file} is too large for a proof.`)
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new Error(`${file} is no JSON. Give the file that \`hearth ledger prove\` wrote.`)
  }
}

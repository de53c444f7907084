import { parseDecimal } from '../costs/decimal.ts'
import { FieldRefused } from '../refused.ts'
import { canonicalJson } from './canonical-json.ts'

/** Who may see an entry, or one of its fields. `party`: the owner, and the person it is about. */
export type Audience = 'owner' | 'party' | 'members' | 'public'

/** A quantity. `low` and `high` come together, or not at all where nothing is uncertain. */
export interface Amount {
  /** Exact decimal such as `0.096`. */
  value: string
  low?: string
  high?: string
  /** An ISO 4217 currency, `kWh`, `B`, `B·month`, `h`; the list is open, units unknown here are kept as they are. */
  unit: string
}

/** A pointer to another entry. */
export interface Reference {
  /** `corrects`, `confirms`, `accepts`, `contests`, `settles`, `belongs-to`; the list is open. */
  relation: string
  /** The other entry's id. */
  id: string
  /** Origin of its log; absent: this ledger. */
  log?: string
}

/** The kinds this program writes; others, from imports or later programs, are kept, hashed and exported unchanged. */
export const kinds = [
  'power',
  'storage',
  'traffic',
  'cost',
  'bill',
  'purchase',
  'donation',
  'work',
  'confirmation',
  'correction',
  'acceptance',
  'objection',
] as const

/**
 * One line of the ledger: what was metered on a day, or something that somebody did. It is never edited: a correction
 * is an entry of its own. Fields that this program does not know are kept, hashed and exported with the others.
 */
export interface Entry {
  /** Version of this form. */
  version: 1
  /** UUID. */
  id: string
  /** 1, 2, 3 … in the order they were recorded. */
  sequence: number
  kind: string
  /** First day, and the day after the last, in the household's calendar: `2026-11-24`. */
  period: { from: string; to: string }
  /** Time of day at which it began, in the household's zone: `14:30`. */
  start?: string
  /** RFC 3339, UTC. */
  recordedAt: string
  /** False: the clock could not be trusted when it was recorded. */
  clockTrusted: boolean
  /** Host name of the server it benefits. */
  instance: string
  /** Opaque id; the name stands in a table that can be erased. */
  party?: string
  fund?: string
  purpose?: string
  /** What was done, for hours of work: `moderation`, `care`, `translation`. */
  activity?: string
  engagement?: 'paid' | 'volunteer'
  amounts: Amount[]
  /** Where the amounts come from: `shelly-gen2`, `model:rpi-4b`, `typed`; `typed-by-person`: by whom it is about. */
  source: string
  /** Version of the way they were computed, such as `energy@1`. */
  method?: string
  /** Seconds of the period that were metered. */
  coveredSeconds?: number
  audience: Audience
  /** Where it was imported from, and its name there: importing it twice adds nothing. */
  external?: { system: string; id: string }
  references?: Reference[]
  note?: string
}

/** An entry to be: what the ledger adds by itself is left out. */
export type EntryDraft = Omit<Entry, 'version' | 'id' | 'sequence' | 'recordedAt' | 'clockTrusted'>

interface FieldFacts {
  about: string
  /** Who sees the field of an entry they may see. */
  audience: Audience
}

/** Every field, what it says and who sees it. The documentation's table is made from this one. */
export const entryFields: { readonly [Name in keyof Required<Entry>]: FieldFacts } = {
  version: { about: 'Version of the form, 1.', audience: 'public' },
  id: { about: 'UUID of the entry.', audience: 'party' },
  sequence: { about: 'Its number, in the order of recording.', audience: 'owner' },
  kind: {
    about: `What it is: ${kinds.map((kind) => `\`${kind}\``).join(', ')}; the list is open.`,
    audience: 'public',
  },
  period: { about: 'First day, and the day after the last.', audience: 'public' },
  start: { about: 'Time of day at which work began, by the household’s clock.', audience: 'party' },
  recordedAt: { about: 'When it was recorded.', audience: 'party' },
  clockTrusted: { about: 'Whether the clock could be trusted then.', audience: 'party' },
  instance: { about: 'Host name of the server it benefits.', audience: 'public' },
  party: {
    about: 'Opaque id of a person or group; the name stands in a table that can be erased.',
    audience: 'members',
  },
  fund: { about: 'The fund it is paid from or into.', audience: 'members' },
  purpose: { about: 'What it is for.', audience: 'members' },
  activity: { about: 'What was done, for hours of work.', audience: 'members' },
  engagement: { about: 'Paid or volunteer.', audience: 'party' },
  amounts: { about: 'Decimal, unit, and low and high where it is uncertain.', audience: 'members' },
  source: { about: 'Where the amounts come from.', audience: 'public' },
  method: { about: 'Version of the way they were computed.', audience: 'public' },
  coveredSeconds: { about: 'Seconds of the period that were metered.', audience: 'public' },
  audience: { about: 'Who may see the entry.', audience: 'party' },
  external: { about: 'Where it was imported from, and its name there.', audience: 'owner' },
  references: {
    about: 'Entries it corrects, confirms, accepts, contests, settles or belongs to, here or in another log.',
    audience: 'party',
  },
  note: { about: 'Free text.', audience: 'party' },
}

/** An entry that cannot be taken. */
export class EntryRefused extends FieldRefused {
  override name = 'EntryRefused'
  override code = 'entry'

  constructor(field: string, what: string, next: string) {
    super(field, `${field}: ${what}.`, next)
  }
}

/** More than any entry needs; a bound for what is read from elsewhere. */
const maximumBytes = 16 * 1024
const maximumDepth = 8

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const word = /^[a-z][a-z0-9-]{0,63}$/
const timeOfDay = /^([01]\d|2[0-3]):[0-5]\d$/
const hostName = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

export function isTimeOfDay(text: string): boolean {
  return timeOfDay.test(text)
}

/** Checks the form of an entry from anywhere. Fields unknown here are kept. @throws EntryRefused */
export function checkEntry(value: unknown): Entry {
  const entry = record(value, 'entry')
  if (entry.version !== 1)
    refuse('version', `${shown(entry.version)} is not a version known here`, 'Use a newer hearth.')
  match(entry.id, 'id', uuid, 'Write a UUID in small letters.')
  whole(entry.sequence, 'sequence', 1)
  moment(entry.recordedAt, 'recordedAt')
  if (typeof entry.clockTrusted !== 'boolean') refuse('clockTrusted', 'is missing', 'Write true or false.')
  checkDraft(entry)
  return entry as unknown as Entry
}

/** Checks an entry that is about to be recorded. Fields unknown here are kept. @throws EntryRefused */
export function checkDraft(value: unknown): EntryDraft {
  const draft = record(value, 'entry')
  match(draft.kind, 'kind', word, 'Write a word of small letters, such as donation.')
  period(draft.period)
  match(draft.instance, 'instance', hostName, 'Write a host name in small letters, such as hearth-1a2b.local.')
  match(draft.source, 'source', /^[\x21-\x7e]{1,100}$/, 'Write a name without spaces, such as typed.')
  amounts(draft.amounts)
  if (!['owner', 'party', 'members', 'public'].some((each) => each === draft.audience))
    refuse('audience', `${shown(draft.audience)} is none`, 'Write owner, party, members or public.')
  optional(draft.start, 'start', (each, field) => match(each, field, timeOfDay, 'Write a time of day such as 14:30.'))
  optional(draft.party, 'party', (each, field) => match(each, field, uuid, 'Write the id of a party.'))
  optional(draft.method, 'method', (each, field) =>
    match(each, field, /^[a-z0-9.@-]{1,64}$/, 'Write one such as energy@1.'),
  )
  optional(draft.activity, 'activity', (each, field) => match(each, field, word, 'Write a word such as moderation.'))
  optional(draft.fund, 'fund', (each, field) => text(each, field, 100))
  optional(draft.purpose, 'purpose', (each, field) => text(each, field, 200))
  optional(draft.note, 'note', (each, field) => text(each, field, 1000))
  optional(draft.coveredSeconds, 'coveredSeconds', (each, field) => whole(each, field, 0))
  optional(draft.engagement, 'engagement', (each, field) => {
    if (each !== 'paid' && each !== 'volunteer') refuse(field, `${shown(each)} is neither`, 'Write paid or volunteer.')
  })
  optional(draft.external, 'external', (each, field) => {
    const { system, id } = record(each, field)
    match(system, `${field}.system`, word, 'Write the system’s name, such as liberapay.')
    text(id, `${field}.id`, 200)
  })
  optional(draft.references, 'references', references)
  json(draft, 'entry', 0)
  if (Buffer.byteLength(canonicalJson(draft)) > maximumBytes)
    refuse('entry', 'is larger than 16 KiB', 'Shorten its texts.')
  return draft as unknown as EntryDraft
}

function period(value: unknown): void {
  const { from, to } = record(value, 'period')
  for (const [name, each] of Object.entries({ from, to })) {
    match(each, `period.${name}`, /^\d{4}-\d{2}-\d{2}$/, 'Write a day such as 2026-11-24.')
    const milliseconds = Date.parse(`${each}T00:00:00Z`)
    if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString().slice(0, 10) !== each)
      refuse(`period.${name}`, `${shown(each)} is not in the calendar`, 'Write a day such as 2026-11-24.')
  }
  if (String(to) <= String(from)) refuse('period.to', 'is not after period.from', 'Write the day after the last one.')
}

function amounts(value: unknown): void {
  if (!Array.isArray(value) || value.length > 16)
    refuse('amounts', 'is no list of at most 16', 'Write [] if there is none.')
  for (const [index, each] of (value as unknown[]).entries()) {
    const field = `amounts[${index}]`
    const amount = record(each, field)
    match(amount.unit, `${field}.unit`, /^[\p{L}\p{N}·.%/-]{1,32}$/u, 'Write a unit such as EUR, kWh, B or h.')
    const parsed = decimal(amount.value, `${field}.value`)
    if (amount.low === undefined && amount.high === undefined) continue
    if (decimal(amount.low, `${field}.low`) > parsed || decimal(amount.high, `${field}.high`) < parsed)
      refuse(field, 'is not between its low and high', 'Write low ≤ value ≤ high.')
  }
}

function references(value: unknown): void {
  if (!Array.isArray(value) || value.length > 64)
    refuse('references', 'is no list of at most 64', 'Leave it out if there is none.')
  for (const [index, each] of (value as unknown[]).entries()) {
    const field = `references[${index}]`
    const reference = record(each, field)
    match(reference.relation, `${field}.relation`, word, 'Write corrects, confirms, settles or belongs-to.')
    match(reference.id, `${field}.id`, uuid, 'Write the other entry’s id.')
    optional(reference.log, `${field}.log`, (log, name) =>
      match(log, name, /^[\x21-\x7e]{1,200}$/, 'Write the log’s origin.'),
    )
  }
}

function decimal(value: unknown, field: string): bigint {
  try {
    if (typeof value === 'string') return parseDecimal(value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return refuse(field, `${shown(value)} is not a decimal number in quotes`, 'Write one such as "0.32", with a point.')
}

function optional(value: unknown, field: string, check: (value: unknown, field: string) => void): void {
  if (value !== undefined) check(value, field)
}

function match(value: unknown, field: string, form: RegExp, next: string): void {
  if (typeof value !== 'string' || !form.test(value)) refuse(field, `${shown(value)} cannot be used`, next)
}

function text(value: unknown, field: string, longest: number): void {
  if (typeof value !== 'string' || value.trim() === '' || value.length > longest || controls.test(value))
    refuse(field, 'must be a text on one line', `Write 1 to ${longest} characters, or leave it out.`)
}

function whole(value: unknown, field: string, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    refuse(field, 'must be a whole number', `Write ${least} or more.`)
}

function moment(value: unknown, field: string): void {
  match(
    value,
    field,
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/,
    'Write a moment such as 2026-11-24T09:30:00Z.',
  )
  if (Number.isNaN(Date.parse(String(value))))
    refuse(field, `${shown(value)} is not in the calendar`, 'Write a real moment.')
}

function record(value: unknown, field: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  return refuse(field, 'must be an object', 'Write { … }.')
}

/** Refuses what JSON cannot carry unchanged, and what is nested deeper than any program needs. */
function json(value: unknown, field: string, depth: number): void {
  if (depth > maximumDepth) refuse(field, 'is nested too deep', `Use at most ${maximumDepth} levels.`)
  if (typeof value === 'string' && !value.isWellFormed()) refuse(field, 'is not well-formed Unicode', 'Write it anew.')
  if (typeof value === 'number' && !Number.isFinite(value)) refuse(field, 'is no number', 'Write a finite one.')
  if (['bigint', 'function', 'symbol'].includes(typeof value)) refuse(field, 'is no JSON', 'Write text or a number.')
  if (typeof value !== 'object' || value === null) return
  for (const [name, each] of Object.entries(value)) json(each, `${field}.${name}`, depth + 1)
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  // An object from JSON can have a member toString that is none.
  return typeof value === 'object' && value !== null ? 'an object' : `“${String(value).slice(0, 60)}”`
}

function refuse(field: string, what: string, next: string): never {
  throw new EntryRefused(field, what, next)
}

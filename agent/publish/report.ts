import { createHash } from 'node:crypto'
import type { PowerBoundary, PowerClass } from '../api.ts'
import { dayNumber, dayStart } from '../costs/calendar.ts'
import { isCurrency } from '../costs/currency.ts'
import { type Decimal, parseDecimal, scale } from '../costs/decimal.ts'
import { canonicalJson } from '../ledger/canonical-json.ts'
import type { CurrentEntry } from '../ledger/corrections.ts'
import { classes } from '../ledger/hours.ts'
import type { Leaf } from '../ledger/journal.ts'
import { FieldRefused } from '../refused.ts'
import { type Commitment, committed } from './commitment.ts'
import { revealedBy, type Sum } from './disclosure.ts'
import { kindOfPeriod } from './period.ts'
import { significant } from './significant.ts'

const one = parseDecimal('1')

/** With fewer accounts only totals of power, storage and traffic are published. */
export const leastAccounts = 5
/** Days from the end of a period to its report: time to enter what is missing, and to be of no use to burglars. */
export const lateDays = 7

export const moneyKinds = ['bill', 'cost', 'donation', 'purchase', 'work'] as const
export type MoneyKind = (typeof moneyKinds)[number]

/**
 * What a server publishes of a period that is over: version 1, described by `report.schema.json`. All figures are
 * decimals with two significant digits, and parts do not add up to their totals to the last digit. What is left out was
 * not recorded, or is withheld: a reader cannot tell which.
 */
export interface Report {
  version: 1
  /** Host name of the server. */
  instance: string
  /** First day, and the day after the last: a calendar month, or a week from Monday. */
  period: { from: string; to: string }
  /** Share of the time that was metered, 0 to 1, rounded down. */
  covered: string
  /** People with accounts at the end of the period; from 5 up. */
  people?: string
  /** Low is rounded down and high rounded up. */
  power?: {
    value: string
    low: string
    high: string
    unit: 'kWh'
    /** The worst of the period. */
    class: PowerClass
    boundary: PowerBoundary
    methods: string[]
  }
  /** Bytes held, as the mean of the `days` on which they were counted. */
  storage?: { value: string; unit: 'B'; days: string }
  /** `unknown`: while nothing said whether the other end was near or far. */
  traffic?: { unit: 'B'; lan: Directions; wan: Directions; unknown?: Directions }
  /** Hours of work, in all and by activity. */
  hours?: { unit: 'h'; total?: string; activities?: Record<string, string> }
  /** Amounts by kind of entry and currency. */
  money?: { [Kind in MoneyKind]?: Record<string, string> }
  /**
   * What commits to the private entries recorded since the report before: root, in base64, of the Merkle tree over their
   * salted hashes, filled up to a power of two, so that nobody learns their number (commitment.ts).
   */
  entries: { size: number; root: string }
}

export interface Directions {
  in: string
  out: string
}

/** Why something is not in the report. */
export const reasons = {
  'few-accounts': 'Fewer than five people have accounts.',
  'few-people': 'It is from fewer than three people, and not all of them consent.',
  'beside-others': 'With other figures of this report it would tell what one or two people gave.',
  'after-others': 'Compared with earlier reports it would tell what one or two people gave.',
  'sums-lost': 'Who was in earlier reports is not known any more, so it cannot be compared with them.',
  'below-zero': 'Corrections make it less than nothing.',
  'unknown-method': 'It was metered in a way that is not known here.',
} as const

export interface Withheld {
  /** `people`, `power`, `storage`, `traffic`, `hours` (in all), `hours/moderation`, `money/donation/EUR`. */
  what: string
  why: keyof typeof reasons
}

/** Stands in consents for the household, which bears what costs, bills and purchases name nobody for. */
export const household = 'household'
/** Whoever gave or worked without a name: counted as one person, who cannot be asked. */
const unnamed = 'unnamed'
const householdKinds: readonly string[] = ['bill', 'cost', 'purchase']

export interface ReportInput {
  instance: string
  /** The whole calendar month, or the week from Monday: first day, and the day after the last. */
  period: { from: string; to: string }
  /** IANA zone whose days these are. */
  zone: string
  /** Milliseconds since 1970. */
  now: number
  /** Entries as they count now; those of other periods and servers are left aside. */
  entries: readonly CurrentEntry[]
  /** The last entry that a report commits to; 0: there is none. */
  after: number
  /** All leaves after it, in order, or all from the first, where the journal began anew. */
  leaves: readonly Leaf[]
  /** 32 random bytes in base64 (commitment.ts). */
  filling: string
  /** People with accounts at the end of the period. */
  people: number
  /** Ids of parties, or `household`, who agree that their hours, or money, may be told from the report. */
  consents: { hours: ReadonlySet<string>; money: ReadonlySet<string> }
  /** All reports that were published, in any order. */
  published: readonly Report[]
  /** The sums behind those reports: `sums` of what built them. */
  sums: PublishedSums
}

/**
 * Who is in the sums that were published, as opaque keys that cannot be traced once a person is erased. Private: it is
 * kept beside the ledger for as long as the reports are public, and given to the next report.
 */
export interface PublishedSums {
  hours: readonly Sum[]
  money: readonly Sum[]
}

export interface BuiltReport {
  report: Report
  /** For the owner's page. */
  withheld: Withheld[]
  /** Sums behind this report; add them to those kept when it is published. */
  sums: PublishedSums
  /** What it commits to; to be kept when it is published. */
  commitment: Commitment
}

/** A report that cannot be made, or is none. */
export class ReportRefused extends FieldRefused {
  override name = 'ReportRefused'

  constructor(field: string, what: string, next: string) {
    super(field, `${field}: ${what}.`, next)
  }
}

/** The report as the leaf of the public log: canonical JSON. */
export function reportBytes(report: Report): Buffer {
  return Buffer.from(canonicalJson(report))
}

/**
 * The report of a period, and what is not in it. Below five accounts only totals of power, storage and traffic; hours
 * and money as `revealedBy` allows.
 * @throws ReportRefused where the period is none that may be reported, or not yet, or once more, or leaves are missing
 */
export function buildReport(input: ReportInput): BuiltReport {
  const { instance, period, people, consents } = input
  checkPeriod(input)
  const entries = input.entries.filter(
    ({ entry }) => entry.instance === instance && period.from <= entry.period.from && entry.period.from < period.to,
  )
  const withheld: Withheld[] = []
  const hours = hourCells(entries)
  const money = moneyCells(entries)
  const isLarge = people >= leastAccounts
  if (!isLarge) {
    const absent = ['people', ...[...hours, ...money].map(({ what }) => what)]
    withheld.push(...absent.map((what) => ({ what, why: 'few-accounts' as const })))
  }
  const toldBefore = (group: 'hours' | 'money') => {
    const figures = input.published.flatMap((report) => figuresIn(report[group]))
    return figures.length === input.sums[group].length ? input.sums[group] : null
  }
  const told = {
    hours: choose(isLarge ? hours : [], toldBefore('hours'), consents.hours, withheld),
    money: choose(isLarge ? money : [], toldBefore('money'), consents.money, withheld),
  }
  const commitment = commitmentOf(input)
  const report: Report = {
    version: 1,
    instance,
    period: { from: period.from, to: period.to },
    covered: coverage(entries, input),
    ...(isLarge && { people: significant(BigInt(people) * one) }),
    ...present('power', power(entries, withheld)),
    ...present('storage', storage(entries, withheld)),
    ...present('traffic', traffic(entries, withheld)),
    ...present('hours', hoursReport(told.hours)),
    ...present('money', moneyReport(told.money)),
    entries: committed(input.leaves, commitment),
  }
  const sums = { hours: told.hours.map(sumOf), money: told.money.map(sumOf) }
  return { report, withheld, sums, commitment }
}

function checkPeriod({ period, zone, now, people, published }: ReportInput): void {
  const kind = kindOfPeriod(period.from, period.to)
  if (!Number.isSafeInteger(people) || people < 0) refuse('people', 'is no number of people', 'Give 0 or more.')
  if (!kind) refuse('period', 'is neither a calendar month nor a week from Monday', 'Report a whole one.')
  if (kind === 'week' && people < leastAccounts)
    refuse('period', 'is a week, and fewer than five people have accounts', 'Report the month.')
  if (now < dayStart(dayNumber(period.to) + lateDays, zone))
    refuse('period', `is not over for ${lateDays} days`, 'Report it later.')
  // A month beside its weeks would tell the days at its edges.
  const twice = published.find((report) => report.period.from < period.to && period.from < report.period.to)
  if (twice)
    refuse('period', `overlaps ${twice.period.from} to ${twice.period.to}, which was reported`, 'Report each day once.')
}

/** A figure of hours or money to be: who gave how much of it. */
interface Cell {
  what: string
  /** Exact, by what was given and by person: party id, `household` or `unnamed`. */
  parts: Map<string, Map<string, Decimal>>
}

const hoursInAll = 'hours'

/** One cell an activity, those of most people first; then the total, told where no part can be told from it. */
function hourCells(entries: readonly CurrentEntry[]): Cell[] {
  const parts = partsOf(entries, ({ entry }, unit) =>
    entry.kind === 'work' && unit === 'h' ? `hours/${entry.activity ?? 'other'}` : null,
  )
  return parts.size > 0 ? [...cellsOf(parts), { what: hoursInAll, parts }] : []
}

function moneyCells(entries: readonly CurrentEntry[]): Cell[] {
  const isMoney = (kind: string, unit: string) => (moneyKinds as readonly string[]).includes(kind) && isCurrency(unit)
  return cellsOf(
    partsOf(entries, ({ entry: { kind } }, unit) => (isMoney(kind, unit) ? `money/${kind}/${unit}` : null)),
  )
}

function cellsOf(parts: Cell['parts']): Cell[] {
  return [...parts]
    .map(([what, people]) => ({ what, parts: new Map([[what, people]]) }))
    .sort((a, b) => peopleIn(b).length - peopleIn(a).length || (a.what < b.what ? -1 : 1))
}

function partsOf(
  entries: readonly CurrentEntry[],
  nameOf: (entry: CurrentEntry, unit: string) => string | null,
): Cell['parts'] {
  const parts: Cell['parts'] = new Map()
  // What the person it is about contests is told of nobody.
  for (const current of entries.filter(({ contested }) => contested === undefined))
    for (const { value, unit } of current.amounts) {
      const name = nameOf(current, unit)
      if (name === null) continue
      const people = parts.get(name) ?? new Map<string, Decimal>()
      const person = personOf(current)
      people.set(person, (people.get(person) ?? 0n) + parseDecimal(value))
      parts.set(name, people)
    }
  // Who gave nothing hides nobody.
  for (const [name, people] of parts) {
    for (const [person, value] of people) if (value === 0n) people.delete(person)
    if (people.size === 0) parts.delete(name)
  }
  return parts
}

function personOf({ entry: { party, kind } }: CurrentEntry): string {
  return party ?? (householdKinds.includes(kind) ? household : unnamed)
}

function peopleIn({ parts }: Cell): string[] {
  return [...new Set([...parts.values()].flatMap((people) => [...people.keys()]))]
}

function total({ parts }: Cell): Decimal {
  return [...parts.values()].flatMap((people) => [...people.values()]).reduce((sum, value) => sum + value, 0n)
}

function sumOf({ parts }: Cell): Sum {
  return Object.fromEntries([...parts].map(([what, people]) => [what, [...people.keys()].map(keyOf).sort()]))
}

/** Party ids are random: once one is erased, nothing leads from its hash to a person. */
function keyOf(person: string): string {
  return createHash('sha256').update(person).digest('base64url').slice(0, 22)
}

/** Names of the sums that a report tells of hours, or of money. */
function figuresIn(told: Report['hours'] | Report['money'] = {}): string[] {
  const { unit: _, ...figures }: Record<string, string | Record<string, string>> = { ...told }
  return Object.entries(figures).flatMap(([name, each]) => (typeof each === 'string' ? [name] : Object.keys(each)))
}

/**
 * The cells that may be told, one after the other, and beside what was told before.
 * @param earlier null: not all of it is known
 */
function choose(
  cells: Cell[],
  earlier: readonly Sum[] | null,
  consents: ReadonlySet<string>,
  withheld: Withheld[],
): Cell[] {
  const consenting = new Set([...consents].map(keyOf))
  const told: Cell[] = []
  for (const cell of cells) {
    const why = reasonAgainst(cell, told.map(sumOf), earlier, (key) => consenting.has(key))
    if (why) withheld.push({ what: cell.what, why })
    else told.push(cell)
  }
  return told
}

function reasonAgainst(
  cell: Cell,
  here: readonly Sum[],
  earlier: readonly Sum[] | null,
  consents: (key: string) => boolean,
): Withheld['why'] | null {
  const sum = sumOf(cell)
  if (total(cell) < 0n) return 'below-zero'
  if (revealedBy([], sum, consents)) return 'few-people'
  if (revealedBy(here, sum, consents)) return 'beside-others'
  if (!earlier) return 'sums-lost'
  return revealedBy([...earlier, ...here], sum, consents) ? 'after-others' : null
}

function hoursReport(told: Cell[]): Report['hours'] | null {
  const all = told.find(({ what }) => what === hoursInAll)
  const activities = told
    .filter((cell) => cell !== all)
    .map((cell) => [cell.what.slice(hoursInAll.length + 1), significant(total(cell))])
  if (told.length === 0) return null
  return {
    unit: 'h',
    ...(all && { total: significant(total(all)) }),
    ...(activities.length > 0 && { activities: Object.fromEntries(activities) }),
  }
}

function moneyReport(told: Cell[]): Report['money'] | null {
  const money: NonNullable<Report['money']> = {}
  for (const cell of told) {
    const [, kind, currency] = cell.what.split('/') as [string, MoneyKind, string]
    money[kind] = { ...money[kind], [currency]: significant(total(cell)) }
  }
  return told.length > 0 ? money : null
}

/** What the methods of metering are about: readings elsewhere are mapped to the wall before they are added. */
const boundaries = new Map<string, PowerBoundary>([['energy@1', 'wall']])

function power(entries: readonly CurrentEntry[], withheld: Withheld[]): Report['power'] | null {
  const metered = entries.filter(
    ({ entry, amounts }) => entry.kind === 'power' && amounts.some(({ unit }) => unit === 'kWh'),
  )
  if (metered.length === 0) return null
  const methods = [...new Set(metered.map(({ entry }) => entry.method ?? ''))].sort()
  const [boundary, ...others] = new Set(methods.map((method) => boundaries.get(method)))
  const ranks = metered.map(({ entry, corrections }) => {
    // What was typed in later is not what a meter said.
    return classes.indexOf(corrections.length > 0 ? 'modelled' : (entry.source as PowerClass))
  })
  const worst = classes[Math.max(...ranks)]
  if (!boundary || others.length > 0 || !worst || ranks.includes(-1))
    return withhold(withheld, 'power', 'unknown-method')
  const low = sumOfUnit(metered, 'kWh', 'low')
  if (low < 0n) return withhold(withheld, 'power', 'below-zero')
  return {
    value: significant(sumOfUnit(metered, 'kWh')),
    low: significant(low, 'down'),
    high: significant(sumOfUnit(metered, 'kWh', 'high'), 'up'),
    unit: 'kWh',
    class: worst,
    boundary,
    methods,
  }
}

/** Media stand in the server's bytes already. */
const countedElsewhere = 'media'

function storage(entries: readonly CurrentEntry[], withheld: Withheld[]): Report['storage'] | null {
  const counts = entries.filter(({ entry }) => entry.kind === 'storage' && entry.purpose !== countedElsewhere)
  const days = new Set(counts.map(({ entry }) => entry.period.from)).size
  const bytes = sumOfUnit(counts, 'B')
  if (days === 0) return null
  if (bytes < 0n) return withhold(withheld, 'storage', 'below-zero')
  return { value: significant(scale(bytes, 1n, BigInt(days))), unit: 'B', days: String(days) }
}

function traffic(entries: readonly CurrentEntry[], withheld: Withheld[]): Report['traffic'] | null {
  const counts = entries.filter(({ entry }) => entry.kind === 'traffic')
  const bytes = (purpose: string) =>
    sumOfUnit(
      counts.filter(({ entry }) => entry.purpose === purpose),
      'B',
    )
  const ways = ['lan-in', 'lan-out', 'wan-in', 'wan-out', 'unknown-in', 'unknown-out'].map(bytes)
  if (counts.length === 0) return null
  if (ways.some((each) => each < 0n)) return withhold(withheld, 'traffic', 'below-zero')
  const directions = (side: string): Directions => ({
    in: significant(bytes(`${side}-in`)),
    out: significant(bytes(`${side}-out`)),
  })
  const isPartUnknown = counts.some(({ entry }) => entry.purpose?.startsWith('unknown-'))
  return {
    unit: 'B',
    lan: directions('lan'),
    wan: directions('wan'),
    ...(isPartUnknown && { unknown: directions('unknown') }),
  }
}

function sumOfUnit(entries: readonly CurrentEntry[], unit: string, bound: 'value' | 'low' | 'high' = 'value'): Decimal {
  return entries
    .flatMap(({ amounts }) => amounts.filter((amount) => amount.unit === unit))
    .reduce((sum, amount) => sum + parseDecimal(amount[bound] ?? amount.value), 0n)
}

function withhold(withheld: Withheld[], what: string, why: Withheld['why']): null {
  withheld.push({ what, why })
  return null
}

function coverage(entries: readonly CurrentEntry[], { period, zone }: ReportInput): string {
  // A day can have two entries of a kind, where the household moved to another zone.
  const kinds = new Map<string, { day: string; seconds: number }>()
  for (const { entry } of entries) {
    if (entry.kind !== 'power' && entry.kind !== 'traffic') continue
    const day = entry.period.from
    const kind = `${day} ${entry.kind} ${entry.purpose ?? ''}`
    kinds.set(kind, { day, seconds: (kinds.get(kind)?.seconds ?? 0) + (entry.coveredSeconds ?? 0) })
  }
  const days = new Map<string, number>()
  for (const { day, seconds } of kinds.values()) days.set(day, Math.max(days.get(day) ?? 0, seconds))
  const covered = [...days.values()].reduce((sum, seconds) => sum + seconds, 0)
  const seconds = (dayStart(dayNumber(period.to), zone) - dayStart(dayNumber(period.from), zone)) / 1000
  return significant(scale(one, BigInt(Math.min(covered, seconds)), BigInt(seconds)), 'down')
}

function commitmentOf({ leaves, after, filling }: ReportInput): Commitment {
  const from = leaves[0]?.sequence ?? after + 1
  // A journal that was damaged begins anew, at 1.
  if (from !== after + 1 && from !== 1)
    refuse('leaves', `begin at entry ${from}`, `Give those after entry ${after}, where the last report ended.`)
  const gap = leaves.find(({ sequence }, index) => sequence !== from + index)
  if (gap) refuse('leaves', `lack the entry before ${gap.sequence}`, 'Give all of them, erased ones too.')
  return { from, to: from + leaves.length - 1, filling }
}

/** A field that is left out where it has no value. */
function present<Name extends string, Value>(name: Name, value: Value): { [Key in Name]?: NonNullable<Value> } {
  return (value ? { [name]: value } : {}) as { [Key in Name]?: NonNullable<Value> }
}

function refuse(field: string, what: string, next: string): never {
  throw new ReportRefused(field, what, next)
}

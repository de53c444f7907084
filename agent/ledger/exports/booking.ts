import { isCurrency } from '../../costs/currency.ts'
import { type Decimal, parseDecimal } from '../../costs/decimal.ts'
import { asSaid } from '../corrections.ts'
import type { Amount, Entry, kinds } from '../entry.ts'
import { accountPart, type Person, peopleByName } from './names.ts'

export interface ExportInput {
  /** In the order they were recorded. All of them, for a month too: a correction needs what it corrects. */
  entries: readonly Entry[]
  /** Names of parties by id; erased ones are missing. */
  names: ReadonlyMap<string, string>
  /** The household's, ISO 4217. */
  currency: string
  /** Only what is dated within it: `2026-11`. Absent: everything. */
  month?: string
}

/** One side of what an entry says: `value` of `unit`, into an account, or out of it where it is negative. */
export interface Posting {
  account: string
  value: Decimal
  unit: string
  /** Bounds of what is uncertain, on the side it went to. */
  low?: Decimal
  high?: Decimal
}

/** An entry as it is booked. */
export interface Transaction {
  entry: Entry
  /** `2026-11-24` */
  date: string
  payee: string
  /** False: there is nothing to book, or not every program knows its year. It is kept as a comment. */
  booked: boolean
  /** Postings of each unit add up to zero. */
  postings: Posting[]
  /** What a reader has to know about how it was booked. */
  remark?: string
}

/** What an account is chosen by. */
interface Facts {
  /** Of the entry itself, or of what it corrects. */
  entry: Entry
  person: Person | undefined
}

interface Accounts {
  /** Account that the amount goes to, and that it comes from. */
  into: (facts: Facts) => string
  from: (facts: Facts) => string
}

interface Booking {
  about: string
  money: Accounts
  /** Everything that is no money. */
  quantity: Accounts
}

/** Side by side, and outside the accounts that matter: amounts that stand in another entry, or mean nothing here. */
const memo: Accounts = {
  into: ({ entry }) => account('Equity', 'memo', entry.kind, ...purposes(entry)),
  from: () => 'Equity:Memo',
}
const metered: Accounts = {
  into: ({ entry }) => account('Expenses', entry.kind, ...purposes(entry)),
  from: () => 'Equity:Metered',
}
const payer: Accounts['from'] = ({ entry, person }) =>
  entry.fund === undefined ? account('Liabilities', 'people') + (person ? `:${person.part}` : '') : fund(entry)
const paid: Accounts = { into: () => 'Liabilities:Host', from: payer }
const given: Accounts = { into: ({ entry }) => fund(entry), from: () => 'Income:Donations' }
const worked: Accounts['into'] = ({ entry }) => account('Expenses', 'work', entry.activity)

/**
 * The accounts that each kind is booked to, the same in all programs. Costs are the only expenses in money: they accrue
 * against the host, and what is paid for them, bills and purchases, is set against that, so nothing counts twice.
 * A correction’s accounts are those of what it corrects.
 */
export const bookings = {
  power: {
    about: 'Energy metered, in kWh; money is not in it.',
    money: metered,
    quantity: metered,
  },
  storage: {
    about: 'Space used. A level in bytes is booked as bytes times days, which can be added up.',
    money: metered,
    quantity: metered,
  },
  traffic: {
    about: 'Bytes sent and received.',
    money: metered,
    quantity: metered,
  },
  cost: {
    about: 'Money of a closed month, by purpose, owed to whoever hosts the server and pays its bills.',
    money: { into: ({ entry }) => account('Expenses', ...purposes(entry, 'other')), from: () => 'Liabilities:Host' },
    quantity: memo,
  },
  bill: {
    about: 'A bill paid from a fund, else by a person, who is owed it then; set against the costs that accrued.',
    money: paid,
    quantity: memo,
  },
  purchase: {
    about: 'As a bill: what was bought becomes a cost month by month.',
    money: paid,
    quantity: memo,
  },
  donation: {
    about: 'Given into a fund, or the common one.',
    money: given,
    quantity: given,
  },
  work: {
    about: 'Hours, by activity, given or paid; never money, unless the entry itself states what was paid.',
    money: { into: worked, from: payer },
    quantity: { into: worked, from: ({ entry }) => account('Income', 'work', entry.engagement) },
  },
  confirmation: {
    about: 'Has no amounts and is kept as a comment.',
    money: memo,
    quantity: memo,
  },
  acceptance: {
    about: 'Likewise: the person it is about says that it is right.',
    money: memo,
    quantity: memo,
  },
  objection: {
    about: 'Likewise: the person it is about says that it is wrong. What it contests is booked until it is corrected.',
    money: memo,
    quantity: memo,
  },
  correction: {
    about: 'Takes back what is booked of the entry it corrects and books its own amounts, on the day it was recorded.',
    money: memo,
    quantity: memo,
  },
} satisfies Record<(typeof kinds)[number], Booking>

/** Kinds that are not known here. */
const otherKind: Booking = {
  about: 'Kept beside the accounts, in its own units.',
  money: memo,
  quantity: memo,
}

/** Entries as transactions, by day and then in the order they were recorded. */
export function book({ entries, names, currency, month }: ExportInput): Transaction[] {
  const people = peopleByName([...names.keys(), ...entries.flatMap(({ party }) => party ?? [])], names)
  const money = moneyTest(currency)
  const person = (entry: Entry) => (entry.party === undefined ? undefined : people.get(entry.party))
  /** What is booked of each entry now, by its id. */
  const standing = new Map<string, { entry: Entry; postings: Posting[] }>()
  const booked = (entry: Entry): Transaction => {
    const date = bookingDay(entry)
    const facts = { entry, date, payee: person(entry)?.label ?? entry.kind }
    const target = entry.kind === 'correction' ? standing.get(correctedId(entry) ?? '') : undefined
    const about = target?.entry ?? entry
    const own = postingsOf({ entry: about, person: person(about) }, entry.amounts, money)
    if (!canBeDated(date))
      return { ...facts, booked: false, postings: own, remark: 'Not every program knows this year.' }
    if (!target) {
      standing.set(entry.id, { entry, postings: own })
      return { ...facts, booked: own.length > 0, postings: own, ...(entry.kind === 'correction' && { remark: orphan }) }
    }
    const reversal = target.postings.map(({ account, value, unit }) => ({ account, value: -value, unit }))
    target.postings = own
    return { ...facts, booked: reversal.length + own.length > 0, postings: [...reversal, ...own] }
  }
  const transactions = new Map(asSaid(entries).map((entry) => [entry, booked(entry)]))
  const recorded = entries.flatMap((entry) => transactions.get(entry) ?? [])
  return inMonth(recorded, month, ({ date }) => date).sort(
    (one, other) => Number(one.date > other.date) - Number(one.date < other.date),
  )
}

const orphan = 'What it corrects is not booked in this export: only its own amounts are.'

/** Ledger knows the years from 1400, Beancount those before 3000. */
function canBeDated(date: string): boolean {
  return date >= '1400' && date < '3000'
}

/** The day of an entry: the first of its period; for a correction when it was recorded, if the clock was right. */
export function bookingDay({ kind, period, recordedAt, clockTrusted }: Entry): string {
  if (kind !== 'correction' || !clockTrusted) return period.from
  return new Date(recordedAt).toISOString().slice(0, 10)
}

/** Those of a month. @throws RangeError */
export function inMonth<Item>(items: readonly Item[], month: string | undefined, day: (item: Item) => string): Item[] {
  if (month === undefined) return [...items]
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) throw new RangeError(`“${month}” is no month. Write one such as 2026-11.`)
  return items.filter((item) => day(item).startsWith(`${month}-`))
}

/** Whether a unit is money, each looked up once. */
export function moneyTest(currency: string): (unit: string) => boolean {
  const known = new Map([[currency, true]])
  return (unit) => {
    const isMoney = known.get(unit) ?? isCurrency(unit)
    known.set(unit, isMoney)
    return isMoney
  }
}

function postingsOf(facts: Facts, amounts: Amount[], money: (unit: string) => boolean): Posting[] {
  const booking: Booking = Object.hasOwn(bookings, facts.entry.kind)
    ? bookings[facts.entry.kind as keyof typeof bookings]
    : otherKind
  return amounts.flatMap((amount) => {
    const { into, from } = money(amount.unit) ? booking.money : booking.quantity
    const { unit, times } = measureOf(facts.entry, amount.unit)
    const value = parseDecimal(amount.value) * times
    const bound = (name: 'low' | 'high') =>
      amount[name] === undefined ? {} : { [name]: parseDecimal(amount[name]) * times }
    return [
      { account: into(facts), value, unit, ...bound('low'), ...bound('high') },
      { account: from(facts), value: -value, unit },
    ]
  })
}

/** Bytes stored are a level: they count for each day of the period. */
function measureOf({ kind, period }: Entry, unit: string): { unit: string; times: bigint } {
  if (kind !== 'storage' || unit !== 'B') return { unit, times: 1n }
  return { unit: 'B·day', times: BigInt((Date.parse(period.to) - Date.parse(period.from)) / 86_400_000) }
}

function correctedId({ references = [] }: Entry): string | undefined {
  return references.find(({ relation, log }) => relation === 'corrects' && log === undefined)?.id
}

/** A purpose such as `hardware/NAS`, from wide to narrow; of `power@2026-11-15`, without the day a price begins. */
function purposes({ purpose }: Entry, otherwise?: string): string[] {
  const parts = purpose?.replace(/(?<=.)@\d{4}-\d{2}-\d{2}$/, '').split('/')
  return parts ?? (otherwise === undefined ? [] : [otherwise])
}

function fund(entry: Entry): string {
  return account('Assets', 'fund', entry.fund ?? 'common')
}

function account(
  root: 'Assets' | 'Equity' | 'Expenses' | 'Income' | 'Liabilities',
  ...parts: (string | undefined)[]
): string {
  return [root, ...parts.filter((part) => part !== undefined).map(accountPart)].join(':')
}

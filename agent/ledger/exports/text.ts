import { minorUnits } from '../../costs/currency.ts'
import { type Decimal, decimalPlaces, formatDecimal } from '../../costs/decimal.ts'
import { moneyTest, type Transaction } from './booking.ts'
import { commodity, oneLine } from './names.ts'

export interface UnitFacts {
  commodity: string
  /** Digits after the point that every amount is written with at least: those of its smallest coin, or none. */
  least: number
  /** Digits after the point of the longest amount. */
  most: number
}

/** What an accounting file has to declare before it says anything. */
export interface Declared {
  /** The household's currency, and every unit booked. */
  units: Map<string, UnitFacts>
  accounts: string[]
  payees: string[]
}

export function declared(transactions: Transaction[], currency: string): Declared {
  const booked = transactions.filter((transaction) => transaction.booked)
  const postings = transactions.flatMap((transaction) => transaction.postings)
  const isMoney = moneyTest(currency)
  const units = new Map<string, UnitFacts>()
  const unitFacts = (unit: string) => {
    const least = isMoney(unit) ? minorUnits(unit) : 0
    const facts = units.get(unit) ?? { commodity: commodity(unit), least, most: least }
    units.set(unit, facts)
    return facts
  }
  unitFacts(currency)
  for (const { unit, value } of postings) {
    const facts = unitFacts(unit)
    facts.most = Math.max(facts.most, decimalPlaces(formatDecimal(value)))
  }
  return {
    units,
    accounts: sorted(booked.flatMap((transaction) => transaction.postings.map(({ account }) => account))),
    payees: sorted(booked.map(({ payee }) => payee)),
  }
}

/** Writes a decimal with at least so many digits after the point. */
export function padded(value: Decimal, least: number): string {
  const text = formatDecimal(value)
  const places = decimalPlaces(text)
  if (places >= least) return text
  return `${text}${places === 0 ? '.' : ''}${'0'.repeat(least - places)}`
}

/** What a transaction says of its entry beside day, sequence, payee and amounts; without what the entry leaves out. */
export function remarks({ entry, remark }: Transaction): [name: string, text: string][] {
  const { period, references = [], external, coveredSeconds } = entry
  const all: [string, string | undefined][] = [
    ['id', entry.id],
    ['kind', entry.kind],
    ['until', period.to],
    ['start', entry.start],
    ['instance', entry.instance],
    ['party', entry.party],
    ['fund', entry.fund],
    ['purpose', entry.purpose],
    ['activity', entry.activity],
    ['engagement', entry.engagement],
    ['source', entry.source],
    ['method', entry.method],
    ['covered', coveredSeconds === undefined ? undefined : `${coveredSeconds} s`],
    ['external', external && `${external.system} ${external.id}`],
    ...references.map(({ relation, id, log }): [string, string] => {
      return ['reference', log === undefined ? `${relation} ${id}` : `${relation} ${id} ${log}`]
    }),
    ['note', entry.note],
    ['booking', remark],
  ]
  return all.map(([name, text = '']): [string, string] => [name, oneLine(text)]).filter(([, text]) => text !== '')
}

/** The first lines of an accounting file. */
export function opening(program: string, month: string | undefined): string[] {
  return [
    `Ledger of a Commonhearth server for ${program}: ${month ?? 'everything recorded'}.`,
    'Costs are the only expenses in money. They accrue against the host; bills and purchases are set against that.',
    'What has no amounts, or cannot be dated, is kept as a comment. The entries in full are in the JSON export.',
  ]
}

function sorted(words: string[]): string[] {
  return [...new Set(words)].sort()
}

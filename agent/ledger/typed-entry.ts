import { isCurrency, minorUnits } from '../costs/currency.ts'
import { decimalPlaces, parseDecimal, scale } from '../costs/decimal.ts'
import { type EntryDraft, EntryRefused } from './entry.ts'

/** Kinds of entries that people make by hand. */
export const typedKinds = ['donation', 'bill', 'purchase', 'work'] as const
export type TypedKind = (typeof typedKinds)[number]

export function isTypedKind(kind: string): kind is TypedKind {
  return (typedKinds as readonly string[]).includes(kind)
}

/** Where an entry comes from that somebody made by hand: the owner, or the person it is about. */
export const typed = 'typed'
export const typedByPerson = 'typed-by-person'

/** Whether an entry was made by hand, so that it can be corrected by hand. */
export function isByHand({ kind, source }: Pick<EntryDraft, 'kind' | 'source'>): boolean {
  return isTyped(source) && isTypedKind(kind)
}

function isTyped(source: string): boolean {
  return source === typed || source === typedByPerson
}

/** What everything entered by hand has in common: bills and purchases are the members' to see, the rest its person's. */
export function typedDraft(kind: TypedKind): Pick<EntryDraft, 'kind' | 'source' | 'audience'> {
  return { kind, source: typed, audience: kind === 'bill' || kind === 'purchase' ? 'members' : 'party' }
}

export const hoursADay = 24

/**
 * Digits after the point that people may write of a unit, null where any number will do. More than coins have, or hours
 * need, were meant as thousands.
 */
export function placesOf(unit: string): number | null {
  if (unit === 'h') return 2
  return isCurrency(unit) ? minorUnits(unit) : null
}

/**
 * Checks hours and money that were typed, in an entry or in a correction: above zero, no more digits than `placesOf`, no
 * more hours than the days have. A line of a bill can be below zero, and is corrected to money below zero.
 * @throws EntryRefused
 */
export function checkTyped(draft: Pick<EntryDraft, 'kind' | 'source' | 'period' | 'amounts'>): void {
  const { kind, source, period, amounts } = draft
  if (!isByHand(draft) && !(kind === 'correction' && isTyped(source))) return
  const days = (Date.parse(period.to) - Date.parse(period.from)) / 86_400_000
  for (const [index, { value, unit }] of amounts.entries()) {
    const places = placesOf(unit)
    if (places === null) continue
    const refuse = (what: string, next: string): never => {
      throw new EntryRefused(`amounts[${index}].value`, `“${value} ${unit}” ${what}`, next)
    }
    const amount = parseDecimal(value)
    const mayBeBelow = kind === 'correction' && unit !== 'h'
    if (mayBeBelow ? amount === 0n : amount <= 0n)
      refuse(
        mayBeBelow ? 'is zero' : 'is not above zero',
        'Write more than that; what should not count is corrected to no amount at all.',
      )
    if (decimalPlaces(value) > places)
      refuse(
        places === 0 ? 'has digits after the point' : `has more than ${places} digits after the point`,
        `Write one such as ${places === 0 ? '1200' : `12.${'50'.padEnd(places, '0')}`}, without a sign between thousands.`,
      )
    if (unit === 'h' && amount > scale(parseDecimal(String(hoursADay)), BigInt(days), 1n))
      refuse('is more than a day has', `Write at most ${hoursADay}, and the rest on other days.`)
  }
}

/** An account on the server, with the name it is shown by where that is known. */
export interface Account {
  id: string
  name?: string
}

interface People {
  parties(): Promise<{ id: string; name: string; account?: string; joined?: string }[]>
  addParty(name: string): Promise<{ id: string }>
  /** Whether or not they ever signed in. */
  accounts(): Promise<Account[]>
  /** The party of an account; made if there is none. */
  memberParty(account: string, name: string): Promise<{ id: string }>
}

/**
 * The id of the party of a name, whatever its case; made if there is none. An account's own name counts first. What its
 * holder chose to be called counts where nobody else is called so: they could take somebody's entries by it.
 */
export async function partyNamed(people: People, name: string): Promise<string> {
  const same = (other: string | undefined) =>
    other !== undefined && other.localeCompare(name.trim(), undefined, { sensitivity: 'accent' }) === 0
  const [parties, accounts] = await Promise.all([people.parties(), people.accounts()])
  const own = parties.find(({ account }) => same(account))
  if (own) return own.id
  const called = parties.filter((party) => same(party.name))
  const byHand = called.find(({ account }) => account === undefined)
  const account = accounts.find(({ id }) => same(id)) ?? (byHand ? undefined : onlyOne(called, accounts, same))
  if (account) return (await people.memberParty(account.id, account.name ?? account.id)).id
  return byHand ? (byHand.joined ?? byHand.id) : (await people.addParty(name)).id
}

/** The account whose holder is called so, if it is the only one. */
function onlyOne(
  called: { name: string; account?: string }[],
  accounts: Account[],
  same: (name: string | undefined) => boolean,
): Account | undefined {
  const holders = new Map<string, Account>()
  for (const { account: id, name } of called) if (id !== undefined) holders.set(id, { id, name })
  for (const account of accounts) if (same(account.name)) holders.set(account.id, account)
  return holders.size === 1 ? [...holders.values()][0] : undefined
}

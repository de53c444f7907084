import type { EntryDraft } from './entry.ts'

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
  return (source === typed || source === typedByPerson) && isTypedKind(kind)
}

/** What everything entered by hand has in common: bills and purchases are the members' to see, the rest its person's. */
export function typedDraft(kind: TypedKind): Pick<EntryDraft, 'kind' | 'source' | 'audience'> {
  return { kind, source: typed, audience: kind === 'bill' || kind === 'purchase' ? 'members' : 'party' }
}

interface Parties {
  parties(): Promise<{ id: string; name: string; account?: string; joined?: string }[]>
  addParty(name: string): Promise<{ id: string }>
}

/**
 * The id of the party of a name, whatever its case; made if there is none. An account's own name counts first. What its
 * holder chose to be called counts where nobody else is called so: they could take somebody's entries by it.
 */
export async function partyNamed(ledger: Parties, name: string): Promise<string> {
  const same = (other: string) => other.localeCompare(name, undefined, { sensitivity: 'accent' }) === 0
  const parties = await ledger.parties()
  const called = parties.filter((party) => same(party.name))
  const best =
    parties.find(({ account }) => account !== undefined && same(account)) ??
    called.find(({ account }) => account === undefined) ??
    (called.length === 1 ? called[0] : undefined)
  return best ? (best.joined ?? best.id) : (await ledger.addParty(name)).id
}

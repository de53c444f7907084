import type { EntryDraft } from './entry.ts'

/** Kinds of entries that people make by hand. */
export const typedKinds = ['donation', 'bill', 'purchase', 'work'] as const
export type TypedKind = (typeof typedKinds)[number]

export function isTypedKind(kind: string): kind is TypedKind {
  return (typedKinds as readonly string[]).includes(kind)
}

/** What everything entered by hand has in common: bills and purchases are the members' to see, the rest its person's. */
export function typedDraft(kind: TypedKind): Pick<EntryDraft, 'kind' | 'source' | 'audience'> {
  return { kind, source: 'typed', audience: kind === 'bill' || kind === 'purchase' ? 'members' : 'party' }
}

interface Parties {
  parties(): Promise<{ id: string; name: string }[]>
  addParty(name: string): Promise<{ id: string }>
}

/** The id of the party of a name, whatever its case; made if there is none. */
export async function partyNamed(ledger: Parties, name: string): Promise<string> {
  const same = (other: string) => other.localeCompare(name, undefined, { sensitivity: 'accent' }) === 0
  const known = (await ledger.parties()).find((party) => same(party.name))
  return (known ?? (await ledger.addParty(name))).id
}

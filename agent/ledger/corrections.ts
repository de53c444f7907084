import { type Amount, type Entry, type EntryDraft, EntryRefused } from './entry.ts'

/** Kinds of entries that only say something of another, and by which reference. */
const relations: Readonly<Record<string, string>> = {
  correction: 'corrects',
  confirmation: 'confirms',
  acceptance: 'accepts',
  objection: 'contests',
}

/**
 * The entry that corrects another: it carries what the other's amounts should have been, and belongs to the same day,
 * person and fund. Amounts of none say that it should not have been recorded at all.
 * @throws EntryRefused where the other is itself a correction, or a confirmation
 */
export function correctionOf(entry: Entry, amounts: Amount[], note?: string): EntryDraft {
  if (Object.hasOwn(relations, entry.kind))
    throw new EntryRefused('references', `a ${entry.kind} cannot be corrected`, 'Correct the entry it refers to.')
  const { period, instance, party, fund, purpose, activity, engagement, audience } = entry
  return {
    kind: 'correction',
    period,
    instance,
    ...defined({ party, fund, purpose, activity, engagement, note }),
    amounts,
    source: 'typed',
    audience,
    references: [{ relation: 'corrects', id: entry.id }],
  }
}

/**
 * The entry by which somebody else says that another entry is right.
 * @throws EntryRefused where it is the person's own, or not one that can be confirmed
 */
export function confirmationOf(entry: Entry, party: string): EntryDraft {
  if (entry.party === party)
    throw new EntryRefused('party', 'nobody can confirm an entry of their own', 'Ask somebody else.')
  if (entry.kind === 'confirmation')
    throw new EntryRefused('references', 'a confirmation needs none itself', 'Confirm the entry it refers to.')
  return about(entry, 'confirmation', party)
}

/** What a person can say of an entry that somebody else made about them. */
export type Answer = 'acceptance' | 'objection'

/**
 * The entry by which a person says whether what was entered about them by somebody else is right.
 * @throws EntryRefused where it is about nobody, or only says something of another entry
 */
export function answerTo(entry: Entry, answer: Answer, note?: string): EntryDraft {
  if (Object.hasOwn(relations, entry.kind) || entry.party === undefined)
    throw new EntryRefused('references', 'is no entry about a person', 'Answer one that is.')
  return { ...about(entry, answer, entry.party), audience: 'party', ...defined({ note }) }
}

function about({ id, period, instance, audience }: Entry, kind: string, party: string): EntryDraft {
  const references = [{ relation: relations[kind] as string, id }]
  return { kind, period, instance, party, amounts: [], source: 'typed', audience, references }
}

/** An entry as it counts now. */
export interface CurrentEntry {
  entry: Entry
  /** The amounts after the last correction. */
  amounts: Amount[]
  /** Corrections, in the order they were recorded. */
  corrections: Entry[]
  /** Parties who confirmed it since its last correction; a changed entry has to be confirmed anew. */
  confirmedBy: string[]
  /** What the person it is about said of it since its last correction; absent: nothing. */
  answer?: Entry
}

/**
 * Entries with what others say of them applied: corrections, confirmations, answers. Those of entries that are not among
 * those given stand by themselves.
 * @param entries in the order they were recorded
 */
export function currentEntries(entries: Entry[]): CurrentEntry[] {
  const current = new Map<string, CurrentEntry>()
  for (const entry of entries) {
    const target = targetOf(entry, current)
    if (!target) {
      current.set(entry.id, { entry, amounts: entry.amounts, corrections: [], confirmedBy: [] })
    } else if (entry.kind === 'correction') {
      target.amounts = entry.amounts
      target.corrections.push(entry)
      target.confirmedBy = []
      delete target.answer
    } else if (entry.kind !== 'confirmation') {
      if (entry.party === target.entry.party) target.answer = entry
    } else if (entry.party !== undefined && !target.confirmedBy.includes(entry.party)) {
      target.confirmedBy.push(entry.party)
    }
  }
  return [...current.values()]
}

function targetOf({ kind, references = [] }: Entry, current: Map<string, CurrentEntry>): CurrentEntry | undefined {
  const relation = Object.hasOwn(relations, kind) ? relations[kind] : null
  const reference = references.find((each) => each.relation === relation && each.log === undefined)
  return reference && current.get(reference.id)
}

/** Fields without those that have no value. */
function defined<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

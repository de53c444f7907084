import type { HoursConfirmer } from '../api.ts'
import { type Amount, type Entry, type EntryDraft, EntryRefused } from './entry.ts'
import { typed, typedByPerson } from './typed-entry.ts'

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
  const { period, start, instance, party, fund, purpose, activity, engagement, audience } = entry
  return {
    kind: 'correction',
    period,
    instance,
    ...defined({ start, party, fund, purpose, activity, engagement, note }),
    amounts,
    source: typed,
    audience,
    references: [{ relation: 'corrects', id: entry.id }],
  }
}

/**
 * The entry by which somebody else says that another entry is right: a person, by `typedByPerson`; the owner in a
 * person's name, who is asked about it; without a party the owner as the owner.
 * @throws EntryRefused where it is the person's own, or not one that can be confirmed
 */
export function confirmationOf(entry: Entry, party?: string): EntryDraft {
  if (party !== undefined && entry.party === party)
    throw new EntryRefused('party', 'nobody can confirm an entry of their own', 'Ask somebody else.')
  if (entry.kind === 'confirmation')
    throw new EntryRefused('references', 'a confirmation needs none itself', 'Confirm the entry it refers to.')
  return about(entry, 'confirmation', party)
}

/** What a person can say of an entry that somebody else made about them. */
export type Answer = 'acceptance' | 'objection'

/**
 * The entry by which a person says whether what was entered about them by somebody else is right; a confirmation in
 * their name, too.
 * @throws EntryRefused where it is about nobody, or only says something else of another entry
 */
export function answerTo(entry: Entry, answer: Answer, note?: string): EntryDraft {
  const isAbout = entry.kind === 'confirmation' || !Object.hasOwn(relations, entry.kind)
  if (!isAbout || entry.party === undefined)
    throw new EntryRefused('references', 'is no entry about a person', 'Answer one that is.')
  return { ...about(entry, answer, entry.party), audience: 'party', ...defined({ note }) }
}

function about({ id, period, instance, audience }: Entry, kind: string, party: string | undefined): EntryDraft {
  const references = [{ relation: relations[kind] as string, id }]
  return { kind, period, instance, ...defined({ party }), amounts: [], source: typed, audience, references }
}

/** Who confirmed an entry. */
export interface Confirmer {
  /** Absent: the owner of the server. */
  party?: string
  /** The owner entered it in this person's name, who has not said yet that it is right. */
  byOwner: boolean
}

/** An entry as it counts now. */
export interface CurrentEntry {
  entry: Entry
  /** The amounts after the last correction. */
  amounts: Amount[]
  /** Corrections, the last one last. */
  corrections: Entry[]
  /** Who confirmed it since its last correction; a changed entry has to be confirmed anew. */
  confirmedBy: Confirmer[]
  /** What the person it is about said of it since its last correction; absent: nothing. */
  answer?: Entry
  /**
   * Why the person it is about contests it. It stays so when somebody else corrects it, until the person says that it is
   * right, or corrects it themselves.
   */
  contested?: Entry
}

/** A confirmer as the API has it; `nameOf` a party is null where it was erased. */
export function confirmerNamed(
  { party, byOwner }: Confirmer,
  nameOf: (party: string) => string | null,
): HoursConfirmer {
  if (party === undefined) return { by: 'owner', name: null }
  return { by: byOwner ? 'owner-for-person' : 'person', name: nameOf(party) }
}

interface Confirmation {
  target: CurrentEntry
  confirmer: Confirmer
}

/**
 * Entries with what others say of them applied: corrections, confirmations, answers. Those of entries that are not among
 * those given stand by themselves. An import may bring what is said of an entry before the entry, and the last correction
 * before the first: what was said last counts, wherever it stands.
 * @param entries in the order in which this ledger took them
 */
export function currentEntries(entries: Entry[]): CurrentEntry[] {
  const current = new Map<string, CurrentEntry>()
  const confirmations = new Map<string, Confirmation>()
  for (const entry of asSaid(entries)) {
    const about = referredTo(entry)
    const target = about === undefined ? undefined : current.get(about)
    const confirmation = about === undefined ? undefined : confirmations.get(about)
    if (target && entry.kind === 'correction') correct(target, entry)
    else if (target && entry.kind === 'confirmation')
      confirmations.set(entry.id, { target, confirmer: confirm(target, entry) })
    else if (target) answer(target, entry)
    else if (confirmation) answerConfirmation(confirmation, entry)
    else current.set(entry.id, { entry, amounts: entry.amounts, corrections: [], confirmedBy: [] })
  }
  return [...new Set(entries.flatMap(({ id }) => current.get(id) ?? []))]
}

/**
 * Entries in the order in which they are to be applied: what says something of others after all of these, as it was
 * recorded, wherever. What was recorded by a clock that could not be trusted comes after the one before it here.
 */
export function asSaid(entries: readonly Entry[]): Entry[] {
  const { first = [], rest = [] } = Object.groupBy(entries, (each) =>
    referredTo(each) === undefined ? 'first' : 'rest',
  )
  let before = Number.NEGATIVE_INFINITY
  const timed = rest.map((entry) => {
    const at = Date.parse(entry.recordedAt)
    before = entry.clockTrusted ? at : Math.max(at, before)
    return { entry, at: before }
  })
  return [...first, ...timed.sort((one, other) => one.at - other.at).map(({ entry }) => entry)]
}

function correct(target: CurrentEntry, correction: Entry): void {
  target.amounts = correction.amounts
  target.corrections.push(correction)
  target.confirmedBy = []
  delete target.answer
  if (correction.source === typedByPerson) delete target.contested
}

function confirm(target: CurrentEntry, { party, source }: Entry): Confirmer {
  const before = target.confirmedBy.find((each) => each.party === party)
  const byOwner = party !== undefined && source === typed && before?.byOwner !== false
  if (before) {
    before.byOwner = byOwner
    return before
  }
  const confirmer: Confirmer = { ...(party !== undefined && { party }), byOwner }
  target.confirmedBy.push(confirmer)
  return confirmer
}

/** What somebody else says of it is no answer. */
function answer(target: CurrentEntry, entry: Entry): void {
  if (entry.party !== target.entry.party) return
  target.answer = entry
  if (entry.kind === 'objection') target.contested = entry
  else delete target.contested
}

/** Whom a confirmation names says whether it is right: then it is their own, else it does not count. */
function answerConfirmation({ target, confirmer }: Confirmation, { kind, party }: Entry): void {
  if (party !== confirmer.party) return
  confirmer.byOwner = false
  if (kind === 'objection') target.confirmedBy = target.confirmedBy.filter((each) => each !== confirmer)
}

/** The entry of this ledger that another says something of, by its kind's own reference. */
function referredTo({ kind, references = [] }: Entry): string | undefined {
  const relation = Object.hasOwn(relations, kind) ? relations[kind] : null
  return references.find((each) => each.relation === relation && each.log === undefined)?.id
}

/** Fields without those that have no value. */
function defined<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

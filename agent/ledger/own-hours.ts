import type { HoursLine, MemberHours, NamedConfirmation } from '../api.ts'
import { type CurrentEntry, confirmerNamed, currentEntries } from './corrections.ts'
import type { Entry } from './entry.ts'
import { typed } from './typed-entry.ts'

type NameOf = (party: string) => string | null

/**
 * Hours as one person may see them: their own, and those of others who let everybody here see them; and what the owner
 * says they confirmed.
 * @param entries in the order they were recorded
 * @param mine the person's party, and those joined to it
 * @param nameOf the name of a party; null: it was erased
 */
export function hoursOf(entries: Entry[], mine: ReadonlySet<string>, nameOf: NameOf): MemberHours {
  const isMine = (party: string | undefined) => party !== undefined && mine.has(party)
  const work = currentEntries(entries).filter(({ entry }) => entry.kind === 'work' && entry.party !== undefined)
  const line = (current: CurrentEntry) => lineOf(current, nameOf)
  return {
    own: work.filter(({ entry }) => isMine(entry.party)).map(line),
    toConfirm: work
      .filter(({ entry, amounts }) => entry.audience === 'members' && !isMine(entry.party) && amounts.length > 0)
      .filter(({ confirmedBy, contested }) => !confirmedBy.some(({ party }) => isMine(party)) && !contested)
      .map(line)
      // When they were at it, what was paid and which words went with corrections is between the person and the owner.
      .map(({ start, engagement, why, objection, ...told }) => told),
    toAnswer: unansweredConfirmations(entries, isMine).map((entry) => confirmationOf(entry, work, nameOf)),
  }
}

/** What the owner entered as confirmed by this person, who has not said whether it is right; corrected since or not. */
function unansweredConfirmations(entries: Entry[], isMine: (party: string | undefined) => boolean): Entry[] {
  const mine = entries.filter(({ party }) => isMine(party))
  const answers = mine.filter(({ kind }) => kind === 'acceptance' || kind === 'objection')
  const answered = new Set(answers.flatMap(({ references = [] }) => references.map(({ id }) => id)))
  return mine.filter(({ id, kind, source }) => kind === 'confirmation' && source === typed && !answered.has(id))
}

/** Whose hours and how many is told only where their person lets others see them. */
function confirmationOf(
  { id, period, references = [] }: Entry,
  work: CurrentEntry[],
  nameOf: NameOf,
): NamedConfirmation {
  const confirmed = work.find(({ entry }) => references.some((reference) => reference.id === entry.id))
  const named = { id, day: period.from }
  if (confirmed?.entry.audience !== 'members') return named
  const { who, hours, activity, purpose } = lineOf(confirmed, nameOf)
  return {
    ...named,
    of: { who, hours, ...(activity !== undefined && { activity }), ...(purpose !== undefined && { purpose }) },
  }
}

function lineOf(
  { entry, amounts, corrections, confirmedBy, answer, contested }: CurrentEntry,
  nameOf: NameOf,
): HoursLine {
  const last = corrections.at(-1)
  const byOther = (last ?? entry).source === typed
  return {
    id: entry.id,
    day: entry.period.from,
    who: nameOf(entry.party as string),
    hours: amounts[0]?.value ?? null,
    before: last ? (entry.amounts[0]?.value ?? null) : null,
    isOpen: entry.audience === 'members',
    byOwner: entry.source === typed,
    needsAnswer: byOther && answer === undefined,
    confirmedBy: confirmedBy.map((each) => confirmerNamed(each, nameOf)),
    ...(entry.start !== undefined && { start: entry.start }),
    ...(entry.activity !== undefined && { activity: entry.activity }),
    ...(entry.engagement !== undefined && { engagement: entry.engagement }),
    ...(entry.purpose !== undefined && { purpose: entry.purpose }),
    ...(last?.note !== undefined && { why: last.note }),
    ...(contested && { objection: contested.note ?? '' }),
  }
}

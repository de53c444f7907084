import type { HoursLine, MemberHours } from '../api.ts'
import { type CurrentEntry, currentEntries } from './corrections.ts'
import type { Entry } from './entry.ts'
import { typed } from './typed-entry.ts'

/**
 * Hours as one person may see them: their own, and those of others who let everybody here see them.
 * @param entries in the order they were recorded
 * @param mine the person's party, and those joined to it
 * @param nameOf the name of a party; null: it was erased
 */
export function hoursOf(
  entries: Entry[],
  mine: ReadonlySet<string>,
  nameOf: (party: string) => string | null,
): MemberHours {
  const isMine = (party: string | undefined) => party !== undefined && mine.has(party)
  const work = currentEntries(entries).filter(({ entry }) => entry.kind === 'work' && entry.party !== undefined)
  const line = (current: CurrentEntry) => lineOf(current, nameOf)
  return {
    own: work.filter(({ entry }) => isMine(entry.party)).map(line),
    toConfirm: work
      .filter(({ entry, amounts }) => entry.audience === 'members' && !isMine(entry.party) && amounts.length > 0)
      .filter(({ confirmedBy, answer }) => !confirmedBy.some(isMine) && answer?.kind !== 'objection')
      .map(line)
      // What was paid and which words went with corrections is between the person and the owner.
      .map(({ engagement, why, objection, ...told }) => told),
  }
}

function lineOf(
  { entry, amounts, corrections, confirmedBy, answer }: CurrentEntry,
  nameOf: (party: string) => string | null,
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
    confirmedBy: confirmedBy.map(nameOf),
    ...(entry.activity !== undefined && { activity: entry.activity }),
    ...(entry.engagement !== undefined && { engagement: entry.engagement }),
    ...(entry.purpose !== undefined && { purpose: entry.purpose }),
    ...(last?.note !== undefined && { why: last.note }),
    ...(answer?.kind === 'objection' && { objection: answer.note ?? '' }),
  }
}

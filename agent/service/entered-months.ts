import { dayMs, dayName, monthNamed } from '../costs/calendar.ts'
import { type EnergyRead, type EnteredLine, energyRead, enteredLine, isOfBill } from '../costs/entries.ts'
import { type CurrentEntry, currentEntries } from '../ledger/corrections.ts'
import { addQuantities, nothing, type Quantities } from '../ledger/hours.ts'
import type { Journal, Leaf } from '../ledger/journal.ts'
import { type MeteredDay, meteredByDay } from '../ledger/metered-entries.ts'

/** What was metered in some time; null: nothing. */
export type Metered = MeteredDay | null

/** A month as it stands in the ledger, corrections included. */
export interface EnteredMonth {
  /** Names of the days that were entered, and what was metered on all of them. */
  days: ReadonlySet<string>
  metered: Metered
  /** Whether what it cost was entered; the lines of that bill which were not withdrawn. */
  isBilled: boolean
  costs: readonly EnteredLine[]
  /** Of that bill's energy, withdrawn or not; null: it has none. */
  energy: EnergyRead | null
}

/** The entries of a month's days have whole seconds: so many may be more, or fewer, than were read. */
export const roundingSeconds = 31

/** Entries of these days are likely the ones that were added last. */
const recentDays = 45

/**
 * What the ledger has of months. The sums of a month are kept until something is added to it: otherwise a chart of ten
 * years would read some twenty thousand entries each time. What is erased is about people and in no such sum.
 */
export class EnteredMonths {
  readonly #journal: Journal
  readonly #now: () => number
  readonly #kept = new Map<string, EnteredMonth>()
  /** The last leaf of the journal for which the sums are right. */
  #last: Leaf | null = null

  /** @param now milliseconds since 1970 */
  constructor(journal: Journal, now: () => number) {
    this.#journal = journal
    this.#now = now
  }

  /** Forgets sums of months to which something was added; to be called before they are asked for. @throws JournalTrouble */
  refresh(): void {
    const known = this.#last
    const from = known?.sequence ?? this.#recent().at(-1)?.sequence ?? 1
    const [same, ...added] = this.#journal.leaves(from - 1)
    this.#last = added.at(-1) ?? same ?? null
    if (!known || !same?.hash.equals(known.hash)) this.#kept.clear()
    else if (added.length > 0) this.#forget(known.sequence, added.length)
  }

  /** The days of a month on which something was entered. @throws JournalTrouble */
  days(month: string): Map<string, MeteredDay> {
    return meteredByDay(this.#entries(month, ['power', 'traffic', 'correction']))
  }

  /** @throws JournalTrouble */
  month(month: string): EnteredMonth {
    const kept = this.#kept.get(month)
    if (kept) return kept
    const entries = this.#entries(month, ['power', 'traffic', 'cost', 'correction'])
    const days = meteredByDay(entries)
    const entered: EnteredMonth = {
      days: new Set(days.keys()),
      metered: sum([...days.values()]),
      isBilled: entries.some(({ entry }) => isOfBill(entry)),
      costs: entries.flatMap((entry) => enteredLine(entry) ?? []),
      energy: entries.map(({ entry }) => energyRead(entry)).find((read) => read !== null) ?? null,
    }
    this.#kept.set(month, entered)
    return entered
  }

  #forget(after: number, count: number): void {
    const added = this.#recent().filter(({ sequence }) => sequence > after)
    for (const { period } of added) this.#kept.delete(period.from.slice(0, 7))
    if (added.length < count) this.#kept.clear() // the others may belong to any month
  }

  #recent() {
    return this.#journal.entries({ from: dayName(Math.floor(this.#now() / dayMs) - recentDays) })
  }

  #entries(month: string, kinds: string[]): CurrentEntry[] {
    const { firstDay, endDay } = monthNamed(month, 'UTC')
    return ownEntries(this.#journal, kinds, dayName(firstDay), dayName(endDay))
  }
}

/** Own entries of some kinds from a day up to another, as they count now. @throws JournalTrouble */
export function ownEntries(journal: Journal, kinds: string[], from: string, to: string): CurrentEntry[] {
  return currentEntries(kinds.flatMap((kind) => journal.entries({ kind, from, to }, true)))
}

export function sum(parts: (Metered | (Quantities & { trusted: boolean }))[]): Metered {
  const there = parts.filter((part) => part !== null)
  if (there.length === 0) return null
  const total = { ...nothing, trusted: there.every(({ trusted }) => trusted) }
  for (const part of there) addQuantities(total, part)
  return total
}

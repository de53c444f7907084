import path from 'node:path'
import type { Problem } from '../api.ts'
import { dayNumberAt, dayStart } from '../costs/calendar.ts'
import type { Clock } from '../ledger/clock.ts'
import type { HourEntry } from '../ledger/hours.ts'
import { readText } from '../meters/files.ts'
import { writeDurably } from '../service/durable.ts'
import {
  addParts,
  allow,
  available,
  type Budget,
  carriedDays,
  type DayBytes,
  emptyBudget,
  giveBack,
  meanDays,
  onDay,
  shareOf,
  splitParts,
} from './budget.ts'

const fileName = 'publishing-budget.json'
/** So much is put aside for visitors at once: each request would otherwise write to the card. */
const chunkBytes = 8 * 1024
const writeMs = 10 * 60_000

/** What publishing sent, and what came without being asked for. Bytes by the estimates of wire.ts. */
export interface PublishingCounts {
  /** When counting began; RFC 3339, UTC. */
  since: string
  /** Sent on the kit's own account, within the budget: pushes, and answers to visitors. */
  sent: number
  /** Visitors' requests for the log and its announcement. */
  visits: number
  /** Of these, answered that the day's share is used. */
  refused: number
  /** Bytes that visitors sent. They arrive before the kit knows what is asked for: nothing can be done about them. */
  arrived: number
  /** Bytes that refusing cost, handshakes and all; outside the budget for the same reason. */
  refusing: number
}

interface Kept {
  version: 1
  budget: Budget
  /** Parts of the budget that pushes took: what they give back comes out of these. */
  lent: readonly DayBytes[]
  /** Half of what each day adds, less what visitors had of it, with what was put aside for them. */
  visitors: Budget
  counts: PublishingCounts
}

export interface AllowanceOptions {
  /** The agent's own data. */
  folder: string
  clock: Clock
  /** The household's time zone. */
  zone: () => string
  readings: { entries(from: number, to: number): HourEntry[] }
}

/**
 * The budget in force (budget.ts): pushes and visitors draw on it, and what it allowed is on the card before it is sent.
 * Visitors have half of it at most, today's and what was carried over: a log that has grown is more than a day gives, and
 * is to be read whole. The other half is left for pushes, so that nobody can keep the kit from publishing by asking for
 * it. While the clock cannot be trusted, no day adds anything.
 */
export class Allowance {
  readonly #file: string
  readonly #clock: Clock
  readonly #zone: () => string
  readonly #readings: AllowanceOptions['readings']
  #kept: Kept
  /** Off the budget and on the card, but not yet given to visitors. */
  #aside: DayBytes[] = []
  #traffic: { day: number; zone: string; wan: number[] } | null = null
  #timer: NodeJS.Timeout | undefined
  #trouble: Problem | null = null

  constructor({ folder, clock, zone, readings }: AllowanceOptions) {
    this.#file = path.join(folder, fileName)
    this.#clock = clock
    this.#zone = zone
    this.#readings = readings
    this.#kept = nothing(clock.now())
  }

  /** Reads what was kept. A file that cannot be read counts as nothing in hand. */
  start(): void {
    const text = readText(this.#file)
    if (text === null) return
    try {
      this.#kept = parseKept(text)
    } catch (error) {
      console.error(`${this.#file} cannot be read and is begun anew: ${(error as Error).message}`)
    }
  }

  /** Writes what is not on the card yet; what visitors did not use goes back. */
  stop(): void {
    const isWritten = this.#timer === undefined && this.#aside.length === 0
    this.#takeAsideBack()
    if (!isWritten) this.#write(this.#kept)
  }

  /** Bytes that a push may send now. To be looked at every day while publishing is on: other days add nothing. */
  available(): number {
    const day = this.#today()
    if (day === null) return 0
    const budget = onDay(this.#kept.budget, day, this.#wan(day))
    if (budget.day !== this.#kept.budget.day) {
      this.#kept = { ...this.#kept, budget, visitors: this.#visitorsOn(day) }
      this.#writeLater()
    }
    return available(budget)
  }

  /** Asks to send so many bytes on the kit's own account, all or nothing; on the card when it returns true. */
  take(bytes: number): boolean {
    const day = this.#today()
    if (day === null) return false
    const { allowed, budget, taken } = allow(this.#kept.budget, bytes, day, this.#wan(day))
    if (!allowed) return false
    const lent = addParts(this.#kept.lent, taken).filter((part) => part.day >= day - carriedDays)
    return this.#write({ ...this.#kept, budget, lent, counts: this.#counted({ sent: bytes }) })
  }

  /** Takes back what was allowed by `take` and not sent. */
  giveBack(bytes: number): void {
    const [parts, lent] = splitParts(this.#kept.lent, Math.max(0, Math.floor(bytes)))
    if (parts.length === 0) return
    const budget = giveBack(this.#kept.budget, parts)
    this.#write({ ...this.#kept, budget, lent, counts: this.#counted({ sent: -sumOf(parts) }) })
  }

  /** Asks to send an answer of so many bytes to a visitor, whose request was `arrived` bytes. */
  visit(bytes: number, arrived: number): boolean {
    const given = this.#visitorsMay(bytes)
    if (given) this.#aside = splitParts(this.#aside, bytes)[1]
    this.#count({ visits: 1, arrived, sent: given ? bytes : 0 })
    return given
  }

  /** Counts what telling a visitor cost that there is nothing for them today. */
  refuse(bytes: number): void {
    this.#count({ refused: 1, refusing: bytes })
  }

  /** Seconds until visitors are given something again. */
  secondsToNextShare(): number {
    const now = this.#clock.now()
    const tomorrow = dayStart(dayNumberAt(now, this.#zone()) + 1, this.#zone())
    return Math.max(1, Math.ceil((tomorrow - now) / 1000))
  }

  counts(): PublishingCounts {
    return this.#kept.counts
  }

  problems(): Problem[] {
    return this.#trouble ? [this.#trouble] : []
  }

  /** Whether so much is aside for visitors, after putting more aside where need be. */
  #visitorsMay(bytes: number): boolean {
    const day = this.#today()
    if (day === null) return false
    const lacking = bytes - sumOf(this.#aside)
    if (lacking <= 0) return true
    const atHand = this.available()
    const visitors = this.#visitorsOn(day)
    const wanted = Math.min(Math.max(chunkBytes, lacking), available(visitors), atHand)
    if (wanted < lacking) return false
    const { allowed, budget, taken } = allow(this.#kept.budget, wanted, day, this.#wan(day))
    const [, left] = splitParts(visitors.left, wanted)
    if (!allowed || !this.#write({ ...this.#kept, budget, visitors: { ...visitors, left } })) return false
    this.#aside = addParts(this.#aside, taken)
    return true
  }

  #visitorsOn(day: number): Budget {
    const wan = this.#wan(day)
    return onDay(this.#kept.visitors, day, wan, Math.floor(shareOf(wan) / 2))
  }

  #takeAsideBack(): void {
    const { budget, visitors } = this.#kept
    const aside = this.#aside
    this.#kept = { ...this.#kept, budget: giveBack(budget, aside), visitors: giveBack(visitors, aside) }
    this.#aside = []
  }

  #count(more: Partial<Sums>): void {
    this.#kept = { ...this.#kept, counts: this.#counted(more) }
    this.#writeLater()
  }

  #counted(more: Partial<Sums>): PublishingCounts {
    const { since, ...sums } = this.#kept.counts
    for (const name of sumNames) sums[name] += more[name] ?? 0
    return { since, ...sums }
  }

  /** The number of the day; the last one known while the clock cannot be trusted. */
  #today(): number | null {
    return this.#clock.trusted() ? dayNumberAt(this.#clock.now(), this.#zone()) : this.#kept.budget.day
  }

  /** Bytes on the internet side of each of the seven days before, but those without a reading by a right clock. */
  #wan(day: number): number[] {
    const zone = this.#zone()
    if (this.#traffic?.day !== day || this.#traffic.zone !== zone) {
      const wan: number[] = []
      for (let each = day - meanDays; each < day; each += 1) {
        const hours = this.#readings.entries(dayStart(each, zone), dayStart(each + 1, zone))
        const right = hours.filter(({ trusted }) => trusted)
        if (right.length > 0) wan.push(right.reduce((sum, { wanIn, wanOut }) => sum + wanIn + wanOut, 0))
      }
      this.#traffic = { day, zone, wan }
    }
    return this.#traffic.wan
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => this.#write(this.#kept), writeMs).unref()
  }

  /** False if it could not be written: then nothing may be sent by it. */
  #write(kept: Kept): boolean {
    clearTimeout(this.#timer)
    this.#timer = undefined
    try {
      writeDurably(this.#file, `${JSON.stringify(kept)}\n`, 0o600)
    } catch (error) {
      this.#trouble = {
        id: 'publishing.budget',
        where: this.#file,
        what: `What was sent for publishing cannot be written down: ${(error as Error).message}.`,
        next: 'Make room if the space is used up. Until it can be, nothing is sent.',
      }
      return false
    }
    this.#kept = kept
    this.#trouble = null
    return true
  }
}

type Sums = Omit<PublishingCounts, 'since'>
const sumNames = ['sent', 'visits', 'refused', 'arrived', 'refusing'] as const satisfies (keyof Sums)[]

function nothing(now: number): Kept {
  return {
    version: 1,
    budget: emptyBudget,
    lent: [],
    visitors: emptyBudget,
    counts: { since: new Date(now).toISOString(), sent: 0, visits: 0, refused: 0, arrived: 0, refusing: 0 },
  }
}

function sumOf(parts: readonly DayBytes[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** @throws Error */
function parseKept(text: string): Kept {
  const { version, budget, lent, visitors, counts } = JSON.parse(text) as Kept
  if (version !== 1) throw new Error(`version ${String(version).slice(0, 20)} is not known here`)
  const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0
  const areParts = (parts: unknown) =>
    Array.isArray(parts) && parts.every((part: DayBytes) => Number.isSafeInteger(part?.day) && isCount(part.bytes))
  const isBudget = (budget: Budget) =>
    (budget?.day === null || Number.isSafeInteger(budget?.day)) &&
    typeof budget.isOnline === 'boolean' &&
    areParts(budget.left)
  const areCounts = !Number.isNaN(Date.parse(counts.since)) && sumNames.every((name) => isCount(counts[name]))
  if (!isBudget(budget) || !isBudget(visitors) || !areParts(lent) || !areCounts)
    throw new Error('it has not the form it must have')
  return { version, budget, lent, visitors, counts }
}

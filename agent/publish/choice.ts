import path from 'node:path'
import type { Problem } from '../api.ts'
import { dayNumber } from '../costs/calendar.ts'
import { readText } from '../meters/files.ts'
import { putAside, writeDurably } from '../service/durable.ts'
import { checkStoredCollector, checkWitness, mostCollectors, mostWitnesses } from './addresses.ts'
import type { Every } from './due.ts'
import type { Collector, Witness } from './outbox.ts'
import { PublishingRefused } from './refused.ts'

/** What the owner chose to show. */
export interface Disclosure {
  every: Every
  /** First day that may be in a report, such as `2026-11-01`. */
  from: string
  /** The household agrees that its bills and purchases may be told. */
  household: boolean
}

/** What the owner chose about publishing, `publishing.json`. */
export interface PublishingChoice {
  version: 1
  on: boolean
  /** Null: it was never switched on. */
  disclosure: Disclosure | null
  collectors: Collector[]
  witnesses: Witness[]
}

const nothing: PublishingChoice = { version: 1, on: false, disclosure: null, collectors: [], witnesses: [] }

/** The file; it holds the secrets of collectors. One that cannot be read is put aside: then nothing is published. */
export class ChoiceFile {
  readonly #file: string
  #choice = nothing
  #problem: Problem | null = null

  constructor(folder: string) {
    this.#file = path.join(folder, 'publishing.json')
  }

  start(): void {
    const content = readText(this.#file)
    if (content === null) return
    try {
      this.#choice = checkChoice(JSON.parse(content))
    } catch (error) {
      const aside = putAside(this.#file)
      this.#problem = {
        id: 'publishing.damaged',
        where: this.#file,
        what: `What you chose about publishing could not be read (${error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message}). It was kept as ${aside}; nothing is published.`,
        next: 'Open the public report and switch it on again if you like.',
      }
    }
  }

  problem(): Problem | null {
    return this.#problem
  }

  current(): PublishingChoice {
    return this.#choice
  }

  /** Durable when it returns. */
  store(change: Partial<PublishingChoice>): void {
    const choice = checkChoice({ ...this.#choice, ...change })
    writeDurably(this.#file, `${JSON.stringify(choice, null, 2)}\n`, 0o600)
    this.#choice = choice
    this.#problem = null
  }
}

/** @throws PublishingRefused */
export function checkDisclosure(value: unknown): Disclosure {
  const { every, from, household } = (value ?? {}) as Record<string, unknown>
  if (every !== 'month' && every !== 'week')
    throw new PublishingRefused('choice', 'every', 'every must be month or week.', 'Choose one of them.')
  if (typeof from !== 'string' || Number.isNaN(dayNumber(from)))
    throw new PublishingRefused('choice', 'from', 'from must be a day.', 'Write one such as 2026-11-01.')
  if (typeof household !== 'boolean')
    throw new PublishingRefused('choice', 'household', 'household must be yes or no.', 'Write true or false.')
  return { every, from, household }
}

function checkChoice(value: unknown): PublishingChoice {
  const { version, on, disclosure, collectors, witnesses } = (value ?? {}) as Record<string, unknown>
  if (version !== 1) throw new Error(`version ${String(version).slice(0, 20)} is not known here`)
  if (typeof on !== 'boolean' || (on && disclosure === null)) throw new Error('it does not say whether it is on')
  const list = (given: unknown, most: number) => {
    if (Array.isArray(given) && given.length <= most) return given as unknown[]
    throw new PublishingRefused('address', 'collectors', `There can be ${most} at most.`, 'Remove one first.')
  }
  return {
    version,
    on,
    disclosure: disclosure === null ? null : checkDisclosure(disclosure),
    collectors: list(collectors, mostCollectors).map(checkStoredCollector),
    witnesses: list(witnesses, mostWitnesses).map(checkWitness),
  }
}

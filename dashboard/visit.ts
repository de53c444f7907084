import type { KitFacts } from '#agent/api.ts'
import { type Format, makeFormat } from './format.ts'
import type { Holder } from './security/sessions.ts'
import { type Language, loadWords, type Words } from './words/index.ts'

/** What every page needs to know about the request at hand. */
export interface Visit {
  /** Null while the kit has not finished its first set-up. */
  kit: KitFacts | null
  /**
   * The name, without `.local`, by which the kit is found where another device has its own; null while it goes by its own.
   */
  foundAs: string | null
  language: Language
  words: Words
  format: Format
  /** Who signed in; null: nobody. */
  holder: Holder | null
  /** Goes into every form and comes back with it. */
  csrf: string
}

/** `Visit` where the kit is known to be set up. */
export type KitVisit = Visit & { kit: KitFacts }

export async function makeVisit(
  facts: Pick<Visit, 'kit' | 'language' | 'holder' | 'csrf'> & Partial<Pick<Visit, 'foundAs'>>,
): Promise<Visit> {
  return {
    foundAs: null,
    ...facts,
    words: await loadWords(facts.language),
    format: makeFormat(facts.language, facts.kit?.timezone ?? 'UTC'),
  }
}

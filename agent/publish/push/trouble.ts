import type { Trouble } from '../../api.ts'

/** Why a collector or witness did not do what was asked, with what to do next. */
export class PlaceTrouble extends Error {
  readonly trouble: Trouble

  /** @param code `place.slow` or the like, by which the dashboard has the words, which take what is in `facts` */
  constructor(code: string, facts: NonNullable<Trouble['facts']>, what: string, next: string) {
    super(`${what} ${next}`)
    this.trouble = { what, next, code, facts }
  }
}

/** What a stranger said, so that it can stand in a sentence: one line, not long, nothing that steers a terminal. */
export function quoted(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length > 160 ? `${line.slice(0, 160)}…` : line
}

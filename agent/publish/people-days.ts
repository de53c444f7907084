import type { RunMemory } from '../ledger/schedules.ts'

const note = 'people-days'
const mostChanges = 1000

interface Change {
  /** Such as `2026-11-24`. */
  day: string
  people: number
}

/** How many people had accounts on which day: a number alone, kept where it changed. */
export class PeopleDays {
  readonly #notes: RunMemory

  constructor(notes: RunMemory) {
    this.#notes = notes
  }

  note(day: string, people: number): void {
    const changes = this.#changes()
    const last = changes.at(-1)
    if (last?.people === people && last.day <= day) return
    const before = changes.filter((each) => each.day < day)
    this.#notes.note(note, [...before, { day, people }].slice(-mostChanges))
  }

  /** People at the end of the day before; the first number known, where that is later. */
  at(day: string, otherwise: number): number {
    const changes = this.#changes()
    const then = changes.findLast((each) => each.day < day) ?? changes[0]
    return then?.people ?? otherwise
  }

  #changes(): Change[] {
    return this.#notes.noted<Change[]>(note) ?? []
  }
}

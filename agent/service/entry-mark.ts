import type { Journal } from '../ledger/journal.ts'
import type { Ledger } from '../ledger/ledger.ts'

interface Kept<Mark> {
  mark: Mark
  /** The journal's last leaf then. */
  sequence: number
  leaf: string
}

/**
 * Up to where something was entered in the journal. It is kept beside the readings and counts only for the journal it
 * was made with: one that began anew, or was put back from an older copy, lacks that leaf, and everything is entered
 * again that is not in it.
 */
export class EntryMark<Mark> {
  readonly #name: string
  readonly #journal: Pick<Journal, 'leaves' | 'lastLeaf'>
  readonly #notes: Pick<Ledger, 'noteLater' | 'noted'>

  constructor(name: string, journal: Pick<Journal, 'leaves' | 'lastLeaf'>, notes: Pick<Ledger, 'noteLater' | 'noted'>) {
    this.#name = name
    this.#journal = journal
    this.#notes = notes
  }

  /** Null: from the beginning. @throws JournalTrouble */
  read(): Mark | null {
    const kept = this.#notes.noted<Kept<Mark>>(this.#name)
    if (!kept) return null
    const [same] = this.#journal.leaves(kept.sequence - 1, kept.sequence)
    return same && textOf(same.hash) === kept.leaf ? kept.mark : null
  }

  /** After a power cut it may be the one before: what is entered already is not entered twice. @throws JournalTrouble */
  keep(mark: Mark): void {
    const last = this.#journal.lastLeaf()
    const kept: Kept<Mark> | null = last && { mark, sequence: last.sequence, leaf: textOf(last.hash) }
    this.#notes.noteLater(this.#name, kept)
  }
}

function textOf(hash: Buffer): string {
  return hash.toString('base64')
}

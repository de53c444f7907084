import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Problem } from '../api.ts'
import { canonicalJson } from './canonical-json.ts'
import type { Clock } from './clock.ts'
import { closeDamaged, inTransaction, isDamage, openDatabase } from './database.ts'
import { checkDraft, type Entry, type EntryDraft, EntryRefused } from './entry.ts'

const saltBytes = 32

/** The history of the entries' database, `journal.db`. */
const migrations = [
  `
  CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    fromDay TEXT NOT NULL,
    party TEXT,                           -- who it is about
    external TEXT UNIQUE,                 -- system and id there
    content TEXT,                         -- the entry as canonical JSON; NULL: erased
    salt BLOB,                            -- 32 random bytes; NULL: erased
    leaf BLOB NOT NULL                    -- SHA-256 of 0x00, salt and content: what proofs are made of
  ) STRICT;
  CREATE INDEX entriesByDay ON entries (fromDay);
  CREATE INDEX entriesByParty ON entries (party) WHERE party IS NOT NULL;

  CREATE TABLE parties (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    account TEXT UNIQUE,                  -- on this kit's Fediverse server
    actor TEXT                            -- URI the person chose to be known by
  ) STRICT, WITHOUT ROWID;
  `,
]

/** Somebody entries are about. Entries hold the id alone, so that the name can be erased. */
export interface Party {
  id: string
  name: string
  /** Account on this kit's server, if any. */
  account?: string
  /** Actor URI that the person chose to be known by elsewhere. */
  actor?: string
}

export interface EntryFilter {
  /** Entries whose period begins on this day or later: `2026-11-01`. */
  from?: string
  /** … and before this day. */
  to?: string
  kind?: string
  party?: string
}

/** What the Merkle tree needs of an entry; it stays when the entry is erased. */
export interface Leaf {
  sequence: number
  /** 32 bytes. */
  hash: Buffer
}

/** The journal cannot be written or read; `problem` says why and what to do. */
export class JournalTrouble extends Error {
  override name = 'JournalTrouble'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(`${problem.what} ${problem.next}`)
    this.problem = problem
  }
}

export interface JournalOptions {
  folder: string
  clock: Pick<Clock, 'now' | 'trusted'>
}

/**
 * The ledger's entries, in SQLite. What is recorded is durable when the call returns, and never changed: corrections are
 * entries of their own. Only erasing takes something away: the content and its salt, never the hash, so that the proofs
 * of all other entries stay as they are.
 */
export class Journal {
  readonly #options: JournalOptions
  #database: DatabaseSync | null = null
  #damage: Problem | null = null

  constructor(options: JournalOptions) {
    this.#options = options
  }

  stop(): void {
    this.#database?.close()
    this.#database = null
  }

  /** What was wrong with the file at the last opening. */
  problems(): Problem[] {
    return this.#damage ? [this.#damage] : []
  }

  /** Records one entry. @throws EntryRefused, JournalTrouble */
  record(draft: EntryDraft): Entry {
    const [entry] = this.recordAll([draft])
    return entry as Entry
  }

  /**
   * Records entries, all or none. One whose external id is there already is not recorded again; the entry that is there
   * is given back in its place. @throws EntryRefused, JournalTrouble
   */
  recordAll(drafts: EntryDraft[]): Entry[] {
    for (const draft of drafts) checkDraft(draft)
    return this.#work((database) => inTransaction(database, () => drafts.map((draft) => this.#record(database, draft))))
  }

  /** Entries that were not erased, in the order they were recorded. @throws JournalTrouble */
  entries({ from = '', to = '9999-99-99', kind, party }: EntryFilter = {}): Entry[] {
    return this.#work((database) =>
      database
        .prepare(
          `SELECT content FROM entries
           WHERE content IS NOT NULL AND fromDay >= ? AND fromDay < ?
             AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR party = ?4)
           ORDER BY sequence`,
        )
        .all(from, to, kind ?? null, party ?? null)
        .map(({ content }) => JSON.parse(String(content)) as Entry),
    )
  }

  /** An entry, or null: there is none, or it was erased. @throws JournalTrouble */
  entry(id: string): Entry | null {
    const row = this.#work((database) => database.prepare('SELECT content FROM entries WHERE id = ?').get(id))
    return typeof row?.content === 'string' ? (JSON.parse(row.content) as Entry) : null
  }

  /** The leaves after a sequence number, up to and with another, erased ones too. @throws JournalTrouble */
  leaves(after = 0, through = Number.MAX_SAFE_INTEGER): Leaf[] {
    return this.#work((database) =>
      database
        .prepare('SELECT sequence, leaf FROM entries WHERE sequence > ? AND sequence <= ? ORDER BY sequence')
        .all(after, through)
        .map(({ sequence, leaf }) => ({ sequence: Number(sequence), hash: Buffer.from(leaf as Uint8Array) })),
    )
  }

  /** The salt an entry was hashed with, which proves it to whoever is given it; null once erased. @throws JournalTrouble */
  salt(id: string): Buffer | null {
    const row = this.#work((database) => database.prepare('SELECT salt FROM entries WHERE id = ?').get(id))
    return row?.salt instanceof Uint8Array ? Buffer.from(row.salt) : null
  }

  /** @throws JournalTrouble */
  parties(): Party[] {
    return this.#work((database) =>
      database
        .prepare('SELECT id, name, account, actor FROM parties ORDER BY name, id')
        .all()
        .map(({ id, name, account, actor }) => ({
          id: String(id),
          name: String(name),
          ...(account !== null && { account: String(account) }),
          ...(actor !== null && { actor: String(actor) }),
        })),
    )
  }

  /** The party of an account on this kit's server; made if there is none yet. @throws JournalTrouble */
  partyOf(account: string, name: string): Party {
    return this.#work((database) =>
      inTransaction(database, () => {
        const row = database.prepare('SELECT id FROM parties WHERE account = ?').get(account)
        if (row) return { id: String(row.id), name, account }
        return this.#addParty(database, { name, account })
      }),
    )
  }

  /** @throws EntryRefused, JournalTrouble */
  addParty(party: Omit<Party, 'id'>): Party {
    return this.#work((database) => this.#addParty(database, party))
  }

  /**
   * Erases a person: the name, and what the entries about them say. The entries' hashes stay, so every other proof stays
   * valid. @returns how many entries were erased @throws JournalTrouble
   */
  eraseParty(id: string): number {
    const erased = this.#work((database) =>
      inTransaction(database, () => {
        database.prepare('DELETE FROM parties WHERE id = ?').run(id)
        const erase =
          'UPDATE entries SET content = NULL, salt = NULL, external = NULL, party = NULL WHERE party = ? RETURNING id'
        return database.prepare(erase).all(id).length
      }),
    )
    this.#work((database) => database.exec('PRAGMA wal_checkpoint(TRUNCATE)'))
    return erased
  }

  #record(database: DatabaseSync, draft: EntryDraft): Entry {
    const external = draft.external ? `${draft.external.system}\n${draft.external.id}` : null
    if (external) {
      const row = database.prepare('SELECT content FROM entries WHERE external = ?').get(external)
      if (typeof row?.content === 'string') return JSON.parse(row.content)
    }
    for (const { id, log } of draft.references ?? []) {
      if (log === undefined && !database.prepare('SELECT 1 FROM entries WHERE id = ?').get(id))
        throw new EntryRefused(
          'references',
          `there is no entry ${id} here`,
          'Look its id up, or name the log it is in.',
        )
    }
    const { clock } = this.#options
    const next = database.prepare('SELECT coalesce(max(seq), 0) + 1 AS next FROM sqlite_sequence').get()
    const entry: Entry = {
      ...draft,
      version: 1,
      id: randomUUID(),
      sequence: Number(next?.next),
      recordedAt: new Date(clock.now()).toISOString(),
      clockTrusted: clock.trusted(),
    }
    const content = canonicalJson(entry)
    const salt = randomBytes(saltBytes)
    database
      .prepare(
        'INSERT INTO entries (sequence, id, kind, fromDay, party, external, content, salt, leaf) VALUES (?,?,?,?,?,?,?,?,?)',
      )
      .run(
        entry.sequence,
        entry.id,
        entry.kind,
        entry.period.from,
        entry.party ?? null,
        external,
        content,
        salt,
        saltedLeaf(salt, content),
      )
    return JSON.parse(content)
  }

  #addParty(database: DatabaseSync, { name, account, actor }: Omit<Party, 'id'>): Party {
    const trimmed = name.trim()
    if (trimmed === '' || trimmed.length > 100)
      throw new EntryRefused('party', 'needs a name', 'Write 1 to 100 characters.')
    const id = randomUUID()
    database
      .prepare('INSERT INTO parties (id, name, account, actor) VALUES (?, ?, ?, ?)')
      .run(id, trimmed, account ?? null, actor ?? null)
    return { id, name: trimmed, ...(account !== undefined && { account }), ...(actor !== undefined && { actor }) }
  }

  #work<Result>(work: (database: DatabaseSync) => Result): Result {
    try {
      return work(this.#open())
    } catch (error) {
      if (error instanceof EntryRefused) throw error
      if (this.#database && isDamage(error)) {
        closeDamaged(this.#database)
        this.#database = null // the next call opens, checks and puts it aside
      }
      throw new JournalTrouble({
        id: 'journal.write',
        where: `${this.#options.folder}/journal.db`,
        what: `The ledger's entries cannot be written or read: ${error instanceof Error ? error.message : error}.`,
        next: 'Make room if the space is used up, then try again.',
      })
    }
  }

  #open(): DatabaseSync {
    if (this.#database) return this.#database
    // Erased content is overwritten in the file, not only forgotten.
    const kind = { name: 'journal.db', migrations, pragmas: 'PRAGMA secure_delete = ON' }
    const { database, damage } = openDatabase(this.#options.folder, kind, new Date(this.#options.clock.now()))
    if (damage) {
      this.#damage = {
        id: 'journal.damaged',
        where: damage.file,
        what: `The ledger's entries could not be read (${damage.reason}). The file was kept as ${damage.aside}, and entries begin anew.`,
        next: 'If you have an export, import it: what is there already is not taken twice.',
      }
    }
    this.#database = database
    return database
  }
}

/** The hash of a private entry in the Merkle tree: its salt keeps small, guessable entries from being guessed back. */
export function saltedLeaf(salt: Uint8Array, content: string): Buffer {
  return createHash('sha256').update(Uint8Array.of(0)).update(salt).update(content).digest()
}

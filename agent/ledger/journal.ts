import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Imported, Problem } from '../api.ts'
import { FieldRefused } from '../refused.ts'
import { canonicalJson } from './canonical-json.ts'
import type { Clock } from './clock.ts'
import { closeDamaged, inTransaction, isDamage, openDatabase } from './database.ts'
import { checkDraft, type Entry, type EntryDraft, EntryRefused } from './entry.ts'
import { meterSystem } from './metered-days.ts'
import { checkTyped } from './typed-entry.ts'

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
  `
  ALTER TABLE parties ADD COLUMN tellsHours INTEGER NOT NULL DEFAULT 0; -- 1: also in reports from fewer than three people
  ALTER TABLE parties ADD COLUMN tellsMoney INTEGER NOT NULL DEFAULT 0; -- likewise
  ALTER TABLE parties ADD COLUMN joined TEXT;                           -- party of the same person, who has an account
  `,
]

/** Only of another server's entries, what is external is kept with the name of that server: see `#import`. */
const isOwn = "(external IS NULL OR external NOT LIKE '%' || char(10) || '%' || char(10) || '%')"

/** Somebody entries are about. Entries hold the id alone, so that the name can be erased. */
export interface Party {
  id: string
  name: string
  /** Account on this kit's server, if any. */
  account?: string
  /** Actor URI that the person chose to be known by elsewhere. */
  actor?: string
  /** What may be told of the person in reports from fewer than three people; absent: nothing. */
  consents?: Consent[]
  /** The party of the same person, which has an account: the owner said that both are one. */
  joined?: string
}

/** Something of a person that reports from fewer than three people may tell, if the person allows it. */
export type Consent = 'hours' | 'money'

/** What a person may change of their party; what is left out stays. */
export interface PartyChange {
  /** Empty: none. */
  actor?: string
  consents?: Consent[]
}

export interface EntryFilter {
  /** Entries whose period begins on this day or later: `2026-11-01`. */
  from?: string
  /** … and before this day. */
  to?: string
  kind?: string
  /** With what was entered under a party that was joined to this one. */
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
    for (const draft of drafts) checkTyped(checkDraft(draft))
    return this.#work((database) => inTransaction(database, () => drafts.map((draft) => this.#record(database, draft))))
  }

  /**
   * Takes entries of an export, all or none, just as they are but for their number in the order of recording here. One
   * that is here, or was erased here, is not taken again.
   * @param own host names of this ledger's server, those from before its present one too: what another one metered or
   * was billed does not stand in its way. Under what it metered here is known without them.
   * @throws EntryRefused where another entry has the same id; JournalTrouble; whatever the entries' reading throws
   */
  importAll(entries: Iterable<Entry>, own: ReadonlySet<string>): Imported {
    return this.#work((database) =>
      inTransaction(database, () => {
        const imported = { added: 0, present: 0, loose: 0 }
        const all = new Set([...own, ...meteredAs(database)])
        for (const entry of entries) {
          if (this.#import(database, entry, all)) imported.added++
          else imported.present++
        }
        imported.loose = looseReferences(database)
        return imported
      }),
    )
  }

  /**
   * Entries that were not erased, in the order they were recorded.
   * @param own without what another server metered or was billed, as an import brings it
   * @throws JournalTrouble
   */
  entries({ from = '', to = '9999-99-99', kind, party }: EntryFilter = {}, own = false): Entry[] {
    return this.#work((database) =>
      database
        .prepare(
          `SELECT content FROM entries
           WHERE content IS NOT NULL AND fromDay >= ? AND fromDay < ?
             AND (?3 IS NULL OR kind = ?3)
             AND (?4 IS NULL OR party = ?4 OR party IN (SELECT id FROM parties WHERE joined = ?4))
             ${own ? `AND ${isOwn}` : ''}
           ORDER BY sequence`,
        )
        .all(from, to, kind ?? null, party ?? null)
        .map(({ content }) => JSON.parse(String(content)) as Entry),
    )
  }

  /**
   * The first or the last day, `from` on and before `to`, on which an own entry of a kind begins; null where there is none.
   * @throws JournalTrouble
   */
  dayOf(
    which: 'first' | 'last',
    { kind, from = '', to = '9999-99-99' }: EntryFilter & { kind: string },
  ): string | null {
    const order = which === 'first' ? 'ASC' : 'DESC'
    const row = this.#work((database) =>
      database
        .prepare(
          `SELECT fromDay FROM entries WHERE content IS NOT NULL AND fromDay >= ? AND fromDay < ? AND kind = ? AND ${isOwn}
           ORDER BY fromDay ${order} LIMIT 1`,
        )
        .get(from, to, kind),
    )
    return typeof row?.fromDay === 'string' ? row.fromDay : null
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

  /** The leaf that was added last; null while there is none. @throws JournalTrouble */
  lastLeaf(): Leaf | null {
    const row = this.#work((database) =>
      database.prepare('SELECT sequence, leaf FROM entries ORDER BY sequence DESC LIMIT 1').get(),
    )
    return row ? { sequence: Number(row.sequence), hash: Buffer.from(row.leaf as Uint8Array) } : null
  }

  /** The salt an entry was hashed with, which proves it to whoever is given it; null once erased. @throws JournalTrouble */
  salt(id: string): Buffer | null {
    const row = this.#work((database) => database.prepare('SELECT salt FROM entries WHERE id = ?').get(id))
    return row?.salt instanceof Uint8Array ? Buffer.from(row.salt) : null
  }

  /** @throws JournalTrouble */
  parties(): Party[] {
    return this.#work((database) => database.prepare('SELECT * FROM parties ORDER BY name, id').all().map(partyFrom))
  }

  /** The party of an account on this kit's server; made if there is none yet. @throws JournalTrouble */
  partyOf(account: string, name: string): Party {
    return this.#work((database) =>
      inTransaction(database, () => {
        const row = database.prepare('SELECT * FROM parties WHERE account = ?').get(account)
        return row ? partyFrom(row) : this.#addParty(database, { name, account })
      }),
    )
  }

  /** Parties that allow to be told of in reports from fewer than three people. @throws JournalTrouble */
  consents(): { hours: ReadonlySet<string>; money: ReadonlySet<string> } {
    const parties = this.parties()
    const consenting = (consent: Consent) => {
      const given = new Set(parties.filter(({ consents }) => consents?.includes(consent)).map(({ id }) => id))
      return new Set(parties.filter(({ id, joined = id }) => given.has(joined)).map(({ id }) => id))
    }
    return { hours: consenting('hours'), money: consenting('money') }
  }

  /** Parties that were joined to another: whose entries theirs are. @throws JournalTrouble */
  joined(): ReadonlyMap<string, string> {
    return new Map(this.parties().flatMap(({ id, joined }) => (joined === undefined ? [] : [[id, joined]])))
  }

  /** What a person wants to be known by and told of. @throws EntryRefused, JournalTrouble */
  changeParty(id: string, { actor, consents }: PartyChange): Party {
    if (actor !== undefined && actor !== '') checkActor(actor)
    return this.#work((database) =>
      inTransaction(database, () => {
        const before = partyWith(database, id)
        const after = { ...before, actor: actor ?? before.actor ?? '', consents: consents ?? before.consents ?? [] }
        database
          .prepare('UPDATE parties SET actor = ?, tellsHours = ?, tellsMoney = ? WHERE id = ?')
          .run(
            after.actor || null,
            Number(after.consents.includes('hours')),
            Number(after.consents.includes('money')),
            id,
          )
        return partyWith(database, id)
      }),
    )
  }

  /**
   * Says that a party entered by hand is the person of another, who has an account. Entries stay as they are; they count
   * as that person's from now on. @throws EntryRefused, JournalTrouble
   */
  joinParties(id: string, into: string): void {
    this.#work((database) =>
      inTransaction(database, () => {
        const [other, person] = [partyWith(database, id), partyWith(database, into)]
        if (other.account !== undefined || other.joined !== undefined)
          throw new EntryRefused('party', 'belongs to an account already', 'Join one that was entered by hand.')
        if (person.account === undefined)
          throw new EntryRefused('into', 'has no account', 'Name the party of somebody who signed in here.')
        database.prepare('UPDATE parties SET joined = ? WHERE id = ?').run(into, id)
      }),
    )
  }

  /** Takes an account that was removed from its party, which stays: whoever gets that name next is somebody else. @throws JournalTrouble */
  leaveAccount(account: string): void {
    this.#work((database) => database.prepare('UPDATE parties SET account = NULL WHERE account = ?').run(account))
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
        const theirs = 'SELECT id FROM parties WHERE joined = ?1'
        const erase = `UPDATE entries SET content = NULL, salt = NULL, external = NULL, party = NULL
                       WHERE party = ?1 OR party IN (${theirs}) RETURNING id`
        const { length } = database.prepare(erase).all(id)
        database.prepare('DELETE FROM parties WHERE id = ?1 OR joined = ?1').run(id)
        return length
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
    const entry: Entry = {
      ...draft,
      version: 1,
      id: randomUUID(),
      sequence: nextSequence(database),
      recordedAt: new Date(clock.now()).toISOString(),
      clockTrusted: clock.trusted(),
    }
    return this.#insert(database, entry, external)
  }

  /** @returns whether it was added */
  #import(database: DatabaseSync, given: Entry, own: ReadonlySet<string>): boolean {
    const entry = { ...given, sequence: nextSequence(database) }
    const there = database.prepare('SELECT content FROM entries WHERE id = ?').get(entry.id)
    if (there) {
      const isSame = (content: string) =>
        canonicalJson({ ...JSON.parse(content), sequence: entry.sequence }) === canonicalJson(entry)
      if (typeof there.content === 'string' && !isSame(there.content))
        throw new EntryRefused(
          'id',
          `entry ${entry.id} is here and says something else`,
          'One of the two was changed: compare them. Take it out of the file to import the rest.',
        )
      return false
    }
    const { external, instance } = entry
    const key = external ? [external.system, external.id, ...(own.has(instance) ? [] : [instance])].join('\n') : null
    if (key !== null && database.prepare('SELECT 1 FROM entries WHERE external = ?').get(key)) return false
    this.#insert(database, entry, key)
    return true
  }

  #insert(database: DatabaseSync, entry: Entry, external: string | null): Entry {
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
      if (error instanceof FieldRefused) throw error
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

function partyFrom({ id, name, account, actor, tellsHours, tellsMoney, joined }: Record<string, unknown>): Party {
  const consents: Consent[] = [
    ...(tellsHours === 1 ? ['hours' as const] : []),
    ...(tellsMoney === 1 ? ['money' as const] : []),
  ]
  return {
    id: String(id),
    name: String(name),
    ...(account !== null && { account: String(account) }),
    ...(actor !== null && { actor: String(actor) }),
    ...(consents.length > 0 && { consents }),
    ...(joined !== null && { joined: String(joined) }),
  }
}

function partyWith(database: DatabaseSync, id: string): Party {
  const row = database.prepare('SELECT * FROM parties WHERE id = ?').get(id)
  if (row) return partyFrom(row)
  throw new EntryRefused('party', 'is not here, or was erased', 'Reload the page.')
}

/** Refuses what is no address of an actor elsewhere: it may be shown as a link. */
function checkActor(actor: string): void {
  const url = URL.canParse(actor) ? new URL(actor) : null
  const sound = url?.protocol === 'https:' && url.username === '' && url.password === '' && actor.length <= 200
  if (!sound || /[\s\p{C}]/u.test(actor))
    throw new EntryRefused('actor', 'is no address', 'Write one such as https://social.example/users/ada.')
}

function nextSequence(database: DatabaseSync): number {
  const row = database.prepare('SELECT coalesce(max(seq), 0) + 1 AS next FROM sqlite_sequence').get()
  return Number(row?.next)
}

/** Host names under which the ledger's server has metered, known by its own entries. */
function meteredAs(database: DatabaseSync): string[] {
  const rows = database
    .prepare(
      `SELECT DISTINCT json_extract(content, '$.instance') AS instance FROM entries
       WHERE content IS NOT NULL AND external >= ?1 || char(10) AND external < ?1 || char(11) AND ${isOwn}`,
    )
    .all(meterSystem)
  return rows.map(({ instance }) => String(instance))
}

/** How many references lead to entries of this ledger that are not here. */
function looseReferences(database: DatabaseSync): number {
  const row = database
    .prepare(
      `SELECT count(*) AS loose FROM entries, json_each(content, '$.references') AS reference
       WHERE content IS NOT NULL AND json_extract(reference.value, '$.log') IS NULL
         AND json_extract(reference.value, '$.id') NOT IN (SELECT id FROM entries)`,
    )
    .get()
  return Number(row?.loose)
}

/** The hash of a private entry in the Merkle tree: its salt keeps small, guessable entries from being guessed back. */
export function saltedLeaf(salt: Uint8Array, content: string): Buffer {
  return createHash('sha256').update(Uint8Array.of(0)).update(salt).update(content).digest()
}

import { createHash, randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { readJson, writeJsonDurably } from '../files.ts'

const day = 86_400
/** Seconds. Somebody looks at a home server now and then: a week without a visit ends a session, a month always does. */
const idleSeconds = 7 * day
const absoluteSeconds = 30 * day
/** The time of the last visit is written at most this often, to spare the card. */
const touchEverySeconds = 6 * 3600
const mostSessions = 20
const week = 7 * day
const mostSessionsOfMember = 10

/**
 * Whose a session is: the owner's, or a person's who has an account on the server. `tag` stands for the password they
 * signed in with (`person.tag` of the helper): where the account's is another one, the session is over.
 */
export type Holder = { role: 'owner' } | { role: 'member'; account: string; tag: string }

interface OwnerSession {
  started: number
  seen: number
}

/**
 * A member's: nothing is kept of when they come. All that begin in one week end together, whether somebody comes again or
 * not, so the file tells neither the last visit nor the day of the first.
 */
interface MemberSession {
  account: string
  tag: string
  ends: number
}

type Session = OwnerSession | MemberSession

/** The longest that a member's session lasts. */
export const memberSeconds = 2 * week

/**
 * Signed-in browsers. The cookie holds 256 random bits; only their SHA-256 is kept, in memory and in `sessions.json`,
 * so leaving when idle (or a restart of the kit) signs nobody out and the file is of no use to whoever reads it.
 */
export class Sessions {
  readonly #file: string
  readonly #now: () => number
  #sessions: Map<string, Session> | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(folder: string, now: () => number = () => Math.floor(Date.now() / 1000)) {
    this.#file = path.join(folder, 'sessions.json')
    this.#now = now
  }

  /** Begins a session; returns the id for the cookie. */
  async begin(holder: Holder = { role: 'owner' }): Promise<string> {
    const sessions = await this.#load()
    const id = randomBytes(32).toString('base64url')
    const now = this.#now()
    for (const [key, session] of sessions) if (isOver(session, now)) sessions.delete(key)
    if (holder.role === 'owner') {
      sessions.set(keyOf(id), { started: now, seen: now })
      const owners = [...sessions].filter((each): each is [string, OwnerSession] => !isMembers(each[1]))
      owners.sort(([, one], [, other]) => one.seen - other.seen)
      for (const [key] of owners.slice(0, -mostSessions)) sessions.delete(key)
    } else {
      const { account, tag } = holder
      sessions.set(keyOf(id), { account, tag, ends: Math.floor(now / week) * week + memberSeconds })
      const theirs = [...sessions].filter(([, session]) => isMembers(session) && session.account === account)
      for (const [key] of theirs.slice(0, -mostSessionsOfMember)) sessions.delete(key)
    }
    await this.#save()
    return id
  }

  /** Whose living session this is the id of, which it then keeps alive if it is the owner's; null: of none. */
  async holderOf(id: string): Promise<Holder | null> {
    const sessions = await this.#load()
    const session = sessions.get(keyOf(id))
    if (!session) return null
    const now = this.#now()
    if (isOver(session, now)) {
      sessions.delete(keyOf(id))
      await this.#save()
      return null
    }
    if (isMembers(session)) return { role: 'member', account: session.account, tag: session.tag }
    if (now - session.seen > touchEverySeconds) {
      session.seen = now
      await this.#save()
    }
    return { role: 'owner' }
  }

  async end(id: string): Promise<void> {
    const sessions = await this.#load()
    if (sessions.delete(keyOf(id))) await this.#save()
  }

  /** Signs a person out everywhere, as a new password or the end of the account must. */
  async endOf(account: string): Promise<void> {
    const sessions = await this.#load()
    const theirs = [...sessions].filter(([, session]) => isMembers(session) && session.account === account)
    if (theirs.length === 0) return
    for (const [key] of theirs) sessions.delete(key)
    await this.#save()
  }

  /** Signs the owner out everywhere; members stay. */
  async endOwners(): Promise<void> {
    const sessions = await this.#load()
    for (const [key, session] of sessions) if (!isMembers(session)) sessions.delete(key)
    await this.#save()
  }

  /** Signs every browser out, as a new password of the owner must: who had the old one may have given members new ones. */
  async endAll(): Promise<void> {
    const sessions = await this.#load()
    sessions.clear()
    await this.#save()
  }

  async #load(): Promise<Map<string, Session>> {
    if (this.#sessions) return this.#sessions
    // A damaged file costs a sign-in, nothing else.
    const kept = await readJson<Record<string, Session>>(this.#file).catch(() => null)
    this.#sessions ??= new Map(Object.entries(kept ?? {}).filter(([, session]) => isSession(session)))
    return this.#sessions
  }

  /** Writes are queued, so that an older list never replaces a newer one. */
  #save(): Promise<void> {
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(async () => {
        await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 })
        await writeJsonDurably(this.#file, Object.fromEntries(this.#sessions ?? []))
      })
    return this.#writing
  }
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}

function isMembers(session: Session): session is MemberSession {
  return 'account' in session
}

/** A clock that was set back (a kit without a battery, before it knows the time) must not end the owner's. */
function isOver(session: Session, now: number): boolean {
  if (isMembers(session)) return now >= session.ends || session.ends - now > memberSeconds + week
  return now - session.seen > idleSeconds || now - session.started > absoluteSeconds
}

function isSession(value: Partial<OwnerSession & MemberSession> | null): boolean {
  if (typeof value?.account === 'string') return typeof value.ends === 'number' && typeof value.tag === 'string'
  return typeof value?.started === 'number' && typeof value?.seen === 'number'
}

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

interface Session {
  started: number
  seen: number
}

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
  async begin(): Promise<string> {
    const sessions = await this.#load()
    const id = randomBytes(32).toString('base64url')
    const now = this.#now()
    sessions.set(keyOf(id), { started: now, seen: now })
    while (sessions.size > mostSessions) {
      const oldest = [...sessions].reduce((a, b) => (b[1].seen < a[1].seen ? b : a))
      sessions.delete(oldest[0])
    }
    await this.#save()
    return id
  }

  /** Whether the id is that of a living session, which it then keeps alive. */
  async isAlive(id: string): Promise<boolean> {
    const sessions = await this.#load()
    const session = sessions.get(keyOf(id))
    if (!session) return false
    const now = this.#now()
    // A clock that was set back (a kit without a battery, before it knows the time) must not end a session.
    if (now - session.seen > idleSeconds || now - session.started > absoluteSeconds) {
      sessions.delete(keyOf(id))
      await this.#save()
      return false
    }
    if (now - session.seen > touchEverySeconds) {
      session.seen = now
      await this.#save()
    }
    return true
  }

  async end(id: string): Promise<void> {
    const sessions = await this.#load()
    if (sessions.delete(keyOf(id))) await this.#save()
  }

  /** Signs every browser out, as a new password must. */
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

function isSession(value: Session): boolean {
  return typeof value?.started === 'number' && typeof value?.seen === 'number'
}

import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { readJson, writeJsonDurably } from '../files.ts'
import { hashPassword, type PasswordHash, passwordMatches } from './password.ts'

interface OwnerFile {
  password: PasswordHash
}

/** The one account of the dashboard: whoever holds the household's owner password. Kept in `owner.json`. */
export class Owner {
  readonly #file: string
  /** One scrypt at a time: 32 MiB each, and a flood of guesses must not take the kit's memory. */
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(folder: string) {
    this.#file = path.join(folder, 'owner.json')
  }

  /** Replaces the password. Returns when it is safely on the disk. */
  async setPassword(password: string): Promise<void> {
    const hash = await this.#inTurn(() => hashPassword(password))
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 })
    await writeJsonDurably(this.#file, { password: hash } satisfies OwnerFile)
  }

  /** Whether this is the owner's password. Throws `Busy` when too many are being checked. */
  async matches(password: string): Promise<boolean> {
    const owner = await readJson<OwnerFile>(this.#file)
    if (owner === null) throw new Error(`${this.#file} is missing although the kit is claimed`)
    return this.#inTurn(() => passwordMatches(password, owner.password))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= mostWaiting) throw new Busy()
    this.#waiting++
    const turn = this.#turn.then(work).finally(() => {
      this.#waiting--
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

const mostWaiting = 20

export class Busy extends Error {
  constructor() {
    super('Too many passwords are being checked at once')
  }
}

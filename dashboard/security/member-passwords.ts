/** How long a password that was found unchanged is believed to be. */
const believedSeconds = 180

/**
 * Whether members still have the password they signed in with: they change it on the server's own pages, which tell nobody.
 * Looked at when a session is used, every few minutes at most, since the helper has to be started for it. What was seen is
 * in memory alone, and gone when the dashboard leaves: no file tells when somebody came.
 */
export class MemberPasswords {
  readonly #ask: (account: string) => Promise<string | null>
  readonly #now: () => number
  /** What an account's password was last, and until when by this process's own clock that does. */
  readonly #known = new Map<string, { tag: string; until: number }>()

  /** @param ask gives the tag of an account's password; null: there is no such account */
  constructor(ask: (account: string) => Promise<string | null>, now: () => number = () => performance.now() / 1000) {
    this.#ask = ask
    this.#now = now
  }

  /** False once the password is another one or the account is gone. Rejects as `ask` does: unknown is not unchanged. */
  async isStill({ account, tag }: { account: string; tag: string }): Promise<boolean> {
    const known = this.#known.get(account)
    // Another tag than the known one may be a password that is newer than that: it is asked again.
    if (known?.tag === tag && this.#now() < known.until) return true
    const present = await this.#ask(account)
    if (present === null) this.#known.delete(account)
    else this.#known.set(account, { tag: present, until: this.#now() + believedSeconds })
    return present === tag
  }

  /** After its password was changed here: what was seen of an account does no more. */
  forget(account: string): void {
    this.#known.delete(account)
  }
}

import { sourceOf } from './throttle.ts'

/** More than one household's devices ever have under way; a request that waits holds two of nginx' connections. */
const mostOfSource = 64
const mostInAll = 160

/** So many wait already that this one is not taken; it may come again in a moment. */
export class TooMany extends Error {}

interface Waiting {
  begin(): void
  refuse(error: TooMany): void
}

/**
 * Lets tasks run one at a time: those of one source in the order they came, the sources in turn. Whoever asks a lot waits
 * for itself; another source waits for one task of each at most. A source is what it is to the sign-in's throttle.
 */
export class FairTurns {
  /** Sources in the order of their next turns. */
  readonly #waiting = new Map<string, Waiting[]>()
  #busy = false

  /** Settles as `task` does, or rejects with `TooMany` before it has begun. */
  async take<T>(address: string, task: () => Promise<T>): Promise<T> {
    await this.#turn(sourceOf(address))
    try {
      return await task()
    } finally {
      this.#next()
    }
  }

  #turn(source: string): Promise<void> {
    if (!this.#busy) {
      this.#busy = true
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const own = this.#waiting.get(source) ?? []
      if (own.length >= mostOfSource || !this.#hasRoomFor(own)) return reject(new TooMany())
      own.push({ begin: resolve, refuse: reject })
      this.#waiting.set(source, own)
    })
  }

  /** When all places are taken, whoever has most of them gives one to whoever has fewer. */
  #hasRoomFor(own: Waiting[]): boolean {
    const all = [...this.#waiting.values()]
    if (all.reduce((sum, { length }) => sum + length, 0) < mostInAll) return true
    const longest = all.reduce((most, each) => (each.length > most.length ? each : most))
    if (longest.length <= own.length + 1) return false
    longest.pop()?.refuse(new TooMany())
    return true
  }

  #next(): void {
    const [turn] = this.#waiting
    if (turn === undefined) {
      this.#busy = false
      return
    }
    const [source, own] = turn
    this.#waiting.delete(source)
    const first = own.shift()
    if (own.length > 0) this.#waiting.set(source, own)
    first?.begin()
  }
}

import { networkOf } from './throttle.ts'

/** More than one device ever has under way; a request that waits holds two of nginx' connections. */
const mostOfAddress = 64
const mostInAll = 160

/** So many wait already that this one is not taken; it may come again in a moment. */
export class TooMany extends Error {}

interface Waiting {
  begin(): void
  refuse(error: TooMany): void
}

/**
 * Lets tasks run one at a time: those of one address in the order they came, the addresses of an IPv6 /64 in turn, and so
 * the /64s (an IPv4 address is one by itself). Whoever asks a lot waits for itself; another address waits for one task of
 * each at most. All devices of a home share a /64, so that as a whole it is nobody; but one device can take any number of
 * addresses in it, and gets no more turns before those outside by that.
 */
export class FairTurns {
  /** Networks in the order of their next turns, in each its addresses likewise; none is empty. */
  readonly #waiting = new Map<string, Map<string, Waiting[]>>()
  #busy = false

  /** Settles as `task` does, or rejects with `TooMany` before it has begun. */
  async take<T>(address: string, task: () => Promise<T>): Promise<T> {
    await this.#turn(address)
    try {
      return await task()
    } finally {
      this.#next()
    }
  }

  #turn(address: string): Promise<void> {
    if (!this.#busy) {
      this.#busy = true
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const network = networkOf(address)
      const own = this.#waiting.get(network)?.get(address)?.length ?? 0
      if (own >= mostOfAddress || !this.#hasRoomFor(network, own)) return reject(new TooMany())
      const addresses = this.#waiting.get(network) ?? new Map<string, Waiting[]>()
      const waiting = addresses.get(address) ?? []
      waiting.push({ begin: resolve, refuse: reject })
      addresses.set(address, waiting)
      this.#waiting.set(network, addresses)
    })
  }

  /**
   * When all places are taken, whoever has most of them gives one to whoever has fewer; an address that has none gets one
   * in any case. Where all have as many, the next in turn gives its own: the last that came would be the one who waits
   * among many that guess.
   */
  #hasRoomFor(network: string, own: number): boolean {
    const sizes = new Map([...this.#waiting].map(([each, addresses]) => [each, sum(addresses.values())]))
    if ([...sizes.values()].reduce((all, size) => all + size, 0) < mostInAll) return true
    const most = Math.max(...sizes.values())
    const size = sizes.get(network) ?? 0
    // A network that has as many as any takes no place from another.
    const largest = size === most ? network : ([...sizes].find(([, each]) => each === most)?.[0] ?? network)
    const addresses = this.#waiting.get(largest) ?? new Map<string, Waiting[]>()
    const longest = Math.max(...[...addresses.values()].map(({ length }) => length))
    const hasMore = largest === network ? longest > own + 1 : most > size + 1
    if (own > 0 && !hasMore) return false
    const [address, waiting] = [...addresses].find(([, { length }]) => length === longest) ?? ['', []]
    waiting.pop()?.refuse(new TooMany())
    if (waiting.length === 0) addresses.delete(address)
    if (addresses.size === 0) this.#waiting.delete(largest)
    return true
  }

  #next(): void {
    const turn = takeFirst(this.#waiting)
    if (turn === undefined) {
      this.#busy = false
      return
    }
    const [network, addresses] = turn
    const [address, waiting] = takeFirst(addresses) ?? ['', []]
    const first = waiting.shift()
    if (waiting.length > 0) addresses.set(address, waiting)
    if (addresses.size > 0) this.#waiting.set(network, addresses)
    first?.begin()
  }
}

function sum(waiting: Iterable<Waiting[]>): number {
  return [...waiting].reduce((all, { length }) => all + length, 0)
}

/** Takes the first out of a map, to be put back at its end. */
function takeFirst<Value>(map: Map<string, Value>): [string, Value] | undefined {
  const [first] = map
  if (first !== undefined) map.delete(first[0])
  return first
}

import { isIPv6 } from 'node:net'

/** Wrong passwords that cost nothing: people mistype. */
const free = 5
/** As many for all addresses of an IPv6 /64, of which each has its own. */
const freeOfNetwork = 50
const longestSeconds = 60
const forgetAfterSeconds = 15 * 60
const mostSources = 5000

interface Failures {
  count: number
  /** Seconds since 1970. */
  last: number
}

/**
 * Slows whoever guesses: after five wrong passwords an address waits 1, 2, 4 … 60 seconds between tries, and nobody is ever
 * locked out for longer than a minute. All devices of a home share an IPv6 /64, so who guesses from one address keeps no
 * other out. One device can take a new address for each five guesses, though: the free ones of all addresses of a /64 are
 * counted, and after fifty that waits as a whole. Then the owner's device waits with it, and signs in over IPv4.
 */
export class Throttle {
  readonly #sources = new Map<string, Failures>()
  readonly #now: () => number

  constructor(now: () => number = () => Date.now() / 1000) {
    this.#now = now
  }

  /** Whole seconds this address has to wait before its next try; 0 when it may try now. */
  waitSeconds(address: string): number {
    const network = networkOf(address)
    const own = this.#pause(address, free)
    return network === address ? own : Math.max(own, this.#pause(network, freeOfNetwork))
  }

  failed(address: string): void {
    const network = networkOf(address)
    const count = this.#count(address)
    // What an address has to wait for is slow by itself, and one that goes on does not keep its neighbours out.
    if (network !== address && count <= free) this.#count(network)
  }

  /** Takes back the last failure, which was none; those before still count, as whoever knows one password may guess others. */
  takeBack(address: string): void {
    const failures = this.#sources.get(address)
    if (!failures) return
    const network = networkOf(address)
    const ofNetwork = this.#sources.get(network)
    if (network !== address && failures.count <= free && ofNetwork) ofNetwork.count--
    failures.count--
  }

  succeeded(address: string): void {
    this.takeBack(address)
    this.#sources.delete(address)
  }

  #pause(source: string, freely: number): number {
    const failures = this.#sources.get(source)
    if (!failures || failures.count < freely) return 0
    const pause = Math.min(longestSeconds, 2 ** (failures.count - freely))
    return Math.max(0, Math.ceil(failures.last + pause - this.#now()))
  }

  /** How many failures that makes. */
  #count(source: string): number {
    const now = this.#now()
    const before = this.#sources.get(source)
    const count = before && now - before.last < forgetAfterSeconds ? before.count + 1 : 1
    this.#sources.delete(source)
    this.#sources.set(source, { count, last: now })
    if (this.#sources.size > mostSources) this.#sources.delete(this.#sources.keys().next().value as string)
    return count
  }
}

/** The first half of an IPv6 address: one device may hold many addresses of one /64. An IPv4 address is one by itself. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.toLowerCase().startsWith('::ffff:')) return address
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : 8 - front.length - back.length
  const groups = [...front, ...Array<string>(missing).fill('0'), ...back]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

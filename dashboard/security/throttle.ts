import { isIPv6 } from 'node:net'

/** Wrong passwords that cost nothing: people mistype. */
const free = 5
const longestSeconds = 60
const forgetAfterSeconds = 15 * 60
const mostSources = 5000

interface Failures {
  count: number
  /** Seconds since 1970. */
  last: number
}

/**
 * Slows whoever guesses: after five wrong passwords a source waits 1, 2, 4 … 60 seconds between tries. A source is one
 * address on the home network (an IPv6 /64 counts as one), so a guesser's failures never keep the owner's own device
 * out, and nobody is ever locked out for longer than a minute.
 */
export class Throttle {
  readonly #sources = new Map<string, Failures>()
  readonly #now: () => number

  constructor(now: () => number = () => Date.now() / 1000) {
    this.#now = now
  }

  /** Whole seconds this source has to wait before its next try; 0 when it may try now. */
  waitSeconds(address: string): number {
    const failures = this.#sources.get(sourceOf(address))
    if (!failures || failures.count < free) return 0
    const pause = Math.min(longestSeconds, 2 ** (failures.count - free))
    return Math.max(0, Math.ceil(failures.last + pause - this.#now()))
  }

  failed(address: string): void {
    const source = sourceOf(address)
    const now = this.#now()
    const before = this.#sources.get(source)
    const count = before && now - before.last < forgetAfterSeconds ? before.count + 1 : 1
    this.#sources.delete(source)
    this.#sources.set(source, { count, last: now })
    if (this.#sources.size > mostSources) this.#sources.delete(this.#sources.keys().next().value as string)
  }

  /** Takes back the last failure, which was none; those before still count, as whoever knows one password may guess others. */
  takeBack(address: string): void {
    const failures = this.#sources.get(sourceOf(address))
    if (failures) failures.count--
  }

  succeeded(address: string): void {
    this.#sources.delete(sourceOf(address))
  }
}

/** The first half of an IPv6 address: one household device may hold many addresses of one /64. */
export function sourceOf(address: string): string {
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

import type { CountersFile } from '../api.ts'
import type { Interval } from '../ledger/clock.ts'
import type { Share } from '../ledger/hours.ts'
import { readText } from './files.ts'
import type { Bytes, InterfaceMeter } from './interfaces.ts'

/** The firewall's counters are written every ten minutes; after three misses the split of that time stays unknown. */
const patienceSeconds = 30 * 60

interface NearAndFar {
  lan: Bytes
  wan: Bytes
}

interface CountersReading extends NearAndFar {
  at: string
  epoch: string
}

/**
 * Bytes on the home network and to the internet. How many there were is known from the interfaces; the firewall's
 * counters miss some of them (headers of segments that the card cuts), so they give only the proportion.
 *
 * Traffic waits until the next reading of the counters tells its proportion. Bytes the firewall did not see at all
 * although it counted (ARP and the like) never leave the home network. If no reading comes, the bytes are entered as
 * unknown, not guessed.
 */
export class TrafficMeter {
  readonly #interfaces: InterfaceMeter
  readonly #countersFile: string
  #last: CountersReading | null
  #waiting: { interval: Interval; bytes: Bytes }[] = []

  constructor(interfaces: InterfaceMeter, countersFile: string) {
    this.#interfaces = interfaces
    this.#countersFile = countersFile
    this.#last = readCounters(countersFile)
  }

  /** Closes an interval; returns the shares of traffic that are settled by it. */
  settle(interval: Interval): Share[] {
    const seconds = (interval.end - interval.start) / 1000
    this.#waiting.push({ interval, bytes: this.#interfaces.advance(seconds) })

    const counters = readCounters(this.#countersFile)
    if (counters && (counters.at !== this.#last?.at || counters.epoch !== this.#last.epoch)) {
      const since = countedSince(this.#last, counters)
      this.#last = counters
      return this.#split(since)
    }
    const waited = this.#waiting.reduce((sum, { interval: { start, end } }) => sum + (end - start) / 1000, 0)
    return waited > patienceSeconds ? this.release() : []
  }

  /** Hands out what still waits, as unknown. */
  release(): Share[] {
    const shares = this.#waiting.map(({ interval, bytes }) => ({
      interval,
      quantities: { unknownIn: bytes.in, unknownOut: bytes.out },
    }))
    this.#waiting = []
    return shares
  }

  #split({ lan, wan }: NearAndFar): Share[] {
    const farIn = proportion(wan.in, lan.in)
    const farOut = proportion(wan.out, lan.out)
    const shares = this.#waiting.map(({ interval, bytes }) => ({
      interval,
      quantities: {
        lanIn: bytes.in * (1 - farIn),
        lanOut: bytes.out * (1 - farOut),
        wanIn: bytes.in * farIn,
        wanOut: bytes.out * farOut,
      },
    }))
    this.#waiting = []
    return shares
  }
}

/** Counters that fell or have another epoch started from zero. */
function countedSince(before: CountersReading | null, now: CountersReading): NearAndFar {
  const sides = ['lan', 'wan'] as const
  const fell =
    before?.epoch === now.epoch &&
    sides.some((side) => now[side].in < before[side].in || now[side].out < before[side].out)
  if (!before || before.epoch !== now.epoch || fell) return now
  const since = (side: 'lan' | 'wan') => ({
    in: now[side].in - before[side].in,
    out: now[side].out - before[side].out,
  })
  return { lan: since('lan'), wan: since('wan') }
}

function proportion(part: number, rest: number): number {
  return part + rest > 0 ? part / (part + rest) : 0
}

/** The counters as hearth-counters wrote them; null if there are none, or they are half-written or not numbers. */
function readCounters(file: string): CountersReading | null {
  const text = readText(file)
  if (text === null) return null
  try {
    const { at, epoch, counters } = JSON.parse(text) as CountersFile
    const bytes = (name: string) => {
      const value = counters[name]?.bytes
      if (typeof value !== 'number' || !(value >= 0)) throw new Error(name)
      return value
    }
    if (typeof at !== 'string' || typeof epoch !== 'string') return null
    return {
      at,
      epoch,
      lan: { in: bytes('lan_in'), out: bytes('lan_out') },
      wan: { in: bytes('wan_in'), out: bytes('wan_out') },
    }
  } catch {
    return null
  }
}

import type { CountersFile, TrafficService } from '../api.ts'
import type { Interval } from '../ledger/clock.ts'
import type { Quantities, Share } from '../ledger/hours.ts'
import { readText } from './files.ts'
import type { Bytes, InterfaceMeter } from './interfaces.ts'

/** The firewall's counters are written every ten minutes; after three misses the split of that time stays unknown. */
const patienceSeconds = 30 * 60

const directions = ['in', 'out'] as const
type Direction = (typeof directions)[number]

/** Services with counters of their own; a counter that an older firewall lacks has counted nothing. */
export const countedServices = ['server', 'fetch', 'dashboard', 'plain', 'publish'] as const satisfies TrafficService[]
export type CountedService = (typeof countedServices)[number]

/** Ethernet's header, which the firewall does not see. */
const frameHeader = 14
/** Of several segments that the system handles as one packet, only one has its headers: these, and content, in bytes. */
const segments = { merged: { headers: 52, content: 1448 }, merged6: { headers: 72, content: 1428 } }

/** What the firewall counted of one kind, in one direction. */
interface Counted {
  bytes: number
  packets: number
}

type Counters = Record<string, Counted>

interface CountersReading {
  at: string
  epoch: string
  counters: Counters
  /** The interfaces' totals at the same moment; empty where a firewall of before did not note them. */
  interfaces: Record<string, Bytes>
}

interface Waiting {
  interval: Interval
  bytes: Bytes
}

/**
 * Bytes on the home network and to the internet, and by service. How many there were is known from the interfaces; the
 * firewall's counters miss some of them (frame headers, and headers of segments that were merged, or that the card cuts),
 * so they give only the proportion, with what they miss put back where it belongs.
 *
 * Traffic waits until the next reading of the counters tells its proportion; what came after that reading waits for the
 * one after it. Bytes the firewall did not see at all although it counted (ARP and the like) never leave the home
 * network. If no reading comes, the bytes are entered as unknown, not guessed.
 */
export class TrafficMeter {
  readonly #interfaces: InterfaceMeter
  readonly #countersFile: string
  #last: CountersReading | null
  #waiting: Waiting[] = []

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
      const through =
        this.#last?.epoch === counters.epoch
          ? this.#interfaces.between(this.#last.interfaces, counters.interfaces)
          : null
      this.#last = counters
      return this.#split(since, through)
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

  /** @param through bytes of the time that was counted; null: all that waits is taken for it */
  #split(counted: Counters, through: Bytes | null): Share[] {
    const total = through ?? this.#waiting.reduce((sum, { bytes }) => plus(sum, bytes), none)
    const parts = { in: proportions(counted, 'in', total.in), out: proportions(counted, 'out', total.out) }
    const shares = this.#take(total).map(({ interval, bytes }) => ({
      interval,
      quantities: {
        lanIn: bytes.in * (1 - parts.in.wan),
        lanOut: bytes.out * (1 - parts.out.wan),
        wanIn: bytes.in * parts.in.wan,
        wanOut: bytes.out * parts.out.wan,
        ...byService(bytes, parts),
      },
    }))
    return shares
  }

  /** Takes so many bytes from those that wait, the oldest first. */
  #take(most: Bytes): Waiting[] {
    let left = most
    const taken: Waiting[] = []
    const staying: Waiting[] = []
    for (const { interval, bytes } of this.#waiting) {
      const now = { in: Math.min(bytes.in, left.in), out: Math.min(bytes.out, left.out) }
      left = minus(left, now)
      const later = minus(bytes, now)
      taken.push({ interval, bytes: now })
      if (later.in > 0 || later.out > 0) staying.push({ interval, bytes: later })
    }
    this.#waiting = staying
    return taken
  }
}

const none: Bytes = { in: 0, out: 0 }
const plus = (a: Bytes, b: Bytes): Bytes => ({ in: a.in + b.in, out: a.out + b.out })
const minus = (a: Bytes, b: Bytes): Bytes => ({ in: a.in - b.in, out: a.out - b.out })

/** What was counted since a reading. Counters that fell, or have another epoch, started from zero, all of them. */
function countedSince(before: CountersReading | null, now: CountersReading): Counters {
  const then = before?.epoch === now.epoch ? before.counters : {}
  const since = Object.entries(now.counters).map(([name, { bytes, packets }]): [string, Counted] => [
    name,
    { bytes: bytes - (then[name]?.bytes ?? 0), packets: packets - (then[name]?.packets ?? 0) },
  ])
  const fell = since.some(([, { bytes, packets }]) => bytes < 0 || packets < 0)
  return fell ? now.counters : Object.fromEntries(since)
}

/** Which part of all bytes of a direction went to the internet, and which to each service. */
function proportions(counted: Counters, direction: Direction, total: number) {
  const of = (kind: string) => counted[`${kind}_${direction}`] ?? { bytes: 0, packets: 0 }
  const [lan, wan] = [framed(of('lan')), framed(of('wan'))]
  const hiddenOf = (side: 'lan' | 'wan') =>
    hidden(of(`${side}_merged`), segments.merged) + hidden(of(`${side}_merged6`), segments.merged6)
  const [lanHidden, wanHidden] = [hiddenOf('lan'), hiddenOf('wan')]
  // Where the card itself cuts segments, the interface does not count those headers either.
  const missing = Math.min(Math.max(0, total - lan - wan), lanHidden + wanHidden)
  const back = missing > 0 ? missing / (lanHidden + wanHidden) : 0
  const all = lan + wan + missing
  // In a tunnel a service's packets are within others, so they might seem more than there were.
  const sum = countedServices.reduce((bytes, service) => bytes + framed(of(service)), 0)
  const most = Math.max(lan + wan, sum)
  return {
    wan: all > 0 ? (wan + wanHidden * back) / all : 0,
    of: (service: CountedService) => (most > 0 ? framed(of(service)) / most : 0),
  }
}

type Proportions = ReturnType<typeof proportions>

function byService(bytes: Bytes, parts: Record<Direction, Proportions>): Partial<Quantities> {
  return Object.fromEntries(
    countedServices.flatMap((service) => [
      [`${service}In`, bytes.in * parts.in.of(service)],
      [`${service}Out`, bytes.out * parts.out.of(service)],
    ]),
  )
}

function framed({ bytes, packets }: Counted): number {
  return bytes + packets * frameHeader
}

/** Headers of the segments in merged packets that the firewall did not see. */
function hidden({ bytes, packets }: Counted, { headers, content }: { headers: number; content: number }): number {
  const cut = (bytes - packets * headers) / content
  return Math.max(0, cut - packets) * (headers + frameHeader)
}

/** The counters as hearth-counters wrote them; null if there are none, or they are half-written or not numbers. */
function readCounters(file: string): CountersReading | null {
  const text = readText(file)
  if (text === null) return null
  try {
    const { at, epoch, counters, interfaces = {} } = JSON.parse(text) as CountersFile
    if (typeof at !== 'string' || typeof epoch !== 'string') return null
    const isCount = (value: unknown) => typeof value === 'number' && value >= 0
    const whole = Object.values(counters).every(({ bytes, packets }) => isCount(bytes) && isCount(packets))
    const split = directions.every((direction) => ['lan', 'wan'].every((side) => `${side}_${direction}` in counters))
    const known = Object.values(interfaces).every(({ in: received, out: sent }) => isCount(received) && isCount(sent))
    return whole && split && known ? { at, epoch, counters, interfaces } : null
  } catch {
    return null
  }
}

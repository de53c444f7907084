import { existsSync } from 'node:fs'
import path from 'node:path'
import { readInteger } from './files.ts'
import { folderNames } from './folder-names.ts'

export interface Bytes {
  in: number
  out: number
}

interface InterfaceCount extends Bytes {
  /** The kernel's number of the interface: another one means another interface under the same name. */
  index: number
}

/** Nothing a kit carries is faster: 2.5 Gbit/s in bytes a second. */
const fastest = 312_500_000
const word = 2 ** 32

/** What the kernel calls Ethernet and Wi-Fi (ARPHRD_ETHER); tunnels have numbers of their own. */
const ether = 1

/**
 * Bytes through the machine's own interfaces, as differences. Interfaces with a device behind them count. Where there is
 * none (containers), Ethernet counts that lies over no other. So what goes through a tunnel, bridge, bond or VLAN counts
 * once, on the outer interface.
 *
 * A counter that fell either wrapped at 32 bits (some drivers) or started anew; it wrapped if the bytes that would mean
 * could have passed in the time. Else only what was counted since the new start is known.
 */
export class InterfaceMeter {
  readonly #folder: string
  /** Once there was a card, nothing else takes its place while it is unplugged. */
  #hasCard = false
  #last: Map<string, InterfaceCount>

  constructor(sys: string) {
    this.#folder = path.join(sys, 'class/net')
    this.#last = this.#read()
  }

  /** Bytes since the last call, which was `seconds` ago. */
  advance(seconds: number): Bytes {
    const before = this.#last
    this.#last = this.#read()
    const sum = { in: 0, out: 0 }
    for (const [name, now] of this.#last) {
      const then = before.get(name)
      const same = then?.index === now.index ? then : { in: 0, out: 0 } // a new interface has counted from zero
      sum.in += difference(same.in, now.in, seconds)
      sum.out += difference(same.out, now.out, seconds)
    }
    return sum
  }

  /**
   * Bytes between two readings of the same counters by another program; null where they do not tell, since an interface
   * is missing or began anew.
   */
  between(before: Record<string, Bytes>, now: Record<string, Bytes>): Bytes | null {
    const sum = { in: 0, out: 0 }
    for (const name of this.#last.keys()) {
      const [then, since] = [before[name], now[name]]
      if (!then || !since || since.in < then.in || since.out < then.out) return null
      sum.in += since.in - then.in
      sum.out += since.out - then.out
    }
    return sum
  }

  #read(): Map<string, InterfaceCount> {
    const counts = new Map<string, InterfaceCount>()
    for (const name of this.#outerInterfaces()) {
      const folder = path.join(this.#folder, name)
      const received = readInteger(path.join(folder, 'statistics/rx_bytes'))
      const sent = readInteger(path.join(folder, 'statistics/tx_bytes'))
      if (received === null || sent === null) continue // it went away while we looked
      counts.set(name, { in: received, out: sent, index: readInteger(path.join(folder, 'ifindex')) ?? 0 })
    }
    return counts
  }

  #outerInterfaces(): string[] {
    const names = folderNames(this.#folder).filter((name) => name !== 'lo')
    const cards = names.filter((name) => existsSync(path.join(this.#folder, name, 'device')))
    this.#hasCard ||= cards.length > 0
    return this.#hasCard ? cards : names.filter((name) => isOuter(path.join(this.#folder, name)))
  }
}

/** Bridges, bonds and VLANs list what they lie over, taps have flags, tunnels another type. */
function isOuter(folder: string): boolean {
  const over = folderNames(folder).some((entry) => entry.startsWith('lower_') || entry === 'tun_flags')
  return !over && (readInteger(path.join(folder, 'type')) ?? ether) === ether
}

function difference(before: number, now: number, seconds: number): number {
  if (now >= before) return now - before
  const wrapped = word - before + now
  return before < word && wrapped <= fastest * seconds ? wrapped : now
}

import { mkdir, rm, symlink } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CountersFile } from '../api.ts'
import type { Share } from '../ledger/hours.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { InterfaceMeter } from './interfaces.ts'
import { TrafficMeter } from './traffic.ts'

let kit: KitRoot
beforeEach(async () => {
  kit = await makeKitRoot({ counters: null })
})
afterEach(() => kit.remove())

const card = async (received: number, sent: number, index = 2, name = 'eth0') => {
  await kit.write(`sys/class/net/${name}/statistics/rx_bytes`, `${received}\n`)
  await kit.write(`sys/class/net/${name}/statistics/tx_bytes`, `${sent}\n`)
  await kit.write(`sys/class/net/${name}/ifindex`, `${index}\n`)
}
const counters = (at: number, epoch: string, lan: number, wan: number): Promise<void> => {
  const side = (bytes: number) => ({ bytes, packets: 0 })
  const file: CountersFile = {
    at: new Date(at * 60_000).toISOString(),
    epoch,
    counters: { lan_in: side(lan), lan_out: side(lan), wan_in: side(wan), wan_out: side(wan) },
  }
  return kit.write('run/hearth/counters.json', file)
}
const minute = (number: number) => ({ start: number * 60_000, end: (number + 1) * 60_000, trusted: true })
const sums = (shares: Share[]) => {
  const sum = (name: 'lanIn' | 'wanIn' | 'unknownIn') =>
    Math.round(shares.reduce((total, { quantities }) => total + (quantities[name] ?? 0), 0))
  return { lan: sum('lanIn'), wan: sum('wanIn'), unknown: sum('unknownIn') }
}
const meter = () => new TrafficMeter(new InterfaceMeter(kit.paths.sys), kit.paths.counters)

describe('interfaces', () => {
  it('counts cards, not the loopback', async () => {
    await card(100, 50)
    const interfaces = new InterfaceMeter(kit.paths.sys)
    await card(350, 90)
    await card(99_999, 99_999, 1, 'lo')
    expect(interfaces.advance(60)).toEqual({ in: 250, out: 40 })
  })

  it('counts what is there when no interface has a device', async () => {
    await rm(`${kit.paths.sys}/class/net/eth0/device`, { recursive: true })
    await card(100, 50)
    const interfaces = new InterfaceMeter(kit.paths.sys)
    await card(101, 52)
    expect(interfaces.advance(60)).toEqual({ in: 1, out: 2 })
  })

  /** Trees as a kernel 6.12 makes them: type, what an interface lies over, and what only taps have. */
  const virtual = async (name: string, type: number, { over = [] as string[], tap = false } = {}) => {
    await card(10_000, 10_000, 9, name)
    await kit.write(`sys/class/net/${name}/type`, `${type}\n`)
    for (const lower of over) await symlink(`../${lower}`, `${kit.paths.sys}/class/net/${name}/lower_${lower}`)
    if (tap) await kit.write(`sys/class/net/${name}/tun_flags`, '0x5002\n')
  }
  const everyKind = async (card: string) => {
    await virtual('wg0', 65_534)
    await virtual('tun0', 65_534, { tap: true })
    await virtual('sit0', 776)
    await virtual('br0', 1, { over: [card, 'vnet0'] })
    await virtual('vnet0', 1, { tap: true })
    await virtual('bond0', 1, { over: [card] })
    await virtual(`${card}.7`, 1, { over: [card] })
  }
  const grow = async (names: string[], bytes: number) => {
    for (const name of names) await card(10_000 + bytes, 10_000 + bytes, 9, name)
  }
  const inner = ['wg0', 'tun0', 'sit0', 'br0', 'vnet0', 'bond0', 'eth0.7']

  it('counts what goes through tunnels, bridges, bonds and VLANs once, on the card', async () => {
    await card(100, 100)
    await everyKind('eth0')
    await virtual('veth1', 1)
    const interfaces = new InterfaceMeter(kit.paths.sys)
    await grow([...inner, 'veth1'], 500)
    await card(700, 300)
    expect(interfaces.advance(60)).toEqual({ in: 600, out: 200 })
  })

  it('does so in a container, too, where no interface has a device', async () => {
    await rm(`${kit.paths.sys}/class/net/eth0/device`, { recursive: true })
    await card(100, 100)
    await kit.write('sys/class/net/eth0/type', '1\n')
    await everyKind('eth0')
    const interfaces = new InterfaceMeter(kit.paths.sys)
    await grow(inner, 500)
    await card(700, 300)
    expect(interfaces.advance(60)).toEqual({ in: 600, out: 200 })
  })

  it('puts nothing in the place of a card that was unplugged', async () => {
    await card(100, 100)
    const interfaces = new InterfaceMeter(kit.paths.sys)
    await rm(`${kit.paths.sys}/class/net/eth0`, { recursive: true })
    await virtual('veth1', 1)
    expect(interfaces.advance(60)).toEqual({ in: 0, out: 0 })
    await mkdir(`${kit.paths.sys}/class/net/eth0/device`, { recursive: true })
    await card(40, 30, 12)
    expect(interfaces.advance(60)).toEqual({ in: 40, out: 30 })
  })

  it('sees a 32-bit counter wrap', async () => {
    await card(2 ** 32 - 1000, 0)
    const interfaces = new InterfaceMeter(kit.paths.sys)
    await card(500, 0)
    expect(interfaces.advance(60).in).toBe(1500)
  })

  it('sees a counter start anew: too far from the wrap, beyond 32 bits, or another interface of the name', async () => {
    await card(1_000_000, 2 ** 40)
    const interfaces = new InterfaceMeter(kit.paths.sys)
    await card(300, 700)
    expect(interfaces.advance(1)).toEqual({ in: 300, out: 700 })
    await card(400, 900, 7)
    expect(interfaces.advance(60)).toEqual({ in: 400, out: 900 })
  })

  it('survives an interface that goes away, comes back or says nonsense', async () => {
    const interfaces = new InterfaceMeter(kit.paths.sys)
    await kit.write('sys/class/net/eth0/statistics/rx_bytes', 'garbage')
    expect(interfaces.advance(60)).toEqual({ in: 0, out: 0 })
    await card(10, 20, 3)
    expect(interfaces.advance(60)).toEqual({ in: 10, out: 20 })
  })
})

describe('the split of traffic', () => {
  it('takes totals from the card and only the proportion from the firewall', async () => {
    await card(0, 0)
    await counters(0, 'a', 0, 0)
    const traffic = meter()
    await card(1000, 0)
    expect(traffic.settle(minute(0))).toEqual([]) // waits for the counters
    await card(2000, 0)
    await counters(10, 'a', 300, 900)
    expect(sums(traffic.settle(minute(1)))).toEqual({ lan: 500, wan: 1500, unknown: 0 })
    await card(3000, 0)
    await counters(20, 'a', 600, 900) // all of it near, this time
    expect(sums(traffic.settle(minute(2)))).toEqual({ lan: 1000, wan: 0, unknown: 0 })
  })

  it('counts from zero when the counters start anew, by epoch or by falling', async () => {
    await card(0, 0)
    await counters(0, 'a', 5000, 5000)
    const traffic = meter()
    await card(400, 0)
    await counters(10, 'b', 30, 10)
    expect(sums(traffic.settle(minute(0)))).toEqual({ lan: 300, wan: 100, unknown: 0 })
    await card(800, 0)
    await counters(20, 'b', 10, 30)
    expect(sums(traffic.settle(minute(1)))).toEqual({ lan: 100, wan: 300, unknown: 0 }) // fell: 10 near, 30 far since
  })

  it('keeps what the firewall did not see at all on the home network', async () => {
    await card(0, 0)
    await counters(0, 'a', 10, 10)
    const traffic = meter()
    await card(64, 0)
    await counters(10, 'a', 10, 10)
    expect(sums(traffic.settle(minute(0)))).toEqual({ lan: 64, wan: 0, unknown: 0 })
  })

  const counted = (at: number, all: Record<string, [bytes: number, packets: number]>) =>
    kit.write('run/hearth/counters.json', {
      at: new Date(at * 60_000).toISOString(),
      epoch: 'a',
      counters: Object.fromEntries(
        Object.entries({ lan_in: [0, 0], lan_out: [0, 0], wan_in: [0, 0], wan_out: [0, 0], ...all }).map(
          ([name, [bytes, packets]]) => [name, { bytes, packets }],
        ),
      ),
    })
  const sumOf = (shares: Share[], name: keyof Share['quantities']) =>
    Math.round(shares.reduce((sum, { quantities }) => sum + (quantities[name] ?? 0), 0))

  it('puts back the headers of frames, which weigh most on small packets', async () => {
    await card(0, 0)
    await counted(0, {})
    const traffic = meter()
    // A thousand full frames from near; from far a thousand acknowledgements, for as many that went out in long ones.
    await card(1000 * 1514 + 1000 * 66, 0)
    await counted(10, { lan_in: [1000 * 1500, 1000], wan_in: [1000 * 52, 1000] })
    expect(sums(traffic.settle(minute(0)))).toEqual({ lan: 1_514_000, wan: 66_000, unknown: 0 })
  })

  it('puts back the headers of segments that were merged, where they were', async () => {
    await card(0, 0)
    await counted(0, {})
    const traffic = meter()
    // Ten thousand segments from near in packets of ten; from far two thousand frames that nothing merged.
    await card(10_000 * 1514 + 2000 * 1514, 0)
    await counted(10, {
      lan_in: [1000 * (14_480 + 52), 1000],
      lan_merged_in: [1000 * (14_480 + 52), 1000],
      wan_in: [2000 * 1500, 2000],
    })
    const { lan, wan } = sums(traffic.settle(minute(0)))
    expect(Math.abs(lan / 15_140_000 - 1)).toBeLessThan(0.001)
    expect(Math.abs(wan / 3_028_000 - 1)).toBeLessThan(0.001)
  })

  it('puts them back by how many were merged', async () => {
    await card(0, 0)
    await counted(0, {})
    const traffic = meter()
    const merged = (segments: number, each: number): [number, number] => [
      segments * 1448 + (segments / each) * 52,
      segments / each,
    ]
    // From near forty segments at a time, from far two, and acknowledgements of as many bytes.
    await card((40_000 + 8000) * 1514 + 5000 * 66, 0)
    const [near, far] = [merged(40_000, 40), merged(8000, 2)]
    await counted(10, {
      lan_in: near,
      lan_merged_in: near,
      wan_in: [far[0] + 5000 * 52, far[1] + 5000],
      wan_merged_in: far,
    })
    const { lan, wan } = sums(traffic.settle(minute(0)))
    expect(Math.abs(lan / (40_000 * 1514) - 1)).toBeLessThan(0.0001)
    expect(Math.abs(wan / (8000 * 1514 + 5000 * 66) - 1)).toBeLessThan(0.0001)
  })

  it('puts back the longer headers of IPv6', async () => {
    await card(0, 0)
    await counted(0, {})
    const traffic = meter()
    // A thousand packets of ten segments each, by IPv6 from near and by IPv4 from far.
    await card(10_000 * 1514 * 2, 0)
    const near: [number, number] = [1000 * (14_280 + 72), 1000]
    const far: [number, number] = [1000 * (14_480 + 52), 1000]
    await counted(10, { lan_in: near, lan_merged6_in: near, wan_in: far, wan_merged_in: far })
    const { lan, wan } = sums(traffic.settle(minute(0)))
    expect([lan, wan]).toEqual([15_140_000, 15_140_000])
  })

  const countedAndTotal = (at: number, lan: number, wan: number, received: number) =>
    kit.write('run/hearth/counters.json', {
      at: new Date(at * 60_000).toISOString(),
      epoch: 'a',
      counters: Object.fromEntries(
        Object.entries({ lan_in: lan, lan_out: 0, wan_in: wan, wan_out: 0 }).map(([name, bytes]) => [
          name,
          { bytes, packets: 0 },
        ]),
      ),
      interfaces: { eth0: { in: received, out: 0 } },
    })

  it('lets what came after the reading of the counters wait for the next one', async () => {
    await card(0, 0)
    await countedAndTotal(0, 0, 0, 0)
    const traffic = meter()
    // Both sides alike until the counters are read; then the far side goes on alone, until the agent looks.
    await countedAndTotal(10, 1000, 1000, 2000)
    await card(5000, 0)
    expect(sums(traffic.settle(minute(0)))).toEqual({ lan: 1000, wan: 1000, unknown: 0 })
    await card(6000, 0)
    expect(traffic.settle(minute(1))).toEqual([])
    await countedAndTotal(20, 1000, 5000, 6000)
    expect(sums(traffic.settle(minute(2)))).toEqual({ lan: 0, wan: 4000, unknown: 0 })
    await card(7000, 0)
    traffic.settle(minute(3))
    expect(sums(traffic.release())).toEqual({ lan: 0, wan: 0, unknown: 1000 })
  })

  it('takes all that waits where the totals do not tell', async () => {
    await card(0, 0)
    await countedAndTotal(0, 0, 0, 900)
    const traffic = meter()
    await countedAndTotal(10, 1000, 1000, 500) // began anew
    await card(5000, 0)
    expect(sums(traffic.settle(minute(0)))).toEqual({ lan: 2500, wan: 2500, unknown: 0 })
  })

  it('gives each service its part, and leaves the rest to none', async () => {
    await card(0, 0)
    await counted(0, { server_in: [1000, 0] })
    const traffic = meter()
    await card(2000, 400)
    await counted(10, {
      lan_in: [100, 0],
      wan_in: [900, 0],
      lan_out: [200, 0],
      server_in: [1000 + 500, 0],
      fetch_in: [100, 0],
      dashboard_in: [50, 0],
      dashboard_out: [100, 0],
      server_refused: [77, 1],
    })
    const shares = traffic.settle(minute(0))
    const got = (
      ['serverIn', 'fetchIn', 'dashboardIn', 'plainIn', 'publishIn', 'dashboardOut', 'serverOut'] as const
    ).map((name) => sumOf(shares, name))
    expect(got).toEqual([1000, 200, 100, 0, 0, 200, 0])
  })

  it('gives services in a tunnel no more than there was', async () => {
    await card(0, 0)
    await counted(0, {})
    const traffic = meter()
    await card(1000, 0)
    await counted(10, { wan_in: [900, 0], server_in: [950, 0], dashboard_in: [50, 0] })
    const shares = traffic.settle(minute(0))
    expect(sumOf(shares, 'serverIn') + sumOf(shares, 'dashboardIn')).toBe(1000)
  })

  it.each([
    ['is missing', null],
    ['is half-written', '{ "at": "2026-11-01T00:'],
    ['lacks a counter', { at: 'x', epoch: 'a', counters: { lan_in: { bytes: 1, packets: 1 } } }],
    ['has text for bytes', { at: 'x', epoch: 'a', counters: { lan_in: { bytes: '1' } } }],
    ['is a list', '[]'],
  ])('is unknown, not guessed, when the file %s', async (_what, content) => {
    await card(0, 0)
    const traffic = meter()
    if (content !== null) await kit.write('run/hearth/counters.json', content)
    const shares: Share[] = []
    for (let number = 0; number < 40; number += 1) {
      await card((number + 1) * 100, 0)
      shares.push(...traffic.settle(minute(number)))
    }
    shares.push(...traffic.release())
    expect(sums(shares)).toEqual({ lan: 0, wan: 0, unknown: 4000 })
  })
})

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
  const side = (bytes: number) => ({ bytes, packets: 1 })
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
    const { rm } = await import('node:fs/promises')
    await rm(`${kit.paths.sys}/class/net/eth0/device`, { recursive: true })
    await card(100, 50)
    const interfaces = new InterfaceMeter(kit.paths.sys)
    await card(101, 52)
    expect(interfaces.advance(60)).toEqual({ in: 1, out: 2 })
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

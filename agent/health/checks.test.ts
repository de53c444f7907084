import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { KitFacts } from '../api.ts'
import { checkWeb, judge, slotIsWell, type Vitals } from './checks.ts'

const gigabyte = 1e9
const well: Vitals = {
  server: { answers: true, reason: '' },
  web: { answers: true, reason: '' },
  dataWriteError: null,
  boot: { slot: 'A', data: 'ok', rescue: false, problems: [] },
  kit: { claimed: true } as KitFacts,
  space: { size: 32 * gigabyte, free: 20 * gigabyte },
  memory: { total: gigabyte, available: gigabyte / 2 },
  clockTrusted: true,
  temperature: { value: 50, low: 45, high: 55, unit: '°C', source: 'x', at: '' },
  network: { addresses: ['192.168.1.20'], onLink: [], resolvers: [] },
  problems: [],
}
const silent = { answers: false, reason: 'no answer' }
const problem = { id: 'seed.unknown-key', what: 'x', next: 'y' }
const stateOf = (vitals: Vitals, id: string) => judge(vitals).find((check) => check.id === id)?.state

describe('the health checks', () => {
  it('are all well on a kit that is well', () => {
    expect(judge(well).map(({ state }) => state)).toEqual(Array(9).fill('well'))
    expect(slotIsWell(judge(well))).toBe(true)
  })

  it.each<[string, Partial<Vitals>, string, string]>([
    ['a full disk', { space: { size: gigabyte, free: 0 } }, 'space', 'unwell'],
    ['little room', { space: { size: gigabyte, free: gigabyte / 12 } }, 'space', 'attention'],
    ['a wrong seed', { problems: [problem] }, 'setup', 'attention'],
    ['an unclaimed kit', { kit: { claimed: false } as KitFacts }, 'setup', 'attention'],
    ['no network', { network: { addresses: [], onLink: [], resolvers: [] } }, 'network', 'unwell'],
    ['no clock', { clockTrusted: false }, 'clock', 'attention'],
    ['no memory left', { memory: { total: gigabyte, available: gigabyte / 100 } }, 'memory', 'unwell'],
    [
      'heat',
      { temperature: { value: 90, low: 85, high: 95, unit: '°C', source: 'x', at: '' } },
      'temperature',
      'unwell',
    ],
  ])('show %s, but keep the slot', (_what, change, id, state) => {
    const vitals = { ...well, ...change }
    expect(stateOf(vitals, id)).toBe(state)
    expect(slotIsWell(judge(vitals))).toBe(true)
  })

  it.each<[string, Partial<Vitals>, string]>([
    ['a server that does not answer', { server: silent }, 'server'],
    ['web listeners that do not answer', { web: silent }, 'web'],
    ['data that cannot be read', { boot: { slot: 'A', data: 'unreadable', rescue: false, problems: [] } }, 'data'],
    ['data that cannot be written', { dataWriteError: 'EROFS' }, 'data'],
  ])('do not keep a slot with %s', (_what, change, id) => {
    const vitals = { ...well, ...change }
    expect(stateOf(vitals, id)).toBe('unwell')
    expect(slotIsWell(judge(vitals))).toBe(false)
  })

  it('say nothing of a temperature nobody measured', () => {
    expect(stateOf({ ...well, temperature: null }, 'temperature')).toBeUndefined()
  })
})

describe('the check of the web listeners', () => {
  it('wants both of them', async () => {
    const server = createServer((_request, response) => response.end('hello'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    expect(await checkWeb(port, port)).toEqual({ answers: true, reason: '' })
    expect(await checkWeb(port, 1)).toEqual({ answers: false, reason: 'no answer on port 1' })
    expect((await checkWeb(1, port)).answers).toBe(false)
    server.closeAllConnections()
    server.close()
  })

  it('takes an error of the server for no answer', async () => {
    const server = createServer((_request, response) => response.writeHead(500).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    expect((await checkWeb(port, port)).answers).toBe(false)
    server.closeAllConnections()
    server.close()
  })
})

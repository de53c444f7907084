import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { NetworkFacts } from '../api.ts'
import { checkPlugAddress, measuredPower, PlugTrouble, ShellyPlug } from './plug.ts'

const loopback: NetworkFacts = { addresses: ['127.0.0.9'], onLink: ['127.0.0.0/8'], resolvers: [] }
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function plugThat(answer: RequestListener): Promise<ShellyPlug> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return new ShellyPlug('127.0.0.1', () => loopback, (server.address() as AddressInfo).port)
}

const says = (body: unknown) => plugThat((_request, response) => response.end(JSON.stringify(body)))

const status = {
  id: 0,
  source: 'HTTP_in',
  output: true,
  apower: 5.2,
  voltage: 231.4,
  current: 0.041,
  aenergy: { total: 1234.567, by_minute: [86, 87, 86], minute_ts: 1_790_000_000 },
}

async function troubleOf(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(PlugTrouble)
  return (error as PlugTrouble).problem.id
}

describe('a Shelly plug', () => {
  it('is read at its own path', async () => {
    const asked: string[] = []
    const plug = await plugThat((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.end(JSON.stringify(status))
    })
    expect(await plug.read()).toEqual({ watts: 5.2, totalWh: 1234.567 })
    expect(asked).toEqual(['GET /rpc/Switch.GetStatus?id=0'])
  })

  it('is measured at the wall, with an interval', () => {
    const figure = measuredPower({ watts: 5, totalWh: 0 }, '2026-11-01T00:00:00Z')
    expect(figure).toMatchObject({ class: 'measured', boundary: 'wall', source: 'shelly-gen2', unit: 'W' })
    expect(figure.low).toBeLessThan(5)
    expect(figure.high).toBeGreaterThan(5)
    expect(measuredPower({ watts: 0, totalWh: 0 }, '').low).toBe(0)
  })

  it('describes itself', async () => {
    const plug = await says({ name: 'Hearth', model: 'SNPL-00112EU', id: 'shellyplugs-aabbcc', gen: 2 })
    expect(await plug.describe()).toBe('Hearth · SNPL-00112EU · shellyplugs-aabbcc')
  })

  it.each([
    ['text', '<html>hello</html>'],
    ['a list', '[]'],
    ['null', 'null'],
    ['nothing', ''],
    ['half an answer', JSON.stringify(status).slice(0, 60)],
    ['watts as text', JSON.stringify({ ...status, apower: '5.2' })],
    ['negative watts', JSON.stringify({ ...status, apower: -1 })],
    ['more watts than a socket carries', JSON.stringify({ ...status, apower: 4001 })],
    ['an endless number', '{"output":true,"apower":1e999,"aenergy":{"total":1}}'],
    ['no energy', JSON.stringify({ ...status, aenergy: undefined })],
    ['energy beyond belief', JSON.stringify({ ...status, aenergy: { total: 1e12 } })],
  ])('that answers %s is nonsense', async (_what, body) => {
    const plug = await plugThat((_request, response) => response.end(body))
    expect(await troubleOf(plug.read())).toBe('plug.nonsense')
  })

  it.each([302, 404, 500])('that answers with status %d is not believed, whatever it says', async (code) => {
    const plug = await plugThat((_request, response) => response.writeHead(code).end(JSON.stringify(status)))
    expect(await troubleOf(plug.read())).toBe('plug.nonsense')
  })

  it('that is switched off cannot feed the kit', async () => {
    expect(await troubleOf((await says({ ...status, output: false })).read())).toBe('plug.off')
  })

  it('that wants a password says so', async () => {
    const plug = await plugThat((_request, response) => response.writeHead(401).end())
    expect(await troubleOf(plug.read())).toBe('plug.password')
  })

  it('is not followed anywhere else', async () => {
    let elsewhere = 0
    const target = createServer((_request, response) => {
      elsewhere += 1
      response.end(JSON.stringify(status))
    })
    servers.push(target)
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
    const { port } = target.address() as AddressInfo
    const plug = await plugThat((_request, response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end(),
    )
    expect(await troubleOf(plug.read())).toBe('plug.nonsense')
    expect(elsewhere).toBe(0)
  })

  it('that never stops talking is cut off', async () => {
    let sent = 0
    const plug = await plugThat((_request, response) => {
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(4096))) sent += 4096
      }
      response.on('drain', pour)
      response.on('error', () => {})
      pour()
    })
    expect(await troubleOf(plug.read())).toBe('plug.nonsense')
    expect(sent).toBeLessThan(4_000_000)
  })

  it('that is silent, or trickles, is given up after three seconds', async () => {
    const silent = await plugThat(() => {})
    const trickling = await plugThat((_request, response) => {
      const timer = setInterval(() => response.write(' '), 200)
      response.on('close', () => clearInterval(timer))
    })
    const before = performance.now()
    expect(await Promise.all([silent, trickling].map((plug) => troubleOf(plug.read())))).toEqual([
      'plug.silent',
      'plug.silent',
    ])
    expect(performance.now() - before).toBeLessThan(4500)
  })

  it('that hangs up or is not there is silent', async () => {
    const hangsUp = await plugThat((request) => request.socket.destroy())
    expect(await troubleOf(hangsUp.read())).toBe('plug.silent')
    const absent = new ShellyPlug('127.0.0.1', () => loopback, 1)
    expect(await troubleOf(absent.read())).toBe('plug.silent')
  })
})

describe('the address of a plug', () => {
  const home: NetworkFacts = {
    addresses: ['192.168.1.20', 'fd00::20'],
    onLink: ['192.168.1.0/24', 'fd00::/64', 'not a prefix', '10.0.0.0/99'],
    resolvers: ['192.168.1.1'],
  }

  it.each(['192.168.1.40', 'fd00::1234'])('%s is taken', (address) => {
    expect(() => checkPlugAddress(address, home)).not.toThrow()
  })

  it.each([
    'plug.local',
    '192.168.1.40:8080',
    '192.168.1.40/rpc',
    '192.168.001.040',
    'user@192.168.1.40',
    '3232235816',
    '0xc0a80128',
    '',
    '127.0.0.1',
    '::1',
    '169.254.169.254',
    '10.0.0.1',
    '192.168.2.1',
    '93.184.216.34',
    '::ffff:93.184.216.34',
    'fe80::1%eth0',
    '192.168.1.20',
    'fd00::20',
  ])('%s is refused', (address) => {
    expect(() => checkPlugAddress(address, home)).toThrow(PlugTrouble)
  })

  it('is checked again before every call, because networks change', async () => {
    let asked = 0
    const server = createServer((_request, response) => {
      asked += 1
      response.end(JSON.stringify(status))
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    let network = loopback
    const plug = new ShellyPlug('127.0.0.1', () => network, (server.address() as AddressInfo).port)
    await plug.read()
    network = home
    expect(await troubleOf(plug.read())).toBe('plug.address')
    expect(asked).toBe(1)
  })
})

import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { NetworkFacts, PlugKind } from '../api.ts'
import { checkPlugAddress, measuredPower, PlugTrouble, plugKinds, recognisePlug, SmartPlug } from './plug.ts'
import {
  shellyGen1Settings,
  shellyGen1Status,
  shellyGen2Info,
  shellyGen2Status,
  tasmotaAbout,
  tasmotaStatus,
  tasmotaWarning,
} from './plug-replies.ts'

const loopback: NetworkFacts = { addresses: ['127.0.0.9'], onLink: ['127.0.0.0/8'], resolvers: [] }
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(answer: RequestListener): Promise<number> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function plugThat(answer: RequestListener, kind: PlugKind = 'shelly-gen2'): Promise<SmartPlug> {
  return new SmartPlug(kind, '127.0.0.1', () => loopback, await serve(answer))
}

const textOf = (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body))
const says = (body: unknown, kind?: PlugKind) => plugThat((_request, response) => response.end(textOf(body)), kind)

/** What a real plug of each kind answers, by path; anything else is not found. */
const replies: Record<PlugKind, Record<string, unknown>> = {
  'shelly-gen1': { '/status': shellyGen1Status, '/settings': shellyGen1Settings },
  'shelly-gen2': { '/rpc/Switch.GetStatus?id=0': shellyGen2Status, '/rpc/Shelly.GetDeviceInfo': shellyGen2Info },
  tasmota: { '/cm?cmnd=Status%208': tasmotaStatus, '/cm?cmnd=Status': tasmotaAbout },
}
const like =
  (kind: PlugKind): RequestListener =>
  (request, response) => {
    const reply = replies[kind][request.url ?? '']
    if (reply === undefined || request.method !== 'GET') response.writeHead(404).end('Not Found')
    else response.end(textOf(reply))
  }

async function troubleOf(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(PlugTrouble)
  return (error as PlugTrouble).problem.id
}

describe('each kind of plug', () => {
  it.each([
    [
      'shelly-gen1',
      { watts: 5.23, totalWh: 74_074 / 60, totalStepWh: 1 / 60 },
      'Hearth · SHPLG-S · shellyplug-s-DDEEFF',
    ],
    [
      'shelly-gen2',
      { watts: 5.2, totalWh: 1234.567, totalStepWh: 0.001 },
      'Hearth · SNPL-00112EU · shellyplugs-aabbcc',
    ],
    ['tasmota', { watts: 5, wattsStep: 1, totalWh: 12_340, totalStepWh: 1 }, 'Hearth · Plug 3 · tasmota_AABBCC'],
  ] as const)('%s is read, and described', async (kind, reading, description) => {
    const plug = await plugThat(like(kind), kind)
    expect(await plug.read()).toMatchObject({ ...reading, source: `${kind}@1` })
    expect(await plug.describe()).toBe(description)
  })

  it.each(plugKinds)('%s is recognised by asking', async (kind) => {
    const plug = await recognisePlug('127.0.0.1', () => loopback, await serve(like(kind)))
    expect(plug.kind).toBe(kind)
    expect((await plug.read()).source).toBe(`${kind}@1`)
  })

  it('that is none of them is said to be none, after each was tried', async () => {
    let asked = 0
    const port = await serve((_request, response) => {
      asked += 1
      response.end('{"hello":"world"}')
    })
    expect(await troubleOf(recognisePlug('127.0.0.1', () => loopback, port))).toBe('plug.nonsense')
    expect(asked).toBe(plugKinds.length)
  })

  it('that was recognised but cannot be used says why', async () => {
    const port = await serve((request, response) =>
      request.url === '/status'
        ? response.end(JSON.stringify({ ...shellyGen1Status, relays: [{ ison: false }] }))
        : response.writeHead(404).end(),
    )
    expect(await troubleOf(recognisePlug('127.0.0.1', () => loopback, port))).toBe('plug.off')
    expect(await troubleOf(recognisePlug('10.0.0.1', () => loopback, port))).toBe('plug.address')
  })

  it('is measured at the wall, with a floor and with what its display rounds off', async () => {
    const figure = measuredPower(await (await plugThat(like('tasmota'), 'tasmota')).read(), '2026-11-01T00:00:00Z')
    expect(figure).toMatchObject({ class: 'measured', boundary: 'wall', source: 'tasmota@1', unit: 'W', value: 5 })
    expect(figure.low).toBeCloseTo(5 - 0.5 - 1)
    expect(figure.high).toBeCloseTo(5 + 0.5 + 1)
    const reading = { source: '', watts: 0, wattsStep: 0.1, wattsFloor: 0.2, totalWh: 0, totalStepWh: 0.001 }
    expect(measuredPower(reading, '').low).toBe(0)
  })
})

const nonsenseOfEachKind: [PlugKind, string, unknown][] = [
  ['shelly-gen2', 'text', '<html>hello</html>'],
  ['shelly-gen2', 'a list', '[]'],
  ['shelly-gen2', 'null', 'null'],
  ['shelly-gen2', 'nothing', ''],
  ['shelly-gen2', 'half an answer', textOf(shellyGen2Status).slice(0, 60)],
  ['shelly-gen2', 'watts as text', { ...shellyGen2Status, apower: '5.2' }],
  ['shelly-gen2', 'negative watts', { ...shellyGen2Status, apower: -1 }],
  ['shelly-gen2', 'more watts than a socket carries', { ...shellyGen2Status, apower: 4001 }],
  ['shelly-gen2', 'an endless number', '{"output":true,"apower":1e999,"aenergy":{"total":1}}'],
  ['shelly-gen2', 'no energy', { ...shellyGen2Status, aenergy: undefined }],
  ['shelly-gen2', 'energy as a list', { ...shellyGen2Status, aenergy: [{ total: 1 }] }],
  ['shelly-gen2', 'energy beyond belief', { ...shellyGen2Status, aenergy: { total: 1e12 } }],
  ['shelly-gen1', 'half an answer', textOf(shellyGen1Status).slice(0, 300)],
  ['shelly-gen1', 'meters that are no list', { ...shellyGen1Status, meters: shellyGen1Status.meters[0] }],
  ['shelly-gen1', 'no meters', { ...shellyGen1Status, meters: [] }],
  ['shelly-gen1', 'a meter without a total', { ...shellyGen1Status, meters: [{ power: 5, is_valid: true }] }],
  ['shelly-gen1', 'a total as text', { ...shellyGen1Status, meters: [{ power: 5, total: '74074' }] }],
  ['shelly-gen1', 'a negative total', { ...shellyGen1Status, meters: [{ power: 5, total: -1 }] }],
  ['shelly-gen1', 'NaN', '{"meters":[{"power":NaN,"total":1}]}'],
  ['shelly-gen1', 'a figure it calls invalid', { meters: [{ power: 5, total: 1, is_valid: false }] }],
  ['tasmota', 'half an answer', tasmotaStatus.slice(0, 150)],
  ['tasmota', 'an unknown command', { Command: 'Unknown' }],
  ['tasmota', 'no energy', { StatusSNS: { Time: '2026-11-24T10:00:00' } }],
  ['tasmota', 'energy one level too high', { ENERGY: { Total: 1, Power: 5 } }],
  ['tasmota', 'a total of several outlets', tasmotaStatus.replace('12.340', '[1.2,3.4]')],
  ['tasmota', 'power as text', tasmotaStatus.replace('"Power":5', '"Power":"5"')],
  ['tasmota', 'negative power', tasmotaStatus.replace('"Power":5', '"Power":-5')],
  ['tasmota', 'an endless total', tasmotaStatus.replace('12.340', '1e999')],
]

describe('a plug', () => {
  it.each(nonsenseOfEachKind)('%s that answers %s is nonsense', async (kind, _what, body) => {
    expect(await troubleOf((await says(body, kind)).read())).toBe('plug.nonsense')
  })

  it.each([302, 404, 500])('that answers with status %d is not believed, whatever it says', async (code) => {
    const plug = await plugThat((_request, response) => response.writeHead(code).end(JSON.stringify(shellyGen2Status)))
    expect(await troubleOf(plug.read())).toBe('plug.nonsense')
  })

  it.each([
    ['shelly-gen2', { ...shellyGen2Status, output: false }],
    ['shelly-gen1', { ...shellyGen1Status, relays: [{ ison: false }] }],
  ] as const)('%s that is switched off cannot feed the kit', async (kind, body) => {
    expect(await troubleOf((await says(body, kind)).read())).toBe('plug.off')
  })

  it.each([
    ['shelly-gen2', { ...shellyGen2Status, apower: 0 }],
    ['shelly-gen1', { ...shellyGen1Status, meters: [{ power: 0, total: 5 }] }],
    ['tasmota', tasmotaStatus.replace('"Power":5', '"Power":0')],
  ] as const)('%s through which nothing flows cannot either', async (kind, body) => {
    expect(await troubleOf((await says(body, kind)).read())).toBe('plug.no-load')
  })

  it.each([
    ['12.34', 10],
    ['12.34000', 0.01],
  ])('with Tasmota that shows %s kWh counts in steps of %d Wh', async (shown, step) => {
    const plug = await says(tasmotaStatus.replace('12.340', shown), 'tasmota')
    expect((await plug.read()).totalStepWh).toBeCloseTo(step)
  })

  it('with Tasmota that counts whole kilowatt-hours is too coarse, and the way out is said', async () => {
    const plug = await says(tasmotaStatus.replace('12.340', '12'), 'tasmota')
    await expect(plug.read()).rejects.toMatchObject({ problem: { id: 'plug.coarse', next: /EnergyRes 3/ } })
  })

  it('that wants a password says so', async () => {
    const plug = await plugThat((_request, response) => response.writeHead(401).end())
    expect(await troubleOf(plug.read())).toBe('plug.password')
    expect(await troubleOf((await says(tasmotaWarning, 'tasmota')).read())).toBe('plug.password')
  })

  it('that tells nothing about itself is called by its kind', async () => {
    expect(await (await says({ name: null, model: 'x'.repeat(65), id: 7 })).describe()).toMatch(/second generation/)
  })

  it('is not followed anywhere else', async () => {
    let elsewhere = 0
    const port = await serve((_request, response) => {
      elsewhere += 1
      response.end(JSON.stringify(shellyGen2Status))
    })
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
    const absent = new SmartPlug('tasmota', '127.0.0.1', () => loopback, 1)
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
    const port = await serve((_request, response) => {
      asked += 1
      response.end(JSON.stringify(shellyGen2Status))
    })
    let network = loopback
    const plug = new SmartPlug('shelly-gen2', '127.0.0.1', () => network, port)
    await plug.read()
    network = home
    expect(await troubleOf(plug.read())).toBe('plug.address')
    expect(asked).toBe(1)
  })
})

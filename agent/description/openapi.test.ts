import { readFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tariffs } from '../api.ts'
import { hourMs } from '../ledger/hours.ts'
import { Ledger } from '../ledger/ledger.ts'
import { makeWitness } from '../ledger/log/log-fixture.ts'
import { Agent } from '../service/agent.ts'
import { ApiServer } from '../service/api-server.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { describeApi, files } from './openapi.ts'

interface Operation {
  requestBody?: { content: Record<string, { schema: Json }> }
  responses: Record<string, { content?: Record<string, { schema: Json }> }>
}
type Json = Record<string, unknown>
type Said = Record<string, { id?: string; entries?: { id: string }[]; seen?: string; collectors?: { id: string }[] }>

const text = readFileSync(files[0] as string, 'utf8')
const description: { paths: Record<string, Record<string, Operation>>; components: { schemas: Json } } =
  JSON.parse(text)
const operations = new Map(
  Object.entries(description.paths).flatMap(([at, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${at}`, operation]),
  ),
)

const clock = new FakeClock('2026-11-24T10:00:00Z')
let kit: KitRoot
let agent: Agent
let server: ApiServer
let plug: Server

beforeAll(async () => {
  kit = await makeKitRoot({
    kit: { serverName: 'garden.example' },
    network: { addresses: ['127.0.0.9'], onLink: ['127.0.0.0/8'] },
  })
  plug = createServer((asked, response) => {
    const status = { output: true, apower: 4.4, aenergy: { total: 10 } }
    response.end(JSON.stringify(asked.url?.includes('Switch') ? status : { name: 'Hearth', model: 'Plug S' }))
  })
  await new Promise<void>((resolve) => plug.listen(0, '127.0.0.1', resolve))
  const readings = new Ledger(kit.paths.agentData, clock.now)
  const hour = Math.floor(clock.now() / hourMs) * hourMs
  readings.add(
    Array.from({ length: 60 * 24 }, (_, back) => ({
      interval: { start: hour - (back + 1) * hourMs, end: hour - back * hourMs, trusted: true },
      quantities: { energy: 3e6, energyLow: 2e6, energyHigh: 4e6, seconds: 3600, cpuSeconds: 360, wanIn: 1e6 },
    })),
  )
  readings.stop()
  const { port } = plug.address() as AddressInfo
  agent = new Agent({ paths: kit.paths, webPorts: { plain: 1, home: 1 }, plugPort: port, clock })
  server = new ApiServer(agent, { path: kit.paths.agentSocket })
  await agent.start()
  await server.start()
})
afterAll(async () => {
  plug.closeAllConnections()
  plug.close()
  await server.stop()
  await agent.stop()
  await kit.remove()
})

const month = '2026-11'
const tariffs: Tariffs = {
  version: 1,
  currency: 'EUR',
  timezone: 'Europe/Berlin',
  power: [{ from: '2000-01-01', prices: { kind: 'flat', perKwh: '0.32' } }],
  internet: [{ from: '2000-01-01', kind: 'per-gb', perGb: '0.10' }],
  items: [{ kind: 'disk', price: '80.00', bought: null, years: 5 }],
  fees: [{ from: '2000-01-01', kind: 'domain', amount: '12.00', per: 'year' }],
}
const work = {
  kind: 'work',
  period: { from: `${month}-01`, to: `${month}-02` },
  amounts: [{ value: '1.5', unit: 'h' }],
  activity: 'moderation',
  source: 'typed',
  audience: 'party',
}

const witness = makeWitness('witness.example').vkey

/** A call of each route that does something, in this order. `said` holds the answers so far. */
const calls: Record<string, (said: Said) => { query?: string; body?: unknown }> = {
  'GET /openapi.json': () => ({}),
  'GET /v1/settings': () => ({}),
  'PUT /v1/settings': (said) => ({ body: { ...said['GET /v1/settings'], tariffs } }),
  'POST /v1/plug/test': () => ({ body: { address: '127.0.0.1' } }),
  'POST /v1/calibration': () => ({ body: { watts: 2.9 } }),
  'POST /v1/people': () => ({ body: { count: 3, accounts: ['ada', 'bob', 'eve'] } }),
  'GET /v1/summary': () => ({}),
  'GET /v1/readings': () => ({ query: 'hours=9600' }),
  'GET /v1/history': () => ({ query: 'step=day' }),
  'GET /v1/bill': () => ({ query: `month=${month}` }),
  'POST /v1/bill/preview': () => ({ body: { tariffs } }),
  'POST /v1/what-if': () => ({ body: { kind: 'people', people: 6 } }),
  'POST /v1/parties': () => ({ body: { name: 'Ada' } }),
  'GET /v1/parties': () => ({}),
  'GET /v1/people': () => ({}),
  'POST /v1/entries': (said) => ({ body: { ...work, party: said['POST /v1/parties']?.id } }),
  'GET /v1/entries': () => ({ query: 'kind=work' }),
  'GET /v1/export': () => ({ query: 'format=json' }),
  'POST /v1/import': (said) => ({ body: said['GET /v1/entries']?.entries }),
  'POST /v1/parties/change': (said) => ({ body: { id: said['POST /v1/parties']?.id, consents: ['hours'] } }),
  'POST /v1/members': () => ({ body: { account: 'ada', name: 'Ada L.' } }),
  'POST /v1/parties/join': (said) => ({
    body: { id: said['POST /v1/parties']?.id, into: said['POST /v1/members']?.id },
  }),
  'GET /v1/shares': () => ({}),
  'GET /v1/members/share': () => ({ query: 'account=ada' }),
  'GET /v1/members/hours': (said) => ({ query: `party=${said['POST /v1/members']?.id}` }),
  'GET /v1/members/export': (said) => ({ query: `format=json&party=${said['POST /v1/members']?.id}` }),
  'POST /v1/parties/leave': () => ({ body: { account: 'ada' } }),
  'GET /v1/publishing/preview': () => ({ query: 'every=month&from=2026-10-01' }),
  'POST /v1/publishing/on': (said) => ({
    body: { every: 'month', from: '2026-10-01', household: false, seen: said['GET /v1/publishing/preview']?.seen },
  }),
  'GET /v1/proof': (said) => ({ query: `id=${said['GET /v1/entries']?.entries?.[0]?.id}` }),
  'POST /v1/publishing/collectors': () => ({
    body: { place: { kind: 'http', url: 'https://collector.example/' }, publicUrl: 'https://collector.example/' },
  }),
  'POST /v1/publishing/witnesses': () => ({ body: { url: 'https://witness.example', key: witness } }),
  'POST /v1/publishing/hardware': () => ({ body: { answer: 'moved' } }),
  'GET /v1/publishing': () => ({}),
  'POST /v1/publishing/witnesses/remove': () => ({ body: { key: witness } }),
  'POST /v1/publishing/collectors/remove': (said) => ({
    body: { id: said['POST /v1/publishing/collectors']?.collectors?.[0]?.id },
  }),
  'POST /v1/publishing/renew': () => ({}),
  'POST /v1/publishing/repair': () => ({}),
  'POST /v1/publishing/off': () => ({}),
  'POST /v1/parties/erase': (said) => ({ body: { id: said['POST /v1/parties']?.id } }),
}

/** October is over for long enough: its report is due once the clock has been right for a while. */
async function publish(): Promise<void> {
  clock.pass(2 * 3600)
  agent.books.enterDays()
  await agent.publisher.run()
}

function ask(route: string, { query = '', body }: { query?: string; body?: unknown } = {}) {
  const [method, path] = route.split(' ')
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const target = `${path}${query && `?${query}`}`
    const call = request({ socketPath: kit.paths.agentSocket, method, path: target, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (route === 'GET /v1/live') response.destroy()
      })
      response.on('close', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    call.on('error', reject)
    call.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** Objects that take in whatever they do not know. */
const open = ['Entry']

/** A schema that finds nothing right that is not described. */
function closed(schema: unknown, name = ''): unknown {
  if (Array.isArray(schema)) return schema.map((each) => closed(each))
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.entries(schema).map(([key, each]) => [key, closed(each, key)])
  const isClosed = 'properties' in schema && 'type' in schema && schema.type === 'object' && !open.includes(name)
  return { ...Object.fromEntries(inner), ...(isClosed && { additionalProperties: false }) }
}

const ajv = new Ajv2020({ strict: false, allErrors: true })
const components = closed(description.components)

/** What a value breaks. */
function faults(schema: unknown, value: unknown): string[] {
  const check = ajv.compile({ ...(closed(schema) as object), components })
  return check(value)
    ? []
    : (check.errors ?? []).map(
        ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
      )
}

describe('the description of the API', () => {
  it('is as the code has it; node agent/description/openapi.ts writes it', () => {
    const made = describeApi()
    for (const file of files) expect(readFileSync(file, 'utf8'), file).toBe(made)
  })

  it('has every route of the server in agent/description/routes.ts, and no other', () => {
    const served = server.routes()
    expect({
      undescribed: served.filter((route) => !operations.has(route)),
      unserved: [...operations.keys()].filter((route) => !served.includes(route)),
    }).toEqual({ undescribed: [], unserved: [] })
  })

  it('is called in full below', () => {
    const uncalled = [...operations.keys()].filter((route) => !(route in calls) && route !== 'GET /v1/live')
    expect(uncalled).toEqual([])
  })

  it('describes what the server really answers, and takes what is sent', async () => {
    const said: Said = {}
    const wrong: Record<string, unknown> = {}
    for (const [route, call] of Object.entries(calls)) {
      if (route === 'GET /v1/proof') await publish()
      const asked = call(said)
      const { status, text } = await ask(route, asked)
      const operation = operations.get(route)
      const body = operation?.requestBody?.content['application/json']?.schema
      const schema = operation?.responses[status]?.content?.['application/json']?.schema
      const answer = text === '' ? null : JSON.parse(text)
      said[route] = answer
      const found = [
        ...(body ? faults(body, asked.body).map((fault) => `body ${fault}`) : []),
        ...(status >= 300 ? [`status ${status}: ${text}`] : []),
        ...(schema ? faults(schema, answer) : answer === null ? [] : ['an answer that is not described']),
      ]
      if (found.length > 0) wrong[route] = found
    }
    expect(wrong).toEqual({})
  })

  it('describes refusals and the live stream', async () => {
    const { text: refusal } = await ask('PUT /v1/settings', { body: {} })
    const failure = operations.get('PUT /v1/settings')?.responses.default?.content?.['application/json']?.schema
    expect(faults(failure, JSON.parse(refusal))).toEqual([])
    const { text: events } = await ask('GET /v1/live')
    const figures = operations.get('GET /v1/live')?.responses[200]?.content?.['text/event-stream']?.schema
    expect(faults(figures, JSON.parse(events.slice('data: '.length)))).toEqual([])
  })

  it('would see a field too many, and one too few', () => {
    const amount = { $ref: '#/components/schemas/Money' }
    expect(faults(amount, { amount: '1', currency: 'EUR' })).toEqual([])
    expect(faults(amount, { amount: '1' })).toHaveLength(1)
    expect(faults(amount, { amount: '1', currency: 'EUR', more: 1 })).toHaveLength(1)
  })
})

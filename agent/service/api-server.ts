import { chmodSync, rmSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AgentError, History, HistoryStep } from '../api.ts'
import { type ExportFormat, exportFormats, maximumImport } from '../ledger/exports/export.ts'
import { type Consent, type EntryFilter, JournalTrouble, type PartyChange } from '../ledger/journal.ts'
import { LogError } from '../ledger/log/error.ts'
import { maximumWatts, PlugTrouble } from '../meters/plug.ts'
import { createServer } from '../node-http.ts'
import { FieldRefused } from '../refused.ts'
import type { Agent } from './agent.ts'
import { SettingRefused } from './settings.ts'

const maximumBody = 16 * 1024
const maximumHours = 9600
const liveMs = 5000
const maximumStreams = 8

/** Where to listen: a path, or a socket that systemd has opened and handed over. */
export type Listen = { path: string } | { fd: number }

class Refused extends Error {
  readonly status: number
  readonly error: AgentError['error']

  constructor(status: number, code: string, message: string, next: string) {
    super(message)
    this.status = status
    this.error = { code, message, next }
  }
}

type Handler = (request: IncomingMessage, query: URLSearchParams) => unknown

/** The API of api.ts on the agent's socket. */
export class ApiServer {
  readonly #agent: Agent
  readonly #listen: Listen
  readonly #http: Server
  readonly #routes: Record<string, Record<string, Handler>>
  #streams = new Set<ServerResponse>()

  constructor(agent: Agent, listen: Listen) {
    this.#agent = agent
    this.#listen = listen
    // Callers are two programs of ours on the same machine; the default of looking for stalled ones every 30 s would wake the kit.
    this.#http = createServer({ connectionsCheckingInterval: 600_000 }, (request, response) => {
      void this.#answer(request, response)
    })
    this.#routes = {
      '/openapi.json': {
        GET: async () => (await import('../description/openapi.json', { with: { type: 'json' } })).default,
      },
      '/v1/summary': { GET: () => agent.summary() },
      '/v1/readings': { GET: (_request, query) => ({ readings: agent.readings(hoursOf(query)) }) },
      '/v1/history': { GET: (_request, query) => historyAsked(query, (step, of) => agent.books.history(step, of)) },
      '/v1/settings': {
        GET: () => agent.settings(),
        PUT: async (request) => agent.storeSettings(await readJson(request)),
      },
      '/v1/plug/test': { POST: async (request) => agent.testPlug(addressOf(await readJson(request))) },
      '/v1/calibration': {
        POST: async (request) => {
          const body = await readJson(request)
          return field(body, 'from') === 'plug' ? agent.calibrateByPlug() : agent.calibrate(wattsOf(body))
        },
      },
      '/v1/bill': { GET: (_request, query) => agent.books.bill(monthOf(query) ?? refuseMonth()) },
      '/v1/bill/preview': {
        POST: async (request) => agent.books.previewBill(field(await readJson(request), 'tariffs')),
      },
      '/v1/what-if': { POST: async (request) => agent.books.whatIf(await readJson(request)) },
      '/v1/entries': {
        GET: (_request, query) => ({ entries: agent.books.entries(filterOf(query)) }),
        POST: async (request) => agent.books.record(objectOf(await readJson(request)) as never),
      },
      '/v1/export': {
        GET: (_request, query) => {
          const format = formatOf(query)
          const { mediaType, extension } = exportFormats[format]
          return { text: agent.books.export(format, monthOf(query)), mediaType, extension }
        },
      },
      '/v1/import': { POST: async (request) => agent.books.import(await readBody(request, maximumImport)) },
      '/v1/parties': {
        GET: () => ({ parties: agent.books.parties() }),
        POST: async (request) => agent.books.addParty(textOf(await readJson(request), 'name')),
      },
      '/v1/parties/erase': { POST: async (request) => agent.books.eraseParty(textOf(await readJson(request), 'id')) },
      '/v1/parties/change': {
        POST: async (request) => agent.books.journal.changeParty(...partyChangeOf(await readJson(request))),
      },
      '/v1/parties/join': {
        POST: async (request) => {
          const body = await readJson(request)
          agent.books.journal.joinParties(textOf(body, 'id'), textOf(body, 'into'))
        },
      },
      '/v1/parties/leave': {
        POST: async (request) => agent.books.journal.leaveAccount(textOf(await readJson(request), 'account')),
      },
      '/v1/people': {
        GET: async () => ({ accounts: await agent.accounts() }),
        POST: async (request) => agent.tellPeople(peopleOf(await readJson(request))),
      },
      '/v1/publishing': { GET: () => agent.publisher.state() },
      '/v1/publishing/preview': { GET: (_request, query) => agent.publisher.preview(disclosureOf(query)) },
      '/v1/publishing/on': { POST: async (request) => agent.publisher.switchOn(await readJson(request)) },
      '/v1/publishing/off': { POST: () => agent.publisher.switchOff() },
      '/v1/publishing/collectors': { POST: async (request) => agent.publisher.addCollector(await readJson(request)) },
      '/v1/publishing/collectors/remove': {
        POST: async (request) => agent.publisher.removeCollector(textOf(await readJson(request), 'id')),
      },
      '/v1/publishing/witnesses': { POST: async (request) => agent.publisher.addWitness(await readJson(request)) },
      '/v1/publishing/witnesses/remove': {
        POST: async (request) => agent.publisher.removeWitness(textOf(await readJson(request), 'key', 600)),
      },
      '/v1/publishing/hardware': {
        POST: async (request) => agent.publisher.answerHardware(field(await readJson(request), 'answer')),
      },
      '/v1/publishing/renew': { POST: () => agent.publisher.renew() },
      '/v1/publishing/repair': { POST: () => agent.publisher.repair() },
      '/v1/proof': { GET: (_request, query) => agent.publisher.prove(query.get('id') ?? '') },
      '/v1/shares': { GET: (_request, query) => agent.members.shares(monthOf(query)) },
      '/v1/members': {
        POST: async (request) => {
          const body = await readJson(request)
          return agent.members.party(textOf(body, 'account'), textOf(body, 'name'))
        },
      },
      '/v1/members/share': { GET: (_request, query) => agent.members.ownShare(query.get('account') ?? '') },
      '/v1/members/hours': { GET: (_request, query) => agent.members.hours(query.get('party') ?? '') },
      '/v1/members/export': {
        GET: (_request, query) => {
          const format = formatOf(query)
          const { mediaType, extension } = exportFormats[format]
          return { text: agent.members.export(format, query.get('party') ?? ''), mediaType, extension }
        },
      },
    }
  }

  /** What it answers, as `GET /v1/summary`. */
  routes(): string[] {
    const answered = Object.entries(this.#routes).flatMap(([at, methods]) =>
      Object.keys(methods).map((method) => `${method} ${at}`),
    )
    return [...answered, 'GET /v1/live']
  }

  /** Listens. A socket left over by a crash is removed; one that still answers is another agent, and refused. */
  async start(): Promise<void> {
    const listen = this.#listen
    if ('path' in listen) {
      if (await answers(listen.path)) throw new Error(`Another agent is listening on ${listen.path}; stop it first.`)
      rmSync(listen.path, { force: true })
    }
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(listen, resolve)
    })
    if ('path' in listen) chmodSync(listen.path, 0o660)
  }

  async stop(): Promise<void> {
    for (const stream of this.#streams) stream.end()
    await new Promise((resolve) => {
      this.#http.close(resolve)
      this.#http.closeIdleConnections()
      setTimeout(() => this.#http.closeAllConnections(), 2000).unref()
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { pathname, searchParams } = new URL(`http://agent${request.url}`)
      if (pathname === '/v1/live' && request.method === 'GET') return await this.#live(response)
      const methods = Object.hasOwn(this.#routes, pathname) ? this.#routes[pathname] : undefined
      if (!methods) throw new Refused(404, 'not-found', `There is no ${pathname}.`, 'See agent/api.ts.')
      const method = request.method ?? ''
      const handler = Object.hasOwn(methods, method) ? methods[method] : undefined
      if (!handler) {
        throw new Refused(
          405,
          'method',
          `${pathname} does not take ${method}.`,
          `Use ${Object.keys(methods).join(', ')}.`,
        )
      }
      const answer = await handler(request, searchParams)
      if (answer === undefined) response.writeHead(204).end()
      else send(response, 200, answer)
    } catch (error) {
      const { status, body } = errorAnswer(error)
      if (status === 500) console.error(`${request.method} ${request.url}:`, error)
      if (response.headersSent) response.destroy()
      else send(response, status, body)
    }
  }

  /** Sends figures every five seconds until the other side goes away. */
  async #live(response: ServerResponse): Promise<void> {
    if (this.#streams.size >= maximumStreams) {
      throw new Refused(503, 'busy', 'Too many pages show live figures already.', 'Close some of them.')
    }
    this.#streams.add(response)
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const figures = this.#agent.stream()
    const tick = async () => {
      try {
        const event = `data: ${JSON.stringify(await figures())}\n\n`
        if (!response.writableNeedDrain && !response.writableEnded) response.write(event)
      } catch (error) {
        console.error('live figures:', error)
        response.destroy()
      }
    }
    const timer = setInterval(tick, liveMs)
    response.on('close', () => {
      clearInterval(timer)
      this.#streams.delete(response)
    })
    await tick()
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

function errorAnswer(error: unknown): { status: number; body: AgentError } {
  if (error instanceof Refused) return { status: error.status, body: { error: error.error } }
  if (error instanceof PlugTrouble) {
    const { id, what, next } = error.problem
    return { status: 422, body: { error: { code: id, message: what, next, field: 'address' } } }
  }
  if (error instanceof FieldRefused) {
    const { message, next, field, code } = error
    return { status: 422, body: { error: { code, message, next, field } } }
  }
  if (error instanceof LogError) {
    const { trouble, where, what, next } = error
    return { status: 422, body: { error: { code: `log.${trouble}`, message: `${where} ${what}.`, next } } }
  }
  if (error instanceof JournalTrouble) {
    const { id, what, next } = error.problem
    return { status: 503, body: { error: { code: id, message: what, next } } }
  }
  const message = error instanceof Error ? error.message : String(error)
  return {
    status: 500,
    body: { error: { code: 'internal', message: `The agent failed: ${message}`, next: "Look into the agent's log." } },
  }
}

/** Reads a body whole; in one piece where its length is announced, so that a large one is in memory once. */
async function readBody(request: IncomingMessage, maximum: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  const whole = Buffer.allocUnsafe(announced <= maximum ? announced : 0)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (length + chunk.length > maximum) {
      const what = `The body is larger than ${maximum / 1024} KiB.`
      throw new Refused(413, 'too-large', what, 'Send only the fields of agent/api.ts.')
    }
    if (whole.length > 0) chunk.copy(whole, length)
    else chunks.push(chunk)
    length += chunk.length
  }
  return whole.length > 0 ? whole.subarray(0, length) : Buffer.concat(chunks)
}

/** Reads a JSON body of at most 16 KiB. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request, maximumBody)
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new Refused(400, 'not-json', 'The body is not JSON.', 'Send one JSON object.')
  }
}

function hoursOf(query: URLSearchParams): number {
  const text = query.get('hours') ?? ''
  const hours = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (hours >= 1 && hours <= maximumHours) return hours
  throw new Refused(400, 'hours', `hours must be a whole number from 1 to ${maximumHours}.`, 'Ask for hours=168.')
}

const historySteps: readonly HistoryStep[] = ['hour', 'day', 'month', 'year']

function historyAsked(query: URLSearchParams, read: (step: HistoryStep, of: string | null) => History): History {
  const step = historySteps.find((each) => each === query.get('step'))
  const of = query.get('of')
  try {
    if (step && (of === null || /^20\d{2}(-\d{2}){0,2}$/.test(of))) return read(step, of)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw new Refused(
    400,
    'history',
    'There is no such time.',
    'Ask for step=hour&of=2026-11-24, step=day&of=2026-11, step=month&of=2026 or step=year.',
  )
}

function addressOf(body: unknown): string {
  const address = field(body, 'address')
  if (typeof address === 'string' && address.length <= 64) return address
  throw new SettingRefused('address', 'address must be a text.', 'Send { "address": "192.168.1.40" }.')
}

function wattsOf(body: unknown): number {
  const watts = field(body, 'watts')
  if (typeof watts === 'number' && watts > 0 && watts <= maximumWatts) return watts
  throw new SettingRefused('watts', `watts must be a number from 0 to ${maximumWatts}.`, 'Send { "watts": 3.4 }.')
}

const consents: readonly Consent[] = ['hours', 'money']

function partyChangeOf(body: unknown): [string, PartyChange] {
  const given = field(body, 'consents')
  const chosen = Array.isArray(given) ? consents.filter((consent) => given.includes(consent)) : undefined
  const actor = field(body, 'actor') === undefined ? undefined : textOf(body, 'actor')
  return [textOf(body, 'id'), { ...(actor !== undefined && { actor }), ...(chosen && { consents: chosen }) }]
}

function peopleOf(body: unknown): { count: number; accounts?: string[] } {
  const accounts = field(body, 'accounts')
  if (accounts === undefined) return { count: countOf(body) }
  if (Array.isArray(accounts) && accounts.every((each) => typeof each === 'string' && /^\w{1,64}$/.test(each)))
    return { count: countOf(body), accounts }
  throw new SettingRefused('accounts', 'accounts must be a list of accounts.', 'Send { "accounts": ["ada"] }.')
}

function countOf(body: unknown): number {
  const count = field(body, 'count')
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 && count <= 100_000) return count
  throw new SettingRefused('count', 'count must be a whole number from 0 to 100000.', 'Send { "count": 3 }.')
}

/** Days and words of a filter; what does not look like one finds nothing. */
function filterOf(query: URLSearchParams): EntryFilter {
  const names = ['from', 'to', 'kind', 'party'] as const
  return Object.fromEntries(names.flatMap((name) => (query.has(name) ? [[name, query.get(name)]] : [])))
}

function formatOf(query: URLSearchParams): ExportFormat {
  const names = Object.keys(exportFormats) as ExportFormat[]
  const format = names.find((name) => name === query.get('format'))
  if (format) return format
  throw new Refused(400, 'format', 'There is no such format.', `Ask for ${names.join(', ')}.`)
}

function monthOf(query: URLSearchParams): string | undefined {
  const month = query.get('month') ?? undefined
  if (month === undefined || /^\d{4}-(0[1-9]|1[0-2])$/.test(month)) return month
  return refuseMonth()
}

function refuseMonth(): never {
  throw new Refused(400, 'month', 'month must be a month.', 'Ask for one such as month=2026-11.')
}

function objectOf(body: unknown): object {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body
  throw new Refused(400, 'not-object', 'The body is no JSON object.', 'Send the fields of an entry.')
}

function disclosureOf(query: URLSearchParams): object {
  return { every: query.get('every'), from: query.get('from'), household: query.get('household') === 'yes' }
}

function textOf(body: unknown, name: string, longest = 200): string {
  const value = field(body, name)
  if (typeof value === 'string' && value.length <= longest) return value
  throw new SettingRefused(name, `${name} must be a text.`, `Send { "${name}": "…" }.`)
}

function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name)
    ? (body as Record<string, unknown>)[name]
    : undefined
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => {
      resolve(true)
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
  })
}

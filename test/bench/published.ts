import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { hourMs } from '#agent/ledger/hours.ts'
import { parseLogKey } from '#agent/ledger/log/note.ts'
import { createLog } from '#agent/ledger/log/public-log.ts'
import { readLog } from '#agent/ledger/log/read-log.ts'
import { readFolder } from '#agent/ledger/log/source.ts'
import { meteredDays } from '#agent/ledger/metered-days.ts'
import { mean } from '#agent/meters/prediction.ts'
import { announce } from '#agent/publish/announcement.ts'
import { collectorFolder, indexFile, logOrigin } from '#agent/publish/log-address.ts'
import type { Outbox } from '#agent/publish/outbox.ts'
import { outboxOf, runPublish } from '#agent/publish/push/push-fixture.ts'
import { PublishingKit, serverName, zone } from '#agent/publish/testing.ts'
import { makeCertificate } from '#agent/setup/openssl.ts'
import type { Run } from '#agent/setup/run.ts'
import type { Tools } from '#images/build/tools.ts'
import { nodeInfoFaults } from '../kit/nodeinfo.ts'
import { ledgerYear } from '../ledger-year.ts'
import { type Published, wanPerMonth } from './ledger-figures.ts'

const people = 10
const daysPerYear = 365
const dayMs = 24 * hourMs
/** Kits that the view of a network is measured with, on one connection. */
const viewed = 40

/**
 * What publishing costs on the line in a month, beside one aggregator that fetches NodeInfo from every instance once a
 * day. A year of a kit passes with the real publisher, its budget in force, and hearth-publish; all connections are TLS
 * 1.3 with a chain of two certificates, and counted as content of TCP, both ways, without its headers.
 *
 * Before each report the kit looks at the checkpoint that its collector has; then it sends the bundle in which the new
 * report lies, from its beginning. That grows until a bundle is full, with 256 reports: so ten years are measured, too,
 * with hearth-publish and the reports of that year, over and over.
 */
export async function publishedBytes(tools: Tools, log: (line: string) => void): Promise<Published> {
  const kit = await PublishingKit.make('2026-01-01T10:00:00Z')
  const host = await MeteredHost.make(kit.root.root, tools)
  try {
    const pushed = await year(kit, host, log)
    const { origin, key } = kit.outbox()
    const view = await networkView(host, origin)
    const fetched = await aggregatorDay(host, { origin, key, collectors: [host.url] })
    const months = await decade(kit, host)
    const decadeMean = mean(months)
    const [first, last] = [mean(months.slice(0, 12)), months.at(-1)]
    log(`bench ledger: 120 reports, ${decadeMean} bytes a month; the first year ${first}, the last month ${last}`)
    // The same work, without the publisher: otherwise the decade would be of something else.
    if (Math.abs(first / pushed - 1) > 0.15)
      throw new Error(`The first year of the decade has ${first} bytes a month, that of the publisher ${pushed}.`)
    return { year: pushed, decade: decadeMean, aggregated: (fetched * daysPerYear) / 12, view }
  } finally {
    host.close()
    await kit.remove()
  }
}

/** Bytes to and from the collector in the mean month of a year of reports. */
async function year(kit: PublishingKit, host: MeteredHost, log: (line: string) => void): Promise<number> {
  mkdirSync(path.dirname(kit.paths.inbox), { recursive: true })
  kit.people = people
  const { entries } = ledgerYear({ people, services: 1 })
  kit.journal.recordAll(
    entries
      .filter(({ kind, references }) => ['bill', 'donation', 'purchase', 'work'].includes(kind) && !references)
      .map(({ version, id, sequence, recordedAt, clockTrusted, ...draft }) => ({ ...draft, instance: serverName })),
  )
  await kit.publisher.addCollector({ place: { kind: 'http', url: host.url }, publicUrl: host.url })
  let isOn = false
  let since = kit.clock.now()
  host.take()
  // The report of December comes on the eighth of January.
  for (let day = 0; day < daysPerYear + 9; day++) {
    kit.clock.pass(dayMs / 1000)
    const now = Math.floor(kit.clock.now() / hourMs) * hourMs
    kit.readings.add(
      Array.from({ length: 24 }, (_, hour) => ({
        interval: { start: now - (hour + 1) * hourMs, end: now - hour * hourMs, trusted: true },
        quantities: {
          ...{ energy: 3e6, energyLow: 2e6, energyHigh: 4e6, seconds: 3600, classRank: 2, lanIn: 1e7, lanOut: 1e7 },
          ...{ wanIn: wanPerMonth / 2 / 30.4 / 24, wanOut: wanPerMonth / 2 / 30.4 / 24 },
        },
      })),
    )
    const { drafts, through } = meteredDays({
      now: kit.clock.now(),
      zone,
      instance: serverName,
      since,
      readings: ({ start, end }) => kit.readings.entries(start, end),
    })
    since = through
    kit.journal.recordAll(drafts)
    if (!isOn) await kit.switchOn('month', '2026-01-01')
    isOn = true
    for (let round = 0; round < 4; round++) {
      await kit.publisher.run()
      if (!isAsking(kit)) break
      await runPublish(kit.root.root, host.authority)
    }
  }
  const { reports, collectors, trouble } = kit.publisher.state()
  const published = reports.filter(({ state }) => state === 'published').length
  const [collector] = collectors
  if (published !== 12 || collector?.has !== 12 || trouble)
    throw new Error(
      `${published} of 12 reports were published; the collector has ${collector?.has}: ${trouble ?? collector?.problem?.what}`,
    )
  const bytes = host.take()
  log(`bench ledger: 12 reports published, ${bytes} bytes`)
  return bytes / 12
}

/** Bytes to and from the collector of each month in a log's first ten years: a look at what is there, then the report. */
async function decade(kit: PublishingKit, host: MeteredHost): Promise<number[]> {
  const before = kit.outbox()
  const { leaves } = await readLog(readFolder(kit.paths.publicLog), parseLogKey(before.key))
  const folder = '2/'
  const places = { folder: path.resolve(kit.paths.publicLog, folder), secret: path.join(kit.root.root, 'decade.key') }
  const publicLog = createLog(places, logOrigin(serverName, folder))
  let { number } = before
  const ask = async (task: Outbox['task'], known: number) => {
    number += 1
    const collector = { id: 'decade', place: { kind: 'http', url: host.url }, publicUrl: host.url, known } as const
    const outbox = outboxOf(publicLog, { task, number, folder, collectors: [{ ...collector, grant: 1e6 }] })
    writeFileSync(kit.paths.outbox, JSON.stringify(outbox))
    const { text } = await runPublish(kit.root.root, host.authority)
    const done = task === 'push' ? 'sent' : 'compared'
    if (!text.includes(`outbox ${number}: decade ${done}`)) throw new Error(`hearth-publish said: ${text}`)
  }
  const months: number[] = []
  host.take()
  for (let month = 0; month < 120; month++) {
    await ask('compare', month)
    publicLog.append(month, leaves[month % leaves.length] as Uint8Array)
    await ask('push', month)
    months.push(host.take())
  }
  return months
}

/** Whether the outbox asks for something that was not answered. */
function isAsking(kit: PublishingKit): boolean {
  if (!existsSync(kit.paths.outbox)) return false
  const { number, collectors } = kit.outbox()
  return collectors.some(({ grant }) => grant > 0) && number !== answered(kit)
}

function answered({ paths }: PublishingKit): number | null {
  try {
    return JSON.parse(readFileSync(paths.inbox, 'utf8')).number
  } catch {
    return null
  }
}

/** Bytes of a view of a network a month: of each kit its line in the index, the log's head and the newest reports. */
async function networkView(host: MeteredHost, origin: string): Promise<(instances: number) => number> {
  const folder = collectorFolder(origin)
  const wanted = [indexFile(origin), `${folder}checkpoint`, `${folder}tile/entries/000.p/12`]
  const ask = async (kits: number) => {
    host.take()
    await host.fetch(Array.from({ length: kits }, () => wanted).flat())
    return host.take()
  }
  const one = await ask(1)
  const each = ((await ask(viewed)) - one) / (viewed - 1)
  return (instances) => one + each * (instances - 1)
}

/** Bytes of one fetch of NodeInfo: the list of documents, then the document. */
async function aggregatorDay(host: MeteredHost, publication: Parameters<typeof announce>[2]): Promise<number> {
  const info = announce('2.1', snacNodeInfo, publication)
  const faults = nodeInfoFaults(info)
  if (faults.length > 0) throw new Error(`This is no NodeInfo: ${faults.join(', ')}`)
  const links = announce('links', snacLinks, publication)
  host.files.set('/.well-known/nodeinfo', Buffer.from(JSON.stringify(links)))
  host.files.set('/nodeinfo_2_1', Buffer.from(JSON.stringify(info)))
  host.take()
  await host.fetch(['.well-known/nodeinfo', 'nodeinfo_2_1'])
  return host.take()
}

/** As snac 2.96 answers. */
const snacLinks = {
  links: [
    { rel: 'http://nodeinfo.diaspora.software/ns/schema/2.0', href: `https://${serverName}/nodeinfo_2_0` },
    { rel: 'http://nodeinfo.diaspora.software/ns/schema/2.1', href: `https://${serverName}/nodeinfo_2_1` },
  ],
}
const snacNodeInfo = {
  version: '2.1',
  software: { name: 'snac', version: '2.96', repository: 'https://comam.es/what-is-snac' },
  protocols: ['activitypub'],
  services: { outbound: [], inbound: [] },
  usage: { users: { total: people, activeMonth: 7, activeHalfyear: 9 }, localPosts: 4100 },
  openRegistrations: false,
  metadata: { nodeDescription: '', nodeName: '', baseURL: `https://${serverName}` },
}

/** A static host by HTTPS behind a counter of all bytes that reach it or leave it. */
class MeteredHost {
  readonly files = new Map<string, Buffer>()
  readonly url: string
  /** File of the authority that vouches for it. */
  readonly authority: string
  readonly #servers: [https.Server, Server]
  readonly #sockets = new Set<Socket>()
  #bytes = 0

  private constructor(url: string, authority: string, servers: [https.Server, Server]) {
    this.url = url
    this.authority = authority
    this.#servers = servers
  }

  /** @param folder for its certificates */
  static async make(folder: string, tools: Tools): Promise<MeteredHost> {
    const { chain, key, authority } = await certificates(path.join(folder, 'certificates'), tools)
    const inner = https.createServer({ key, cert: chain }, (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const name = request.url ?? ''
        if (request.method === 'PUT') host.files.set(name, Buffer.concat(chunks))
        const content = request.method === 'PUT' ? Buffer.alloc(0) : host.files.get(name)
        response.writeHead(content ? 200 : 404, { 'content-type': 'application/json' }).end(content)
      })
    })
    const outer = createServer((socket) => host.#pass(socket, (inner.address() as AddressInfo).port))
    for (const server of [inner, outer]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `https://localhost:${(outer.address() as AddressInfo).port}/`
    const host = new MeteredHost(url, authority, [inner, outer])
    return host
  }

  /** Bytes since the last call, in both directions. */
  take(): number {
    const bytes = this.#bytes
    this.#bytes = 0
    return bytes
  }

  /** Fetches files by GET, one after the other, on a connection of its own. */
  async fetch(names: readonly string[]): Promise<void> {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(this.authority) })
    for (const name of names) {
      const status = await new Promise<number>((resolve, reject) => {
        const call = https.get(
          new URL(name, this.url),
          { agent, headers: { accept: 'application/json' } },
          (response) => {
            response.resume()
            response.on('end', () => resolve(response.statusCode ?? 0))
          },
        )
        call.on('error', reject)
      })
      if (status !== 200) throw new Error(`${name} was answered with ${status}`)
    }
    agent.destroy()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    for (const server of this.#servers) server.close()
  }

  #pass(socket: Socket, port: number): void {
    const other = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ] as const) {
      this.#sockets.add(from)
      from.on('data', (chunk: Buffer) => {
        this.#bytes += chunk.length
      })
      from.on('error', () => to.destroy())
      from.on('close', () => this.#sockets.delete(from))
      from.pipe(to)
    }
  }
}

/** A certificate as a public authority gives it: with one between it and the authority that everybody knows. */
async function certificates(folder: string, tools: Tools) {
  mkdirSync(folder, { recursive: true })
  const run: Run = async (command, words) => {
    const { stdout, stderr, exitCode } = await tools.run(command, [...words]).nothrow()
    return { stdout, stderr, code: exitCode ?? 1 }
  }
  const now = Date.now()
  const lifetime = { from: now - dayMs, until: now + 90 * dayMs }
  const make = async (name: string, authority: string | null, extensions: string[]) => {
    const file = path.join(folder, `${name.replaceAll(' ', '-')}.pem`)
    writeFileSync(file, await makeCertificate(run, folder, { commonName: name, lifetime, extensions, authority }))
    return file
  }
  const isAuthority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign']
  const root = await make('Authority', null, isAuthority)
  const between = await make('Authority in between', root, isAuthority)
  const own = await make('localhost', between, [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=serverAuth',
    'subjectAltName=DNS:localhost',
  ])
  const parts = (file: string) => {
    const text = readFileSync(file, 'utf8')
    const at = text.indexOf('-----BEGIN CERTIFICATE-----')
    return { key: text.slice(0, at), certificate: text.slice(at) }
  }
  const authority = path.join(folder, 'known.pem')
  writeFileSync(authority, parts(root).certificate)
  const { key, certificate } = parts(own)
  return { key, chain: certificate + parts(between).certificate, authority }
}

import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { parseCheckpoint } from '../../ledger/log/checkpoint.ts'
import { filledLog, type LogFixture, leafText, makePlaces, makeWitness } from '../../ledger/log/log-fixture.ts'
import { same, verifyConsistency } from '../../ledger/log/merkle.ts'
import { formatVerifierKey, parseNote } from '../../ledger/log/note.ts'
import type { PublicLog } from '../../ledger/log/public-log.ts'
import { logOrigin } from '../log-address.ts'
import type { Outbox } from '../outbox.ts'

/** A kit's folders for publishing, with a log of so many leaves. */
export function makePublishing(size: number) {
  const fixture: LogFixture = makePlaces()
  const publish = path.join(fixture.folder, 'publish')
  const paths = {
    publicLog: path.join(publish, 'log'),
    inbox: path.join(publish, 'answer', 'inbox.json'),
    outbox: path.join(publish, 'outbox.json'),
    publishOwn: path.join(publish, 'own'),
  }
  for (const folder of [paths.publishOwn, path.dirname(paths.inbox)]) mkdirSync(folder, { recursive: true })
  const places = { folder: paths.publicLog, secret: path.join(fixture.folder, 'secret') }
  const log = filledLog(places, size, logOrigin('social.example.org'))
  return { paths, places, log, folder: fixture.folder, remove: fixture.remove }
}

/** What the agent would ask for, with a large grant for everybody. */
export function outboxOf(log: PublicLog, more: Partial<Outbox> = {}): Outbox {
  return {
    version: 1,
    number: 7,
    task: 'push',
    origin: log.key.name,
    key: formatVerifierKey(log.key),
    folder: '',
    size: log.head.size,
    root: log.head.root.toString('base64'),
    period: { from: '2026-10-01', to: '2026-11-01' },
    collectors: [],
    witnesses: [],
    ...more,
  }
}

export function addLeaf(log: PublicLog): void {
  log.append(log.head.size, leafText(log.head.size))
}

export interface Host {
  url: string
  server: Server
  close(): Promise<void>
}

export async function listen(answer: RequestListener): Promise<Host> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A static host that takes files by PUT and shows them: a collector. */
export async function makeHost(allow: (request: IncomingMessage, response: ServerResponse) => boolean = () => true) {
  const files = new Map<string, Buffer>()
  const asked: string[] = []
  const headers: IncomingMessage['headers'][] = []
  let connections = 0
  const host = await listen(async (request, response) => {
    asked.push(`${request.method} ${request.url}`)
    headers.push(request.headers)
    const body = await bodyOf(request)
    if (!allow(request, response)) return
    const name = request.url ?? ''
    if (request.method === 'PUT') {
      files.set(name, body)
      response.writeHead(201).end()
      return
    }
    const content = files.get(name)
    response.writeHead(content ? 200 : 404).end(content)
  })
  host.server.on('connection', () => {
    connections += 1
  })
  return { ...host, files, asked, headers, connections: () => connections }
}

/** A witness as c2sp.org/tlog-witness has it, for one log. */
export async function makeWitnessHost(log: PublicLog) {
  const witness = makeWitness('witness.example')
  let seen: { size: number; root: Buffer } = { size: 0, root: Buffer.alloc(32) }
  const asked: string[] = []
  const host = await listen(async (request, response) => {
    const text = (await bodyOf(request)).toString()
    asked.push(`${request.method} ${request.url} ${text.split('\n')[0]}`)
    const split = text.indexOf('\n\n')
    const [first = '', ...proof] = text.slice(0, split).split('\n')
    const old = Number(/^old (\d+)$/.exec(first)?.[1] ?? Number.NaN)
    const note = parseNote(text.slice(split + 2), 'request')
    const checkpoint = parseCheckpoint(note.text, 'request')
    if (checkpoint.origin !== log.key.name) return response.writeHead(404).end('no such log\n')
    if (old !== seen.size) return response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${seen.size}\n`)
    const claim = {
      oldSize: old,
      oldRoot: seen.root,
      size: checkpoint.size,
      root: checkpoint.root,
      proof: proof.map((line) => Buffer.from(line, 'base64')),
    }
    const holds = old === 0 ? proof.length === 0 : verifyConsistency(claim)
    if (!holds || (old === checkpoint.size && !same(seen.root, checkpoint.root))) return response.writeHead(422).end()
    seen = { size: checkpoint.size, root: checkpoint.root }
    response.end(witness.cosign(note.text, 1_790_000_000))
  })
  return { ...host, vkey: witness.vkey, asked }
}

/** hearth-publish as its unit starts it, on the kit below `root`, trusting the authorities in a file. */
export function runPublish(root: string, authorities: string): Promise<{ status: number | null; text: string }> {
  const child = spawn(process.execPath, ['--no-warnings', path.join(import.meta.dirname, 'main.ts')], {
    env: { PATH: process.env.PATH, HEARTH_ROOT: root, SSL_CERT_FILE: authorities },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, text })))
}

/** A static host by HTTPS, with a certificate of its own in a folder. */
export async function makeSecureHost(folder: string) {
  const at = (name: string) => path.join(folder, name)
  const words = [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', at('key'), '-out', at('cert')],
  ]
  execFileSync('openssl', words, { stdio: 'ignore' })
  const files = new Map<string, Buffer>()
  const server = https.createServer(
    { key: readFileSync(at('key')), cert: readFileSync(at('cert')) },
    (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const name = request.url ?? ''
        if (request.method === 'PUT') files.set(name, Buffer.concat(chunks))
        const content = request.method === 'PUT' ? Buffer.alloc(0) : files.get(name)
        response.writeHead(content ? 200 : 404).end(content)
      })
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/`,
    certificate: at('cert'),
    files,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

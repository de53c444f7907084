import { chmodSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import path from 'node:path'
import { createServer } from '../node-http.ts'
import type { NodeInfoDocument } from '../servers/server.ts'
import type { Listen } from '../service/api-server.ts'
import type { Allowance } from './allowance.ts'
import { announce, type Publication } from './announcement.ts'
import { collectorAddress, ledgerPath, logOrigin } from './log-address.ts'
import { handshakes, onTheLine, packetBytes } from './wire.ts'

/** What is published, and what it may cost. */
export interface Publishing {
  /** Null while nothing is published. */
  publication(): Publication | null
  readonly allowance: Pick<Allowance, 'visit' | 'refuse' | 'secondsToNextShare'>
  /** The server's own NodeInfo; null where it has none. */
  nodeInfo(document: NodeInfoDocument): Promise<Record<string, unknown> | null>
}

/**
 * Names that a file of a log can have, and no others: nothing of a request becomes part of a path. A log after the first
 * has a folder with a number before them.
 */
const logFile =
  /^([1-9]\d{0,8}\/)?(?:(checkpoint|key|succession)|tile\/(?:entries|[0-6])\/(?:x\d{3}\/){0,4}\d{3}(?:\.p\/(?:[1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]))?)$/

const documents: Record<string, NodeInfoDocument> = {
  '/.well-known/nodeinfo': 'links',
  '/nodeinfo_2_0': '2.0',
  '/nodeinfo_2_1': '2.1',
}

/** More visitors at once are told to come again; nginx lets only so many through anyway. */
const maximumConnections = 32
/** Status line and headers of an answer, at most. */
const headBytes = 500

/**
 * The kit's own copy of the public log, and NodeInfo with the log in it, for nginx, which alone can reach the socket.
 * NodeInfo is not kept in a file: each is the server's own answer of the moment, so it is never out of date, and nginx
 * gives the server's own where this one says that there is nothing to add.
 *
 * Every answer is within the day's share of the budget, or says so (429) and names a collector. What a connection cost is
 * estimated: nginx tells whether there was a handshake.
 */
export class PublicServer {
  readonly #publishing: Publishing
  readonly #folder: string
  readonly #listen: Listen
  readonly #http: Server

  /** @param folder of the public logs */
  constructor(publishing: Publishing, folder: string, listen: Listen) {
    this.#publishing = publishing
    this.#folder = folder
    this.#listen = listen
    this.#http = createServer({ connectionsCheckingInterval: 600_000 }, (request, response) => {
      this.#answer(request, response).catch((error) => {
        console.error(`${request.method} ${request.url}:`, error)
        if (response.headersSent) response.destroy()
        else say(response, 500, 'The agent failed.')
      })
    })
    this.#http.maxConnections = maximumConnections
  }

  async start(): Promise<void> {
    const listen = this.#listen
    if ('path' in listen) rmSync(listen.path, { force: true })
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(listen, resolve)
    })
    if ('path' in listen) chmodSync(listen.path, 0o600)
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => {
      this.#http.close(resolve)
      this.#http.closeAllConnections()
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const publication = this.#publishing.publication()
    const url = request.url ?? ''
    if (!publication) return say(response, 404, 'Nothing is published here.')
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return say(response, 405, 'This can only be read.', { allow: 'GET, HEAD' })
    const document = Object.hasOwn(documents, url) ? documents[url] : undefined
    if (document) return this.#announce(document, publication, request, response)
    await this.#serve(url.startsWith(ledgerPath) ? url.slice(ledgerPath.length) : '', publication, request, response)
  }

  async #serve(
    name: string,
    publication: Publication,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const visit = visitOf(request)
    const [matched, , note] = logFile.exec(name) ?? []
    const file = matched === undefined ? null : await openFile(path.join(this.#folder, matched))
    try {
      const { size } = file ? await file.stat() : { size: 0 }
      const isWanted = file !== null && request.method === 'GET'
      const cost = visit.out + headBytes + onTheLine(isWanted ? size : 0)
      if (!this.#publishing.allowance.visit(cost, visit.in)) return this.#refuse(name, publication, visit.out, response)
      if (!file) return say(response, 404, 'There is no such file in this log.', everybody)
      response.writeHead(200, {
        'content-type': note === undefined ? 'application/octet-stream' : 'text/plain; charset=utf-8',
        'content-length': size,
        // A tile never changes; what it is called says how many leaves it has.
        'cache-control': note === undefined ? 'public, max-age=31536000, immutable' : 'public, max-age=600',
        ...everybody,
      })
      response.end(isWanted ? await file.readFile() : undefined)
    } finally {
      await file?.close()
    }
  }

  /** What NodeInfo has more than the server's own is what publishing sends: where there is no share left, it is not said. */
  async #announce(
    document: NodeInfoDocument,
    publication: Publication,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const info = await this.#publishing.nodeInfo(document).catch(() => null)
    if (!info) return say(response, 404, 'The server says nothing of itself.')
    const plain = JSON.stringify(info)
    const whole = JSON.stringify(announce(document, info, publication))
    const more = request.method === 'GET' ? Buffer.byteLength(whole) - Buffer.byteLength(plain) : 0
    const text = this.#publishing.allowance.visit(more, 0) ? whole : plain
    const profile = document === 'links' ? '' : `; profile="http://nodeinfo.diaspora.software/ns/schema/${document}#"`
    response.writeHead(200, {
      'content-type': `application/json${profile}`,
      'content-length': Buffer.byteLength(text),
      ...everybody,
    })
    response.end(request.method === 'GET' ? text : undefined)
  }

  /** There is nothing left to send today: says who has the same. */
  #refuse(name: string, { origin, collectors }: Publication, out: number, response: ServerResponse): void {
    const [file, folder = ''] = logFile.exec(name) ?? []
    const asked = file === undefined ? origin : logOrigin(origin.split('/')[0] as string, folder)
    const copies = collectors.map((url) => `${collectorAddress(url, asked)}${file?.slice(folder.length) ?? ''}`)
    const elsewhere = copies.length > 0 ? `The same log is at ${copies.join(' and ')}` : 'Nobody else has this log yet.'
    const text = `This server has sent what it may send for its log today. ${elsewhere}`
    this.#publishing.allowance.refuse(out + headBytes + onTheLine(Buffer.byteLength(text) * 2))
    say(response, 429, text, {
      'retry-after': this.#publishing.allowance.secondsToNextShare(),
      ...(copies.length > 0 && { link: copies.map((url) => `<${url}>; rel=duplicate`).join(', ') }),
      ...everybody,
    })
  }
}

/** Pages of others may read it, too: everybody may. */
const everybody = { 'access-control-allow-origin': '*' } as const

function say(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string | number> = {},
): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text) + 1,
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(`${text}\n`)
}

/**
 * What a visit costs but for the answer, by what nginx tells: which request of its connection it is, whether the TLS
 * session was taken up again, and its bytes. Without that, the most is assumed.
 */
function visitOf({ headers }: IncomingMessage): { in: number; out: number } {
  const [, number, resumed, bytes] = /^(\d{1,9}) ([r.]?) ?(\d{1,9})$/.exec(String(headers['x-visit'] ?? '')) ?? []
  const handshake = number === undefined || number === '1' ? handshakes[resumed === 'r' ? 'resumed' : 'full'] : null
  return {
    in: (handshake?.in ?? 0) + packetBytes + Number(bytes ?? 0),
    out: (handshake?.out ?? 0) + packetBytes,
  }
}

async function openFile(file: string): Promise<FileHandle | null> {
  try {
    const handle = await open(file)
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
    return null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}

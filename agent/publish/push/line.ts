import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import http from 'node:http'
import https from 'node:https'
import type { Grant } from './grant.ts'
import { PlaceTrouble, quoted } from './trouble.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  /** At most 64 KiB of it. */
  body: Buffer
}

export interface Question {
  method: 'GET' | 'PUT' | 'POST'
  headers?: Record<string, string>
  body?: Uint8Array
}

export interface LineOptions {
  /** Longest wait for one answer, milliseconds. */
  timeoutMs?: number
  /** And for all of them, from now on. */
  totalMs?: number
}

const maximumAnswer = 64 * 1024

/**
 * A connection to one server, kept for several requests one after the other. Redirects are not followed: files go, and
 * passwords are shown, only to the address that was given. What is sent is taken off the grant before it is.
 */
export class Line {
  readonly #grant: Grant
  readonly #timeoutMs: number
  readonly #end: AbortSignal
  readonly #agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: 1 }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: 1 }),
  }
  #isConnected = false

  constructor(grant: Grant, { timeoutMs = 30_000, totalMs = 100_000 }: LineOptions = {}) {
    this.#grant = grant
    this.#timeoutMs = timeoutMs
    this.#end = AbortSignal.timeout(totalMs)
  }

  /** Rejects with `PlaceTrouble` if there is no answer, or `OverGrant`. */
  async ask(url: URL, question: Question): Promise<Answer> {
    const wasConnected = this.#isConnected
    try {
      return await this.#askOnce(url, question)
    } catch (error) {
      // The server hung up between two requests, as it may.
      if (!wasConnected || (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw noAnswer(url, error)
      return await this.#askOnce(url, question).catch((again) => {
        throw noAnswer(url, again)
      })
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }

  async #askOnce(url: URL, { method, headers = {}, body }: Question): Promise<Answer> {
    this.#grant.spendRequest(body?.length ?? 0, this.#isConnected)
    this.#isConnected = false
    const secure = url.protocol === 'https:'
    const signal = AbortSignal.any([this.#end, AbortSignal.timeout(this.#timeoutMs)])
    const call = (secure ? https : http).request(url, {
      method,
      headers: { 'user-agent': 'hearth-publish', 'content-length': body?.length ?? 0, ...headers },
      agent: this.#agents[secure ? 'https:' : 'http:'],
      signal,
    })
    try {
      const response = await responseTo(call, body)
      const answer = { status: response.statusCode ?? 0, headers: response.headers, body: await bodyOf(response) }
      this.#isConnected = response.complete && response.headers.connection?.toLowerCase() !== 'close'
      return answer
    } catch (error) {
      if (!signal.aborted) throw error
      throw new PlaceTrouble(
        'place.slow',
        { host: url.host },
        `${url.host} did not answer in time.`,
        'It is tried again; if it stays so, ask whoever runs it.',
      )
    }
  }
}

function responseTo(call: ClientRequest, body: Uint8Array | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    call.on('response', resolve)
    call.on('error', reject)
    call.end(body)
  })
}

/** The beginning of an answer; a longer one is not waited for. */
async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maximumAnswer) break // leaving the loop closes the connection
  }
  return Buffer.concat(chunks).subarray(0, maximumAnswer)
}

function noAnswer(url: URL, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) return error
  const [{ host }, reason] = [url, quoted(message)]
  if (/^(ENOTFOUND|EAI_)/.test(code))
    return new PlaceTrouble(
      'place.name',
      { host: url.hostname },
      `The name ${url.hostname} is not found.`,
      'Check the address, and whether the internet works.',
    )
  if (/CERT|SIGNATURE|ISSUER|TLS|SSL|ALTNAME/.test(code))
    return new PlaceTrouble(
      'place.certificate',
      { host, reason },
      `${host} has no certificate that can be trusted: ${reason}.`,
      'Ask whoever runs it to renew it.',
    )
  return new PlaceTrouble(
    'place.unreachable',
    { host, reason },
    `${host} cannot be reached: ${reason}.`,
    'Check the address; it is tried again.',
  )
}

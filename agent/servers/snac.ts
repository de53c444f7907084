import { get } from '../node-http.ts'
import { type FediverseServer, type ServerCounts, ServerTrouble } from './server.ts'

const timeoutMs = 5000
const maximumBytes = 64 * 1024

/**
 * snac2, asked over its Unix socket. Its Mastodon API always says zero, so the counts come from NodeInfo 2.1. snac
 * answers `/nodeinfo_2_1` with or without its prefix (seen with 2.96); without is the same for every configuration.
 */
export class Snac implements FediverseServer {
  readonly name = 'snac'
  readonly capabilities = ['counts'] as const
  readonly #socketPath: string
  readonly #host: () => string

  /** `host` gives the name the server goes by, for the Host header. */
  constructor(socketPath: string, host: () => string) {
    this.#socketPath = socketPath
    this.#host = host
  }

  async counts(): Promise<ServerCounts> {
    const text = await this.#fetch('/nodeinfo_2_1')
    try {
      const { software, usage } = JSON.parse(text)
      const people: unknown = usage.users.total
      const posts: unknown = usage.localPosts
      if (software.name === 'snac' && isCount(people) && isCount(posts)) return { people, posts }
    } catch {}
    throw new ServerTrouble(`snac's NodeInfo cannot be read: ${text.slice(0, 80)}`)
  }

  #fetch(target: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (what: string) => {
        reject(new ServerTrouble(what))
        call.destroy()
      }
      const call = get(
        {
          socketPath: this.#socketPath,
          path: target,
          agent: false,
          signal: AbortSignal.timeout(timeoutMs),
          headers: { host: this.#host(), accept: 'application/json', connection: 'close' },
        },
        (response) => {
          if (response.statusCode !== 200) return fail(`snac answered with status ${response.statusCode}`)
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            text += chunk
            if (text.length > maximumBytes) fail('snac sends far more than a NodeInfo')
          })
          response.on('end', () => resolve(text))
          response.on('error', (error) => fail(`snac broke off its answer: ${error.message}`))
        },
      )
      call.on('error', (error) => fail(`snac does not answer at ${this.#socketPath}: ${error.message}`))
    })
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

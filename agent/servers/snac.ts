import { ask, countsIn } from './ask.ts'
import { type FediverseServer, type NodeInfoDocument, type ServerCounts, ServerTrouble } from './server.ts'

const nodeInfoPaths = { links: '/.well-known/nodeinfo', '2.0': '/nodeinfo_2_0', '2.1': '/nodeinfo_2_1' } as const

/**
 * snac2, asked over its Unix socket. Its Mastodon API always says zero, so the counts come from NodeInfo 2.1. snac
 * answers `/nodeinfo_2_1` with or without its prefix (seen with 2.96); without is the same for every configuration.
 */
export class Snac implements FediverseServer {
  readonly name = 'snac'
  readonly capabilities = ['counts', 'passwords', 'nodeinfo'] as const
  readonly #socketPath: string
  readonly #host: () => string

  /** `host` gives the name the server goes by, for the Host header. */
  constructor(socketPath: string, host: () => string) {
    this.#socketPath = socketPath
    this.#host = host
  }

  async counts(): Promise<ServerCounts> {
    const text = await this.#fetch(nodeInfoPaths['2.1'])
    const counts = countsIn(text)
    if (counts?.software === 'snac') return { people: counts.people, posts: counts.posts }
    throw unreadable(text)
  }

  async nodeInfo(document: NodeInfoDocument): Promise<Record<string, unknown>> {
    const text = await this.#fetch(nodeInfoPaths[document])
    try {
      const info: unknown = JSON.parse(text)
      if (typeof info === 'object' && info !== null && !Array.isArray(info)) return info as Record<string, unknown>
    } catch {}
    throw unreadable(text)
  }

  #fetch(target: string): Promise<string> {
    return ask('snac', { socketPath: this.#socketPath }, target, { host: this.#host() })
  }
}

function unreadable(text: string): ServerTrouble {
  return new ServerTrouble(`snac's NodeInfo cannot be read: ${text.slice(0, 80)}`)
}

import { ask, countsIn } from './ask.ts'
import { type FediverseServer, type ServerCounts, ServerTrouble } from './server.ts'

/** Any Fediverse server on this machine, by the NodeInfo document (2.0 or 2.1) that it tells everybody. */
export class NodeInfoServer implements FediverseServer {
  readonly name = 'nodeinfo'
  readonly capabilities = ['counts'] as const
  readonly #address: URL
  readonly #host: string

  /**
   * @param address of the document on the loopback: `http://127.0.0.1:3000/nodeinfo/2.0`
   * @param host the name the server goes by, for the Host header
   */
  constructor(address: URL, host: string) {
    this.#address = address
    this.#host = host
  }

  async counts(): Promise<ServerCounts> {
    const { hostname, port, pathname, search } = this.#address
    const place = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) }
    // Behind a web server, some send everybody to https who does not say that they come from there.
    const headers = { host: this.#host, 'x-forwarded-proto': 'https' }
    const text = await ask('the server', place, pathname + search, headers)
    const counts = countsIn(text)
    if (!counts) throw new ServerTrouble(`The server's NodeInfo cannot be read: ${text.slice(0, 80)}`)
    return { people: counts.people, posts: counts.posts }
  }
}

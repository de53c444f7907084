/**
 * What a Fediverse server can be asked for. What an adapter does not declare is shown as not offered. `passwords`: people
 * sign in to the dashboard with the password of their account; the helper checks it (`person.check`), as only root reads
 * the server's files.
 */
export type Capability = 'counts' | 'passwords' | 'nodeinfo'

/** `links`: the list of the others, at `/.well-known/nodeinfo`. */
export type NodeInfoDocument = 'links' | '2.0' | '2.1'

export interface ServerCounts {
  people: number
  /** Posts written here. */
  posts: number
}

/** One adapter per Fediverse server. */
export interface FediverseServer {
  readonly name: string
  readonly capabilities: readonly Capability[]
  /** People and posts, from the server itself. Rejects with `ServerTrouble` while it does not answer as it should. */
  counts(): Promise<ServerCounts>
  /** What it says of itself to everybody, where it has `nodeinfo`. Rejects likewise. */
  nodeInfo?(document: NodeInfoDocument): Promise<Record<string, unknown>>
}

/** The Fediverse server did not answer, or not as it should; the message says what happened. */
export class ServerTrouble extends Error {
  override name = 'ServerTrouble'
}

/** What a Fediverse server can be asked for. What an adapter does not declare is shown as not offered. */
export type Capability = 'counts'

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
}

/** The Fediverse server did not answer, or not as it should; the message says what happened. */
export class ServerTrouble extends Error {
  override name = 'ServerTrouble'
}

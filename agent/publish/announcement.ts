import type { NodeInfoDocument } from '../servers/server.ts'
import { collectorAddress, ledgerRelation, ownAddress } from './log-address.ts'

/** What is published at present. */
export interface Publication {
  /** Name of the log: its own address without `https://` and the last slash. */
  origin: string
  /** Its verifier key (vkey). */
  key: string
  /** Public addresses of collectors, as in outbox.ts. */
  collectors: readonly string[]
}

/** What NodeInfo says of a log in its metadata, the one place that its schema leaves free. */
export interface Announced {
  /** The kit's own copy; better read a collector's. */
  log: string
  key: string
  /** The same log at collectors. */
  collectors: string[]
}

/**
 * The server's own NodeInfo, or its list of links to them, with the log in it. What it is not known to understand is left
 * as it is.
 */
export function announce(
  document: NodeInfoDocument,
  info: Record<string, unknown>,
  { origin, key, collectors }: Publication,
): Record<string, unknown> {
  const log = ownAddress(origin)
  if (document === 'links') {
    const links = Array.isArray(info.links) ? info.links : []
    return { ...info, links: [...links, { rel: ledgerRelation, href: log }] }
  }
  const commonsLedger: Announced = { log, key, collectors: collectors.map((url) => collectorAddress(url, origin)) }
  const metadata = typeof info.metadata === 'object' && !Array.isArray(info.metadata) ? info.metadata : {}
  return { ...info, metadata: { ...metadata, commonsLedger } }
}

import { createHash } from 'node:crypto'

/**
 * Where a log is found. At the server itself: below a well-known path of its name. At a collector, which holds many
 * kits' logs: `logs/HASH/` with the files of the log as they are, and one line that tells of it, `index/HASH.json`,
 * where HASH is the SHA-256 of the origin in hexadecimal.
 */

/** Path of the kit's own copy; nginx has it from here. */
export const ledgerPath = '/.well-known/commonhearth/ledger/'

/** Relation of a link in `/.well-known/nodeinfo` that leads to a log. */
export const ledgerRelation = 'https://c2sp.org/tlog-tiles'

/** What a log of a server is called. @param folder as in outbox.ts */
export function logOrigin(serverName: string, folder = ''): string {
  return `${serverName}${ledgerPath}${folder}`.slice(0, -1)
}

/** Address of the kit's own copy of a log, with a slash at its end. */
export function ownAddress(origin: string): string {
  return `https://${origin}/`
}

/** Where a collector has a log, below its addresses for sending and for reading. */
export function collectorFolder(origin: string): string {
  return `logs/${originHash(origin)}/`
}

/** The file at a collector that tells of a log. */
export function indexFile(origin: string): string {
  return `index/${originHash(origin)}.json`
}

/** Where everybody can read a log at a collector, with a slash at its end. */
export function collectorAddress(publicUrl: string, origin: string): string {
  return `${folderAddress(publicUrl)}${collectorFolder(origin)}`
}

/** An address with a slash at its end, so that what is below it can be written behind it. */
export function folderAddress(url: string): string {
  return url.endsWith('/') ? url : `${url}/`
}

function originHash(origin: string): string {
  return createHash('sha256').update(origin).digest('hex')
}

import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { type Checkpoint, isClosed } from '../ledger/log/checkpoint.ts'
import { LogError } from '../ledger/log/error.ts'
import { formatVerifierKey, parseLogKey, type VerifierKey } from '../ledger/log/note.ts'
import { type LogPlaces, openLog, type PublicLog, signedHead } from '../ledger/log/public-log.ts'
import { checkpointFile, keyFile, readLog, type WholeLog } from '../ledger/log/read-log.ts'
import { readFolder } from '../ledger/log/source.ts'
import { isSuccession } from '../ledger/log/succession.ts'
import type { KitPaths } from '../paths.ts'
import { checkReport } from './check.ts'
import type { KnownLog, ReportRecord } from './publications.ts'

/** Where a log lies: below the folder of public logs, and its secret in the agent's. */
export type Place = Pick<KnownLog, 'folder' | 'secret'>

export const firstPlace: Place = { folder: '', secret: 'public-log.json' }

/** Of a log after the first, which has a number. */
export function placeNumbered(number: number): Place {
  return { folder: `${number}/`, secret: `public-log-${number}.json` }
}

export function placesOf({ publicLog, agentData }: KitPaths, { folder, secret }: Place): LogPlaces {
  return { folder: path.resolve(publicLog, folder), secret: path.join(agentData, secret) }
}

/** What is noted of a log with this head. */
export function knownLog(
  { folder, secret }: Place,
  key: VerifierKey,
  { size, root }: Pick<Checkpoint, 'size' | 'root'>,
  state: KnownLog['state'],
): KnownLog {
  return { folder, secret, key: formatVerifierKey(key), size, root: root.toString('base64'), state }
}

export function leavesOf(log: PublicLog): Buffer[] {
  return Array.from({ length: log.head.size }, (_, index) => log.leaf(index))
}

/** The reports among the leaves of a log. @throws LogError where one is none that is known here */
export function lostReports(log: string, leaves: readonly Buffer[]): ReportRecord[] {
  return leaves.flatMap((leaf, index) => {
    if (isSuccession(leaf)) return []
    try {
      return [
        { log, index, report: checkReport(JSON.parse(leaf.toString())), sums: null, commitment: null, withheld: [] },
      ]
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new LogError('malformed', `leaf ${index}`, `is no report that is known here: ${reason}`, 'Update the kit.')
    }
  })
}

/** Of a copy; a log of reports has a few kilobytes a year. */
export const copyLimits = { leaves: 65_536, bytes: 64 * 1024 * 1024 }

/** A whole log with the key that it says is its own. @throws LogError */
export async function readForeign(folder: string): Promise<{ key: VerifierKey; whole: WholeLog }> {
  const source = readFolder(folder)
  const content = await source.read(keyFile, 1024)
  if (!content) throw new LogError('missing', keyFile, 'is not there', 'Give the key of the log.')
  const key = parseLogKey(content.toString().trimEnd(), keyFile)
  return { key, whole: await readLog(source, key, copyLimits) }
}

/** Whether a log with a leaf was signed by a key in the agent's folder; so it is where a key cannot be read. */
export function hasSigned(agentData: string): boolean {
  return secretsIn(agentData).some(({ secret }) => {
    try {
      return signedHead(path.join(agentData, secret)).head.size > 0
    } catch {
      return true
    }
  })
}

/**
 * What was published, by the files of the logs themselves: logs whose keys are here, and those that lie here without.
 * Which is the present one is told by when it was signed last. Of a log that is not whole only its last head is known.
 */
export async function readSignedLogs(paths: KitPaths): Promise<{ logs: KnownLog[]; reports: ReportRecord[] }> {
  const found: { known: KnownLog; reports: ReportRecord[]; rank: number }[] = []
  for (const place of foldersOf(paths)) {
    const isOurs = existsSync(path.join(paths.agentData, place.secret))
    const each = (isOurs && (await ownLog(paths, place))) || (await otherLog(paths, place))
    if (each) found.push(each)
  }
  const logs = found.sort((one, other) => one.rank - other.rank).map(({ known }) => known)
  const last = found.at(-1)
  // Without a key there is none that could go on.
  const isOpen = last !== undefined && last.rank > 0
  return {
    logs: isOpen ? [...logs.slice(0, -1), { ...last.known, state: 'open' }] : [],
    reports: found.flatMap(({ reports }) => reports),
  }
}

async function ownLog(paths: KitPaths, place: Place) {
  const places = placesOf(paths, place)
  const signedAt = statSync(places.secret).mtimeMs
  try {
    const log = await openLog(places)
    const known = knownLog(place, log.key, log.head, log.closed ? 'continued' : 'left')
    return { known, reports: lostReports(known.key, leavesOf(log)), rank: log.closed ? 1 : signedAt }
  } catch (error) {
    if (!(error instanceof LogError)) throw error
  }
  try {
    const { key, head } = signedHead(places.secret)
    const known = knownLog(place, key, head, isClosed(head) ? 'continued' : 'left')
    return { known, reports: [], rank: isClosed(head) ? 1 : signedAt }
  } catch (error) {
    if (error instanceof LogError) return null
    throw error
  }
}

async function otherLog(paths: KitPaths, place: Place) {
  try {
    const { key, whole } = await readForeign(placesOf(paths, place).folder)
    const known = knownLog(place, key, whole.checkpoint, 'left')
    return { known, reports: lostReports(known.key, whole.leaves), rank: 0 }
  } catch (error) {
    if (error instanceof LogError) return null
    throw error
  }
}

/** Places of logs of which a key or a folder is here. */
function foldersOf({ agentData, publicLog }: KitPaths): Place[] {
  const names = existsSync(publicLog) ? readdirSync(publicLog) : []
  const numbers = new Set(names.filter((name) => /^[1-9]\d{0,8}$/.test(name)).map(Number))
  const secrets = secretsIn(agentData)
  for (const { number } of secrets) if (number !== null) numbers.add(number)
  const isFirst = existsSync(path.join(publicLog, checkpointFile)) || secrets.some(({ number }) => number === null)
  return [...(isFirst ? [firstPlace] : []), ...[...numbers].map(placeNumbered)]
}

function secretsIn(agentData: string): { secret: string; number: number | null }[] {
  return readdirSync(agentData).flatMap((secret) => {
    const [name, number] = /^public-log(?:-(\d{1,9}))?\.json$/.exec(secret) ?? []
    return name === undefined ? [] : [{ secret, number: number === undefined ? null : Number(number) }]
  })
}

import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { LogError } from '../ledger/log/error.ts'
import { formatVerifierKey } from '../ledger/log/note.ts'
import { type LogPlaces, openLog, type PublicLog } from '../ledger/log/public-log.ts'
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

export function knownLog(log: PublicLog, { folder, secret }: Place): KnownLog {
  const { size, root } = log.head
  return { folder, secret, key: formatVerifierKey(log.key), size, root: root.toString('base64'), state: 'open' }
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

/**
 * The logs whose keys are here and the reports in them, by their own files; which of them is the present one, by when
 * they were signed last. @throws LogError where one cannot be read whole
 */
export async function readSignedLogs(paths: KitPaths): Promise<{ logs: KnownLog[]; reports: ReportRecord[] }> {
  const found: { known: KnownLog; signedAt: number }[] = []
  const reports: ReportRecord[] = []
  for (const secret of readdirSync(paths.agentData)) {
    const [name, number] = /^public-log(?:-(\d{1,9}))?\.json$/.exec(secret) ?? []
    if (name === undefined) continue
    const place = number === undefined ? firstPlace : placeNumbered(Number(number))
    const signedAt = statSync(path.join(paths.agentData, secret)).mtimeMs
    const log = await openLog(placesOf(paths, place))
    const known = knownLog(log, place)
    found.push({ known: { ...known, state: log.closed ? 'continued' : 'left' }, signedAt })
    reports.push(...lostReports(known.key, leavesOf(log)))
  }
  const rank = ({ known, signedAt }: (typeof found)[number]) => (known.state === 'left' ? signedAt : 0)
  const logs = found.sort((one, other) => rank(one) - rank(other)).map(({ known }) => known)
  const last = logs.at(-1)
  return { logs: last ? [...logs.slice(0, -1), { ...last, state: 'open' }] : [], reports }
}

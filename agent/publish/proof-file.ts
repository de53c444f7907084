import type { Journal } from '../ledger/journal.ts'
import { checkProof, type EntryProof, proveEntry } from './prove.ts'
import type { ReportRecord } from './publications.ts'
import { PublishingRefused } from './refused.ts'
import { reportBytes } from './report.ts'

/** What one person is given to show that an entry is in the ledger: the proof, and where its report is published. */
export interface ProofFile {
  version: 1
  /** Verifier key (vkey) of the public log, which names it. */
  log: string
  /** Number of the report's leaf. */
  leaf: number
  proof: EntryProof
}

/**
 * @param id of the entry @param reports that are in the log
 * @throws PublishingRefused where there is no such entry, or no report that commits to it
 */
export function proofOf(
  id: string,
  journal: Pick<Journal, 'entry' | 'salt' | 'leaves'>,
  reports: readonly ReportRecord[],
): ProofFile {
  const entry = journal.entry(id)
  const salt = entry && journal.salt(id)
  if (!entry || !salt)
    throw new PublishingRefused('no-entry', 'id', `There is no entry ${id}, or it was erased.`, 'Look its id up.')
  for (const { log, index, report, commitment } of reports) {
    if (!commitment || entry.sequence < commitment.from || entry.sequence > commitment.to) continue
    const { from, to } = commitment
    const leaves = journal.leaves(from - 1, to)
    // A journal that was put back may have other entries than the report.
    if (leaves.length !== to - from + 1) continue
    const proof = proveEntry(entry, salt, leaves, commitment)
    if (checkProof(proof, report) === true) return { version: 1, log, leaf: index, proof }
  }
  const next = 'Publishing must be on; the report comes a week after the end of the month or week.'
  throw new PublishingRefused('not-reported', 'id', 'No published report commits to this entry yet.', next)
}

/**
 * Checks such a file against the leaves of the log that it names. @returns true, or what is wrong with it
 * @param checkReportLeaf reads a leaf as a report, and throws where it is none
 */
export function checkProofFile(
  value: unknown,
  log: { key: string; leaf: (index: number) => Uint8Array | undefined },
  readReport: (leaf: Uint8Array) => Parameters<typeof checkProof>[1],
): true | string {
  if (typeof value !== 'object' || value === null) return 'The file is no proof.'
  const { version, log: key, leaf, proof } = value as { [Name in keyof ProofFile]?: unknown }
  if (version !== 1) return 'Its version is not known here.'
  if (key !== log.key) return 'It is about another log.'
  const content = typeof leaf === 'number' ? log.leaf(leaf) : undefined
  if (!content) return 'The log has no such leaf.'
  try {
    const report = readReport(content)
    if (!reportBytes(report).equals(content)) return 'The leaf it names is not a report in its one form.'
    return checkProof(proof, report)
  } catch (error) {
    return `The leaf it names is no report: ${error instanceof Error ? error.message : error}`
  }
}

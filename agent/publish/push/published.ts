import { openCheckpoint, type SignedCheckpoint } from '../../ledger/log/checkpoint.ts'
import { LogError } from '../../ledger/log/error.ts'
import { maximumNoteBytes, type VerifierKey } from '../../ledger/log/note.ts'
import { checkpointFile } from '../../ledger/log/read-log.ts'
import { type LogSource, readUrl, type UrlOptions } from '../../ledger/log/source.ts'
import { collectorAddress } from '../log-address.ts'
import type { Collector } from '../outbox.ts'
import type { Grant } from './grant.ts'

/**
 * What a collector shows of a log. `nothing`: no checkpoint, or one that was cut off on the way; `unknown`: it could not
 * be asked; `foreign`: a checkpoint that the log's key did not sign.
 */
export type Published =
  | { state: 'head'; checkpoint: SignedCheckpoint; text: string }
  | { state: 'foreign'; text: string }
  | { state: 'nothing' | 'unknown' }

/** The public side of a collector as a source of log files; what asking costs is taken off the grant. */
export function publicSource(
  { publicUrl }: Pick<Collector, 'publicUrl'>,
  origin: string,
  grant: Grant,
  options: UrlOptions,
): LogSource {
  const source = readUrl(collectorAddress(publicUrl, origin), options)
  let isConnected = false
  return {
    name: source.name,
    read: (file, maximumBytes) => {
      grant.spendRequest(0, isConnected)
      isConnected = true
      return source.read(file, maximumBytes)
    },
  }
}

/** Asks what a collector has. Rejects only with `OverGrant`. */
export async function publishedHead(source: LogSource, key: VerifierKey): Promise<Published> {
  let content: Buffer | null
  try {
    content = await source.read(checkpointFile, maximumNoteBytes)
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    return { state: 'unknown' }
  }
  if (!content) return { state: 'nothing' }
  try {
    return { state: 'head', checkpoint: openCheckpoint(content, key, [], checkpointFile), text: content.toString() }
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    return error.trouble === 'signature' ? { state: 'foreign', text: content.toString() } : { state: 'nothing' }
  }
}

/**
 * Whether an answer to the question for the checkpoint means that there is none. Buckets that nobody may list answer 403
 * for what is not there; where the kit knows that it sent something, that is a fault. @param known leaves that it sent
 */
export function isNothing({ trouble, where, status }: LogError, known: number): boolean {
  return where === checkpointFile && (trouble === 'missing' || (status === 403 && known === 0))
}

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isClosed, openCheckpoint, type SignedCheckpoint } from '../../ledger/log/checkpoint.ts'
import { filesSince } from '../../ledger/log/files.ts'
import { same, treeRoot } from '../../ledger/log/merkle.ts'
import { fromBase64, parseLogKey, type VerifierKey } from '../../ledger/log/note.ts'
import { checkpointFile, readTree } from '../../ledger/log/read-log.ts'
import { readFolder } from '../../ledger/log/source.ts'
import { collectorFolder, indexFile } from '../log-address.ts'
import type { Outbox } from '../outbox.ts'

/** A file as it is to be called at a collector. */
export interface ParcelFile {
  name: string
  content: Buffer
}

/** A way to send files, in the order they are given. Rejects with `PlaceTrouble` or `OverGrant`. */
export interface Sender {
  send(files: readonly ParcelFile[]): Promise<void>
  close(): void
}

/** The log as it stands in its folder, checked against what the outbox says of it. */
export interface LocalLog {
  key: VerifierKey
  folder: string
  checkpoint: SignedCheckpoint
  /** As it stands in the folder. */
  text: string
  hashes: readonly Buffer[]
}

/** @throws Error where the folder is not as the outbox says: then another outbox comes soon */
export async function readLocalLog(outbox: Outbox, publicLog: string): Promise<LocalLog> {
  const key = parseLogKey(outbox.key)
  const folder = path.join(publicLog, outbox.folder)
  const text = readFileSync(path.join(folder, checkpointFile), 'utf8')
  const checkpoint = openCheckpoint(text, key, [], checkpointFile)
  const root = fromBase64(outbox.root)
  if (checkpoint.size !== outbox.size || !root || !same(checkpoint.root, root))
    throw new Error(`the log in ${folder} has another head than the outbox says`)
  return { key, folder, checkpoint, text, hashes: await readTree(readFolder(folder), checkpoint) }
}

/** Whether what somebody has is a beginning of the log here, or all of it. */
export function isBeginning(published: SignedCheckpoint, { checkpoint, hashes }: LocalLog): boolean {
  const { size, root } = published
  if (size > hashes.length || (isClosed(published) && !isClosed(checkpoint))) return false
  return same(treeRoot(hashes.slice(0, size)), root)
}

/**
 * What a collector lacks: files of the log, the checkpoint last, and then the line that tells of it. @param have leaves
 * that it has @param isSame whether it has this very checkpoint
 */
export function packParcel(
  outbox: Outbox,
  { folder, checkpoint }: LocalLog,
  have: number,
  isSame: boolean,
): ParcelFile[] {
  const { origin, size, root, period } = outbox
  const files = isSame ? [] : filesSince(folder, have, checkpoint.size)
  return [
    ...files.map((file) => ({
      name: `${collectorFolder(origin)}${file}`,
      content: readFileSync(path.join(folder, file)),
    })),
    { name: indexFile(origin), content: Buffer.from(`${JSON.stringify({ origin, size, root, period })}\n`) },
  ]
}

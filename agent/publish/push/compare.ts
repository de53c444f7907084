import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isClosed, openCheckpoint, type SignedCheckpoint } from '../../ledger/log/checkpoint.ts'
import { LogError } from '../../ledger/log/error.ts'
import { maximumNoteBytes, parseLogKey, type VerifierKey } from '../../ledger/log/note.ts'
import { checkpointFile, keyFile, readLog, type WholeLog } from '../../ledger/log/read-log.ts'
import type { LogSource } from '../../ledger/log/source.ts'
import type { Outbox } from '../outbox.ts'
import type { Addressee, Outcome } from './deliver.ts'
import type { Grant } from './grant.ts'
import type { LineOptions } from './line.ts'
import { isNothing, publicSource } from './published.ts'
import { PlaceTrouble } from './trouble.ts'

/** Of a copy: more than a thousand years of weeks would be larger, and a kit has room for this. */
const maximumLeaves = 16_384
const maximumBytes = 32 * 1024 * 1024
const maximumKey = 1024

/**
 * Brings what a collector has of a log: its checkpoint alone where that is no longer than the log here, which can tell
 * whether both are one history; else the whole log, checked against its signed head, into a folder of its own below
 * `answer`. Rejects with `PlaceTrouble` or `OverGrant`.
 */
export async function compare(
  collector: Addressee,
  outbox: Outbox,
  key: VerifierKey,
  answer: string,
  grant: Grant,
  options: LineOptions,
): Promise<Outcome> {
  const copy = `copy-${collector.id}`
  const folder = path.join(answer, copy)
  rmSync(folder, { recursive: true, force: true })
  const source = saving(publicSource(collector, outbox.origin, grant, options), folder)
  try {
    const head = await headOf(source, key)
    if (head && head.size <= outbox.size && !isClosed(head)) {
      rmSync(folder, { recursive: true, force: true })
      return { outcome: 'compared', size: head.size, checkpoint: source.text() }
    }
    const { checkpoint } = await readWhole(source, key)
    return { outcome: 'compared', size: checkpoint.size, checkpoint: source.text(), copy }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    if (!(error instanceof LogError)) throw error
    if (isNothing(error, collector.known)) return { outcome: 'compared', size: 0 }
    const { where, what, next } = error
    const facts = { file: where, at: source.name, reason: what }
    throw new PlaceTrouble('place.log', facts, `${where} at ${source.name} ${what}.`, next)
  }
}

/** Null: there is none that this key signed. */
async function headOf(source: LogSource, key: VerifierKey): Promise<SignedCheckpoint | null> {
  const content = await source.read(checkpointFile, maximumNoteBytes)
  try {
    return content && openCheckpoint(content, key, [], checkpointFile)
  } catch (error) {
    if (error instanceof LogError) return null
    throw error
  }
}

/**
 * The log under this key; where there is one of the same name under another key, that one: the kit may have lost its own,
 * and start a log after it.
 */
async function readWhole(source: LogSource, key: VerifierKey): Promise<WholeLog> {
  const limits = { leaves: maximumLeaves, bytes: maximumBytes }
  try {
    return await readLog(source, key, limits)
  } catch (error) {
    if (!(error instanceof LogError) || error.trouble !== 'signature') throw error
    const own = (await source.read(keyFile, maximumKey))?.toString().trimEnd()
    const other = own === undefined ? key : parseLogKey(own, keyFile)
    if (other.name !== key.name || other.publicKey.equals(key.publicKey)) throw error
    return readLog(source, other, limits)
  }
}

/** Keeps what is read in a folder; the names are those that the log's own form has. */
function saving(source: LogSource, folder: string): LogSource & { text(): string } {
  let checkpoint: Buffer | null = null
  return {
    name: source.name,
    text: () => checkpoint?.toString() ?? '',
    read: async (file, most) => {
      if (file === checkpointFile && checkpoint) return checkpoint
      const content = await source.read(file, most)
      if (!content) return null
      if (file === checkpointFile) checkpoint = content
      const target = path.join(folder, file)
      mkdirSync(path.dirname(target), { recursive: true })
      writeFileSync(target, content)
      return content
    },
  }
}

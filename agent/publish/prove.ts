import { canonicalJson } from '../ledger/canonical-json.ts'
import { checkEntry, type Entry } from '../ledger/entry.ts'
import { type Leaf, saltedLeaf } from '../ledger/journal.ts'
import { hashBytes, inclusionProof, same, verifyInclusion } from '../ledger/log/merkle.ts'
import { type Commitment, committedHashes } from './commitment.ts'
import type { Report } from './report.ts'

/**
 * Shows to one person that an entry was in the ledger when a report was made. It holds the entry itself: who has the
 * proof can read it, and pass it on. Erasing other entries leaves it valid.
 */
export interface EntryProof {
  version: 1
  entry: Entry
  /** 32 bytes in base64. */
  salt: string
  /** Place of its leaf in the tree that the report commits to, from 0, and the number of those. */
  index: number
  size: number
  /** Hashes from the leaf's side to the root's, in base64. */
  path: string[]
}

/**
 * @param entry as canonical JSON, or as the journal gives it @param salt of `Journal.salt`
 * @param leaves of `Journal.leaves`, at least those of the range @param commitment what the report commits to
 * @throws RangeError if the entry is not in the range, leaves are missing, or the salt is not the entry's
 */
export function proveEntry(
  entry: string | Entry,
  salt: Uint8Array,
  leaves: readonly Leaf[],
  commitment: Commitment,
): EntryProof {
  const content = typeof entry === 'string' ? (JSON.parse(entry) as Entry) : entry
  const { sequence } = content
  const { from, to } = commitment
  if (sequence < from || sequence > to)
    throw new RangeError(`Entry ${sequence} is not among ${from} to ${to}: take the report that has it.`)
  const hashes = committedHashes(leaves, commitment)
  const index = sequence - from
  if (!same(saltedLeaf(salt, canonicalJson(content)), hashes[index] as Buffer))
    throw new RangeError(`Entry ${sequence} with this salt is not what was recorded: take both from the ledger.`)
  const path = inclusionProof(hashes, index)
  return {
    version: 1,
    entry: content,
    salt: Buffer.from(salt).toString('base64'),
    index,
    size: hashes.length,
    path: path.map((hash) => hash.toString('base64')),
  }
}

/** Checks a proof from anywhere against a report that was checked. @returns true, or what is wrong with it */
export function checkProof(value: unknown, { entries }: Report): true | string {
  if (typeof value !== 'object' || value === null) return 'The proof is no object.'
  const { version, entry, salt, index, size, path } = value as { [Name in keyof EntryProof]?: unknown }
  if (version !== 1) return 'Its version is not known here.'
  if (!isEntry(entry)) return 'Its entry is none.'
  const saltBytes = bytes(salt)
  if (!saltBytes) return 'Its salt is not 32 bytes in base64.'
  const proof = Array.isArray(path) ? path.map(bytes) : [null]
  if (!proof.every((hash) => hash !== null)) return 'Its path is no list of hashes in base64.'
  if (size !== entries.size) return 'It is about another tree than the report’s.'
  if (!Number.isSafeInteger(index)) return 'Its index is no whole number.'
  const leaf = saltedLeaf(saltBytes, canonicalJson(entry))
  const root = Buffer.from(entries.root, 'base64')
  return (
    verifyInclusion({ leaf, index: index as number, size, root, proof }) ||
    'The entry is not what the report commits to.'
  )
}

function isEntry(value: unknown): value is Entry {
  try {
    return checkEntry(value) !== null
  } catch {
    return false // whatever it stumbled over, it is none
  }
}

/** 32 bytes from base64 in its one form; null: it is none. */
function bytes(text: unknown): Buffer | null {
  const found = typeof text === 'string' ? Buffer.from(text, 'base64') : null
  return found?.length === hashBytes && found.toString('base64') === text ? found : null
}

import { createHmac } from 'node:crypto'
import type { Leaf } from '../ledger/journal.ts'
import { treeRoot } from '../ledger/log/merkle.ts'
import type { Report } from './report.ts'

/**
 * What a report commits to; known to this kit alone. How many entries there are would tell how many gifts, hours and
 * confirmations were recorded, since a kit's meters make nearly the same number each day: so the tree is filled up with
 * hashes that nobody can tell from those of entries.
 */
export interface Commitment {
  /** Sequence numbers of the entries; `to` is `from − 1` where there are none. */
  from: number
  to: number
  /** 32 random bytes in base64, from which the filling is made. */
  filling: string
}

/** Far from what a month of a kit's meters makes, some 280: a month without gaps must look like one full of gifts. */
const leastSize = 1024

/** Leaves of the tree for so many entries: a power of two. */
export function treeSize(entries: number): number {
  let size = leastSize
  while (size < entries) size *= 2
  return size
}

/**
 * Hashes of the tree's leaves, those of the entries first.
 * @param leaves of `Journal.leaves`, at least those of the range @throws RangeError where some are missing
 */
export function committedHashes(leaves: readonly Leaf[], { from, to, filling }: Commitment): Buffer[] {
  const entries = leaves.filter(({ sequence }) => sequence >= from && sequence <= to)
  if (entries.length !== to - from + 1 || entries.some(({ sequence }, index) => sequence !== from + index))
    throw new RangeError(`Leaves are missing: give all from ${from} to ${to}, in order.`)
  const key = Buffer.from(filling, 'base64')
  return Array.from(
    { length: treeSize(entries.length) },
    (_, index) => entries[index]?.hash ?? createHmac('sha256', key).update(String(index)).digest(),
  )
}

/** @throws RangeError as `committedHashes` */
export function committed(leaves: readonly Leaf[], commitment: Commitment): Report['entries'] {
  const hashes = committedHashes(leaves, commitment)
  return { size: hashes.length, root: treeRoot(hashes).toString('base64') }
}

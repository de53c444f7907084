import { createHash } from 'node:crypto'

/**
 * Merkle trees of RFC 6962 over SHA-256, on leaf hashes: 32 bytes each, in order. Proofs are lists of hashes, from the
 * leaf's side to the root's. Making one throws a `RangeError` if asked for what is not in the tree; checking one never
 * throws, whatever it is given.
 */

export const hashBytes = 32
const leafPrefix = Buffer.from([0])
const nodePrefix = Buffer.from([1])

/** Hash of a leaf from its content. */
export function leafHash(content: Uint8Array): Buffer {
  return createHash('sha256').update(leafPrefix).update(content).digest()
}

/** Hash of a node from its two children. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest()
}

/** Root of the tree over these leaf hashes; that of no leaves is the hash of nothing. */
export function treeRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest()
  return subtree(leaves, 0, leaves.length)
}

/** Proof that the leaf at `index` is in the tree. @throws RangeError if it is not */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): Buffer[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length)
    throw new RangeError(`there is no leaf ${index} in a tree of ${leaves.length}`)
  const path = (from: number, to: number): Buffer[] => {
    if (to - from === 1) return []
    const middle = from + splitOf(to - from)
    return index < middle
      ? [...path(from, middle), subtree(leaves, middle, to)]
      : [...path(middle, to), subtree(leaves, from, middle)]
  }
  return path(0, leaves.length)
}

/** Proof that the tree over the first `oldSize` leaves is the beginning of this one. @throws RangeError */
export function consistencyProof(leaves: readonly Uint8Array[], oldSize: number): Buffer[] {
  if (!Number.isInteger(oldSize) || oldSize < 1 || oldSize > leaves.length)
    throw new RangeError(`a tree of ${leaves.length} has no beginning of ${oldSize} to prove`)
  const path = (from: number, to: number, whole: boolean): Buffer[] => {
    if (to === oldSize) return whole ? [] : [subtree(leaves, from, to)]
    const middle = from + splitOf(to - from)
    return oldSize <= middle
      ? [...path(from, middle, whole), subtree(leaves, middle, to)]
      : [...path(middle, to, false), subtree(leaves, from, middle)]
  }
  return path(0, leaves.length, true)
}

export interface InclusionClaim {
  /** Hash of the leaf. */
  leaf: Uint8Array
  index: number
  size: number
  root: Uint8Array
  proof: readonly Uint8Array[]
}

/** Whether the proof shows that the leaf stands at that index of the tree with that root. */
export function verifyInclusion({ leaf, index, size, root, proof }: InclusionClaim): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false
  if (!isHash(leaf) || !isHash(root) || !isProof(proof)) return false
  let node = BigInt(index)
  let last = BigInt(size) - 1n
  let hash: Uint8Array = leaf
  for (const sibling of proof) {
    if (last === 0n) return false
    if (node % 2n === 1n || node === last) {
      hash = nodeHash(sibling, hash)
      // A left edge without a sibling of its own moves up as it is.
      while (node % 2n === 0n && node !== 0n) {
        node >>= 1n
        last >>= 1n
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    node >>= 1n
    last >>= 1n
  }
  return last === 0n && same(hash, root)
}

export interface ConsistencyClaim {
  oldSize: number
  oldRoot: Uint8Array
  size: number
  root: Uint8Array
  proof: readonly Uint8Array[]
}

/**
 * Whether the proof shows that the old tree is the beginning of the new one. From an empty tree nothing can be shown:
 * that is false.
 */
export function verifyConsistency({ oldSize, oldRoot, size, root, proof }: ConsistencyClaim): boolean {
  if (!isCount(oldSize) || !isCount(size) || oldSize < 1 || oldSize > size) return false
  if (!isHash(oldRoot) || !isHash(root) || !isProof(proof)) return false
  if (oldSize === size) return proof.length === 0 && same(oldRoot, root)
  let node = BigInt(oldSize) - 1n
  let last = BigInt(size) - 1n
  while (node % 2n === 1n) {
    node >>= 1n
    last >>= 1n
  }
  // An old tree that is a whole subtree of the new one is its own first hash.
  const [first, ...rest] = node === 0n ? [oldRoot, ...proof] : proof
  if (first === undefined || rest.length === 0) return false
  let oldHash = first
  let hash = first
  for (const sibling of rest) {
    if (last === 0n) return false
    if (node % 2n === 1n || node === last) {
      oldHash = nodeHash(sibling, oldHash)
      hash = nodeHash(sibling, hash)
      while (node % 2n === 0n && node !== 0n) {
        node >>= 1n
        last >>= 1n
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    node >>= 1n
    last >>= 1n
  }
  return last === 0n && same(oldHash, oldRoot) && same(hash, root)
}

/** Whether two hashes are the same bytes. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

function subtree(leaves: readonly Uint8Array[], from: number, to: number): Buffer {
  if (to - from === 1) return Buffer.from(leaves[from] as Uint8Array)
  const middle = from + splitOf(to - from)
  return nodeHash(subtree(leaves, from, middle), subtree(leaves, middle, to))
}

/** The largest power of two below `count`: how many leaves the left subtree has. */
function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === hashBytes
}

function isProof(value: unknown): value is readonly Uint8Array[] {
  // A tree has at most 2⁵³ leaves, so that no proof is longer than 54.
  return Array.isArray(value) && value.length <= 54 && value.every(isHash)
}

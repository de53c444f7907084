import { LogError } from './error.ts'
import { hashBytes, same, treeRoot, verifyConsistency } from './merkle.ts'
import { fromBase64, type Note, openNote, type VerifiedSignature, type VerifierKey } from './note.ts'

/** What a log says about itself at one moment (c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  /** Name of the log, and of the key that signs for it: an address without `https://`. */
  origin: string
  /** Number of leaves. */
  size: number
  /** Root of the tree, 32 bytes. */
  root: Buffer
  /** Further lines. */
  extensions: string[]
}

/** A checkpoint whose signature was checked. */
export interface SignedCheckpoint extends Checkpoint {
  note: Note
  /** By the witnesses that were given. */
  cosignatures: VerifiedSignature[]
  /** How many signatures are by nobody who was given. */
  unknownSignatures: number
}

/** The extension line of a log that was closed. */
export const closedLine = 'closed'
const maximumExtensions = 16

/** Reads the text of a checkpoint, signatures aside. @throws LogError */
export function parseCheckpoint(text: string, where: string): Checkpoint {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n')
  if (rest.pop() !== '') malformed(where, 'is not at least three whole lines')
  if (origin === '') malformed(where, 'names no log in its first line')
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    malformed(where, 'has no number of leaves in its second line')
  const hash = fromBase64(root)
  if (hash?.length !== hashBytes) return malformed(where, 'has no root in its third line')
  if (size === '0' && !same(hash, treeRoot([]))) malformed(where, 'has no leaves, but the root of some')
  if (rest.length > maximumExtensions) malformed(where, `has more than ${maximumExtensions} further lines`)
  if (rest.includes('')) malformed(where, 'has an empty line')
  return { origin, size: Number(size), root: hash, extensions: rest }
}

export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  return [origin, size, root.toString('base64'), ...extensions, ''].join('\n')
}

/** Reads a checkpoint that this key signed. @throws LogError if it did not, or if a given witness's signature is wrong */
export function openCheckpoint(
  content: Uint8Array | string,
  key: VerifierKey,
  witnesses: readonly VerifierKey[],
  where: string,
): SignedCheckpoint {
  const { note, verified, unknown } = openNote(content, [key, ...witnesses], where)
  if (!verified.some((each) => each.key === key))
    throw new LogError('signature', where, `is not signed by ${key.name}`, 'Check that this is the key of this log.')
  const checkpoint = parseCheckpoint(note.text, where)
  if (checkpoint.origin !== key.name)
    throw new LogError(
      'signature',
      where,
      `is of the log ${checkpoint.origin}, not ${key.name}`,
      'Give that log’s key.',
    )
  const cosignatures = verified.filter((each) => each.key !== key)
  return { ...checkpoint, note, cosignatures, unknownSignatures: unknown.length }
}

/** Whether the log says that it was closed. */
export function isClosed({ extensions }: Checkpoint): boolean {
  return extensions.includes(closedLine)
}

/**
 * - `same`: both are of the same tree
 * - `behind`: the published one has more leaves, and begins with ours
 * - `ahead`: ours has more leaves, and begins with the published one
 * - `forked`: neither begins with the other, the proof does not show it, or they are of different logs
 */
export type HeadComparison = 'same' | 'behind' | 'ahead' | 'forked'

/**
 * Compares this log's own head with the largest one that was published, before anything is signed after a restore or on
 * new hardware. null stands for a log without leaves. @param proof of consistency from the smaller to the larger one
 */
export function compareHead(
  own: Pick<Checkpoint, 'origin' | 'size' | 'root'> | null,
  published: Pick<Checkpoint, 'origin' | 'size' | 'root'> | null,
  proof: readonly Uint8Array[] = [],
): HeadComparison {
  if (own && published && own.origin !== published.origin) return 'forked'
  if (!own?.size || !published?.size) return sizeOrder(own?.size ?? 0, published?.size ?? 0)
  const [smaller, larger] = own.size <= published.size ? [own, published] : [published, own]
  const claim = { oldSize: smaller.size, oldRoot: smaller.root, size: larger.size, root: larger.root, proof }
  return verifyConsistency(claim) ? sizeOrder(own.size, published.size) : 'forked'
}

function sizeOrder(own: number, published: number): HeadComparison {
  if (own === published) return 'same'
  return own < published ? 'behind' : 'ahead'
}

function malformed(where: string, what: string): never {
  throw new LogError('malformed', where, what, 'Do not use it; fetch it again.')
}

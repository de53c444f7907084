import { type Checkpoint, openCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { LogError } from './error.ts'
import { hashBytes, leafHash, same, treeRoot } from './merkle.ts'
import { maximumNoteBytes, type VerifierKey } from './note.ts'
import type { LogSource } from './source.ts'
import {
  formatBundle,
  maximumBundleBytes,
  parseBundle,
  parseHashTile,
  type Tile,
  tileLevels,
  tilePath,
  tilesSince,
  tileWidth,
} from './tiles.ts'

export const checkpointFile = 'checkpoint'
/** The log's own key, for whoever has none from elsewhere. */
export const keyFile = 'key'

export interface ReadLimits {
  /** Logs with more leaves are refused. */
  leaves?: number
  /** Bytes of all files together. */
  bytes?: number
}

/** More than a thousand years of weeks. */
const defaultLeaves = 65_536
const defaultBytes = 256 * 1024 * 1024

/**
 * Reads every tile and bundle of a tree and checks them against its root. Resolves with the leaf hashes.
 * @param visit is given each leaf, in order @throws LogError that names the file
 */
export async function readTree(
  source: LogSource,
  { size, root }: Pick<Checkpoint, 'size' | 'root'>,
  visit: (leaf: Buffer, index: number) => void = () => {},
  { leaves: maximumLeaves = defaultLeaves }: ReadLimits = {},
): Promise<Buffer[]> {
  if (size > maximumLeaves)
    throw new LogError(
      'refused',
      checkpointFile,
      `says ${size} leaves; at most ${maximumLeaves} are read`,
      'Raise the limit if that can be.',
    )
  const tiles = tilesSince(0, size)
  const hashes = await readHashes(source, tiles, { size, root })
  for (const tile of tiles.filter(({ level }) => level === 'entries')) {
    const file = tilePath(tile)
    const entries = parseBundle(await readTile(source, tile, maximumBundleBytes), tile.width, file)
    for (const [offset, entry] of entries.entries()) {
      const index = tile.index * tileWidth + offset
      if (!same(leafHash(entry), hashes[index] as Buffer))
        throw altered(file, `holds another leaf ${index} than the tree`)
      visit(entry, index)
    }
  }
  return hashes
}

/** The leaf hashes of a tree, from its hash tiles, all of which are checked against the root. */
async function readHashes(
  source: LogSource,
  tiles: readonly Tile[],
  { size, root }: Pick<Checkpoint, 'size' | 'root'>,
): Promise<Buffer[]> {
  const read = new Map<Tile, Buffer[]>()
  for (const tile of tiles) {
    if (tile.level === 'entries') continue
    read.set(tile, parseHashTile(await readTile(source, tile, tileWidth * hashBytes), tile.width, tilePath(tile)))
  }
  const hashes = [...read].flatMap(([{ level }, content]) => (level === 0 ? content : []))
  const levels = tileLevels(hashes)
  for (const [{ level, index, width }, content] of read) {
    for (const [offset, hash] of content.entries()) {
      const position = index * tileWidth + offset
      const computed = levels[level as number]?.[position]
      if (computed && same(hash, computed)) continue
      const below = { level: (level as number) - 1, index: position, width: tileWidth }
      throw altered(tilePath({ level, index, width }), `does not hold the root of ${tilePath(below)}`)
    }
  }
  if (!same(treeRoot(hashes), root))
    throw altered(checkpointFile, `has another root than the tiles of its ${size} leaves`)
  return hashes
}

/** Reads a tile as wide as the tree needs it, or, where the narrow one is gone, the beginning of the full one. */
async function readTile(source: LogSource, tile: Tile, maximumBytes: number): Promise<Buffer> {
  const bytes = await source.read(tilePath(tile), maximumBytes)
  if (bytes) return bytes
  const full = { ...tile, width: tileWidth }
  const whole = tile.width < tileWidth ? await source.read(tilePath(full), maximumBytes) : null
  if (!whole)
    throw new LogError('missing', tilePath(tile), 'is not there', 'The log is not whole; tell whoever runs it.')
  if (tile.level !== 'entries') return whole.subarray(0, tile.width * hashBytes)
  return formatBundle(parseBundle(whole, tileWidth, tilePath(full)).slice(0, tile.width))
}

/** Reads the checkpoint of a log. @throws LogError if there is none, or this key did not sign it */
export async function readCheckpoint(source: LogSource, key: VerifierKey): Promise<SignedCheckpoint> {
  const content = await source.read(checkpointFile, maximumNoteBytes)
  if (!content) throw new LogError('missing', checkpointFile, 'is not there', 'Check the folder or address of the log.')
  return openCheckpoint(content, key, [], checkpointFile)
}

export interface WholeLog {
  checkpoint: SignedCheckpoint
  /** Leaf hashes. */
  hashes: Buffer[]
  leaves: Buffer[]
}

/** Reads a whole log into memory, all of it checked, such as the published copy of one's own. @throws LogError */
export async function readLog(source: LogSource, key: VerifierKey, limits: ReadLimits = {}): Promise<WholeLog> {
  const { source: bounded } = counted(source, limits)
  const checkpoint = await readCheckpoint(bounded, key)
  const leaves: Buffer[] = []
  const hashes = await readTree(bounded, checkpoint, (leaf) => leaves.push(leaf), limits)
  return { checkpoint, hashes, leaves }
}

/** A source that counts what is read and stops at the limit. */
export function counted(source: LogSource, { bytes: maximum = defaultBytes }: ReadLimits) {
  const read = { files: 0, bytes: 0 }
  const bounded: LogSource = {
    name: source.name,
    read: async (file, maximumBytes) => {
      const left = maximum - read.bytes
      const bytes = await source.read(file, Math.min(maximumBytes, left))
      read.files += bytes ? 1 : 0
      read.bytes += bytes?.length ?? 0
      return bytes
    },
  }
  return { source: bounded, read }
}

function altered(where: string, what: string): LogError {
  return new LogError('altered', where, what, 'The log was altered or is damaged; tell whoever runs it.')
}

import { LogError } from './error.ts'
import { hashBytes, treeRoot } from './merkle.ts'

/**
 * Static files of a log (c2sp.org/tlog-tiles): tiles of up to 256 hashes for every eighth level of the tree, and bundles
 * of up to 256 entries.
 */
export interface Tile {
  /** 0: leaf hashes; 1 and above: each hash is the root of a full tile of the level below. */
  level: number | 'entries'
  /** Number of the tile in its level. */
  index: number
  /** How many hashes or entries it holds, 1 to 256. */
  width: number
}

export const tileWidth = 256
/** The length of an entry stands before it in two bytes. */
export const maximumEntryBytes = 0xffff
export const maximumBundleBytes = tileWidth * (2 + maximumEntryBytes)

/** Where a tile stands in the folder of its log: `tile/0/x001/234`, `tile/entries/000.p/7`. */
export function tilePath({ level, index, width }: Tile): string {
  const groups = []
  for (let rest = index; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(String(rest % 1000).padStart(3, '0'))
  const last = groups.pop()
  const folders = groups.map((group) => `x${group}/`).join('')
  return `tile/${level}/${folders}${last}${width === tileWidth ? '' : `.p/${width}`}`
}

/** The tiles that a tree of `size` leaves has and one of `oldSize` has not: lower levels first, entries before them. */
export function tilesSince(oldSize: number, size: number): Tile[] {
  const tiles: Tile[] = []
  const add = (level: Tile['level'], from: number, to: number) => {
    for (let start = from - (from % tileWidth); from < to && start < to; start += tileWidth)
      tiles.push({ level, index: start / tileWidth, width: Math.min(tileWidth, to - start) })
  }
  add('entries', oldSize, size)
  for (let level = 0, from = oldSize, to = size; to > 0; level += 1) {
    add(level, from, to)
    from = Math.floor(from / tileWidth)
    to = Math.floor(to / tileWidth)
  }
  return tiles
}

/** The hashes of every level, from these leaf hashes up: each level holds the roots of the full tiles below it. */
export function tileLevels(leaves: readonly Buffer[]): (readonly Buffer[])[] {
  const levels: (readonly Buffer[])[] = []
  for (let hashes = leaves; hashes.length > 0; ) {
    levels.push(hashes)
    const above: Buffer[] = []
    for (let end = tileWidth; end <= hashes.length; end += tileWidth)
      above.push(treeRoot(hashes.slice(end - tileWidth, end)))
    hashes = above
  }
  return levels
}

/** Reads a tile of exactly `width` hashes. @throws LogError */
export function parseHashTile(content: Uint8Array, width: number, where: string): Buffer[] {
  if (content.length !== width * hashBytes)
    malformed(where, `has ${content.length} bytes instead of ${width * hashBytes}`)
  const bytes = Buffer.from(content)
  return Array.from({ length: width }, (_, index) => bytes.subarray(index * hashBytes, (index + 1) * hashBytes))
}

/** Reads a bundle of exactly `width` entries. @throws LogError */
export function parseBundle(content: Uint8Array, width: number, where: string): Buffer[] {
  const bytes = Buffer.from(content)
  const entries: Buffer[] = []
  let offset = 0
  while (offset < bytes.length) {
    if (entries.length === width) malformed(where, `has more than ${width} entries`)
    const start = offset + 2
    const end = start <= bytes.length ? start + bytes.readUInt16BE(offset) : Number.POSITIVE_INFINITY
    if (end > bytes.length) malformed(where, `ends within entry ${entries.length}`)
    entries.push(bytes.subarray(start, end))
    offset = end
  }
  if (entries.length < width) malformed(where, `has ${entries.length} entries instead of ${width}`)
  return entries
}

/** @throws RangeError if an entry is longer than 65,535 bytes */
export function formatBundle(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(entry.length)
      return [length, entry]
    }),
  )
}

function malformed(where: string, what: string): never {
  throw new LogError('malformed', where, what, 'The file is damaged or cut off; fetch it again.')
}

import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

/** Bytes of a block in every map that is made here. */
export const blockSize = 4096

/** Bytes from `start` up to, but not with, `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Blocks from `first` to `last`, both included, and the SHA-256 of their bytes in hexadecimal. */
export interface MappedRange {
  readonly first: number
  readonly last: number
  readonly sha256: string
}

/**
 * Which blocks of an image must be written; the others may keep whatever the medium held. Only zeros that nobody will read
 * may be left out: free clusters of a FAT are zeros that matter.
 */
export interface BlockMap {
  /** Bytes. */
  readonly imageSize: number
  /** Bytes. */
  readonly blockSize: number
  /** Ascending, apart from each other. */
  readonly ranges: readonly MappedRange[]
}

/** The bytes that a range covers; the last block of an image may be cut short. */
export function spanOf(map: BlockMap, range: MappedRange): Span {
  return { start: range.first * map.blockSize, end: Math.min((range.last + 1) * map.blockSize, map.imageSize) }
}

/** Bytes that must be written. */
export function mappedBytes(map: BlockMap): number {
  return map.ranges.reduce((sum, range) => sum + spanOf(map, range).end - spanOf(map, range).start, 0)
}

/**
 * Makes the map of a raw image: every block that is not all zero, and every block, zero or not, that `keep` touches.
 * @param keep where zeros matter; see `zerosThatMatter`
 */
export async function mapImage(file: string, keep: readonly Span[]): Promise<BlockMap> {
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    return { imageSize: size, blockSize, ranges: await scan(handle, size, keep) }
  } finally {
    await handle.close()
  }
}

async function scan(handle: FileHandle, size: number, keep: readonly Span[]): Promise<MappedRange[]> {
  const kept = [...keep].sort((a, b) => a.start - b.start)
  const zero = Buffer.alloc(blockSize)
  const buffer = Buffer.alloc(256 * blockSize)
  const ranges: MappedRange[] = []
  let current: { first: number; hash: ReturnType<typeof createHash> } | null = null
  let keepAt = 0
  const finish = (last: number) => {
    if (current) ranges.push({ first: current.first, last, sha256: current.hash.digest('hex') })
    current = null
  }

  for (let position = 0; position < size; ) {
    const length = await readFully(handle, buffer, Math.min(buffer.length, size - position), position)
    if (length === 0) throw new Error('the image became shorter while it was read')
    for (let offset = 0; offset < length; offset += blockSize) {
      const start = position + offset
      const block = buffer.subarray(offset, Math.min(offset + blockSize, length))
      while ((kept[keepAt]?.end ?? Number.POSITIVE_INFINITY) <= start) keepAt++
      const matters = (kept[keepAt]?.start ?? Number.POSITIVE_INFINITY) < start + block.length
      if (matters || !block.equals(zero.subarray(0, block.length))) {
        current ??= { first: start / blockSize, hash: createHash('sha256') }
        current.hash.update(block)
      } else finish(start / blockSize - 1)
    }
    position += length
  }
  finish(Math.ceil(size / blockSize) - 1)
  return ranges
}

/** Reads until `length` bytes are there or the file ends; gives how many it read. */
export async function readFully(handle: FileHandle, buffer: Buffer, length: number, position: number): Promise<number> {
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

interface Partition {
  readonly content: string | null
  readonly start: number
  readonly size: number
}

/**
 * Where zeros of an image must reach the medium: everything but the inside of empty and reserved partitions and of the
 * slot (whose file system says itself where it ends). Of those, the first MiB counts too, so that no older file system
 * shows through, and its last, where a RAID keeps its marks.
 */
export function zerosThatMatter(disk: { readonly size: number; readonly partitions: readonly Partition[] }): Span[] {
  const edge = 1024 * 1024
  const spans: Span[] = []
  let start = 0
  const open = disk.partitions.filter(
    ({ content }) => content === 'empty' || content === 'reserved' || content === 'slot',
  )
  for (const partition of [...open].sort((a, b) => a.start - b.start)) {
    if (partition.size <= 2 * edge) continue
    spans.push({ start, end: partition.start + edge })
    start = partition.start + partition.size - edge
  }
  spans.push({ start, end: disk.size })
  return spans
}

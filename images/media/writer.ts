import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { type BlockMap, mappedBytes, readFully, type Span, spanOf } from './block-map.ts'
import { bytesInWords, type Io, MediaError, Progress } from './io.ts'

const MiB = 1024 * 1024
/** Written bytes after which the medium is told to keep them, so that progress is honest and errors show early. */
const syncEvery = 32 * MiB

/**
 * Writes the mapped ranges of an image, each checked against its sum. The first MiB, with the partition table, is zero
 * until everything else is on the medium: what was interrupted never looks whole. The last MiB of a larger medium is made
 * zero, for the backup of an older GPT and the marks of a RAID.
 * @param chunks the raw image in order
 * @param targetSize bytes of the medium
 * @throws MediaError when image and map disagree, the image is cut short, or the medium fails
 */
export async function writeImage(
  chunks: AsyncIterable<Buffer>,
  map: BlockMap,
  target: FileHandle,
  targetSize: number,
  io: Io,
): Promise<void> {
  const head = Buffer.alloc(Math.min(MiB, map.imageSize))
  const progress = new Progress(io, 'Writing', mappedBytes(map))
  const medium = new Medium(target)
  await medium.write(Buffer.alloc(head.length), 0)
  // Never over the image's own end: that is written from the image or left as the map says.
  const tail = Math.max(map.imageSize, targetSize - MiB)
  if (tail < targetSize) await medium.write(Buffer.alloc(targetSize - tail), tail)
  await medium.sync()

  const check = new RangeCheck(map)
  let position = 0
  for await (const chunk of chunks) {
    if (position + chunk.length > map.imageSize)
      throw new MediaError(
        `the image is longer than the ${map.imageSize} bytes its block map says`,
        'download both again',
      )
    for (const { start, end } of check.take(chunk, position)) {
      const bytes = chunk.subarray(start - position, end - position)
      if (start < head.length) bytes.copy(head, start)
      if (end > head.length) {
        const from = Math.max(start, head.length)
        await medium.write(bytes.subarray(from - start), from)
      }
      progress.add(end - start)
    }
    position += chunk.length
  }
  if (position < map.imageSize)
    throw new MediaError(
      `the image ends after ${position} of ${map.imageSize} bytes: it is cut short`,
      'download it again',
    )
  await medium.sync()
  await medium.write(head, 0)
  await medium.sync()
}

/** Reads every mapped range back. @throws MediaError that names the first place that differs */
export async function compareRanges(map: BlockMap, target: FileHandle, what: string, io: Io): Promise<void> {
  const progress = new Progress(io, what, mappedBytes(map))
  const buffer = Buffer.alloc(MiB)
  for (const range of map.ranges) {
    const span = spanOf(map, range)
    const hash = createHash('sha256')
    for (let position = span.start; position < span.end; ) {
      const wanted = Math.min(buffer.length, span.end - position)
      const length = await readFully(target, buffer, wanted, position).catch((error: NodeJS.ErrnoException) => {
        throw new MediaError(
          `reading failed at ${bytesInWords(position)} (${error.code})`,
          'the medium may be worn out: use another',
        )
      })
      if (length === 0)
        throw new MediaError(
          `ends at ${bytesInWords(position)}, before the image does`,
          'it is cut short, or another image',
        )
      hash.update(buffer.subarray(0, length))
      position += length
      progress.add(length)
    }
    if (hash.digest('hex') !== range.sha256)
      throw new MediaError(
        `differs from the image between ${bytesInWords(span.start)} and ${bytesInWords(span.end)}`,
        'if this comes again, the medium is worn out or not what it says: use another',
      )
  }
}

/** Follows an image through the ranges of its map and compares the sum of each when it ends. */
export class RangeCheck {
  readonly #map: BlockMap
  #index = 0
  #hash: Hash = createHash('sha256')

  constructor(map: BlockMap) {
    this.#map = map
  }

  /**
   * Takes the next bytes of the image, which begin at `position`.
   * @returns the parts of them that are mapped
   * @throws MediaError when a range has another sum
   */
  take(chunk: Buffer, position: number): Span[] {
    const parts: Span[] = []
    for (;;) {
      const range = this.#map.ranges[this.#index]
      if (!range) return parts
      const span = spanOf(this.#map, range)
      const start = Math.max(span.start, position)
      const end = Math.min(span.end, position + chunk.length)
      if (start < end) {
        parts.push({ start, end })
        this.#hash.update(chunk.subarray(start - position, end - position))
      }
      if (position + chunk.length < span.end) return parts
      if (this.#hash.digest('hex') !== range.sha256)
        throw new MediaError(
          `the image was altered: its part from ${bytesInWords(span.start)} has another sum than its block map says`,
          'download both again',
        )
      this.#hash = createHash('sha256')
      this.#index++
    }
  }
}

/** A target that says in words what its errors mean. */
class Medium {
  readonly #handle: FileHandle
  #unsynced = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async write(bytes: Buffer, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#try(position + done, () =>
        this.#handle.write(bytes, done, bytes.length - done, position + done),
      )
      done += bytesWritten
    }
    this.#unsynced += bytes.length
    if (this.#unsynced >= syncEvery) await this.sync()
  }

  async sync(): Promise<void> {
    this.#unsynced = 0
    await this.#try(null, () => this.#handle.sync())
  }

  async #try<T>(position: number | null, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const place = position === null ? '' : ` at ${bytesInWords(position)}`
      if (code === 'ENOSPC')
        throw new MediaError(`there is no more room${place}`, 'free some, or choose a larger target')
      throw new MediaError(
        `writing failed${place} (${code})`,
        'it was pulled out, or is worn out: try again, then use another medium',
      )
    }
  }
}

import { spawn } from 'node:child_process'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createZstdDecompress } from 'node:zlib'
import { MediaError } from './io.ts'

export type Packing = 'none' | 'zstd' | 'xz'

const packings: { packing: Packing; ending: string; magic: number[] }[] = [
  { packing: 'zstd', ending: '.img.zst', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { packing: 'xz', ending: '.img.xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { packing: 'none', ending: '.img', magic: [] },
]

/** An image file, opened once, so that what is checked is what is written. */
export interface ImageFile {
  readonly file: string
  readonly handle: FileHandle
  readonly packing: Packing
  /** Bytes of the file as it lies there. */
  readonly size: number
}

/** Opens `.img`, `.img.zst` or `.img.xz`. The caller closes `handle`. @throws MediaError */
export async function openImage(file: string): Promise<ImageFile> {
  const found = packings.find(({ ending }) => file.endsWith(ending))
  if (!found) throw new MediaError(`${file} is no .img, .img.zst or .img.xz`, 'unpack it first, or give one of these')
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new MediaError(`${file} cannot be read (${error.code})`, 'check the name of the image')
  })
  try {
    const facts = await handle.stat()
    if (!facts.isFile()) throw new MediaError(`${file} is not a regular file`, 'give the image file')
    const start = Buffer.alloc(512)
    await handle.read(start, 0, start.length, 0)
    const looksLike = packings.find(({ magic }) => magic.length && magic.every((byte, at) => start[at] === byte))
    if ((looksLike?.packing ?? 'none') !== found.packing)
      throw new MediaError(
        `${file} does not hold what its name says${looksLike ? `: it is packed with ${looksLike.packing}` : ''}`,
        looksLike ? `rename it to end in ${looksLike.ending}` : 'download it again',
      )
    if (found.packing === 'none') assertDisk(start, file)
    return { file, handle, packing: found.packing, size: facts.size }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The raw bytes of an image, in order. Ends early only by an error. */
export async function* rawBytes(image: ImageFile): AsyncGenerator<Buffer> {
  if (image.packing === 'xz') return yield* unpackXz(image)
  if (image.packing === 'none') return yield* packedBytes(image)
  const input = Readable.from(packedBytes(image), { objectMode: false })
  const unpacked = input.pipe(createZstdDecompress({ chunkSize: 1024 * 1024 }))
  input.once('error', (error) => unpacked.destroy(error))
  try {
    yield* unpacked as AsyncIterable<Buffer>
  } catch (error) {
    throw damaged(image, error)
  } finally {
    input.destroy()
    unpacked.destroy()
  }
  if (unpacked.bytesWritten < image.size) throw damaged(image, 'something follows after the end')
}

/** The file as it lies there; a stream of Node's own would close the handle behind it. */
async function* packedBytes({ handle }: ImageFile): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(1024 * 1024), 0, null, position)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
  }
}

async function* unpackXz(image: ImageFile): AsyncGenerator<Buffer> {
  const child = spawn('xz', ['--decompress', '--stdout', '--memlimit-decompress=1GiB'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  })
  let words = ''
  child.stderr.on('data', (chunk: Buffer) => {
    if (words.length < 1000) words += chunk.toString('utf8')
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new MediaError('the program xz is missing', 'install it (Debian: xz-utils), or use the .img.zst')
          : error,
      ),
    )
    child.once('close', resolve)
  })
  ended.catch(() => {})
  const input = Readable.from(packedBytes(image), { objectMode: false })
  // xz that stops early closes its end; its own words say why, not this.
  child.stdin.on('error', () => {})
  input.once('error', (error) => child.stdout.destroy(error))
  input.pipe(child.stdin)
  try {
    yield* child.stdout as AsyncIterable<Buffer>
    if ((await ended) !== 0) throw damaged(image, words.trim())
  } finally {
    input.destroy()
    child.kill()
  }
}

function damaged(image: ImageFile, why: unknown): MediaError {
  const reason = why instanceof Error ? why.message : String(why)
  return new MediaError(`${image.file} is cut short or damaged (${reason})`, 'download it again')
}

/** @param start the first 512 bytes of a raw image */
export function assertDisk(start: Buffer, file: string): void {
  if (start.length < 512 || start.readUInt16LE(510) !== 0xaa55)
    throw new MediaError(`${file} does not begin with a partition table`, 'give the image of a whole disk')
}

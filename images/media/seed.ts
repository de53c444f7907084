import { execFile } from 'node:child_process'
import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { readFully } from './block-map.ts'
import { MediaError } from './io.ts'

const run = promisify(execFile)
const sector = 512
const maximumSeedBytes = 64 * 1024
/** mtools refuses file systems whose geometry does not fit a floppy drive's ideas; ours never do. */
const mtools = { env: { PATH: process.env.PATH, MTOOLS_SKIP_CHECK: '1', MTOOLSRC: '/dev/null' }, timeout: 60_000 }

/** The seed file's bytes, after what can be checked here: that it is a small text file, and that mtools can copy it. */
export async function readSeed(file: string): Promise<Buffer> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new MediaError(`the seed ${file} cannot be read (${error.code})`, 'check its name')
  })
  try {
    if (!(await handle.stat()).isFile())
      throw new MediaError(`the seed ${file} is not a regular file`, 'give a YAML file')
    const buffer = Buffer.alloc(maximumSeedBytes + 1)
    const length = await readFully(handle, buffer, buffer.length, 0)
    if (length === 0 || length > maximumSeedBytes)
      throw new MediaError(`the seed ${file} is empty or larger than 64 KiB`, 'give a YAML file')
    const bytes = buffer.subarray(0, length)
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      throw new MediaError(`the seed ${file} is not UTF-8 text`, 'save it as plain text in UTF-8')
    }
    await run('mcopy', ['-V'], mtools).catch(() => {
      throw new MediaError(
        'the program mcopy is missing, which puts the seed on the medium',
        'install it (Debian: mtools), or copy the seed by hand',
      )
    })
    return bytes
  } finally {
    await handle.close()
  }
}

/** Puts the seed as hearth.yaml on the FAT partition labelled HEARTH of a written medium, and reads it back. */
export async function writeSeed(seedFile: string, seed: Buffer, target: string): Promise<void> {
  const handle = await open(target)
  let offset: number | null
  try {
    offset = await findFat(handle, 'HEARTH')
  } finally {
    await handle.close()
  }
  if (offset === null)
    throw new MediaError('the image has no FAT partition labelled HEARTH for a seed', 'flash without --seed')
  const at = `${target}@@${offset}`
  try {
    await run('mcopy', ['-o', '-i', at, seedFile, '::hearth.yaml'], mtools)
    const { stdout } = await run('mtype', ['-i', at, '::hearth.yaml'], {
      ...mtools,
      encoding: 'buffer',
      maxBuffer: 2 * maximumSeedBytes,
    })
    if (!stdout.equals(seed)) throw new Error('it reads back differently')
  } catch (error) {
    const reason = (error as { stderr?: Buffer | string }).stderr?.toString().trim() || (error as Error).message
    throw new MediaError(
      `the image is written, but the seed is not: ${reason.split('\n')[0]}`,
      'copy it to the volume HEARTH as hearth.yaml by hand',
    )
  }
}

/** Byte offset of the partition that holds a FAT file system of that label; null when there is none. */
export async function findFat(handle: FileHandle, label: string): Promise<number | null> {
  for (const start of await partitionStarts(handle)) {
    const boot = await readAt(handle, start, sector)
    if (boot.length < sector || boot.readUInt16LE(510) !== 0xaa55) continue
    const labels = [boot.toString('latin1', 43, 54), boot.toString('latin1', 71, 82)]
    const kinds = [boot.toString('latin1', 54, 59), boot.toString('latin1', 82, 87)]
    if (kinds.some((kind, at) => /^FAT(12|16|32)/.test(kind) && labels[at]?.trimEnd() === label)) return start
  }
  return null
}

/** Starts of the primary partitions of an MBR, or of the partitions of a GPT, in bytes. */
async function partitionStarts(handle: FileHandle): Promise<number[]> {
  const mbr = await readAt(handle, 0, sector)
  if (mbr.length < sector || mbr.readUInt16LE(510) !== 0xaa55) return []
  const entries = [0, 1, 2, 3].map((index) => mbr.subarray(446 + index * 16, 462 + index * 16))
  if (entries.every((entry) => entry[4] !== 0xee))
    return entries.filter((entry) => entry[4] !== 0).map((entry) => entry.readUInt32LE(8) * sector)

  const header = await readAt(handle, sector, sector)
  if (header.length < sector || header.toString('latin1', 0, 8) !== 'EFI PART') return []
  const [table, count, size] = [Number(header.readBigUInt64LE(72)), header.readUInt32LE(80), header.readUInt32LE(84)]
  if (count > 1024 || size < 128 || size > 4096 || !Number.isSafeInteger(table * sector)) return []
  const list = await readAt(handle, table * sector, count * size)
  const starts: number[] = []
  for (let at = 0; at + size <= list.length; at += size) {
    if (list.subarray(at, at + 16).some((byte) => byte !== 0))
      starts.push(Number(list.readBigUInt64LE(at + 32)) * sector)
  }
  return starts.filter(Number.isSafeInteger)
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  return buffer.subarray(0, await readFully(handle, buffer, length, position))
}

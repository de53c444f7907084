import { createHash } from 'node:crypto'
import { type FileHandle, open, statfs } from 'node:fs/promises'
import { mustRun, type Run } from '../setup/run.ts'

/** One partition as `sfdisk --json` gives it; start and size in sectors. */
export interface Partition {
  node: string
  start: number
  size: number
  type: string
  name: string
}

const chunkBytes = 4 * 1024 * 1024
const mebibyte = 1024 * 1024

/**
 * The partitions of a GPT disk, in order.
 * @throws when it has another table
 */
export async function readTable(run: Run, device: string): Promise<Partition[]> {
  const { partitiontable } = JSON.parse(await mustRun(run, 'sfdisk', ['--json', device]))
  const { label, unit, sectorsize, partitions } = partitiontable as {
    label: string
    unit: string
    sectorsize: number
    partitions: Partition[]
  }
  if (label !== 'gpt' || unit !== 'sectors' || sectorsize !== 512)
    throw new Error(`${device} has a ${label} table with ${sectorsize}-byte sectors, not the kit's`)
  return partitions
}

/**
 * Gives a disk the same partitions as the kit's, the last one up to the end of the disk. What was on it is gone.
 * Identifiers are new, so that both disks may be in one machine.
 */
export async function writeTable(run: Run, device: string, partitions: readonly Partition[]): Promise<void> {
  const lines = partitions.map(({ start, size, type, name }, index) => {
    const extent = index === partitions.length - 1 ? '' : `size=${size}, `
    return `start=${start}, ${extent}type=${type}, name="${name}"`
  })
  const script = ['label: gpt', 'unit: sectors', 'sector-size: 512', ...lines, ''].join('\n')
  await mustRun(run, 'sfdisk', ['--quiet', '--wipe', 'always', '--wipe-partitions', 'always', device], {
    input: script,
  })
  await mustRun(run, 'udevadm', ['settle', '--timeout=30'])
}

/** Overwrites the first mebibyte: no firmware starts from this any more. */
export async function blank(device: string): Promise<void> {
  const target = await open(device, 'r+')
  try {
    await writeAll(target, Buffer.alloc(mebibyte), 0)
    await target.sync()
  } finally {
    await target.close()
  }
}

/**
 * Copies `bytes` from the start of one device to the start of another, flushes, reads back what the disk then holds, and
 * compares.
 * @param onBytes called with the number of bytes copied since its last call
 */
export async function copyRaw(
  run: Run,
  from: string,
  to: string,
  bytes: number,
  onBytes: (bytes: number) => void = () => {},
): Promise<void> {
  const source = await open(from, 'r')
  const target = await open(to, 'r+')
  let written: string
  try {
    written = await digest(source, bytes, async (chunk, position) => {
      await writeAll(target, chunk, position)
      onBytes(chunk.length)
    })
    await target.sync()
  } finally {
    await source.close()
    await target.close()
  }
  await dropCache(run, to)
  const check = await open(to, 'r')
  try {
    if ((await digest(check, bytes)) !== written) throw new Error(`${to} does not hold what was written`)
  } finally {
    await check.close()
  }
}

/** Bytes in use on the file system of a folder. */
export async function usedBytes(folder: string): Promise<number> {
  const { blocks, bfree, bsize } = await statfs(folder)
  return (blocks - bfree) * bsize
}

/** Makes the next read of a block device come from the disk itself. */
export async function dropCache(run: Run, device: string): Promise<void> {
  await mustRun(run, 'blockdev', ['--flushbufs', device])
}

/** SHA-256 of the first `bytes`, each chunk handed to `use` on the way. */
async function digest(
  file: FileHandle,
  bytes: number,
  use: (chunk: Buffer, position: number) => Promise<void> = async () => {},
): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(chunkBytes)
  for (let position = 0; position < bytes; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, bytes - position), position)
    if (bytesRead === 0) throw new Error(`the device ends after ${position} of ${bytes} bytes`)
    const chunk = buffer.subarray(0, bytesRead)
    hash.update(chunk)
    await use(chunk, position)
    position += bytesRead
  }
  return hash.digest('hex')
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

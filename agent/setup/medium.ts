import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { KitPaths } from '../paths.ts'
import { dataPartition, devicePath, partitionsOf } from './disk.ts'
import { isMissing, syncFolder } from './files.ts'
import { mustRun, type Run } from './run.ts'
import { seedLimit } from './seed-text.ts'

const label = 'HEARTH'
/** A file that somebody put there may be larger than the memory. */
const pieceBytes = 64 * 1024

/**
 * Mounts the FAT partition that people see on their computers, of the disk this kit runs from, for as long as `job` takes.
 * @returns what `job` returns; null when there is no such partition
 */
export async function withMedium<T>(paths: KitPaths, run: Run, job: (folder: string) => Promise<T>): Promise<T | null> {
  const device = await mediumDevice(paths, run)
  if (device === null) return null
  const folder = path.join(paths.root, 'run/hearth/medium')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await mustRun(run, 'mount', ['-t', 'vfat', '-o', 'nodev,nosuid,noexec,umask=0077', device, folder])
  try {
    return await job(folder)
  } finally {
    await mustRun(run, 'umount', [folder])
  }
}

async function mediumDevice(paths: KitPaths, run: Run): Promise<string | null> {
  const data = await dataPartition(paths)
  if (data === null) return null
  for (const { name } of await partitionsOf(paths, data.disk)) {
    const device = devicePath(paths, name)
    const { stdout } = await run('blkid', ['--probe', '--output', 'export', device])
    if (stdout.includes(`\nLABEL=${label}\n`) && stdout.includes('\nTYPE=vfat\n')) return device
  }
  return null
}

/** A file of the medium: its name as it is written there, and its beginning. */
export interface MediumFile {
  name: string
  bytes: Buffer
}

/**
 * The files of a folder on FAT whose names, in any case, are among `names`. One byte more than a seed may have is read
 * of each, so that a larger one shows.
 */
export async function readMediumFiles(folder: string, names: readonly string[]): Promise<Map<string, MediumFile>> {
  const found = new Map<string, MediumFile>()
  for (const name of await readdir(folder)) {
    const wanted = names.find((other) => other === name.toLowerCase())
    if (wanted === undefined || !(await stat(path.join(folder, name))).isFile()) continue
    found.set(wanted, { name, bytes: await readStart(path.join(folder, name), seedLimit + 1) })
  }
  return found
}

/**
 * Replaces a file's content where it stands. FAT has no journal and a new file leaves the old one's bytes on the medium:
 * the file's own blocks are overwritten first, in full, so that no password stays behind and no table changes;
 * only then is it cut to size.
 */
export async function overwriteOnMedium(file: string, text: string): Promise<void> {
  const content = Buffer.from(forEveryEditor(text))
  const handle = await open(file, 'r+')
  try {
    const { size } = await handle.stat()
    await writeAt(handle, content, 0)
    const blank = Buffer.alloc(pieceBytes, '\n')
    for (let at = content.length; at < size; at += pieceBytes) await writeAt(handle, blank.subarray(0, size - at), at)
    await handle.sync()
    await handle.truncate(content.length)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function writeAt(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  let done = 0
  while (done < bytes.length) done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}

/** Writes a small file of the kit's own, if it does not say the same already. */
export async function writeOnMedium(file: string, text: string): Promise<void> {
  const content = forEveryEditor(text)
  const kept = await readFile(file, 'utf8').catch((error) => {
    if (isMissing(error)) return null
    throw error
  })
  if (kept === content) return
  const handle = await open(file, 'w')
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await syncFolder(path.dirname(file))
}

/** Removes files, as far as they are there. */
export async function removeFromMedium(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(path.join(folder, name), { force: true })
  await syncFolder(folder)
}

/** Line ends that every editor shows as such. */
function forEveryEditor(text: string): string {
  return text.replace(/\r?\n/g, '\r\n')
}

async function readStart(file: string, length: number): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await handle.read(buffer, 0, length, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

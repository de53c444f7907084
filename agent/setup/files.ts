import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rename, rm, unlink } from 'node:fs/promises'
import path from 'node:path'

export interface FileOwner {
  /** Permission bits, 0644 unless told. */
  mode?: number
  uid?: number
  gid?: number
}

/** A file of ours that cannot be used; says which one and why. */
export class BadFileError extends Error {
  override name = 'BadFileError'
}

/**
 * Replaces a file so that a power cut leaves either the old or the new content: writes beside it, fsyncs, renames and
 * fsyncs the folder. Missing folders are made (0755).
 */
export async function writeDurably(file: string, content: string | Uint8Array, owner: FileOwner = {}): Promise<void> {
  const folder = path.dirname(file)
  await makeFolder(folder)
  const beside = path.join(folder, `.${path.basename(file)}.${randomBytes(4).toString('hex')}.new`)
  try {
    await writeSynced(beside, content, owner)
    await rename(beside, file)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/** Makes a folder with this mode, and what is missing above it (0755); fsyncs the parents of those it made. */
export async function makeFolder(folder: string, mode = 0o755): Promise<void> {
  const parent = path.dirname(folder)
  try {
    await mkdir(folder, { mode })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || parent === folder) throw error
    await makeFolder(parent)
    return makeFolder(folder, mode)
  }
  await syncFolder(parent)
}

/** Removes a file durably; no error if it is not there. */
export async function removeDurably(file: string): Promise<void> {
  try {
    await unlink(file)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  await syncFolder(path.dirname(file))
}

/** Fsyncs a folder, so that names made, renamed or removed in it are kept. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A file's text, or null if it is not there. */
export async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/**
 * A JSON file as `check` returns it, or null if it is not there. `check` throws with what is wrong.
 * @throws BadFileError when it is not JSON or `check` refuses it
 */
export async function readJson<T>(file: string, check: (value: unknown) => T): Promise<T | null> {
  const text = await readText(file)
  if (text === null) return null
  try {
    return check(JSON.parse(text))
  } catch (error) {
    throw new BadFileError(`${file}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

/** Whether an error says that a file or folder does not exist. */
export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException)?.code
  return code === 'ENOENT' || code === 'ENOTDIR'
}

async function writeSynced(file: string, content: string | Uint8Array, { mode = 0o644, uid, gid }: FileOwner) {
  // Owner and mode are set before a byte is in it, so that a secret is never readable for a moment.
  const handle: FileHandle = await open(file, 'wx', 0o600)
  try {
    if (uid !== undefined || gid !== undefined) await handle.chown(uid ?? -1, gid ?? -1)
    await handle.chmod(mode)
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

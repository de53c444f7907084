import { open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'

/**
 * Writes JSON so that a power cut leaves the old file or the new one, never a part: write, fsync, rename, fsync folder.
 * Readable by this user only.
 */
export async function writeJsonDurably(file: string, value: unknown): Promise<void> {
  const draft = `${file}.new`
  const handle = await open(draft, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(value)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  const folder = await open(path.dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The JSON in a file; null when there is no such file. Throws with the file's name when it cannot be read. */
export async function readJson<T>(file: string): Promise<T | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    return JSON.parse(text) as T
  } catch {
    throw new Error(`${file} is not valid JSON`)
  }
}

import { createHash } from 'node:crypto'
import { type FileHandle, open, rename } from 'node:fs/promises'
import path from 'node:path'

/** Writes a whole file so that after a power cut there is either all of it or none. */
export async function writeWhole(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const partial = `${file}.partial`
  const handle = await open(partial, 'w', mode)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(partial, file)
  await syncFolder(path.dirname(file))
}

/** Makes names in a folder (new, renamed, removed) last. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** SHA-256 in hexadecimal and size in bytes of what is left to read from a file, or of the file named. */
export async function digestFile(file: string | FileHandle): Promise<{ sha256: string; size: number }> {
  const handle = typeof file === 'string' ? await open(file) : file
  try {
    const hash = createHash('sha256')
    const buffer = Buffer.alloc(1024 * 1024)
    let size = 0
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, size)
      if (bytesRead === 0) return { sha256: hash.digest('hex'), size }
      hash.update(buffer.subarray(0, bytesRead))
      size += bytesRead
    }
  } finally {
    if (typeof file === 'string') await handle.close()
  }
}

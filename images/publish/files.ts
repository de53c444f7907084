import { createHash } from 'node:crypto'
import { type FileHandle, open, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { $ } from 'zx'

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
  await sync(folder)
}

/** Makes what was written last: a file's content, or a folder with all that is below. */
export async function syncContent(target: string): Promise<void> {
  if ((await stat(target)).isDirectory()) await syncFileSystem(target)
  else await sync(target)
}

async function sync(file: string): Promise<void> {
  const handle = await open(file)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** One call for a tree of many files. */
export async function syncFileSystem(file: string): Promise<void> {
  await $`sync --file-system ${file}`.quiet()
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

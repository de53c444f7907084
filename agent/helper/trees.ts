import type { Stats } from 'node:fs'
import { lstat, open, readlink } from 'node:fs/promises'
import path from 'node:path'
import { isMissing } from '../setup/files.ts'
import { walk } from './walk.ts'

const chunkBytes = 1024 * 1024

/**
 * Whether a copy holds everything that a folder holds: kinds, owners, modes, links and every byte.
 * @param leaveOut says which entries still change and are not compared
 * @returns the first entry that differs, or null
 */
export async function firstDifference(
  original: string,
  copy: string,
  leaveOut: (relative: string) => boolean,
): Promise<string | null> {
  /** Names that share a file in the original must share one in the copy. */
  const counterparts = new Map<number, number>()
  for await (const { relative, stats } of walk(original)) {
    if (leaveOut(relative)) continue
    const [from, to] = [path.join(original, relative), path.join(copy, relative)]
    const other = await statOf(to)
    if (other === null || !isAlike(stats, other)) return relative
    if (stats.isSymbolicLink() && (await readlink(from)) !== (await readlink(to))) return relative
    if (!stats.isFile()) continue
    const counterpart = counterparts.get(stats.ino)
    if (counterpart === undefined) {
      if (stats.nlink > 1) counterparts.set(stats.ino, other.ino)
      if (!(await sameBytes(from, to))) return relative
    } else if (counterpart !== other.ino) return relative
  }
  return null
}

function isAlike(one: Stats, other: Stats): boolean {
  const sizeCounts = one.isFile() || one.isSymbolicLink()
  return (
    one.mode === other.mode &&
    one.uid === other.uid &&
    one.gid === other.gid &&
    (!sizeCounts || one.size === other.size)
  )
}

async function sameBytes(one: string, other: string): Promise<boolean> {
  const [left, right] = [await open(one), await open(other)]
  const [a, b] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)]
  try {
    for (;;) {
      const [{ bytesRead: read }, { bytesRead: also }] = [
        await left.read(a, 0, chunkBytes),
        await right.read(b, 0, chunkBytes),
      ]
      if (read !== also || !a.subarray(0, read).equals(b.subarray(0, read))) return false
      if (read === 0) return true
    }
  } finally {
    await left.close()
    await right.close()
  }
}

async function statOf(file: string): Promise<Stats | null> {
  try {
    return await lstat(file)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

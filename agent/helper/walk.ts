import type { Stats } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import path from 'node:path'
import { isMissing } from '../setup/files.ts'

export interface Entry {
  /** From the folder the walk began at; empty for that folder itself. */
  relative: string
  stats: Stats
}

/**
 * Everything below a folder and the folder itself, within its file system, links not followed, one entry at a time.
 * What vanishes meanwhile is left out; a folder that is not there has no entries. Only the names of folders are kept in
 * memory: a folder of a million files is read in pieces.
 */
export async function* walk(folder: string): AsyncGenerator<Entry> {
  const first = await ifThere(lstat(folder))
  if (first === null) return
  yield { relative: '', stats: first }
  const pending = first.isDirectory() ? [''] : []
  for (let relative = pending.pop(); relative !== undefined; relative = pending.pop()) {
    const directory = await ifThere(opendir(path.join(folder, relative)))
    if (directory === null) continue
    for await (const { name } of directory) {
      const within = path.join(relative, name)
      const stats = await ifThere(lstat(path.join(folder, within)))
      if (stats === null || stats.dev !== first.dev) continue
      yield { relative: within, stats }
      if (stats.isDirectory()) pending.push(within)
    }
  }
}

async function ifThere<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

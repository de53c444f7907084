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
 * What vanishes meanwhile is left out; a folder that is not there has no entries.
 */
export async function* walk(folder: string): AsyncGenerator<Entry> {
  const pending = ['']
  let device: number | undefined
  for (let relative = pending.pop(); relative !== undefined; relative = pending.pop()) {
    const file = path.join(folder, relative)
    const stats = await ifThere(lstat(file))
    if (stats === null) continue
    device ??= stats.dev
    if (stats.dev !== device) continue
    yield { relative, stats }
    if (!stats.isDirectory()) continue
    const directory = await ifThere(opendir(file))
    if (directory === null) continue
    for await (const { name } of directory) pending.push(path.join(relative, name))
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

import { realpathSync, statfsSync, statSync } from 'node:fs'
import path from 'node:path'
import { walk } from '../helper/walk.ts'
import { readText } from '../meters/files.ts'
import type { HostConfig } from './config.ts'

/** Bytes by owner; `media` is part of `server`. */
export interface HostUse {
  server: number
  media: number
  ledger: number
  system: number
}

/** What `stat` counts blocks in, whatever the file system's own are. */
const blockBytes = 512
/** Counted once a day; what is older than two is not passed on as if it were of today. */
const patienceMs = 48 * 3600_000

/**
 * Counts what the server's folders and the ledger take up. A file with several names has an equal part in each. `system`
 * is all the rest of the file system that `spaceFolder` is in.
 * @param report told of folders that are not there
 */
export async function countUse(
  { server, media }: Pick<HostConfig, 'server' | 'media'>,
  ledger: string,
  report: (line: string) => void,
): Promise<HostUse> {
  const isMedia = media.map(pattern)
  const space = spaceFolder({ server }, ledger)
  const { bsize, blocks, bfree } = statfsSync(space)
  const use = { server: 0, media: 0, ledger: 0, system: (blocks - bfree) * bsize }
  const device = statSync(space).dev
  const count = async (folder: string, take: (file: string, bytes: number) => void) => {
    const real = realPath(folder)
    if (real === null) return report(`${folder} is not there, and counts as nothing.`)
    for await (const { relative, stats } of walk(real)) {
      const bytes = (stats.blocks * blockBytes) / (stats.isDirectory() ? 1 : stats.nlink)
      if (stats.dev === device) use.system -= bytes
      take(path.join(folder, relative), bytes)
    }
  }
  for (const folder of server)
    await count(folder, (file, bytes) => {
      use.server += bytes
      if (isMedia.some((form) => form.test(file))) use.media += bytes
    })
  await count(ledger, (_file, bytes) => {
    use.ledger += bytes
  })
  for (const owner of Object.keys(use) as (keyof HostUse)[]) use[owner] = Math.max(0, Math.round(use[owner]))
  return use
}

/** Where space runs out first for those who use the server: its first folder that is there. */
export function spaceFolder({ server }: Pick<HostConfig, 'server'>, ledger: string): string {
  return server.find((folder) => realPath(folder) !== null) ?? ledger
}

/** What was counted last. Rejects where that is not there, or of the days before yesterday. */
export async function countedUse(file: string, now: number): Promise<HostUse> {
  const text = readText(file)
  if (text === null)
    throw new Error(
      `${file} is not there: nothing was counted since the start. It is counted at night, or by systemctl start hearth-ledger-storage.`,
    )
  const { at, use } = JSON.parse(text) as { at: string; use: HostUse }
  if (Math.abs(now - Date.parse(at)) < patienceMs) return use
  throw new Error(`${file} is of ${at}. See systemctl status hearth-ledger-storage.`)
}

function pattern(folder: string): RegExp {
  const names = folder.split('/').map((name) => name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*'))
  return new RegExp(`^${names.join('/')}(/|$)`)
}

function realPath(folder: string): string | null {
  try {
    return realpathSync(folder)
  } catch {
    return null
  }
}

import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** What every stage of a build gets. Paths are absolute; `epoch` is SOURCE_DATE_EPOCH in seconds. */
export interface BuildContext {
  repo: string
  /** Holds the tools root, kept packages and the outputs of stages; may be deleted at any time. */
  cache: string
  out: string
  epoch: number
  mirrors: Mirrors
  log: (line: string) => void
}

export interface Mirrors {
  /** Base address of the Debian archive; null: mmdebstrap's own default. */
  main: string | null
  security: string | null
  /** Of a folder that its owner made a moment ago, and nobody signed. What the environment names is never taken so. */
  unsigned?: boolean
}

export const repoRoot = path.resolve(import.meta.dirname, '../..')

/** Folder for everything that can be made again; `HEARTH_CACHE` or `XDG_CACHE_HOME` move it. */
export function cacheFolder(env = process.env): string {
  return env.HEARTH_CACHE ?? path.join(env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'hearth')
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

/** Hash of a file, link or folder by names, kinds, contents and whether it can be run: what git keeps. */
export function hashTree(target: string): string {
  const hash = createHash('sha256')
  const visit = (file: string, name: string) => {
    if (!existsSync(file) && !isLink(file)) return
    const stat = lstatSync(file)
    hash.update(`${name}\0${stat.mode & 0o170100}\0`)
    if (stat.isSymbolicLink()) hash.update(readlinkSync(file))
    else if (stat.isDirectory())
      for (const entry of readdirSync(file).sort()) visit(path.join(file, entry), `${name}/${entry}`)
    else hash.update(readFileSync(file))
  }
  visit(target, '')
  return hash.digest('hex')
}

function isLink(file: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink()
  } catch {
    return false
  }
}

/**
 * The date the image counts as built: SOURCE_DATE_EPOCH, else the last commit that touched what goes into images.
 * Never "now": the same sources must give the same bytes tomorrow.
 */
export function sourceDateEpoch(commitTime: string | null, env = process.env): number {
  const given = env.SOURCE_DATE_EPOCH
  if (given !== undefined) {
    if (!/^\d{1,11}$/.test(given)) throw new Error(`SOURCE_DATE_EPOCH must be seconds since 1970, not “${given}”.`)
    return Number(given)
  }
  return commitTime && /^\d+$/.test(commitTime.trim()) ? Number(commitTime.trim()) : 1_790_000_000
}

export function ensureFolder(folder: string): string {
  mkdirSync(folder, { recursive: true })
  return folder
}

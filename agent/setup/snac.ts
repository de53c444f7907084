import { chmod, chown, mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { KitPaths } from '../paths.ts'
import { type FileOwner, isMissing, writeDurably } from './files.ts'
import { CommandError, mustRun, type Run, type RunResult } from './run.ts'

/** debian-snac, docs/architecture.md. Who is not root (a developer, a test) works with files of their own. */
export const snacOwner: Required<Pick<FileOwner, 'uid' | 'gid'>> =
  process.getuid?.() === 0 ? { uid: 952, gid: 952 } : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }

/**
 * Runs the `snac` command as the server's user.
 * @throws CommandError when it cannot be started; the exit code is the caller's to judge, together with what is on disk
 */
export function snac(run: Run, args: readonly string[], input = ''): Promise<RunResult> {
  if (process.getuid?.() !== 0) return run('snac', args, { input })
  const as = [`--reuid=${snacOwner.uid}`, `--regid=${snacOwner.gid}`, '--clear-groups', '--no-new-privs']
  return run('setpriv', [...as, '--', 'snac', ...args], { input })
}

/** Makes a folder that only the server's user can enter; whatever was there is removed. */
export async function freshSnacFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await makeSnacFolder(folder)
}

/** Makes one folder for the server's user alone. */
export async function makeSnacFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  await chown(folder, snacOwner.uid, snacOwner.gid)
}

/** Replaces a file of the server's, as durably as our own. */
export function writeSnacFile(file: string, content: string): Promise<void> {
  return writeDurably(file, content, { mode: 0o660, ...snacOwner })
}

/** snac never syncs what it writes: this returns when everything on the file system of `folder` is on the disk. */
export async function syncTree(run: Run, folder: string): Promise<void> {
  await mustRun(run, 'sync', ['-f', folder])
}

/** `snac init` with its questions answered: socket, host, no prefix, no e-mail address. */
export async function initTree(run: Run, paths: KitPaths, tree: string, host: string): Promise<void> {
  await rm(tree, { recursive: true, force: true })
  // snac wants to make the folder itself, in one that is the server's.
  const parent = `${tree}.init`
  await freshSnacFolder(parent)
  const made = path.join(parent, 'tree')
  const { code, stderr } = await snac(run, ['init', made], `${paths.snacSocket}\n${host}\n\n\n`)
  if (code !== 0) throw new CommandError(`snac init failed (${code}): ${stderr.trim()}`)
  await mustRun(run, 'mv', ['-T', made, tree])
  await rm(parent, { recursive: true })
}

/** Ids of the people in a tree, sorted. */
export async function peopleIds(tree: string): Promise<string[]> {
  try {
    const entries = await readdir(path.join(tree, 'user'), { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

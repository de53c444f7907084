import path from 'node:path'
import type { AgentVerbs } from './protocol.ts'
import { Refusal } from './refusal.ts'
import { walk } from './walk.ts'
import type { World } from './world.ts'

const mostEntries = 5_000_000
/** What `stat` counts blocks in, whatever the file system's own are. */
const blockBytes = 512

/** An answer has room for so many people; where there are more, nobody's uploads are told apart. */
const mostAccounts = 1000

/**
 * Bytes that files take up on the data partition, by owner. A file with several names (the server links what it shares)
 * counts once: each of its names has an equal part of it. A person's own are the uploads that have one name.
 * @throws Refusal when there are more than five million entries
 */
export async function storageUse({ paths }: World): Promise<AgentVerbs['storage.use']['result']> {
  const use = { server: 0, media: 0, ledger: 0, system: 0, backups: 0 }
  const uploads = new Map<string, number>()
  const server = relativeTo(paths.root, paths.snac)
  const ledger = relativeTo(paths.root, paths.agentData)
  const kept = relativeTo(paths.root, paths.backups)
  let entries = 0
  for await (const { relative, stats } of walk(path.join(paths.root, 'data'))) {
    if (++entries > mostEntries)
      throw new Refusal({
        code: 'storage.large',
        message: `There are more than ${mostEntries} files on the data partition.`,
        next: 'The space in all is still right; only who uses it is not known.',
      })
    const names = stats.isDirectory() ? 1 : stats.nlink
    const bytes = (stats.blocks * blockBytes) / names
    if (isWithin(relative, server)) {
      use.server += bytes
      const [, account, rest] = /^user\/([^/]+)(?:\/(.*))?$/s.exec(path.relative(server, relative)) ?? []
      if (account === undefined) continue
      if (rest === undefined && stats.isDirectory()) uploads.set(account, 0)
      if (!rest?.startsWith('static/')) continue
      use.media += bytes
      if (names === 1) uploads.set(account, (uploads.get(account) ?? 0) + bytes)
    } else if (isWithin(relative, ledger)) use.ledger += bytes
    else if (isWithin(relative, kept)) use.backups += bytes
    else use.system += bytes
  }
  for (const owner of Object.keys(use) as (keyof typeof use)[]) use[owner] = Math.round(use[owner])
  const { backups, ...always } = use
  return {
    ...always,
    ...(backups > 0 && { backups }),
    ...(uploads.size <= mostAccounts && { uploads: Object.fromEntries(uploads) }),
  }
}

function relativeTo(root: string, folder: string): string {
  return path.relative(path.join(root, 'data'), folder)
}

function isWithin(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`)
}

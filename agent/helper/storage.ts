import path from 'node:path'
import type { AgentVerbs } from './protocol.ts'
import { Refusal } from './refusal.ts'
import { walk } from './walk.ts'
import type { World } from './world.ts'

const mostEntries = 5_000_000
/** What `stat` counts blocks in, whatever the file system's own are. */
const blockBytes = 512

/**
 * Bytes that files take up on the data partition, by owner. A file with several names (the server links what it shares)
 * counts once.
 * @throws Refusal when there are more than five million entries
 */
export async function storageUse({ paths }: World): Promise<AgentVerbs['storage.use']['result']> {
  const use = { server: 0, media: 0, ledger: 0, system: 0 }
  const linked = new Set<number>()
  const server = relativeTo(paths.root, paths.snac)
  const ledger = relativeTo(paths.root, paths.agentData)
  let entries = 0
  for await (const { relative, stats } of walk(path.join(paths.root, 'data'))) {
    if (++entries > mostEntries)
      throw new Refusal({
        code: 'storage.large',
        message: `There are more than ${mostEntries} files on the data partition.`,
        next: 'The space in all is still right; only who uses it is not known.',
      })
    if (stats.nlink > 1 && !stats.isDirectory()) {
      if (linked.has(stats.ino)) continue
      linked.add(stats.ino)
    }
    const bytes = stats.blocks * blockBytes
    if (isWithin(relative, server)) {
      use.server += bytes
      if (/^user\/[^/]+\/static\//.test(path.relative(server, relative))) use.media += bytes
    } else if (isWithin(relative, ledger)) use.ledger += bytes
    else use.system += bytes
  }
  return use
}

function relativeTo(root: string, folder: string): string {
  return path.relative(path.join(root, 'data'), folder)
}

function isWithin(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`)
}

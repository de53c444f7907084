/** Counts, as root, what the server's folders take up, for the agent that may not read them. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { writeDurably } from '../service/durable.ts'
import { readConfig } from './config.ts'
import { hostPaths } from './paths.ts'
import { countUse } from './storage.ts'

const paths = hostPaths(process.env.HEARTH_ROOT ?? '/')
try {
  const use = await countUse(readConfig(paths.config), paths.agentData, (line) => console.error(line))
  mkdirSync(path.dirname(paths.storage), { recursive: true })
  writeDurably(paths.storage, `${JSON.stringify({ at: new Date().toISOString(), use })}\n`, 0o644)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

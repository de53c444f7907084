import { kitPaths } from '../paths.ts'
import { lookAfterNetwork } from './offline.ts'
import { run } from './run.ts'
import { setUp } from './setup.ts'

if (process.argv[2] === 'offline') {
  /** hearth-offline.service: root, only on a kit that has no network, or whose medium still says so. */
  await lookAfterNetwork(kitPaths(), run)
} else {
  /** hearth-setup.service: root, once, before network, names, web and the Fediverse server. */
  const failed = await setUp(kitPaths(), run)
  for (const { step, error } of failed) console.error(`${step.name}: ${error instanceof Error ? error.message : error}`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

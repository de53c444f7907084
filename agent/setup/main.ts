import { kitPaths } from '../paths.ts'
import { run } from './run.ts'
import { setUp } from './setup.ts'

/** hearth-setup.service: root, once, before network, names, web and the Fediverse server. */
const failed = await setUp(kitPaths(), run)
for (const { step, error } of failed) console.error(`${step.name}: ${error instanceof Error ? error.message : error}`)
process.exitCode = failed.length === 0 ? 0 : 1

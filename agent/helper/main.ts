import { parseArgs } from 'node:util'
import { kitPaths } from '../paths.ts'
import { run } from '../setup/run.ts'
import { AuditLog } from './audit.ts'
import { Helper } from './helper.ts'
import { Move } from './move.ts'
import { resumeNames } from './names.ts'
import { passedSockets } from './sockets.ts'
import { verbs } from './verbs.ts'
import type { World } from './world.ts'

/*
 * The privileged helper: root, started by systemd when one of its two sockets is called, gone after a minute of quiet.
 */

// What is made is not for everybody unless its mode is given.
process.umask(0o022)
const { values: options } = parseArgs({
  options: {
    // Tests bring a folder of their own and less patience.
    root: { type: 'string', default: '/' },
    idle: { type: 'string', default: '60000' },
  },
})
const paths = kitPaths(options.root)
const log = (line: string) => console.error(line)
const move = new Move(paths, run, log)
const world: World = { paths, run, move, log, busy: () => move.running }
const helper = new Helper({ world, verbs, audit: new AuditLog(paths.audit), onIdle: end, idleMs: Number(options.idle) })

async function end(): Promise<void> {
  await helper.stop()
  process.exit(0)
}

await move.recover()
// What a power cut left half-done; a failure must not keep the owner from trying again.
await resumeNames(world).catch((error) => log(`names: ${error}`))
helper.start(passedSockets(process.env, process.pid))
process.on('SIGTERM', end)
process.on('SIGINT', end)

import { parseArgs } from 'node:util'
import { kitPaths } from '../../paths.ts'
import { run } from '../../setup/run.ts'
import { AuditLog } from '../audit.ts'
import { Helper } from '../helper.ts'
import { passedSockets } from '../sockets.ts'
import { verbs } from '../verbs.ts'
import { makeWorld } from './world.ts'

/* The helper on a folder of a test, where `systemctl` is answered and not run; all other commands are. */

const { values } = parseArgs({
  options: { root: { type: 'string', default: '' }, idle: { type: 'string', default: '60000' } },
})
if (values.root === '') throw new Error('Give the kit’s folder: --root DIR')
const paths = kitPaths(values.root)
const world = makeWorld(paths, (line, ...call) => (line.startsWith('systemctl ') ? '' : run(...call)))
const onIdle = () => process.exit(0)
const helper = new Helper({ world, verbs, audit: new AuditLog(paths.audit), onIdle, idleMs: Number(values.idle) })
helper.start(passedSockets(process.env, process.pid))
process.on('SIGTERM', onIdle)

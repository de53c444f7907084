/**
 * The ledger agent's entry. `HEARTH_ROOT` moves the whole kit below another folder (development); /proc and /sys are the
 * machine's own unless that folder has its own.
 */
import { handedOver } from './handed-over.ts'
import { kitPaths } from './paths.ts'
import { PublicServer } from './publish/public-server.ts'
import { Agent } from './service/agent.ts'
import { ApiServer } from './service/api-server.ts'

const paths = kitPaths(process.env.HEARTH_ROOT ?? '/')
const agent = new Agent({ paths, webPorts: { plain: 8081, home: 8443 } })
const sockets = handedOver(process.env, process.pid)
const [apiSocket, publicSocket] = [sockets.get('api'), sockets.get('public')]
const server = new ApiServer(agent, apiSocket === undefined ? { path: paths.agentSocket } : { fd: apiSocket })
const publicServer = new PublicServer(
  agent,
  paths.publicLog,
  publicSocket === undefined ? { path: paths.publishSocket } : { fd: publicSocket },
)

let stopping = false
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  await Promise.all([server.stop(), publicServer.stop()])
  await agent.stop()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

async function start(): Promise<void> {
  await agent.start()
  await Promise.all([server.start(), publicServer.start()])
  console.log(`hearth-agent is listening on ${apiSocket === undefined ? paths.agentSocket : 'the socket handed over'}`)
}

start().catch((error) => {
  console.error('hearth-agent cannot start:', error)
  process.exit(1)
})

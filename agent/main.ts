/**
 * The ledger agent's entry. `HEARTH_ROOT` moves the whole kit below another folder (development); /proc and /sys are the
 * machine's own unless that folder has its own.
 */
import { kitPaths } from './paths.ts'
import { Agent } from './service/agent.ts'
import { ApiServer } from './service/api-server.ts'

const firstHandedOver = 3 // systemd's SD_LISTEN_FDS_START

const paths = kitPaths(process.env.HEARTH_ROOT ?? '/')
const agent = new Agent({ paths, webPorts: { plain: 8081, home: 8443 } })
const handedOver = process.env.LISTEN_PID === String(process.pid) && process.env.LISTEN_FDS === '1'
const server = new ApiServer(agent, handedOver ? { fd: firstHandedOver } : { path: paths.agentSocket })

let stopping = false
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  await server.stop()
  await agent.stop()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

async function start(): Promise<void> {
  await agent.start()
  await server.start()
  console.log(`hearth-agent is listening on ${handedOver ? 'the socket handed over' : paths.agentSocket}`)
}

start().catch((error) => {
  console.error('hearth-agent cannot start:', error)
  process.exit(1)
})

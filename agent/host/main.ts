/**
 * The ledger agent on a server that is no kit: what a kit's set-up and helper would give it comes from a configuration
 * and from two timers. `HEARTH_ROOT` moves it all below another folder.
 */
import { handedOver } from '../handed-over.ts'
import { systemTrees } from '../meters/files.ts'
import { NodeInfoServer } from '../servers/nodeinfo.ts'
import { Agent } from '../service/agent.ts'
import { ApiServer } from '../service/api-server.ts'
import { ConfigRefused, type HostConfig, readConfig } from './config.ts'
import { HostFacts } from './facts.ts'
import { hostPaths } from './paths.ts'
import { countedUse, spaceFolder } from './storage.ts'

/** EX_CONFIG: starting again would not help. */
const wrongConfig = 78

const paths = hostPaths(process.env.HEARTH_ROOT ?? '/')
const config = configOrExit()
const agent = new Agent({
  paths,
  webPorts: null,
  host: {
    facts: new HostFacts(paths, systemTrees(paths), config),
    server: config.nodeinfo && new NodeInfoServer(config.nodeinfo, config.name),
    spaceFolder: spaceFolder(config, paths.agentData),
    countStorage: () => countedUse(paths.storage, Date.now()),
  },
})
const socket = handedOver(process.env, process.pid).get('api')
const server = new ApiServer(agent, socket === undefined ? { path: paths.agentSocket } : { fd: socket })

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

function configOrExit(): HostConfig {
  try {
    return readConfig(paths.config)
  } catch (error) {
    console.error(error instanceof ConfigRefused ? error.message : `The configuration cannot be read: ${error}`)
    process.exit(wrongConfig)
  }
}

async function start(): Promise<void> {
  await agent.start()
  await server.start()
  console.log(
    `hearth-ledger-agent is listening on ${socket === undefined ? paths.agentSocket : 'the socket handed over'}`,
  )
}

start().catch((error) => {
  console.error('hearth-ledger-agent cannot start:', error)
  process.exit(1)
})

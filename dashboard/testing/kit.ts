import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { AgentClient } from '#agent/client.ts'
import { type KitRoot, type KitRootOptions, makeKitRoot } from '#agent/testing/kit-root.ts'
import { buildApp } from '../app.ts'
import { makeServices, type Services } from '../services.ts'
import { HelperServer } from './helper-server.ts'

export interface TestKit {
  root: KitRoot
  helper: HelperServer
  services: Services
  app: FastifyInstance
  /** Begins the real agent on this kit's folder; it ends with the kit. */
  startAgent(): Promise<void>
  stop(): Promise<void>
}

/** The owner's password of a claimed test kit. */
export const ownerPassword = 'correct horse battery'

/** A dashboard over a temporary folder, with the stand-in helper; without the agent until it is started. */
export async function makeTestKit(options: KitRootOptions = {}): Promise<TestKit> {
  const root = await makeKitRoot(options)
  await mkdir(path.dirname(root.paths.agentSocket), { recursive: true })
  const helper = new HelperServer(root.paths)
  await helper.start()
  const services = makeServices(root.paths)
  if (options.kit?.claimed !== false) await services.owner.setPassword(ownerPassword)
  const app = buildApp({ paths: root.paths, assets: path.join(import.meta.dirname, '../assets') }, services)
  let agent: ChildProcess | null = null
  return {
    root,
    helper,
    services,
    app,
    async startAgent() {
      agent = await spawnAgent(root)
    },
    async stop() {
      await app.close()
      if (agent && agent.exitCode === null) {
        agent.kill('SIGTERM')
        await once(agent, 'exit')
      }
      await helper.stop()
      await root.remove()
    },
  }
}

async function spawnAgent(root: KitRoot): Promise<ChildProcess> {
  const agent = spawn(process.execPath, [path.join(import.meta.dirname, '../../agent/main.ts')], {
    env: { ...process.env, HEARTH_ROOT: root.root },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const client = new AgentClient(root.paths.agentSocket)
  for (let tries = 0; tries < 100; tries++) {
    if (agent.exitCode !== null) throw new Error(`The agent ended with ${agent.exitCode}`)
    if (await client.settings().catch(() => null)) return agent
    await wait(100)
  }
  agent.kill('SIGKILL')
  throw new Error('The agent did not answer within ten seconds')
}

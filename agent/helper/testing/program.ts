import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { link } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import path from 'node:path'
import type { KitPaths } from '../../paths.ts'
import type { Caller } from '../protocol.ts'

export const helperProgram = path.join(import.meta.dirname, '../main.ts')
/** The same without systemd's commands, which there are none of where tests run. */
export const helperWithoutSystemd = path.join(import.meta.dirname, 'without-systemd.ts')

/** Starts the helper as a process, with two listening sockets passed as systemd passes them; its words go to `stderr`. */
export async function spawnHelper(
  paths: KitPaths,
  { program = helperProgram, idle = 60_000 } = {},
): Promise<ChildProcess> {
  // systemd keeps no order: the agent's socket comes first here.
  const [agent, dashboard] = [await listen(paths, 'agent'), await listen(paths, 'dashboard')]
  const command = [process.execPath, program, '--root', paths.root, '--idle', String(idle)]
  const helper = spawn('sh', ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', ...command], {
    env: { PATH: process.env.PATH, LISTEN_FDS: '2', LISTEN_FDNAMES: 'agent:dashboard' },
    stdio: ['ignore', 'inherit', 'pipe', descriptor(agent), descriptor(dashboard)],
  })
  for (const server of [agent, dashboard]) server.close()
  return helper
}

/** A listening socket that stays reachable when this process closes it, which takes away the first of its names. */
async function listen(paths: KitPaths, caller: Caller): Promise<Server> {
  const file = paths.helperSocket(caller)
  const server = createServer()
  server.listen(`${file}.made`)
  await once(server, 'listening')
  await link(`${file}.made`, file)
  return server
}

/** Node has no public name for it. */
function descriptor(server: Server): number {
  return (server as unknown as { _handle: { fd: number } })._handle.fd
}

import path from 'node:path'
import { kitPaths } from '#agent/paths.ts'

/** How the dashboard runs; read from the environment once, at start. */
export interface DashboardOptions {
  paths: ReturnType<typeof kitPaths>
  /** Style sheet, script and icon. */
  assets: string
  /** The socket systemd passed, or a loopback port in development. */
  listen: { fd: number } | { port: number }
  /** After so many milliseconds without a request or an open stream the dashboard leaves; null: stays. */
  idleMilliseconds: number | null
}

const firstPassedSocket = 3
const fiveMinutes = 5 * 60_000

/** Checks the environment. Throws with what to set when it is wrong. */
export function readOptions(environment: NodeJS.ProcessEnv, pid = process.pid): DashboardOptions {
  const paths = kitPaths(environment.HEARTH_ROOT ?? '/')
  const assets = path.join(import.meta.dirname, 'assets')
  if (environment.LISTEN_FDS !== undefined) {
    if (environment.LISTEN_FDS !== '1') throw new Error(`LISTEN_FDS is ${environment.LISTEN_FDS}: pass one socket`)
    if (environment.LISTEN_PID !== undefined && environment.LISTEN_PID !== String(pid)) {
      throw new Error('LISTEN_PID names another process: start the dashboard directly, without a wrapper')
    }
    return { paths, assets, listen: { fd: firstPassedSocket }, idleMilliseconds: fiveMinutes }
  }
  const port = Number(environment.PORT)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error('No socket was passed (LISTEN_FDS) and PORT is not a port: set PORT=8443, or start it from systemd')
  }
  return { paths, assets, listen: { port }, idleMilliseconds: null }
}

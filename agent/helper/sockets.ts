import type { Caller } from './protocol.ts'

const callers: readonly Caller[] = ['dashboard', 'agent']
/** systemd passes sockets from this descriptor on. */
const firstDescriptor = 3

/**
 * The listening sockets systemd passed, by caller. Their order is not fixed, so they go by name.
 * @throws when they are missing, meant for another process, or not one for each caller
 */
export function passedSockets(environment: NodeJS.ProcessEnv, processId: number): Map<Caller, number> {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = environment
  if (LISTEN_PID !== String(processId) || LISTEN_FDS === undefined)
    throw new Error(
      'No sockets were passed: start the helper by hearth-helper-dashboard.socket or hearth-helper-agent.socket',
    )
  const names = (LISTEN_FDNAMES ?? '').split(':')
  const sockets = new Map<Caller, number>()
  for (const caller of callers) {
    const index = names.indexOf(caller)
    if (index >= 0) sockets.set(caller, firstDescriptor + index)
  }
  if (LISTEN_FDS !== String(callers.length) || names.length !== callers.length || sockets.size !== callers.length)
    throw new Error(
      `LISTEN_FDS=${LISTEN_FDS} LISTEN_FDNAMES=${LISTEN_FDNAMES}: one socket each is needed for ${callers.join(' and ')}`,
    )
  return sockets
}

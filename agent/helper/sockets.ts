import { handedOver } from '../handed-over.ts'
import type { Caller } from './protocol.ts'

const callers: readonly Caller[] = ['dashboard', 'agent']

/**
 * The listening sockets systemd passed, by caller.
 * @throws when they are missing, meant for another process, or not one for each caller
 */
export function passedSockets(environment: NodeJS.ProcessEnv, processId: number): Map<Caller, number> {
  const passed = handedOver(environment, processId)
  if (passed.size === 0)
    throw new Error(
      'No sockets were passed: start the helper by hearth-helper-dashboard.socket or hearth-helper-agent.socket',
    )
  const sockets = new Map<Caller, number>()
  for (const caller of callers) {
    const descriptor = passed.get(caller)
    if (descriptor !== undefined) sockets.set(caller, descriptor)
  }
  if (passed.size !== callers.length || sockets.size !== callers.length)
    throw new Error(
      `LISTEN_FDNAMES=${environment.LISTEN_FDNAMES}: one socket each is needed for ${callers.join(' and ')}`,
    )
  return sockets
}

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'

/**
 * Starts the program of a guest.
 *
 * - In a session of its own: Ctrl-C goes to everything at the terminal, and would cut the guest's power before the one
 *   who started it could ask it to shut down.
 * - The kernel ends it with the process that started it, however that ends: a test that fails or is killed must not leave
 *   its guests behind.
 */
export function spawnGuest(command: string, words: readonly string[], stdio: StdioOptions): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...words], { stdio, detached: true })
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { renameSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AgentClient } from './client.ts'
import { Ledger } from './ledger/ledger.ts'
import { type KitRoot, makeKitRoot } from './testing/kit-root.ts'

const entry = path.join(import.meta.dirname, 'main.ts')
let kit: KitRoot
let agent: ChildProcess | null = null
let listening: Server | null = null

beforeEach(async () => {
  kit = await makeKitRoot()
})
afterEach(async () => {
  agent?.kill('SIGKILL')
  agent = null
  listening?.close()
  listening = null
  await kit.remove()
})

/** Starts the agent as its own process; resolves when it says that it listens. */
async function start(command = [process.execPath, entry], fds: number[] = []): Promise<ChildProcess> {
  const [program = '', ...args] = command
  const started = spawn(program, args, {
    env: { PATH: process.env.PATH, HEARTH_ROOT: kit.root, NODE_OPTIONS: '--no-warnings' },
    stdio: ['ignore', 'pipe', 'inherit', ...fds],
  })
  agent = started
  await Promise.race([
    once(started.stdout as NodeJS.ReadableStream, 'data'),
    once(started, 'exit').then(([code]) => Promise.reject(new Error(`the agent ended with ${code}`))),
  ])
  return started
}

async function stop(started: ChildProcess): Promise<unknown> {
  const ended = once(started, 'exit')
  started.kill('SIGTERM')
  return (await ended)[0]
}

describe('the agent as a program', () => {
  it('serves, and writes what it has when it is stopped', async () => {
    const started = await start()
    const client = new AgentClient(kit.paths.agentSocket)
    expect((await client.summary()).power.model).toBe('Raspberry Pi 4 Model B')
    const live = client.live()
    await live.next() // an open stream does not keep it from stopping
    await wait(1200)
    expect(await stop(started)).toBe(0)
    await live.return()
    const ledger = new Ledger(kit.paths.agentData, Date.now)
    const seconds = ledger.entries(0, Date.now()).reduce((sum, { seconds }) => sum + seconds, 0)
    expect(seconds).toBeGreaterThan(1)
    expect(seconds).toBeLessThan(60)
  })

  it('takes over the socket that systemd has opened', async () => {
    const socketPath = `${kit.root}/handed-over.sock`
    // This process still holds the socket too, and hangs up on what reaches it instead of the agent.
    const server = createServer((socket) => socket.destroy())
    listening = server
    await new Promise<void>((resolve) => server.listen(socketPath, resolve))
    const fd = (server as unknown as { _handle: { fd: number } })._handle.fd
    const script = 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=api exec "$0" "$@"'
    await start(['sh', '-c', script, process.execPath, entry], [fd])
    const client = new AgentClient(socketPath)
    let answer: unknown = null
    for (let attempt = 0; attempt < 100 && !answer; attempt += 1) {
      answer = await client.settings().catch(() => wait(10))
    }
    expect(answer).toMatchObject({ currency: 'EUR' })
    await expect(new AgentClient(kit.paths.agentSocket).settings()).rejects.toMatchObject({ code: 'agent.unreachable' })
  })

  it('has the certificate renewed when addresses or the announced name change, once', async () => {
    const asked: string[] = []
    const helper = createServer((socket) => {
      socket.on('data', (line) => {
        asked.push(line.toString())
        socket.end('{"ok":true,"result":{"changed":true}}\n')
      })
    })
    listening = helper
    await new Promise<void>((resolve) => helper.listen(kit.paths.helperSocket('agent'), resolve))
    await start()
    const changeNetwork = async (changes: object) => {
      const network = { addresses: ['192.168.1.22'], onLink: ['192.168.1.0/24'], resolvers: [], ...changes }
      await kit.write('run/hearth/network.json.new', network)
      renameSync(`${kit.paths.network}.new`, kit.paths.network)
    }
    const call = '{"verb":"tls.refresh","args":{}}\n'
    for (const address of ['192.168.1.21', '192.168.1.22']) await changeNetwork({ addresses: [address] })
    await wait(7000)
    expect(asked).toEqual([call])
    await changeNetwork({ announcedAs: 'hearth-7f3a-2' })
    await wait(7000)
    expect(asked).toEqual([call, call])
  })

  it('sleeps when there is nothing to do', async () => {
    const started = await start()
    await wait(3000)
    const before = await wakeUps(started.pid)
    await wait(5000)
    expect((await wakeUps(started.pid)) - before).toBeLessThanOrEqual(3)
  })
})

/** How often the process's main thread has woken up so far. */
async function wakeUps(pid: number | undefined): Promise<number> {
  const { readFile } = await import('node:fs/promises')
  const status = await readFile(`/proc/${pid}/task/${pid}/status`, 'utf8')
  return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1])
}

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { cacheFolder, repoRoot } from '#images/build/context.ts'
import { request } from './kit/web.ts'

// What a person sees of `make up`, at a terminal of its own. The kit is one beside the developer's.

const folder = path.join(cacheFolder(), 'up-test')
const terminals: Terminal[] = []
afterAll(async () => {
  for (const terminal of terminals) terminal.kill()
  // QEMU ends with what started it.
  for (let tries = 0; tries < 100 && machines().length > 0; tries++) await sleep(100)
  rmSync(folder, { recursive: true, force: true })
})

/** `hearth up` at a pseudo-terminal. */
class Terminal {
  text = ''
  #child: ChildProcess
  readonly ended: Promise<number | null>

  constructor(...words: string[]) {
    const command = [process.execPath, 'bin/hearth.ts', 'up', '--name', 'test', ...words].join(' ')
    this.#child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
      cwd: repoRoot,
      env: { ...process.env, HEARTH_NAMESPACE: '' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child.stdout?.on('data', (chunk) => {
      this.text += chunk
    })
    this.ended = new Promise((resolve) => this.#child.on('exit', (code) => resolve(code)))
    terminals.push(this)
  }

  async shows(pattern: RegExp, seconds: number): Promise<RegExpExecArray> {
    for (const end = Date.now() + seconds * 1000; ; await sleep(100)) {
      const found = pattern.exec(this.text)
      if (found) return found
      if (Date.now() > end || this.#child.exitCode !== null)
        throw new Error(`hearth up did not show ${pattern} within ${seconds} s:\n${this.text}`)
    }
  }

  interrupt(): void {
    this.#child.stdin?.write('\x03')
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

/** Pids of the QEMUs that run this kit. */
function machines(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || !existsSync(`/proc/${pid}/cmdline`)) return false
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')
    return words.some((word) => word.startsWith('qemu-system-')) && words.some((word) => word.includes(`${folder}/`))
  })
}

const serial = () => readFileSync(path.join(folder, 'serial.log'), 'utf8')
let firstCode = ''

it('ends with the dashboard’s address and the claim code; Ctrl-C shuts the kit down', {
  timeout: 900_000,
}, async () => {
  const terminal = new Terminal('--fresh')
  const [, port] = await terminal.shows(/Dashboard +https:\/\/localhost:(\d+)\//, 600)
  firstCode = (await terminal.shows(/Claim code +([0-9A-Z-]{8,})/, 10))[1] ?? ''
  await terminal.shows(/Ctrl-C shuts the kit down/, 10)
  const page = await request('https', { port: Number(port) }, '/', { headers: { host: `localhost:${port}` } })
  expect(page.status).toBeLessThan(400)
  expect(machines()).toHaveLength(1)

  terminal.interrupt()
  expect(await terminal.ended).toBe(0)
  expect(terminal.text).toMatch(/up: shutting the kit down[\s\S]*up: the kit is off/)
  // Linux' own last word: its power was not cut.
  expect(serial()).toMatch(/reboot: Power down/)
  expect(machines()).toEqual([])
})

it('starts again from what is built, where it was', { timeout: 600_000 }, async () => {
  const began = Date.now()
  const terminal = new Terminal()
  await terminal.shows(/up: starting the kit in QEMU/, 60)
  expect((Date.now() - began) / 1000).toBeLessThan(30)
  const [, code] = await terminal.shows(/Claim code +([0-9A-Z-]{8,})/, 300)
  expect(code).toBe(firstCode)
  expect(terminal.text).not.toMatch(/ … \(about \d+ s\)|as from a new card/)
  terminal.interrupt()
  expect(await terminal.ended).toBe(0)
})

it('Ctrl-C while the kit starts ends it too, and says so', { timeout: 600_000 }, async () => {
  const terminal = new Terminal()
  await terminal.shows(/up: starting the kit in QEMU/, 60)
  for (let tries = 0; tries < 600 && machines().length === 0; tries++) await sleep(100)
  await sleep(3000)
  terminal.interrupt()
  expect(await terminal.ended).toBe(130)
  expect(terminal.text).toMatch(/up: shutting the kit down[\s\S]*up: the kit is off/)
  expect(terminal.text).not.toMatch(/QEMU ended|hearth: /)
  expect(machines()).toEqual([])
})

it('a hearth that is killed takes the kit with it', { timeout: 600_000 }, async () => {
  const terminal = new Terminal()
  await terminal.shows(/up: starting the kit in QEMU/, 60)
  for (let tries = 0; tries < 600 && machines().length === 0; tries++) await sleep(100)
  const outer = hearthPids()[0]
  expect(outer).toBeDefined()
  process.kill(Number(outer), 'SIGKILL')
  for (let tries = 0; tries < 1200 && machines().length > 0; tries++) await sleep(100)
  expect(machines()).toEqual([])
})

/** Pids of this kit's `hearth up`, the one that was typed first. */
function hearthPids(): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && existsSync(`/proc/${pid}/cmdline`))
    .filter((pid) => {
      const [program = '', ...words] = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')
      return program === process.execPath && words.slice(0, 4).join(' ') === 'bin/hearth.ts up --name test'
    })
    .sort((a, b) => Number(a) - Number(b))
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'

let folder: string
let keeper: ChildProcess | null = null
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hearth-spawn-'))
})
afterEach(() => {
  keeper?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const at = (name: string) => path.join(folder, name)
const has = (name: string, text: string) => existsSync(at(name)) && readFileSync(at(name), 'utf8').includes(text)
const guestPid = () => Number(/guest (\d+)/.exec(readFileSync(at('keeper'), 'utf8'))?.[1])

async function until(what: string, test: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !test(); await sleep(20))
    if (Date.now() > end) throw new Error(`${what}: not within 10 s`)
}

/** Something at a terminal that keeps a guest and, at Ctrl-C, only says so. */
async function keepGuest(): Promise<void> {
  const guest = `trap 'echo asked-to-end >> ${at('guest')}' INT; echo started >> ${at('guest')}; while :; do sleep 0.05; done`
  const program = `import { spawnGuest } from ${JSON.stringify(path.join(import.meta.dirname, 'spawn.ts'))}
    import { appendFileSync } from 'node:fs'
    const say = (text) => appendFileSync(${JSON.stringify(at('keeper'))}, text + '\\n')
    process.on('SIGINT', () => say('interrupted'))
    setInterval(() => undefined, 1000)
    say('keeper ' + process.pid + ' guest ' + spawnGuest('sh', ['-c', ${JSON.stringify(guest)}], 'ignore').pid)`
  writeFileSync(at('program.ts'), program)
  const command = `${process.execPath} ${at('program.ts')}`
  keeper = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  await until('the guest starts', () => has('guest', 'started'))
}

it('Ctrl-C at the terminal reaches the keeper of a guest and not the guest', async () => {
  await keepGuest()
  keeper?.stdin?.write('\x03')
  await until('the keeper hears it', () => has('keeper', 'interrupted'))
  await sleep(200)
  expect(readFileSync(at('guest'), 'utf8')).toBe('started\n')
  expect(existsSync(`/proc/${guestPid()}`)).toBe(true)
})

it('a guest ends with its keeper, also when that is killed', async () => {
  await keepGuest()
  const pid = guestPid()
  process.kill(Number(/keeper (\d+)/.exec(readFileSync(at('keeper'), 'utf8'))?.[1]), 'SIGKILL')
  await until('the guest ends', () => !existsSync(`/proc/${pid}`))
  if (keeper?.exitCode === null) await once(keeper, 'exit')
})

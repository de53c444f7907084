import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BuildContext } from './context.ts'
import { stage } from './stage.ts'

let cache: string
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'stage-'))
})
afterEach(() => rmSync(cache, { recursive: true, force: true }))

const context = () => ({ cache, log: () => {} }) as unknown as BuildContext
const make = (input: number) =>
  stage(context(), 'disk', { input }, async (output) => writeFileSync(output, String(input)))

it('keeps what was used a short while ago, since a guest may start from it again, and forgets what was not', async () => {
  const first = await make(0)
  for (let input = 1; input < 8; input += 1) await make(input)
  expect(existsSync(first)).toBe(true)
  const yesterday = new Date(Date.now() - 24 * 3600_000)
  for (let input = 0; input < 8; input += 1) utimesSync(await make(input), yesterday, yesterday)
  await make(8)
  expect(existsSync(first)).toBe(false)
  expect(readdirSync(path.join(cache, 'stages/disk'))).toHaveLength(4)
})

describe('half-made output', () => {
  const folder = () => readdirSync(path.join(cache, 'stages/disk'))

  it('of a step that fails is taken away, and made anew the next time', async () => {
    const failing = stage(context(), 'disk', { input: 1 }, async (output) => {
      mkdirSync(output)
      writeFileSync(path.join(output, 'half'), '')
      throw new Error('no space left on device')
    })
    await expect(failing).rejects.toThrow('no space left')
    expect(folder()).toEqual([])
    expect(readFileSync(await make(1), 'utf8')).toBe('1')
  })

  it('of a build that was killed counts for nothing, and goes with the next', async () => {
    const module = JSON.stringify(path.join(import.meta.dirname, 'stage.ts'))
    const program = `import { stage } from ${module}
      import { writeFileSync } from 'node:fs'
      await stage({ cache: ${JSON.stringify(cache)}, log() {} }, 'disk', { input: 1 }, async (output) => {
        writeFileSync(output, 'half')
        console.log('half-way')
        await new Promise((resolve) => setTimeout(resolve, 60_000))
      })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(folder()).toEqual([expect.stringContaining(`.partial-${child.pid}`)])
    const output = await make(1)
    expect(readFileSync(output, 'utf8')).toBe('1')
    expect(folder()).toEqual([path.basename(output)])
  })

  it('of a build that still runs stays, with all its folders', async () => {
    await make(1)
    const dead = spawnSync('true').pid
    const of = (pid: number, more: string) => `0123.partial-${pid}${more}`
    const names = ['', '.work', '.fetch'].map((more) => of(process.ppid, more))
    for (const name of [...names, of(dead, ''), of(dead, '.work')]) mkdirSync(path.join(cache, 'stages/disk', name))
    await make(2)
    expect(folder().filter((name) => name.includes('.partial-'))).toEqual([...names].sort())
  })
})

it('does not keep without end', async () => {
  for (let input = 0; input < 20; input += 1) await make(input)
  expect(readdirSync(path.join(cache, 'stages/disk'))).toHaveLength(12)
})

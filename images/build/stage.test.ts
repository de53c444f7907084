import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BuildContext } from './context.ts'
import { stage } from './stage.ts'

let cache: string
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'stage-'))
})
afterEach(() => rmSync(cache, { recursive: true, force: true }))

const make = (input: number) =>
  stage({ cache, log: () => {} } as unknown as BuildContext, 'disk', { input }, async (output) =>
    writeFileSync(output, String(input)),
  )

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

it('does not keep without end', async () => {
  for (let input = 0; input < 20; input += 1) await make(input)
  expect(readdirSync(path.join(cache, 'stages/disk'))).toHaveLength(12)
})

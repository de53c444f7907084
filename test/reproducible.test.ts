import { cpSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { $ } from 'zx'
import { fileSha256 } from '#images/build/packages.ts'
import { built } from './kit/kit.ts'

const folders: string[] = []

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

it('gives the same bytes at another path and time, from the same packages', async () => {
  const first = await built('kit-x86')
  const { context, pool } = first
  const copy = path.join(context.cache, 'test/elsewhere')
  const cache = path.join(context.cache, 'test/elsewhere-cache')
  folders.push(copy, cache)
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  for (const name of ['agent', 'bin', 'dashboard', 'images', 'package.json', 'package-lock.json']) {
    cpSync(path.join(context.repo, name), path.join(copy, name), { recursive: true, verbatimSymlinks: true })
  }
  // A copy, as in another clone: a link would be followed, and the bundles' names depend on the paths.
  await $`cp -a ${path.join(context.repo, 'node_modules')} ${copy}`
  mkdirSync(cache, { recursive: true })
  const env = { ...process.env, HEARTH_NAMESPACE: '', HEARTH_CACHE: cache, SOURCE_DATE_EPOCH: String(context.epoch) }
  await $({ cwd: copy, env })`${process.execPath} bin/hearth.ts build kit-x86 --raw --packages ${pool.folder}`.quiet()
  expect(await fileSha256(path.join(copy, 'out/kit-x86.img'))).toBe(await fileSha256(first.image))
})

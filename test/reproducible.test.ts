import { cpSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { $ } from 'zx'
import { agentPackage, architectures } from '#images/build/deb.ts'
import { fileSha256 } from '#images/build/packages.ts'
import { built } from './kit/kit.ts'

const folders: string[] = []

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A copy of the repository as in another clone, with a cache of its own. */
async function elsewhere() {
  const first = await built('kit-x86')
  const { context } = first
  const copy = path.join(context.cache, 'test/elsewhere')
  const cache = path.join(context.cache, 'test/elsewhere-cache')
  const env = { ...process.env, HEARTH_NAMESPACE: '', HEARTH_CACHE: cache, SOURCE_DATE_EPOCH: String(context.epoch) }
  if (folders.length === 0) {
    folders.push(copy, cache)
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    const names = ['agent', 'bin', 'dashboard', 'docs', 'images', 'LICENSE', 'package.json', 'package-lock.json']
    for (const name of names)
      cpSync(path.join(context.repo, name), path.join(copy, name), { recursive: true, verbatimSymlinks: true })
    // A link would be followed, and the bundles' names depend on the paths.
    await $`cp -a ${path.join(context.repo, 'node_modules')} ${copy}`
    mkdirSync(cache, { recursive: true })
  }
  return { first, copy, build: $({ cwd: copy, env }) }
}

it('gives the same bytes at another path and time, from the same packages', async () => {
  const { first, copy, build } = await elsewhere()
  await build`${process.execPath} bin/hearth.ts build kit-x86 --raw --packages ${first.pool.folder}`.quiet()
  expect(await fileSha256(path.join(copy, 'out/kit-x86.img'))).toBe(await fileSha256(first.image))
})

it('gives the same packages of the agent', async () => {
  const { first, copy, build } = await elsewhere()
  await build`${process.execPath} bin/hearth.ts build agent`.quiet()
  for (const architecture of architectures) {
    const { file, version } = await agentPackage(first.context, first.tools, architecture)
    const other = path.join(copy, `out/agent/hearth-ledger-agent_${version}_${architecture}.deb`)
    expect(await fileSha256(other), architecture).toBe(await fileSha256(file))
  }
})

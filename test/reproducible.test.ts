import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { $ } from 'zx'
import { agentPackage, architectures } from '#images/build/deb.ts'
import { fileSha256, keptLock } from '#images/build/packages.ts'
import { readLock, writeLock } from '#images/lock/lock.ts'
import type { Manifest } from '#images/publish/index.ts'
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
  const env = {
    ...process.env,
    HEARTH_NAMESPACE: '',
    HEARTH_CACHE: cache,
    // For the development key of that clone.
    XDG_CONFIG_HOME: cache,
    SOURCE_DATE_EPOCH: String(context.epoch),
  }
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

it('gives the same bytes at another path and time, from the same packages', { timeout: 900_000 }, async () => {
  const { first, copy, build } = await elsewhere()
  await build`${process.execPath} bin/hearth.ts build kit-x86 --raw --packages ${first.pool.folder}`.quiet()
  expect(await fileSha256(path.join(copy, 'out/kit-x86.img'))).toBe(await fileSha256(first.image))
})

it('from packages that drifted says so, and gives the same bytes again', { timeout: 900_000 }, async () => {
  const { first, copy, build } = await elsewhere()
  // As if the mirror had had another version when the lock was made.
  const committed = path.join(copy, 'images/recipes/kit-x86.lock.json')
  const lock = readLock(committed)
  const [other, ...rest] = lock.packages
  if (!other) throw new Error('The lock is empty.')
  writeLock(committed, { ...lock, packages: [{ ...other, version: '0', sha256: '0'.repeat(64) }, ...rest] })
  const kept = path.join(copy, 'kept')
  mkdirSync(kept)
  for (const name of readdirSync(first.pool.folder).filter((each) => each.endsWith('.deb')))
    cpSync(path.join(first.pool.folder, name), path.join(kept, name))
  const call = ['bin/hearth.ts', 'build', 'kit-x86', '--packages', kept]
  const refused = await build`${process.execPath} ${call}`.quiet().nothrow()
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toContain(`lacks packages of the lock file: ${other.name} 0`)

  writeLock(keptLock(kept, 'kit-x86'), first.pool.lock)
  const { stdout } = await build`${process.execPath} ${call}`.quiet()
  expect(stdout).toContain(`lock: drifted: ${other.name}: 0 → ${other.version}`)
  const manifest: Manifest = JSON.parse(readFileSync(path.join(copy, 'out/kit-x86/manifest.json'), 'utf8'))
  expect(manifest).toMatchObject({ lock: 'drifted', image: { sha256: await fileSha256(first.image) } })
  expect(manifest.tools).toMatchObject({ 'squashfs-tools': expect.any(String), 'grub-common': expect.any(String) })
  const sbom = JSON.parse(readFileSync(path.join(copy, 'out/kit-x86/sbom.spdx.json'), 'utf8'))
  for (const name of ['grub-efi-amd64-bin', 'grub-pc-bin']) {
    const locked = first.pool.lock.packages.find((each) => each.name === name)
    expect(sbom.packages.find((each: { name: string }) => each.name === name)).toMatchObject({
      versionInfo: locked?.version,
      checksums: [{ algorithm: 'SHA256', checksumValue: locked?.sha256 }],
    })
  }
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

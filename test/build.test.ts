import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { $ } from 'zx'
import { buildContext, deliver } from '#images/build/build.ts'
import { type BuildContext, ensureFolder } from '#images/build/context.ts'
import {
  keptLock,
  type PackageFolder,
  providePackages,
  recipePackages,
  type Selection,
} from '#images/build/packages.ts'
import { stage } from '#images/build/stage.ts'
import { prepareTools, type Tools } from '#images/build/tools.ts'
import type { Lock } from '#images/lock/lock.ts'
import { TinyMirror, type TinyPackage } from './kit/mirror.ts'

// Packages and stages of a build, with real tools, a mirror in a folder, and a disk that is full.

let context: BuildContext
let tools: Tools
let folder: string
let mirror: TinyMirror

beforeAll(async () => {
  context = await buildContext(() => undefined)
  tools = await prepareTools(context)
  folder = path.join(context.cache, 'test/build')
  rmSync(folder, { recursive: true, force: true })
  mirror = new TinyMirror(tools, path.join(ensureFolder(folder), 'mirror'))
})

afterAll(async () => {
  await removeDisk()
  rmSync(folder, { recursive: true, force: true })
})

/** A build on another machine: nothing kept yet. */
let machines = 0
const machine = (cache = path.join(folder, `cache-${++machines}`)): BuildContext => ({
  ...context,
  cache: ensureFolder(cache),
  mirrors: mirror.mirrors,
})

const library = (version: string): TinyPackage => ({ name: 'library', version, size: 200_000 })
const offered = (version: string): TinyPackage[] => [
  { name: 'core', version: '1', more: 'Essential: yes' },
  { name: 'program', version: '1', more: 'Depends: library' },
  { name: 'loader', version: '1', more: 'Depends: nothing-there' },
  library(version),
]
const selection: Selection = {
  suite: 'trixie',
  architecture: 'amd64',
  packages: ['program'],
  backports: [],
  unpacked: ['loader'],
}
const versions = ({ packages }: Lock) => packages.map(({ name, version }) => `${name} ${version}`)
const debs = (pool: string) => readdirSync(pool).filter((name) => name.endsWith('.deb'))

describe('the packages of an image', () => {
  let committed: Lock
  beforeAll(async () => {
    await mirror.offer(offered('1'))
    committed = (await providePackages(machine(), tools, selection, null)).lock
  })
  beforeEach(() => mirror.offer(offered('1')))

  const provide = (at: BuildContext, given: string | null = null, lock: Lock | null = committed) =>
    recipePackages(at, tools, 'kit', selection, lock, given)

  it('are those of the lock, with what they need, and once kept no mirror is asked', async () => {
    expect(versions(committed)).toEqual(['core 1', 'library 1', 'loader 1', 'program 1'])
    const at = machine()
    const pool = await provide(at)
    expect(pool).toMatchObject({ state: 'exact', differences: [], lock: committed })
    expect(debs(pool.folder)).toHaveLength(4)
    expect(existsSync(keptLock(pool.folder, 'kit'))).toBe(false)
    mirror.close()
    expect(await provide(at)).toEqual(pool)
  })

  describe('when the mirror moved on', () => {
    let pool: PackageFolder
    beforeAll(async () => {
      await mirror.offer(offered('2'))
      pool = await provide(machine())
    })

    it('are resolved anew, with the difference told', () => {
      expect(pool).toMatchObject({ state: 'drifted', differences: ['library: 1 → 2'] })
      expect(versions(pool.lock)).toContain('library 2')
    })

    it('can be had again from their folder, and stay drifted', async () => {
      mirror.close()
      const again = await provide(machine(), pool.folder)
      expect(again).toEqual({ ...pool, folder: again.folder })
      // And from that one's folder, as from any copy.
      const copy = path.join(folder, 'copied')
      cpSync(again.folder, copy, { recursive: true })
      expect(await provide(machine(), copy)).toMatchObject({ state: 'drifted', lock: pool.lock })
    })

    it('are exact again when their lock is the committed one', async () => {
      mirror.close()
      expect(await provide(machine(), pool.folder, pool.lock)).toMatchObject({ state: 'exact', differences: [] })
    })
  })

  it('come from --packages alone, and what that lacks is named', async () => {
    const pool = await provide(machine())
    mirror.close()
    expect(await provide(machine(), pool.folder)).toMatchObject({ state: 'exact', lock: committed })
    const kept = path.join(folder, 'kept')
    cpSync(pool.folder, kept, { recursive: true })
    rmSync(path.join(kept, 'library_1_amd64.deb'))
    await expect(provide(machine(), kept)).rejects.toThrow(`${kept} lacks packages of the lock file: library 1.`)
    const asked = { ...selection, packages: ['program', 'more'] }
    await expect(recipePackages(machine(), tools, 'kit', asked, committed, pool.folder)).rejects.toThrow(
      'The lock file has no more, which the recipe asks for',
    )
  })

  it('are not taken damaged from --packages', async () => {
    const kept = path.join(folder, 'damaged')
    cpSync((await provide(machine())).folder, kept, { recursive: true })
    mirror.close()
    damage(path.join(kept, 'library_1_amd64.deb'))
    await expect(provide(machine(), kept)).rejects.toThrow('lacks packages of the lock file: library 1.')
  })

  it('are not taken damaged from an earlier build, but fetched again', async () => {
    const at = machine()
    const pool = await provide(at)
    const sum = committed.packages.find(({ name }) => name === 'library')?.sha256 ?? ''
    rmSync(pool.folder, { recursive: true })
    damage(path.join(at.cache, 'debs', sum))
    await expect(provide(at)).rejects.toThrow('The kept copy of library 1 is damaged; it was deleted.')
    expect(await provide(at)).toMatchObject({ state: 'exact', lock: committed })
  })

  it('are not kept half when the disk is full', async () => {
    const kept = path.join(folder, 'whole')
    cpSync((await provide(machine())).folder, kept, { recursive: true })
    const at = machine(await smallDisk('100k'))
    await expect(provide(at, kept)).rejects.toThrow(/ENOSPC|no space left/i)
    expect(readdirSync(path.join(at.cache, 'debs')).filter((name) => name.includes('partial'))).toEqual([])
    await resize('8m')
    expect(await provide(at, kept)).toMatchObject({ state: 'exact', lock: committed })
  })
})

describe('a disk that is full', () => {
  it('leaves nothing of a stage, and once there is room it is made whole', async () => {
    const at = machine(await smallDisk('1m'))
    const source = path.join(folder, 'source')
    writeFileSync(source, Buffer.alloc(2 * 1024 * 1024, 'x'))
    const make = () =>
      stage(at, 'disk', { of: 'the same' }, async (output) => {
        await $`cp ${source} ${output}`.quiet()
      })
    await expect(make()).rejects.toThrow(/no space left/i)
    expect(readdirSync(path.join(at.cache, 'stages/disk'))).toEqual([])
    await resize('8m')
    expect(readFileSync(await make()).equals(readFileSync(source))).toBe(true)
  })

  it('leaves the image that was delivered before', async () => {
    const out = path.join(await smallDisk('1m'), 'kit.img')
    const [small, large] = ['small.img', 'large.img'].map((name) => path.join(folder, name)) as [string, string]
    writeFileSync(small, 'the one before')
    writeFileSync(large, Buffer.alloc(2 * 1024 * 1024, 'x'))
    await deliver(small, out)
    await expect(deliver(large, out)).rejects.toThrow(/no space left/i)
    expect(readFileSync(out, 'utf8')).toBe('the one before')
    expect(readdirSync(path.dirname(out))).toEqual(['kit.img'])
  })
})

/** A fresh file system in memory, of so many bytes. */
async function smallDisk(size: string): Promise<string> {
  const at = ensureFolder(path.join(folder, 'small'))
  await removeDisk()
  await $`mount -t tmpfs -o size=${size} tmpfs ${at}`.quiet()
  // The tools see the cache as it was mounted before.
  await $`mount --bind ${at} ${path.join(tools.root, at)}`.quiet()
  return at
}

async function removeDisk(): Promise<void> {
  const at = path.join(folder, 'small')
  for (const mounted of [path.join(tools.root, at), at]) await $`umount ${mounted}`.quiet().nothrow()
}

async function resize(size: string): Promise<void> {
  await $`mount -o remount,size=${size} ${path.join(folder, 'small')}`.quiet()
}

/** Changes one bit in the middle. */
function damage(file: string): void {
  const bytes = readFileSync(file)
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  // As a new file: others may be links to the same.
  writeFileSync(`${file}.new`, bytes)
  renameSync(`${file}.new`, file)
}

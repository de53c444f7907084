import { link, lstat, mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { storageUse } from './storage.ts'
import { makeWorld } from './testing/world.ts'

let kit: KitRoot
const at = (...parts: string[]) => path.join(kit.root, 'data', ...parts)

beforeEach(async () => {
  kit = await makeKitRoot()
})
afterEach(() => kit.remove())

test('counts blocks by owner, and a file with several names once', async () => {
  const before = await storageUse(makeWorld(kit.paths))
  await mkdir(at('snac/user/anna/static'), { recursive: true })
  await mkdir(at('snac/user/anna/public'))
  await mkdir(at('snac/object/ab'), { recursive: true })
  await writeFile(at('snac/object/ab/post.json'), Buffer.alloc(40_000, 1))
  await link(at('snac/object/ab/post.json'), at('snac/user/anna/public/post.json'))
  await writeFile(at('snac/user/anna/static/photo.jpg'), Buffer.alloc(300_000, 1))
  await writeFile(at('hearth/agent/ledger.db'), Buffer.alloc(100_000, 1))
  // A link out of the partition is not followed.
  await symlink('/usr', at('hearth/usr'))

  const use = await storageUse(makeWorld(kit.paths))
  const folders = [
    'snac',
    'snac/user',
    'snac/user/anna',
    'snac/user/anna/static',
    'snac/user/anna/public',
    'snac/object',
  ]
  const files = ['snac/object/ab', 'snac/object/ab/post.json', 'snac/user/anna/static/photo.jpg']
  expect(use.server - before.server).toBe(await blocks([...folders, ...files]))
  expect(use.media).toBe(await blocks(['snac/user/anna/static/photo.jpg']))
  expect(use.ledger - before.ledger).toBe(await blocks(['hearth/agent/ledger.db']))
  expect(use.system - before.system).toBeLessThan(10_000)
})

test('a kit without a server yet has used nothing for it', async () => {
  expect(await storageUse(makeWorld(kit.paths))).toMatchObject({ server: 0, media: 0 })
})

async function blocks(names: string[]): Promise<number> {
  const all = await Promise.all(names.map((name) => lstat(at(name))))
  return all.reduce((sum, { blocks }) => sum + blocks * 512, 0)
}

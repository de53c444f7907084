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

test('tells the uploads of each account apart; what has several names is nobody’s own', async () => {
  const [anna, ben] = [at('snac/user/anna/static'), at('snac/user/ben/static')]
  for (const folder of [anna, ben, at('snac/user/__proto__'), at('snac/user/anna/public')])
    await mkdir(folder, { recursive: true })
  await writeFile(path.join(anna, 'own.jpg'), Buffer.alloc(300_000, 1))
  await writeFile(path.join(anna, 'both.jpg'), Buffer.alloc(200_000, 1))
  await link(path.join(anna, 'both.jpg'), path.join(ben, 'both.jpg'))
  await link(path.join(anna, 'both.jpg'), path.join(ben, 'again.jpg'))
  await writeFile(at('snac/user/anna/public/post.json'), Buffer.alloc(50_000, 1))
  const { media, uploads = {} } = await storageUse(makeWorld(kit.paths))
  expect(Object.entries(uploads).sort()).toEqual([
    ['__proto__', 0],
    ['anna', await blocks(['snac/user/anna/static/own.jpg'])],
    ['ben', 0],
  ])
  expect(media).toBe(await blocks(['snac/user/anna/static/own.jpg', 'snac/user/anna/static/both.jpg']))
})

test('backups on the kit have a place of their own, and none where there are none', async () => {
  expect(await storageUse(makeWorld(kit.paths))).not.toHaveProperty('backups')
  const before = await storageUse(makeWorld(kit.paths))
  await mkdir(at('hearth/backups'))
  await writeFile(at('hearth/backups/2026-11-24.tar'), Buffer.alloc(500_000, 1))
  const after = await storageUse(makeWorld(kit.paths))
  expect(after.backups).toBe(await blocks(['hearth/backups', 'hearth/backups/2026-11-24.tar']))
  expect(after.system - before.system).toBeLessThan(10_000)
})

test('a kit without a server yet has used nothing for it', async () => {
  expect(await storageUse(makeWorld(kit.paths))).toMatchObject({ server: 0, media: 0 })
})

async function blocks(names: string[]): Promise<number> {
  const all = await Promise.all(names.map((name) => lstat(at(name))))
  return all.reduce((sum, { blocks }) => sum + blocks * 512, 0)
}

import { createHash } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { check, tag } from './people.ts'
import { makeWorld, type TestWorld } from './testing/world.ts'

let kit: KitRoot
let world: TestWorld
beforeEach(async () => {
  kit = await makeKitRoot()
  world = makeWorld(kit.paths)
  await setPassword('ada', 'lilac tower', '1a2b3c4d')
})
afterEach(() => kit.remove())

/** As snac keeps it (agent/servers/snac-password.ts). */
async function setPassword(id: string, password: string, nonce: string): Promise<string> {
  const passwd = `${nonce}:${createHash('sha1').update(`${nonce}:${id}:${password}`).digest('hex')}`
  await kit.write(`data/snac/user/${id}/user.json`, { uid: id, name: 'Ada', passwd })
  return passwd
}
const tagOfAda = async () => (await tag(world, { id: 'ada' })).tag

test('the tag of a password stays as long as the password, and is another one with the same words set anew', async () => {
  const { person } = await check(world, { id: 'Ada', password: 'lilac tower' })
  expect(person).toEqual({ id: 'ada', name: 'Ada', tag: await tagOfAda() })
  expect(await tag(makeWorld(kit.paths), { id: 'ada' })).toEqual({ tag: person?.tag })
  await setPassword('ada', 'lilac tower', '5e6f7a8b')
  expect(await tagOfAda()).not.toBe(person?.tag)
  expect(await check(world, { id: 'ada', password: 'lilac towel' })).toEqual({ person: null })
})

test('nobody who is not there has one, nor an account without a password', async () => {
  expect(await tag(world, { id: 'eve' })).toEqual({ tag: null })
  await kit.write('data/snac/user/bot/user.json', { uid: 'bot' })
  expect(await tag(world, { id: 'bot' })).toEqual({ tag: null })
  await rm(`${kit.paths.snac}/user/ada`, { recursive: true })
  expect(await tagOfAda()).toBeNull()
})

test('it tells nothing of what the server keeps: another kit has another for the same', async () => {
  const kept = await setPassword('ada', 'lilac tower', '1a2b3c4d')
  const first = await tagOfAda()
  for (const part of kept.split(':')) expect(first).not.toContain(part)
  expect((await stat(kit.paths.passwordTagKey)).mode & 0o777).toBe(0o600)
  const key = await readFile(kit.paths.passwordTagKey, 'utf8')
  await rm(kit.paths.passwordTagKey)
  expect(await tagOfAda()).not.toBe(first)
  await writeFile(kit.paths.passwordTagKey, key)
  expect(await tagOfAda()).toBe(first)
  // Half-written: a new one, and everybody signs in again.
  await writeFile(kit.paths.passwordTagKey, key.slice(0, 10))
  expect(await tagOfAda()).not.toBe(first)
  expect(await tagOfAda()).toBe(await tagOfAda())
})

import { access, readFile } from 'node:fs/promises'
import { afterEach, expect, test } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { confirmClock } from './clock.ts'
import { makeWorld } from './testing/world.ts'

let kit: KitRoot
afterEach(() => kit.remove())

const built = Date.parse('2026-10-01T00:00:00Z') / 1000

test('sets the clock and notes that it was confirmed', async () => {
  kit = await makeKitRoot({ clockTrusted: false })
  const world = makeWorld(kit.paths)
  await expect(confirmClock(world, { epochSeconds: built + 60 })).resolves.toEqual({ clock: built + 60 })
  expect(world.commands).toEqual([`date --utc --set=@${built + 60}`])
  expect(await readFile(kit.paths.clockConfirmed, 'utf8')).toBe(`${built + 60}\n`)
})

test.each([
  ['before this release', built - 1, false, 'clock.impossible'],
  ['decades ahead', built + 30 * 366 * 86_400, false, 'clock.impossible'],
  ['once a time server has set it', built + 60, true, 'clock.trusted'],
])('refuses a time %s', async (_, epochSeconds, clockTrusted, code) => {
  kit = await makeKitRoot({ clockTrusted })
  const world = makeWorld(kit.paths)
  await expect(confirmClock(world, { epochSeconds })).rejects.toMatchObject({ code })
  expect(world.commands).toEqual([])
  await expect(access(kit.paths.clockConfirmed)).rejects.toThrow()
})

test('a clock that cannot be set counts as not confirmed', async () => {
  kit = await makeKitRoot({ clockTrusted: false })
  const world = makeWorld(kit.paths, () => ({ code: 1, stderr: 'cannot set date' }))
  await expect(confirmClock(world, { epochSeconds: built + 60 })).rejects.toThrow(/cannot set date/)
  await expect(access(kit.paths.clockConfirmed)).rejects.toThrow()
})

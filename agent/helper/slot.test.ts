import { afterEach, expect, test } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { slotIsGood } from './slot.ts'
import { makeWorld } from './testing/world.ts'

let kit: KitRoot
afterEach(() => kit.remove())

test('the tries of the running slot, and only its, are counted from 0 again', async () => {
  kit = await makeKitRoot({ boot: { slot: 'B' } })
  const world = makeWorld(kit.paths)
  await expect(slotIsGood(world)).resolves.toEqual({ slot: 'B' })
  expect(world.commands).toEqual(['/usr/lib/hearth/boot-env set B_TRY=0'])
})

test('without a slot nothing is called good', async () => {
  kit = await makeKitRoot({ boot: { slot: null } })
  const world = makeWorld(kit.paths)
  await expect(slotIsGood(world)).rejects.toMatchObject({ code: 'slot.unknown' })
  expect(world.commands).toEqual([])
})

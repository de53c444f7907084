import { renameSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { FileWatch } from './file-watch.ts'

let kit: KitRoot
beforeEach(async () => {
  kit = await makeKitRoot()
})
afterEach(() => kit.remove())

it('calls once for a burst of replacements, and not for the files beside it', async () => {
  let calls = 0
  const watch = new FileWatch(
    kit.paths.network,
    () => {
      calls += 1
    },
    150,
  )
  watch.start()
  await kit.write('run/hearth/counters.json', {})
  await wait(300)
  expect(calls).toBe(0)
  for (let number = 0; number < 5; number += 1) {
    await kit.write('run/hearth/network.json.new', { number })
    renameSync(`${kit.paths.network}.new`, kit.paths.network)
    await wait(20)
  }
  await wait(400)
  expect(calls).toBe(1)
  watch.stop()
  await kit.write('run/hearth/network.json', {})
  await wait(300)
  expect(calls).toBe(1)
})

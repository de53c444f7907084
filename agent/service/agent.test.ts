import { readdirSync, statSync } from 'node:fs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { hourMs } from '../ledger/hours.ts'
import { Ledger } from '../ledger/ledger.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { Agent } from './agent.ts'

let kit: KitRoot
let agent: Agent
const clock = new FakeClock('2026-11-24T18:00:00Z')

beforeEach(async () => {
  kit = await makeKitRoot()
  vi.spyOn(console, 'error').mockImplementation(() => {}) // no server and no helper answer here
  agent = new Agent({ paths: kit.paths, webPorts: null, clock })
})
afterEach(async () => {
  await agent.stop()
  vi.restoreAllMocks()
  await kit.remove()
})

/** The first hour on the card. */
function firstHour(): number | null {
  const ledger = new Ledger(kit.paths.agentData, () => clock.now())
  const first = ledger.firstHour()
  ledger.stop()
  return first
}

it('deletes old hours also where the kit is only on in the evening', async () => {
  const old = clock.now() - 401 * 24 * hourMs
  const ledger = new Ledger(kit.paths.agentData, () => clock.now())
  ledger.add([{ interval: { start: old, end: old + hourMs, trusted: true }, quantities: { seconds: 3600 } }])
  ledger.stop()
  await agent.start()
  await agent.schedules.catchUp()
  expect(firstHour()).toBe(Math.floor(old / hourMs) * hourMs) // nobody knows yet whether the clock is right
  clock.pass(3700)
  await agent.schedules.runWaiting()
  expect(firstHour()).not.toBe(Math.floor(old / hourMs) * hourMs)
})

it('does not write to the card for jobs that have nothing to do', async () => {
  await agent.start()
  const hourOfJobs = async () => {
    clock.pass(3600)
    await agent.schedules.catchUp()
    await agent.schedules.runWaiting()
    const files = readdirSync(kit.paths.agentData).filter((name) => !name.endsWith('-shm')) // that one is in memory
    return files.map((name) => [name, statSync(`${kit.paths.agentData}/${name}`).mtimeMs])
  }
  const before = await hourOfJobs() // the first time some have
  for (let hour = 0; hour < 3; hour += 1) expect(await hourOfJobs()).toEqual(before)
})

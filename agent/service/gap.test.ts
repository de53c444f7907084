import { afterEach, beforeEach, expect, it } from 'vitest'
import { Ledger } from '../ledger/ledger.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { Agent } from './agent.ts'

let kit: KitRoot
let clock: FakeClock
beforeEach(async () => {
  kit = await makeKitRoot()
  clock = new FakeClock('2026-11-24T12:10:00Z')
})
afterEach(() => kit.remove())

/** What an agent that runs at a moment says is missing this month. */
async function gapAt(time: string): Promise<number> {
  clock.set(time)
  const agent = new Agent({ paths: kit.paths, webPorts: null, clock })
  await agent.start()
  const { traffic } = await agent.summary()
  await agent.stop()
  return traffic.month.gapSeconds
}
function read(from: string, minutes: number): void {
  const ledger = new Ledger(kit.paths.agentData, () => clock.now())
  const start = Date.parse(from)
  ledger.add([
    { interval: { start, end: start + minutes * 60_000, trusted: true }, quantities: { seconds: minutes * 60 } },
  ])
  ledger.stop()
}

it('a kit that is off within its first hour shows that as a gap; when it began is no gap', async () => {
  read('2026-11-24T12:05:00Z', 5)
  expect(await gapAt('2026-11-24T12:10:00Z')).toBe(0)
  expect(await gapAt('2026-11-24T12:35:00Z')).toBe(25 * 60)
  read('2026-11-24T12:35:00Z', 10)
  expect(await gapAt('2026-11-24T13:05:00Z')).toBe(45 * 60)
})

it('a beginning that a wrong clock noted is not believed later', async () => {
  read('2024-11-24T12:05:00Z', 5)
  await gapAt('2024-11-24T12:10:00Z')
  const ledger = new Ledger(kit.paths.agentData, () => clock.now())
  clock.set('2026-11-24T12:10:00Z')
  ledger.forgetOld()
  ledger.stop()
  read('2026-11-24T12:05:00Z', 5)
  expect(await gapAt('2026-11-24T12:10:00Z')).toBe(0)
})

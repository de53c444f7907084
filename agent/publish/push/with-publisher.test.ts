import { cpSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseLogKey } from '../../ledger/log/note.ts'
import { collectorFolder } from '../log-address.ts'
import { PublishingKit } from '../testing.ts'
import { makeSecureHost, runPublish } from './push-fixture.ts'

/*
 * The agent's publisher, the budget, hearth-publish as a program of its own, and a collector by HTTPS: the whole way of a
 * report, and back after the kit was put back.
 */
let kit: PublishingKit
let collector: Awaited<ReturnType<typeof makeSecureHost>>

beforeEach(async () => {
  kit = await PublishingKit.make('2026-10-05T10:00:00Z')
  mkdirSync(path.dirname(kit.paths.inbox), { recursive: true })
  collector = await makeSecureHost(kit.root.root)
  for (const day of ['2026-10-06', '2026-11-06', '2026-12-06']) kit.meter(day)
})
afterEach(async () => {
  collector.close()
  await kit.remove()
})

/** What the path unit and the agent's watch do: the program runs when there is an outbox, the agent when it answered. */
async function deliver(): Promise<string> {
  const { text } = await runPublish(kit.root.root, collector.certificate)
  await kit.publisher.run()
  return text
}

const standing = () => kit.publisher.state().collectors[0]
const there = (file: string) => {
  const { origin } = kit.outbox()
  return collector.files.get(`/${collectorFolder(origin)}${file}`)?.toString()
}

describe('the whole way of a report', () => {
  it('to a collector, within the budget, and back after the kit was put back', async () => {
    kit.at('2026-10-05T12:00:00Z')
    await kit.publisher.addCollector({ place: { kind: 'http', url: collector.url }, publicUrl: collector.url })
    await kit.switchOn('month', '2026-10-01')
    kit.at('2026-11-09T10:00:00Z')
    await kit.publisher.run()
    for (let round = 0; round < 4 && (there('checkpoint')?.split('\n')[1] ?? '') !== '1'; round += 1) await deliver()
    expect(there('checkpoint')).toMatch(/^hearth\.example\/\.well-known\/commonhearth\/ledger\n1\n/)
    expect(standing()?.problem ?? null).toBeNull()
    const { sent, left } = kit.publisher.state().budget
    expect(sent).toBeGreaterThan(5000)
    expect(sent).toBeLessThan(64 * 1024)
    expect(left).toBeGreaterThan(0)

    const aside = path.join(kit.root.root, 'aside')
    const folders = [kit.paths.agentData, kit.paths.publish]
    await kit.stop()
    for (const folder of folders) cpSync(folder, path.join(aside, path.basename(folder)), { recursive: true })
    kit.start()
    kit.at('2026-12-09T10:00:00Z')
    await kit.publisher.run()
    for (let round = 0; round < 4 && there('checkpoint')?.split('\n')[1] !== '2'; round += 1) await deliver()
    expect(there('checkpoint')?.split('\n')[1]).toBe('2')
    const published = there('checkpoint')

    // Put back as it was a month ago.
    await kit.stop()
    for (const folder of folders) {
      rmSync(folder, { recursive: true })
      cpSync(path.join(aside, path.basename(folder)), folder, { recursive: true })
    }
    kit.start()
    kit.at('2027-01-09T10:00:00Z')
    await kit.publisher.run()
    for (let round = 0; round < 5 && there('checkpoint')?.split('\n')[1] !== '3'; round += 1) await deliver()
    expect(there('checkpoint')?.split('\n')[1]).toBe('3')
    expect(there('checkpoint')).not.toBe(published)
    expect(parseLogKey(kit.outbox().key).name).toBe(kit.outbox().origin)
    expect(kit.publisher.state().trouble).toBeNull()
  })
})

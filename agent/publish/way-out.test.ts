import { rmSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readFolder, readUrl } from '../ledger/log/source.ts'
import { verifyLog } from '../ledger/log/verify.ts'
import { collectorAddress } from './log-address.ts'
import { answerOutbox } from './push/answer.ts'
import { type Host, makeHost } from './push/push-fixture.ts'
import { PublishingKit } from './testing.ts'

/** The agent's side and hearth-publish together, with a collector on the loopback. */
let kit: PublishingKit
let host: Host & { files: Map<string, Buffer> }

beforeEach(async () => {
  kit = await PublishingKit.make('2026-11-20T10:00:00Z')
  host = await makeHost()
  for (const day of ['2026-09-05', '2026-10-05', '2026-11-05']) kit.meter(day)
  kit.at('2026-11-20T10:00:00Z')
})
afterEach(async () => {
  await host.close()
  await kit.remove()
})

const addCollector = () => kit.publisher.addCollector({ place: { kind: 'http', url: host.url }, publicUrl: host.url })
/** hearth-publish works until there is nothing more to do. */
async function settle(): Promise<void> {
  for (let number = 0; number !== kit.outbox().number; ) {
    number = kit.outbox().number
    kit.answer(await answerOutbox(kit.outbox(), kit.paths))
    await kit.publisher.run()
  }
}
const atCollector = () => readUrl(collectorAddress(host.url, kit.publisher.state().log?.origin ?? ''))

describe('the way out', () => {
  it('brings each report to the collector, where anybody can check it, within what was granted', async () => {
    await addCollector()
    await kit.switchOn('month', '2026-09-01')
    await settle()
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    await settle()
    expect(await verifyLog(atCollector())).toMatchObject({ ok: true, checkpoint: { size: 3 } })
    const state = kit.publisher.state()
    expect(state.collectors[0]).toMatchObject({ has: 3, problem: null })
    expect(state.budget.sent).toBeLessThan(64 * 1024)
    expect([...host.files.keys()].filter((name) => name.startsWith('/index/'))).toHaveLength(1)
  })

  it('brings back what the kit lost: files of the log; with the key, a log after it', async () => {
    await addCollector()
    await kit.switchOn('month', '2026-09-01')
    await settle()
    rmSync(path.join(kit.paths.publicLog, 'checkpoint'))
    rmSync(path.join(kit.paths.publicLog, 'tile'), { recursive: true })
    await kit.restart()
    await kit.publisher.run()
    await settle()
    expect(await verifyLog(readFolder(kit.paths.publicLog))).toMatchObject({ ok: true, checkpoint: { size: 2 } })

    // As on a new card: only the journal is there.
    await kit.stop()
    for (const file of ['publishing.json', 'published.json', 'deliveries.json', 'public-log.json'])
      rmSync(path.join(kit.paths.agentData, file))
    rmSync(kit.paths.publish, { recursive: true })
    kit.start()
    kit.at('2026-12-20T10:00:00Z')
    await addCollector()
    await kit.switchOn('month', '2026-09-01')
    await settle()
    expect(kit.publisher.state().trouble).toMatch(/is not signed by/)
    expect(kit.publisher.state().reports).toMatchObject([{ state: 'lost' }, { state: 'lost' }])
    await kit.publisher.renew()
    await settle()
    const report = await verifyLog(atCollector())
    expect(report).toMatchObject({ ok: true, checkpoint: { size: 2 }, predecessor: { size: 2, oldKey: 'lost' } })
    expect(kit.publisher.state().reports.map(({ period, state }) => [period.from, state])).toEqual([
      ['2026-09-01', 'lost'],
      ['2026-10-01', 'lost'],
      ['2026-11-01', 'published'],
    ])
  })
})

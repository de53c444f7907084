import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeWitness } from '../ledger/log/log-fixture.ts'
import { readFolder } from '../ledger/log/source.ts'
import { verifyLog } from '../ledger/log/verify.ts'
import { checkReport } from './check.ts'
import type { Commitment } from './commitment.ts'
import { checkProofFile } from './proof-file.ts'
import type { Report } from './report.ts'
import { PublishingKit, StandInCollector, serverName } from './testing.ts'

/** The power fails before so many more writes; null: it does not. */
const power = vi.hoisted(() => ({ left: null as number | null }))
vi.mock('../service/durable.ts', async (original) => {
  const durable = await original<typeof import('../service/durable.ts')>()
  return {
    ...durable,
    writeDurably: (...args: Parameters<typeof durable.writeDurably>) => {
      if (power.left !== null && power.left-- <= 0) throw new Error('power cut')
      durable.writeDurably(...args)
    },
  }
})

let kit: PublishingKit
let collector: StandInCollector

beforeEach(async () => {
  power.left = null
  kit = await PublishingKit.make('2026-11-20T10:00:00Z')
  collector = new StandInCollector(path.join(kit.root.root, 'collector'))
  for (const day of ['2026-09-05', '2026-10-05', '2026-11-05']) kit.meter(day)
  kit.at('2026-11-20T10:00:00Z')
})
afterEach(async () => {
  power.left = null
  await kit.remove()
})

const place = { kind: 'http', url: 'https://collector.example/put/', user: 'ada', password: 'very secret' } as const
const addCollector = (publicUrl = 'https://collector.example/read/') => kit.publisher.addCollector({ place, publicUrl })
const logFolder = () => {
  const folder = kit.publisher.state().log?.address.split('/.well-known/commonhearth/ledger/')[1]
  return path.join(kit.paths.publicLog, folder ?? '')
}
/** Reports in the log, as an outsider reads and checks them. */
async function reports(folder = logFolder()): Promise<Report[]> {
  const leaves: Buffer[] = []
  const { problems } = await verifyLog(readFolder(folder), { visit: (leaf) => leaves.push(leaf) })
  expect(problems).toEqual([])
  return leaves.filter((leaf) => leaf[0] === 0x7b).map((leaf) => checkReport(JSON.parse(leaf.toString())))
}
const months = async (folder?: string) => (await reports(folder)).map(({ period }) => period.from)
const states = () => kit.publisher.state().reports.map(({ period, state }) => [period.from, state])

describe('switching on', () => {
  it('is off, and nothing is written, until the owner has seen the preview as it is', async () => {
    await kit.publisher.run()
    expect(kit.publisher.state()).toMatchObject({ on: false, disclosure: null, log: null })
    const choice = { every: 'month', from: '2026-11-01', household: false } as const
    const preview = kit.publisher.preview(choice)
    expect(preview).toMatchObject({
      state: 'running',
      report: { period: { from: '2026-11-01' }, power: { value: '0.1' } },
    })
    const code = { code: 'publishing.outdated' }
    await expect(kit.publisher.switchOn(choice)).rejects.toMatchObject(code)
    await expect(kit.publisher.switchOn({ ...choice, seen: 'x' })).rejects.toMatchObject(code)
    await expect(kit.publisher.switchOn({ ...choice, household: true, seen: preview.seen })).rejects.toMatchObject(code)
    kit.meter('2026-11-06')
    await expect(kit.publisher.switchOn({ ...choice, seen: preview.seen })).rejects.toMatchObject(code)
    expect(existsSync(kit.paths.publish)).toBe(existsSync(path.dirname(kit.paths.inbox)))
    expect(existsSync(kit.paths.publicLog)).toBe(false)
    const { seen } = kit.publisher.preview(choice)
    expect(await kit.publisher.switchOn({ ...choice, seen })).toMatchObject({
      on: true,
      log: { origin: `${serverName}/.well-known/commonhearth/ledger`, size: 0 },
    })
  })

  it('is refused where there is no program that sends', async () => {
    kit.hasWayOut = false
    await kit.restart()
    await expect(kit.switchOn('month', '2026-11-01')).rejects.toMatchObject({ code: 'publishing.no-way-out' })
    expect(kit.publisher.state()).toMatchObject({ on: false, log: null })
  })

  it('is refused to a server on trial, and for days to come', async () => {
    kit.serverName = null
    const preview = kit.publisher.preview({ every: 'month', from: '2026-11-01', household: false })
    const choice = { every: 'month', from: '2026-11-01', household: false, seen: preview.seen }
    await expect(kit.publisher.switchOn(choice)).rejects.toMatchObject({ code: 'publishing.trial' })
    const wrong = [
      { every: 'day', from: '2026-11-01', household: false },
      { every: 'month', from: '2026-02-30', household: false },
      { every: 'month', from: '2026-12-01', household: false },
      { every: 'month', from: '2026-11-01', household: 'yes' },
    ]
    for (const each of wrong)
      expect(() => kit.publisher.preview(each)).toThrow(expect.objectContaining({ code: 'publishing.choice' }))
  })

  it('shows a household’s bills only with its consent', async () => {
    kit.journal.record({
      kind: 'bill',
      period: { from: '2026-10-07', to: '2026-10-08' },
      instance: serverName,
      amounts: [{ value: '31', unit: 'EUR' }],
      source: 'typed',
      audience: 'members',
    })
    const preview = (household: boolean) => kit.publisher.preview({ every: 'month', from: '2026-10-01', household })
    expect(preview(false)).toMatchObject({ state: 'due', withheld: [{ what: 'money/bill/EUR', why: 'few-people' }] })
    expect(preview(true)).toMatchObject({ withheld: [], report: { money: { bill: { EUR: '31' } } } })
  })
})

describe('reports', () => {
  it('catch up month by month from the one that was chosen, each at least a week late', async () => {
    await kit.switchOn('month', '2026-09-10')
    expect(await months()).toEqual(['2026-09-01', '2026-10-01'])
    kit.at('2026-12-07T22:59:00Z')
    await kit.publisher.run()
    expect(await months()).toHaveLength(2)
    kit.at('2026-12-07T23:01:00Z') // the eighth of December at home
    await kit.publisher.run()
    await kit.publisher.run()
    expect(await months()).toEqual(['2026-09-01', '2026-10-01', '2026-11-01'])
    const [first, second, third] = await reports()
    // Each commits to what was recorded since the one before, and nobody can tell how much that is.
    expect(new Set([first, second, third].map((each) => each?.entries.root)).size).toBe(3)
    expect([first, second, third].map((each) => each?.entries.size)).toEqual([1024, 1024, 1024])
    const kept = JSON.parse(readFileSync(path.join(kit.paths.agentData, 'published.json'), 'utf8'))
    const [one, two, three] = kept.reports.map((each: { commitment: Commitment }) => each.commitment)
    expect([two.from, three.to]).toEqual([one.to + 1, two.to])
    expect(first).toMatchObject({ people: '8', power: { value: '0.1' } })
  })

  it('begin with the month in which it was switched on; months without a reading have none', async () => {
    await kit.switchOn('month', '2026-11-20')
    expect(await months()).toEqual([])
    kit.meter('2027-01-05')
    kit.at('2027-03-20T10:00:00Z')
    await kit.publisher.run()
    expect(await months()).toEqual(['2026-11-01', '2027-01-01'])
  })

  it('wait while the clock cannot be relied on', async () => {
    await kit.switchOn('month', '2026-11-01')
    kit.at('2026-12-20T10:00:00Z')
    kit.steady = false
    await kit.publisher.run()
    expect(await months()).toEqual([])
    kit.steady = true
    await kit.publisher.run()
    expect(await months()).toEqual(['2026-11-01'])
  })

  it('stop when it is switched off, and what is published stays', async () => {
    await addCollector()
    await kit.switchOn('month', '2026-10-01')
    await collector.deliver(kit)
    await collector.deliver(kit)
    const before = readFileSync(path.join(kit.paths.publicLog, 'checkpoint'), 'utf8')
    expect(await kit.publisher.switchOff()).toMatchObject({ on: false, log: { size: 1 } })
    expect(kit.publisher.publication()).toBeNull()
    expect(kit.outbox()).toMatchObject({ collectors: [], witnesses: [] })
    const { number } = kit.outbox()
    kit.at('2027-02-20T10:00:00Z')
    await kit.publisher.run()
    expect(readFileSync(path.join(kit.paths.publicLog, 'checkpoint'), 'utf8')).toBe(before)
    expect(kit.outbox().number).toBe(number)
    await kit.switchOn('month', '2027-02-01')
    await collector.deliver(kit)
    expect(states()).toEqual([['2026-10-01', 'published']]) // what lay between is not told
  })

  it('by the week need five people, and become monthly where fewer are left', async () => {
    kit.people = 4
    const weeks = { every: 'week', from: '2026-10-05', household: false }
    expect(() => kit.publisher.preview(weeks)).toThrow(expect.objectContaining({ code: 'publishing.few-people' }))
    kit.people = 5
    await kit.publisher.run()
    await kit.switchOn('week', '2026-10-07')
    expect(await months()).toEqual(['2026-10-05', '2026-11-02'])
    kit.people = 4
    kit.meter('2026-11-24')
    kit.meter('2026-12-05')
    await kit.publisher.run()
    kit.at('2027-01-20T10:00:00Z')
    await kit.publisher.run()
    await kit.publisher.run()
    expect(kit.publisher.state().disclosure?.every).toBe('month')
    expect(await months()).toEqual(['2026-10-05', '2026-11-02', '2026-12-01'])
    expect((await reports()).at(-1)?.people).toBeUndefined()
  })

  it('count who goes by two names once', async () => {
    const parties = ['ada', 'bob', 'Ada K.'].map((name) => kit.journal.addParty({ name }).id) as [
      string,
      string,
      string,
    ]
    const ada = kit.journal.partyOf('ada', 'Ada').id
    for (const party of [ada, parties[1], parties[2]])
      kit.journal.record({
        kind: 'donation',
        period: { from: '2026-10-09', to: '2026-10-10' },
        instance: serverName,
        party,
        amounts: [{ value: '10', unit: 'EUR' }],
        source: 'typed',
        audience: 'party',
      })
    const preview = () => kit.publisher.preview({ every: 'month', from: '2026-10-01', household: false })
    expect(preview().withheld).toEqual([])
    kit.journal.joinParties(parties[2], ada)
    expect(preview().withheld).toEqual([{ what: 'money/donation/EUR', why: 'few-people' }])
  })

  it('are one each, whenever the power fails', async () => {
    await addCollector()
    await kit.switchOn('month', '2026-11-01')
    await collector.deliver(kit)
    const folders = [kit.paths.agentData, kit.paths.publish, collector.folder]
    const aside = (folder: string) => path.join(kit.root.root, 'aside', path.basename(folder))
    await kit.stop()
    for (const folder of folders) cpSync(folder, aside(folder), { recursive: true })
    kit.start()
    let cuts = 0
    for (let writes = 0; writes < 100; writes += 1) {
      await kit.stop()
      for (const folder of folders) {
        rmSync(folder, { recursive: true })
        cpSync(aside(folder), folder, { recursive: true })
      }
      kit.start()
      kit.at('2026-12-10T10:00:00Z')
      power.left = writes
      const steps = async () => {
        await kit.publisher.run()
        if (kit.publisher.state().looking) await collector.deliver(kit)
        await collector.deliver(kit)
      }
      const failed = await steps().then(
        () => false,
        () => true,
      )
      power.left = null
      if (!failed) break
      cuts += 1
      await kit.restart()
      for (let hour = 0; hour < 4; hour += 1) {
        kit.clock.pass(3600 * 2)
        await kit.publisher.run()
        await collector.deliver(kit)
      }
      expect([writes, await months()]).toEqual([writes, ['2026-11-01']])
      expect([writes, ...states()]).toEqual([writes, ['2026-11-01', 'published']])
      expect(kit.publisher.state().collectors[0]).toMatchObject({ has: 1, problem: null })
    }
    expect(cuts).toBeGreaterThan(5)
  })
})

describe('what goes out', () => {
  it('asks collectors first, then sends each report once, with the secret in no answer', async () => {
    await kit.switchOn('month', '2026-10-01')
    expect(await months()).toEqual(['2026-10-01']) // nobody could have another copy
    const state = await addCollector()
    expect(JSON.stringify(state)).not.toContain('very secret')
    expect(kit.outbox()).toMatchObject({
      task: 'push',
      size: 1,
      period: { from: '2026-10-01' },
      collectors: [{ place, known: 0 }],
    })
    expect(statSync(kit.paths.outbox).mode & 0o777).toBe(0o640)
    expect(statSync(path.join(kit.paths.agentData, 'publishing.json')).mode & 0o777).toBe(0o600)
    await collector.deliver(kit)
    expect(kit.publisher.state().collectors[0]).toMatchObject({ has: 1, problem: null })
    const { number } = kit.outbox()
    await kit.publisher.run()
    expect(kit.outbox().number).toBe(number)
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    expect(kit.outbox()).toMatchObject({ task: 'compare', size: 1 })
    expect(await months()).toHaveLength(1)
    await collector.deliver(kit)
    expect(kit.outbox()).toMatchObject({ task: 'push', size: 2, collectors: [{ known: 1 }] })
    await collector.deliver(kit)
    expect(
      await months(path.join(collector.folder, `${serverName}/.well-known/commonhearth/ledger`.replaceAll('/', '_'))),
    ).toHaveLength(2)
  })

  it('tells of a collector that fails, tries again ever later, and goes on without its word after three days', async () => {
    await addCollector()
    await kit.switchOn('month', '2026-10-01')
    const fail = async () => {
      const { number, collectors } = kit.outbox()
      const problem = { what: 'It does not answer.', next: 'Ask who runs it.' }
      const answers = collectors.map(({ id }) => ({ id, outcome: 'failed' as const, bytes: 100, problem }))
      kit.answer({ version: 1, number, at: '', collectors: answers, witnesses: [] })
      await kit.publisher.run()
    }
    await fail()
    expect(kit.publisher.state().collectors[0]?.problem?.what).toBe('It does not answer.')
    expect(kit.publisher.problems()).toEqual([])
    const tries = new Set<number>()
    for (let hour = 0; hour < 71; hour += 1) {
      kit.clock.pass(3600)
      await kit.publisher.run()
      if (!tries.has(kit.outbox().number)) await fail()
      tries.add(kit.outbox().number)
      expect(await months()).toEqual([])
    }
    expect(tries.size).toBeLessThan(9)
    expect(kit.publisher.problems()).toMatchObject([{ id: 'publishing.collector', what: 'It does not answer.' }])
    kit.clock.pass(7200)
    await kit.publisher.run()
    expect(await months()).toEqual(['2026-10-01'])
  })

  it('tells when nobody answers for a collector, and does not spend the budget on it hour by hour', async () => {
    await kit.switchOn('month', '2026-10-01')
    await addCollector()
    const first = kit.outbox()
    for (let hour = 0; hour < 72; hour += 1) {
      kit.clock.pass(3600)
      await kit.publisher.run()
    }
    expect(kit.outbox().number - first.number).toBeLessThan(9)
    expect(kit.publisher.state().budget.sent).toBeLessThan(9 * (first.collectors[0]?.grant ?? 0))
    expect(kit.publisher.problems()).toMatchObject([
      { id: 'publishing.collector', what: expect.stringContaining('did not work') },
    ])
    kit.at('2026-11-25T10:00:00Z')
    await kit.publisher.run()
    await collector.deliver(kit)
    expect(kit.publisher.state().collectors[0]).toMatchObject({ has: 1, problem: null })
    expect(kit.publisher.problems()).toEqual([])
  })

  it('does not take it for silence that nobody could be asked', async () => {
    await addCollector()
    // Nothing went over the internet side for weeks: nothing may be sent, not even a question.
    kit.clock.set('2026-12-28T10:00:00Z')
    await kit.switchOn('month', '2026-10-01')
    for (let day = 0; day < 5; day += 1) {
      kit.clock.pass(24 * 3600)
      await kit.publisher.run()
    }
    expect(await months()).toEqual([])
  })

  it('stays within the budget, and waits for it', async () => {
    await kit.switchOn('month', '2026-10-01')
    await addCollector()
    const { number } = kit.outbox()
    const grant = kit.outbox().collectors[0]?.grant ?? 0
    const left = kit.publisher.state().budget.left
    expect(left).toBe(64 * 1024 - grant)
    const [{ id } = { id: '' }] = kit.outbox().collectors
    kit.answer({ version: 1, number, at: '', collectors: [{ id, outcome: 'over-grant', bytes: 10 }], witnesses: [] })
    await kit.publisher.run()
    expect(kit.publisher.state().budget.left).toBe(64 * 1024 - 10)
    kit.clock.pass(3601)
    await kit.publisher.run()
    expect(kit.outbox().collectors[0]?.grant).toBe(grant * 2)
  })

  it('takes a witness’s signature into the checkpoint before it is sent, and none of a stranger', async () => {
    const witness = makeWitness('witness.example')
    const stranger = makeWitness('stranger.example')
    await kit.switchOn('month', '2026-10-01')
    await kit.publisher.addWitness({ url: 'https://witness.example/', key: witness.vkey })
    await addCollector()
    expect(kit.outbox()).toMatchObject({ collectors: [], witnesses: [{ key: witness.vkey }] })
    const text = readFileSync(path.join(kit.paths.publicLog, 'checkpoint'), 'utf8').split('\n\n')[0]
    const seconds = Math.floor(kit.clock.now() / 1000)
    const answer = async (block: string) => {
      kit.answer({
        version: 1,
        number: kit.outbox().number,
        at: '',
        collectors: [],
        witnesses: [{ key: witness.vkey, bytes: 1, block }],
      })
      await kit.publisher.run()
    }
    await answer(stranger.cosign(`${text}\n`, seconds))
    expect(kit.publisher.state().witnesses[0]).toMatchObject({
      signed: null,
      problem: { what: expect.stringMatching(/none of the witnesses/) },
    })
    kit.clock.pass(7200)
    await kit.publisher.run()
    await collector.deliver(kit)
    kit.clock.pass(7200)
    await kit.publisher.run()
    await answer(witness.cosign(`${text}\n`, seconds))
    expect(kit.publisher.state().witnesses[0]).toMatchObject({ signed: 1, problem: null })
    expect(kit.outbox()).toMatchObject({ task: 'push', witnesses: [] })
    expect(kit.outbox().collectors[0]?.grant).toBeGreaterThan(0)
    const { cosignatures } = await verifyLog(readFolder(kit.paths.publicLog), {
      witnesses: [witness.vkey],
      now: kit.clock.now(),
    })
    expect(cosignatures).toHaveLength(1)
  })

  it('takes no nonsense from the inbox', async () => {
    await addCollector()
    await kit.switchOn('month', '2026-10-01')
    const lists = [
      {},
      { collectors: {} },
      { collectors: [null, 3, { id: 'x' }], witnesses: [{ block: 3 }] },
      { collectors: [{ id: kit.outbox().collectors[0]?.id, outcome: 'well' }] },
    ]
    const numbered = lists.map((list) => (number: number) => JSON.stringify({ version: 1, number, ...list }))
    for (const text of [
      () => '',
      () => '{',
      () => '[]',
      () => 'null',
      () => '{"version":1,"number":"x"}',
      ...numbered,
    ]) {
      writeFileSync(kit.paths.inbox, text(kit.outbox().number))
      await kit.publisher.run()
      kit.clock.pass(5 * 3600)
      await kit.publisher.run()
      expect([text(1), await months()]).toEqual([text(1), []])
    }
    kit.clock.pass(24 * 3600)
    await kit.publisher.run()
    const { number, collectors, task } = kit.outbox()
    expect(task).toBe('compare')
    const answer = { id: collectors[0]?.id ?? '', outcome: 'compared' as const, bytes: 1 }
    const signed = { ...answer, checkpoint: 'nonsense', copy: '../../agent' }
    kit.answer({ version: 1, number, at: '', collectors: [signed], witnesses: [] })
    await kit.publisher.run()
    expect(kit.publisher.state().trouble).toMatch(/blank line/)
    expect(await months()).toEqual([])
  })
})

describe('before anything is signed', () => {
  /** Publishes October to the collector, and puts the kit back to how it was before. */
  async function putBack(): Promise<void> {
    await addCollector()
    await kit.switchOn('month', '2026-10-01')
    const aside = path.join(kit.root.root, 'aside')
    await kit.stop()
    for (const folder of ['agent', 'publish'])
      cpSync(path.join(kit.paths.agentData, '..', folder), path.join(aside, folder), { recursive: true })
    kit.start()
    kit.meter('2026-10-08')
    await collector.deliver(kit)
    await collector.deliver(kit)
    expect(states()).toEqual([['2026-10-01', 'published']])
    await kit.stop()
    for (const folder of ['agent', 'publish']) {
      rmSync(path.join(kit.paths.agentData, '..', folder), { recursive: true })
      cpSync(path.join(aside, folder), path.join(kit.paths.agentData, '..', folder), { recursive: true })
    }
    kit.start()
  }

  it('a kit that was put back takes what was published, shows it as lost, and goes on', async () => {
    await putBack()
    kit.meter('2026-10-06', '5') // would make another report of October
    await kit.publisher.run()
    expect(await months()).toEqual([])
    kit.at('2026-11-21T10:00:00Z')
    await kit.publisher.run()
    await collector.deliver(kit)
    expect(await months()).toEqual(['2026-10-01'])
    expect(states()).toEqual([['2026-10-01', 'lost']])
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    await collector.deliver(kit)
    expect(states()).toEqual([
      ['2026-10-01', 'lost'],
      ['2026-11-01', 'published'],
    ])
    const kept = JSON.parse(readFileSync(path.join(kit.paths.agentData, 'published.json'), 'utf8'))
    expect(kept.reports[1].commitment.from).toBe(1) // all that is here, once more
  })

  it('a lost folder is fetched whole; a lost key needs another log, which names the old one', async () => {
    await addCollector()
    await kit.switchOn('month', '2026-09-01')
    await collector.deliver(kit)
    await collector.deliver(kit)
    expect(await months()).toHaveLength(2)
    rmSync(path.join(kit.paths.publicLog, 'tile'), { recursive: true })
    await kit.restart()
    await kit.publisher.run()
    expect(kit.publisher.state().trouble).not.toBeNull()
    expect(kit.publisher.problems()).toMatchObject([{ id: 'publishing.log' }])
    expect(kit.outbox()).toMatchObject({ task: 'compare', size: 0 })
    await collector.deliver(kit)
    expect(kit.publisher.state().trouble).toBeNull()
    expect(await months()).toHaveLength(2)
    expect(states().map(([, state]) => state)).toEqual(['published', 'published'])

    rmSync(path.join(kit.paths.agentData, 'public-log.json'))
    await kit.restart()
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    await collector.deliver(kit)
    expect(kit.publisher.state().trouble).toMatch(/key of the log is not there/)
    expect(await months(kit.paths.publicLog)).toHaveLength(2)
    await kit.publisher.renew()
    await collector.deliver(kit)
    await collector.deliver(kit)
    expect(await months()).toEqual(['2026-11-01'])
    const report = await verifyLog(readFolder(logFolder()))
    expect(report.predecessor).toMatchObject({ size: 2, oldKey: 'lost' })
    expect(report.checkpoint?.origin).toMatch(/^hearth\.example\/\.well-known\/commonhearth\/ledger\/\d+$/)
  })

  it('a history that cannot be this one’s stops everything until the owner decides', async () => {
    await putBack()
    // The kit signs on, without a look, as a copy of it would.
    const id = kit.publisher.state().collectors[0]?.id as string
    await kit.publisher.removeCollector(id)
    kit.meter('2026-10-06', '5')
    kit.at('2026-11-21T10:00:00Z')
    await kit.publisher.run()
    expect(states()).toEqual([['2026-10-01', 'published']])
    await addCollector()
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    await collector.deliver(kit)
    for (let day = 0; day < 10; day += 1) {
      kit.clock.pass(24 * 3600)
      await kit.publisher.run()
      if (kit.outbox().task === 'compare') await collector.deliver(kit)
    }
    expect(kit.publisher.state().trouble).toMatch(/another history/)
    expect(await months()).toEqual(['2026-10-01'])
    // It is asked again, ever later: its owner may have put it right.
    const { number } = kit.outbox()
    await kit.restart()
    const answered = new Set([number])
    for (let hour = 0; hour < 96; hour += 1) {
      kit.clock.pass(3600)
      if (hour % 24 === 0) kit.at(new Date(kit.clock.now()).toISOString())
      await kit.publisher.run()
      if (!answered.has(kit.outbox().number)) await collector.deliver(kit)
      answered.add(kit.outbox().number)
    }
    expect(answered.size).toBeGreaterThan(3)
    expect(answered.size).toBeLessThan(10)
    expect(kit.publisher.state().trouble).toMatch(/another history/)
    await kit.publisher.renew()
    kit.at('2027-01-20T10:00:00Z')
    await kit.publisher.run()
    await collector.deliver(kit)
    expect(await months()).toEqual(['2026-11-01'])
    expect(kit.publisher.state().trouble).toBeNull()
  })

  it('a witness that knows more stops everything until the owner decides, where no collector could tell', async () => {
    const witness = makeWitness('witness.example')
    const answer = async (more: object) => {
      const witnesses = [{ key: witness.vkey, bytes: 1, ...more }]
      kit.answer({ version: 1, number: kit.outbox().number, at: '', collectors: [], witnesses })
      await kit.publisher.run()
    }
    const sign = async () => {
      const [text] = readFileSync(path.join(kit.paths.publicLog, 'checkpoint'), 'utf8').split('\n\n')
      await answer({ block: witness.cosign(`${text}\n`, Math.floor(kit.clock.now() / 1000)) })
    }
    await kit.switchOn('month', '2026-09-01')
    await kit.publisher.addWitness({ url: 'https://witness.example/', key: witness.vkey })
    await sign()
    expect(kit.publisher.state().witnesses[0]).toMatchObject({ signed: 2 })
    // As after a restore: it was asked about October, and November was published in between.
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    expect(kit.outbox()).toMatchObject({ task: 'compare', witnesses: [{ key: witness.vkey, known: 2 }] })
    await answer({ seen: 3, problem: { what: 'It has seen 3 leaves.', next: 'Look.' } })
    for (let day = 0; day < 10; day += 1) {
      kit.clock.pass(24 * 3600)
      await kit.publisher.run()
    }
    expect(await months()).toEqual(['2026-09-01', '2026-10-01'])
    await kit.restart()
    await kit.publisher.run()
    expect(kit.publisher.state().trouble).toMatch(/witness\.example.*has seen 3 leaves/)
    expect(kit.publisher.problems().map(({ id }) => id)).toContain('publishing.log')
    expect(await months()).toHaveLength(2)
    await kit.publisher.renew()
    kit.clock.pass(3600)
    await kit.publisher.run()
    expect(kit.publisher.state().trouble).toBeNull()
    expect(await months()).toEqual(['2026-11-01'])
  })

  it('a witness that is named no longer has nothing against it', async () => {
    const witness = makeWitness('witness.example')
    await kit.switchOn('month', '2026-09-01')
    await kit.publisher.addWitness({ url: 'https://witness.example/', key: witness.vkey })
    const witnesses = [{ key: witness.vkey, bytes: 1, seen: 9, problem: { what: 'It has seen 9.', next: 'Look.' } }]
    kit.answer({ version: 1, number: kit.outbox().number, at: '', collectors: [], witnesses })
    await kit.publisher.run()
    expect(kit.publisher.state().trouble).toMatch(/has seen 9/)
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    expect(await months()).toHaveLength(2)
    await kit.publisher.removeWitness(witness.vkey)
    expect(kit.publisher.state().trouble).toBeNull()
    expect(await months()).toHaveLength(3)
  })

  it('a log is closed and continued under a new key; the old one is sent to its end', async () => {
    await addCollector()
    await kit.switchOn('month', '2026-10-01')
    await collector.deliver(kit)
    await collector.deliver(kit)
    await expect(kit.publisher.renew()).rejects.toMatchObject({ code: 'publishing.looking' })
    await collector.deliver(kit)
    await kit.publisher.renew()
    for (let hour = 0; hour < 2; hour += 1) await collector.deliver(kit)
    const old = await verifyLog(
      readFolder(path.join(collector.folder, `${serverName}/.well-known/commonhearth/ledger`.replaceAll('/', '_'))),
    )
    expect(old).toMatchObject({ ok: true, checkpoint: { closed: true }, successor: { oldKey: 'signed' } })
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    await collector.deliver(kit)
    expect(await months()).toEqual(['2026-11-01'])
    expect(kit.publisher.state().earlierLogs).toMatchObject([{ size: 1, continued: true }])
  })

  it('witnesses are asked about the log that is open, from its beginning', async () => {
    const witness = makeWitness('witness.example')
    await kit.switchOn('month', '2026-10-01')
    await kit.publisher.addWitness({ url: 'https://witness.example/', key: witness.vkey })
    const sign = async () => {
      const { number, folder } = kit.outbox()
      const [text] = readFileSync(path.join(kit.paths.publicLog, folder, 'checkpoint'), 'utf8').split('\n\n')
      const block = witness.cosign(`${text}\n`, Math.floor(kit.clock.now() / 1000))
      kit.answer({ version: 1, number, at: '', collectors: [], witnesses: [{ key: witness.vkey, bytes: 1, block }] })
      await kit.publisher.run()
    }
    await sign()
    expect(kit.publisher.state().witnesses[0]).toMatchObject({ signed: 1, problem: null })
    await expect(kit.publisher.renew()).rejects.toMatchObject({ code: 'publishing.looking' })
    await sign()
    await kit.publisher.renew()
    await addCollector()
    await collector.deliver(kit)
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    for (let round = 0; round < 4 && kit.outbox().witnesses.length === 0; round += 1) await collector.deliver(kit)
    const { task, folder, witnesses } = kit.outbox()
    expect([task, folder, witnesses]).toEqual(['push', expect.stringMatching(/^\d+\/$/), [expect.anything()]])
    expect(witnesses[0]).not.toHaveProperty('known')
    await sign()
    expect(kit.publisher.state().witnesses[0]).toMatchObject({ signed: 2, problem: null })
  })

  it('an earlier log that is damaged keeps the present one from nothing', async () => {
    await kit.switchOn('month', '2026-10-01')
    await kit.publisher.renew()
    rmSync(path.join(kit.paths.publicLog, 'tile'), { recursive: true })
    await addCollector()
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    await collector.deliver(kit)
    await collector.deliver(kit)
    expect(await months()).toEqual(['2026-11-01'])
    expect(kit.publisher.state().collectors[0]).toMatchObject({ has: 2, problem: null })
    expect(kit.publisher.state().trouble).toBeNull()
    expect(kit.publisher.problems()).toMatchObject([{ id: 'publishing.earlier-log' }])
  })
})

describe('on other hardware', () => {
  const medium = async (serial: string) => {
    const { dev } = statSync(kit.paths.agentData)
    const number = `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | ((dev >>> 12) & 0xfff00)}`
    await kit.root.write(`sys/dev/block/${number}/device/cid`, `${serial}\n`)
  }
  beforeEach(async () => {
    await medium('card-1')
    await addCollector()
    await kit.switchOn('month', '2026-10-01')
    await collector.deliver(kit)
    await collector.deliver(kit)
    kit.at('2026-12-20T10:00:00Z')
  })

  it('nothing is signed when board and card both changed, until the owner says moved; then it looks first', async () => {
    kit.board = 'board-2'
    await medium('card-2')
    await kit.restart()
    await kit.publisher.run()
    expect(kit.publisher.state().question).toBe('moved-or-copied')
    expect(kit.publisher.problems()).toMatchObject([{ id: 'publishing.moved' }])
    expect(await months()).toHaveLength(1)
    expect(kit.outbox().task).toBe('push')
    await expect(kit.publisher.renew()).rejects.toMatchObject({ code: 'publishing.moved' })
    await kit.publisher.answerHardware('moved')
    expect(kit.publisher.state()).toMatchObject({ question: null, looking: true })
    expect(await months()).toHaveLength(1)
    await collector.deliver(kit)
    expect(await months()).toEqual(['2026-10-01', '2026-11-01'])
  })

  it('a copy starts a log of its own, and reports nothing twice', async () => {
    kit.board = 'board-2'
    await medium('card-2')
    const first = kit.publisher.state().log
    await kit.publisher.answerHardware('copied')
    await collector.deliver(kit)
    expect(kit.publisher.state().log?.key).not.toBe(first?.key)
    expect(await months()).toEqual(['2026-11-01'])
    expect(await months(kit.paths.publicLog)).toEqual(['2026-10-01'])
  })

  it('one of them changed is noted, and what is published is looked up, however long that takes', async () => {
    await medium('card-2')
    await kit.restart()
    await kit.publisher.run()
    expect(kit.publisher.state()).toMatchObject({ question: null, looking: true })
    for (let day = 0; day < 10; day += 1) {
      kit.clock.pass(24 * 3600)
      await kit.publisher.run()
    }
    expect(await months()).toHaveLength(1)
    // What the collector has is not known yet: another log would report it again.
    await expect(kit.publisher.renew()).rejects.toMatchObject({ code: 'publishing.looking' })
    await collector.deliver(kit)
    expect(await months()).toHaveLength(2)
    kit.board = 'board-2'
    await kit.restart()
    expect(kit.publisher.state().question).toBeNull() // the new card is known by now
  })
})

describe('a proof of an entry', () => {
  it('is made once a report commits to it, and checked against the log', async () => {
    const entry = kit.journal.record({
      kind: 'donation',
      period: { from: '2026-10-09', to: '2026-10-10' },
      instance: serverName,
      amounts: [{ value: '10', unit: 'EUR' }],
      source: 'typed',
      audience: 'party',
    })
    expect(() => kit.publisher.prove(entry.id)).toThrow(expect.objectContaining({ code: 'publishing.not-reported' }))
    await kit.switchOn('month', '2026-10-01')
    const file = kit.publisher.prove(entry.id)
    const leaves: Buffer[] = []
    const { key } = await verifyLog(readFolder(kit.paths.publicLog), { visit: (leaf) => leaves.push(leaf) })
    const log = { key: key?.vkey ?? '', leaf: (index: number) => leaves[index] }
    const read = (leaf: Uint8Array) => checkReport(JSON.parse(Buffer.from(leaf).toString()))
    expect(checkProofFile(file, log, read)).toBe(true)
    const forged = structuredClone(file)
    forged.proof.entry.amounts = [{ value: '11', unit: 'EUR' }]
    expect(checkProofFile(forged, log, read)).toMatch(/not what the report commits to/)
    expect(checkProofFile({ ...file, leaf: 3 }, log, read)).toMatch(/no such leaf/)
    expect(checkProofFile({ ...file, log: 'x' }, log, read)).toMatch(/another log/)
    for (const value of [null, 3, {}, { version: 1, log: log.key, leaf: 0 }])
      expect(checkProofFile(value, log, read)).toEqual(expect.any(String))
    expect(() => kit.publisher.prove(crypto.randomUUID())).toThrow(
      expect.objectContaining({ code: 'publishing.no-entry' }),
    )
  })
})

describe('damaged files', () => {
  it('of the owner’s choice switch off; of what was published stop everything', async () => {
    await kit.switchOn('month', '2026-10-01')
    writeFileSync(path.join(kit.paths.agentData, 'publishing.json'), '{"version":2}')
    await kit.restart()
    expect(kit.publisher.state().on).toBe(false)
    expect(kit.publisher.problems()).toMatchObject([{ id: 'publishing.damaged' }])
    const choice = { every: 'month', from: '2026-10-01', household: false } as const
    writeFileSync(path.join(kit.paths.agentData, 'published.json'), '{')
    await kit.restart()
    const { seen } = kit.publisher.preview(choice)
    await expect(kit.publisher.switchOn({ ...choice, seen })).rejects.toMatchObject({ code: 'publishing.damaged' })
    expect(kit.publisher.state().trouble).toMatch(/published\.json/)
  })

  it('that are lost, with logs that are not whole or whose keys are lost, tell no month twice', async () => {
    await kit.switchOn('month', '2026-10-01')
    expect(await months()).toEqual(['2026-10-01'])
    // The first key is lost: another log goes on, and the first lies there without.
    rmSync(path.join(kit.paths.agentData, 'public-log.json'))
    await kit.restart()
    await kit.publisher.run()
    await kit.publisher.renew()
    rmSync(path.join(kit.paths.agentData, 'published.json'))
    await kit.restart()
    await kit.publisher.run()
    expect(kit.publisher.state()).toMatchObject({ canRepair: true, log: null })
    await kit.publisher.repair()
    expect(states()).toEqual([['2026-10-01', 'lost']])
    await kit.publisher.answerHardware('moved')
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    expect(await months()).toEqual(['2026-11-01'])
    // The present log is not whole any more: it is found by its key, and its trouble said.
    rmSync(path.join(logFolder(), 'tile'), { recursive: true })
    rmSync(path.join(kit.paths.agentData, 'published.json'))
    await kit.restart()
    await kit.publisher.repair()
    await kit.publisher.answerHardware('moved')
    expect(kit.publisher.state()).toMatchObject({ canRepair: false, canRenew: true, log: { size: 2 } })
    expect(kit.publisher.state().trouble).not.toBeNull()
  })

  it('what was published is taken from the logs where the owner says so, and nothing is reported twice', async () => {
    await kit.switchOn('month', '2026-09-01')
    await kit.publisher.renew()
    kit.at('2026-12-20T10:00:00Z')
    await kit.publisher.run()
    const { log, earlierLogs } = kit.publisher.state()
    writeFileSync(path.join(kit.paths.agentData, 'published.json'), '{"version":1,')
    await kit.restart()
    await kit.publisher.run()
    expect(kit.publisher.state()).toMatchObject({ canRepair: true, log: null })
    // Switching off in between does not lose it.
    await kit.publisher.switchOff()
    await kit.restart()
    expect(kit.publisher.state()).toMatchObject({ on: false, canRepair: true })
    // Nor does a power cut in the middle of it.
    power.left = 0
    await expect(kit.publisher.repair()).rejects.toThrow('power cut')
    power.left = null
    await kit.restart()
    expect(await kit.publisher.repair()).toMatchObject({ canRepair: false, log, earlierLogs })
    expect(kit.publisher.state()).toMatchObject({ trouble: null, question: 'moved-or-copied' })
    await kit.publisher.answerHardware('moved')
    await kit.switchOn('month', '2026-09-01')
    expect(states()).toEqual([
      ['2026-09-01', 'lost'],
      ['2026-10-01', 'lost'],
      ['2026-11-01', 'lost'],
    ])
    expect(existsSync(path.join(kit.paths.agentData, 'published.json.damaged'))).toBe(true)
    kit.meter('2026-12-05')
    kit.at('2027-01-20T10:00:00Z')
    await kit.publisher.run()
    expect(await months()).toEqual(['2026-11-01', '2026-12-01'])
    expect(await months(kit.paths.publicLog)).toEqual(['2026-09-01', '2026-10-01'])
  })
})

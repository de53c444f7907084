import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { hourMs } from '../ledger/hours.ts'
import { Journal } from '../ledger/journal.ts'
import { Ledger } from '../ledger/ledger.ts'
import { checkpointFile } from '../ledger/log/read-log.ts'
import { writeDurably } from '../service/durable.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { Allowance } from './allowance.ts'
import type { Inbox, Outbox } from './outbox.ts'
import { Publisher } from './publisher.ts'

export const zone = 'Europe/Berlin'
export const serverName = 'hearth.example'

/** A kit with a journal, readings and a budget, whose publisher can be started again at any time. */
export class PublishingKit {
  readonly root: KitRoot
  readonly clock: FakeClock
  journal!: Journal
  readings!: Ledger
  publisher!: Publisher
  people = 8
  steady = true
  hasWayOut = true
  serverName: string | null = serverName
  board: string | null = 'board-1'

  constructor(root: KitRoot, clock: FakeClock) {
    this.root = root
    this.clock = clock
  }

  static async make(start: string): Promise<PublishingKit> {
    const kit = new PublishingKit(await makeKitRoot(), new FakeClock(start))
    kit.start()
    return kit
  }

  get paths() {
    return this.root.paths
  }

  start(): void {
    const { clock, paths } = this
    this.journal = new Journal({ folder: paths.agentData, clock })
    this.readings = new Ledger(paths.agentData, () => clock.now())
    this.readings.start()
    const allowance = new Allowance({ folder: paths.agentData, clock, zone: () => zone, readings: this.readings })
    allowance.start()
    this.publisher = new Publisher({
      paths,
      clock,
      steady: () => this.steady,
      kit: () => ({ serverName: this.serverName, hostname: 'hearth-7f3a', board: { serial: this.board } }) as never,
      zone: () => zone,
      journal: this.journal,
      people: () => this.people,
      notes: this.readings,
      hasWayOut: this.hasWayOut,
      allowance,
    })
    this.publisher.start()
  }

  async stop(): Promise<void> {
    await this.publisher.stop()
    this.journal.stop()
    this.readings.stop()
  }

  async restart(): Promise<void> {
    await this.stop()
    this.start()
  }

  async remove(): Promise<void> {
    await this.stop()
    await this.root.remove()
  }

  /** Sets the clock, with a week of traffic behind it that allows the largest budget. */
  at(time: string): void {
    this.clock.set(time)
    const now = Math.floor(this.clock.now() / hourMs) * hourMs
    for (let day = 1; day <= 7; day += 1) {
      const interval = { start: now - day * 24 * hourMs, end: now - day * 24 * hourMs + hourMs, trusted: true }
      this.readings.add([{ interval, quantities: { wanOut: 1e9, seconds: 3600 } }])
    }
    this.readings.flush()
  }

  /** Enters a metered day. */
  meter(day: string, kwh = '0.1'): void {
    const next = new Date(Date.parse(`${day}T00:00:00Z`) + 24 * hourMs).toISOString().slice(0, 10)
    this.journal.record({
      kind: 'power',
      period: { from: day, to: next },
      instance: this.serverName ?? 'hearth-7f3a.local',
      amounts: [{ value: kwh, low: kwh, high: kwh, unit: 'kWh' }],
      source: 'modelled',
      method: 'energy@1',
      coveredSeconds: 86_400,
      audience: 'owner',
    })
  }

  /** Switches on as the page does it: after a look at the preview. */
  async switchOn(every: 'month' | 'week', from: string, household = false) {
    const { seen } = this.publisher.preview({ every, from, household })
    return this.publisher.switchOn({ every, from, household, seen })
  }

  outbox(): Outbox {
    return JSON.parse(readFileSync(this.paths.outbox, 'utf8'))
  }

  answer(inbox: Inbox): void {
    mkdirSync(path.dirname(this.paths.inbox), { recursive: true })
    writeDurably(this.paths.inbox, JSON.stringify(inbox), 0o640)
  }
}

/**
 * What hearth-publish and a collector do together, as far as the agent can see: files that are sent are there, and what
 * is there is brought. The program itself is tested in push/.
 */
export class StandInCollector {
  readonly folder: string
  /** Outboxes it saw. */
  readonly seen: Outbox[] = []

  constructor(folder: string) {
    this.folder = folder
  }

  /** Does what the outbox asks for, and answers. @param id of the collector that this one is */
  async deliver(kit: PublishingKit, ids = kit.publisher.state().collectors.map(({ id }) => id)): Promise<void> {
    const outbox = kit.outbox()
    this.seen.push(outbox)
    const there = path.join(this.folder, outbox.origin.replaceAll('/', '_'))
    const checkpoint = existsSync(path.join(there, checkpointFile))
      ? readFileSync(path.join(there, checkpointFile), 'utf8')
      : undefined
    const answers = outbox.collectors
      .filter(({ id, grant }) => grant > 0 && ids.includes(id))
      .map(({ id, grant }): Inbox['collectors'][number] => {
        if (outbox.task === 'push') {
          cpSync(path.join(kit.paths.publicLog, outbox.folder), there, { recursive: true })
          return { id, outcome: 'sent', bytes: grant, size: outbox.size }
        }
        if (checkpoint === undefined) return { id, outcome: 'compared', bytes: grant, size: 0 }
        const copy = path.join(path.dirname(kit.paths.inbox), `copy-${id}`)
        rmSync(copy, { recursive: true, force: true })
        cpSync(there, copy, { recursive: true })
        return {
          id,
          outcome: 'compared',
          bytes: grant,
          size: Number(checkpoint.split('\n')[1]),
          checkpoint,
          copy: `copy-${id}`,
        }
      })
    kit.answer({ version: 1, number: outbox.number, at: '', collectors: answers, witnesses: [] })
    await kit.publisher.run()
  }
}

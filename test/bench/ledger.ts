import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AgentClient } from '#agent/client.ts'
import { hourMs, type Quantities } from '#agent/ledger/hours.ts'
import { Journal } from '#agent/ledger/journal.ts'
import { Ledger } from '#agent/ledger/ledger.ts'
import { createLog } from '#agent/ledger/log/public-log.ts'
import { readFolder } from '#agent/ledger/log/source.ts'
import { verifyLog } from '#agent/ledger/log/verify.ts'
import { meteredDays } from '#agent/ledger/metered-days.ts'
import { scoreModel } from '#agent/meters/power-score.ts'
import { kitPaths } from '#agent/paths.ts'
import { makeKitRoot } from '#agent/testing/kit-root.ts'
import { programsFolder } from '#images/build/programs.ts'
import { built } from '../kit/kit.ts'
import { generator, ledgerYear } from '../ledger-year.ts'
import { ChildrenWatch, proveCounting } from './children.ts'
import { hostFacts, median, type Report } from './figure.ts'
import { ledgerFigures } from './ledger-figures.ts'
import { publishedBytes } from './published.ts'
import { samplingMs } from './sampling.ts'

const monthViews = 40
/** A cycle takes a minute; what is watched for longer holds a whole one, wherever it begins. */
const watchedMs = 75_000

/** What keeping the ledger costs on this machine: the sampling cycle, the agent's memory, a year on disk, its pages. */
export async function ledger(log: (line: string) => void): Promise<Report> {
  await proveCounting()
  const { context, tools } = await built('kit-x86')
  log('bench ledger: the sampling cycle')
  const cycle = await samplingMs(context.repo)
  log('bench ledger: a year of entries and readings')
  const year = yearBytes() / 1e6
  log('bench ledger: the agent as built for the kit')
  const { memory, month, children } = await agentFigures(log)
  log('bench ledger: a year of a public log')
  const verify = await verifySeconds()
  log('bench ledger: a year of publishing, and ten of a log')
  const published = await publishedBytes(tools, log)
  const power = scoreModel()
  return {
    bench: 'ledger',
    host: hostFacts('tcg'),
    figures: ledgerFigures({ cycle, children, memory, year, month, verify, published, power }),
  }
}

/** Bytes of a year's entries and its hourly readings, of ten people and six services, as they lie on the card. */
function yearBytes(): number {
  const folder = temporary()
  try {
    const journal = new Journal({ folder, clock: { now: Date.now, trusted: () => true } })
    const { entries } = ledgerYear({ people: 10, services: 6 })
    // References lead to ids the journal gives itself; as many bytes to another log's.
    journal.recordAll(
      entries.map(({ version, id, sequence, recordedAt, clockTrusted, ...draft }) => ({
        ...draft,
        ...(draft.references && { references: draft.references.map((each) => ({ log: 'here', ...each })) }),
      })),
    )
    journal.stop()
    const book = new Ledger(folder, Date.now)
    const random = generator(1)
    const first = Date.UTC(2026, 0)
    book.add(
      Array.from({ length: 8760 }, (_, hour) => ({
        interval: { start: first + hour * hourMs, end: first + (hour + 1) * hourMs, trusted: true },
        quantities: busyHour(random),
      })),
    )
    book.stop()
    return readdirSync(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** An hour in which every counter moved, and none by a round number. */
function busyHour(random: () => number): Quantities {
  const about = (mean: number) => mean * (0.5 + random())
  const bytes = () => Math.round(about(1e7))
  const energy = Math.round(about(4e6))
  return {
    energy,
    energyLow: Math.round(energy * 0.7),
    energyHigh: Math.round(energy * 1.3),
    classRank: 2,
    seconds: 3600 - random() / 100,
    cpuSeconds: about(360),
    cpuServer: about(60),
    cpuWeb: about(20),
    cpuDashboard: about(10),
    cpuAgent: about(2),
    cpuSystem: about(200),
    lanIn: bytes(),
    lanOut: bytes(),
    wanIn: bytes(),
    wanOut: bytes(),
    unknownIn: bytes(),
    unknownOut: bytes(),
    serverIn: bytes(),
    serverOut: bytes(),
    fetchIn: bytes(),
    fetchOut: bytes(),
    dashboardIn: bytes(),
    dashboardOut: bytes(),
    plainIn: bytes(),
    plainOut: bytes(),
    publishIn: bytes(),
    publishOut: bytes(),
    written: bytes(),
  }
}

/** The agent's bundle on the kit's own Node.js, with the settings of its unit, on a year of readings and days. */
async function agentFigures(log: (line: string) => void) {
  const { context, tools } = await built('kit-x86')
  const programs = await programsFolder({ ...context, log }, tools, 'amd64', ['agent'])
  const root = await makeKitRoot()
  const paths = kitPaths(root.root)
  mkdirSync(path.dirname(paths.agentSocket), { recursive: true })
  const book = new Ledger(paths.agentData, Date.now)
  const hour = Math.floor(Date.now() / hourMs) * hourMs
  book.add(
    Array.from({ length: 400 * 24 }, (_, back) => ({
      interval: { start: hour - (back + 1) * hourMs, end: hour - back * hourMs, trusted: true },
      quantities: { energy: 3e6, energyLow: 2e6, energyHigh: 4e6, seconds: 3600, cpuSeconds: 360, classRank: 2 },
    })),
  )
  book.flush()
  enterYear(paths.agentData, book)
  book.stop()
  const agent = spawn(path.join(programs, 'node'), [...agentFlags(context.repo), path.join(programs, 'agent.js')], {
    env: { HEARTH_ROOT: root.root, PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    while (!existsSync(paths.agentSocket)) await sleep(100)
    const client = new AgentClient(paths.agentSocket)
    const settings = await client.settings()
    await client.saveSettings({ ...settings, pricePerKwh: '0.32', hardware: { price: '84.00', years: 7 } })
    const month = new Date().toISOString().slice(0, 7)
    const views: number[] = []
    for (let view = 0; view < monthViews; view++) {
      const began = performance.now()
      await client.bill(month)
      await client.history('day', month)
      views.push(performance.now() - began)
    }
    const watch = new ChildrenWatch(agent.pid as number)
    await sleep(watchedMs)
    const children = watch.stop()
    const smaps = readFileSync(`/proc/${agent.pid}/smaps_rollup`, 'utf8')
    const kib = (name: string) => Number(smaps.match(new RegExp(`^${name}: +(\\d+) kB$`, 'm'))?.[1])
    // What it has written; the clean pages of the binary are shared with the dashboard's, or can be dropped.
    return { memory: (kib('Private_Dirty') * 1024) / 1e6, month: median(views), children }
  } finally {
    agent.kill('SIGTERM')
    await new Promise((resolve) => agent.once('exit', resolve))
    await root.remove()
  }
}

/** Enters the days of a year that were read. */
function enterYear(folder: string, book: Ledger): void {
  const journal = new Journal({ folder, clock: { now: Date.now, trusted: () => true } })
  const { drafts } = meteredDays({
    now: Date.now(),
    zone: 'Europe/Berlin',
    instance: 'hearth-7f3a.local',
    since: book.firstHour() as number,
    readings: ({ start, end }) => book.entries(start, end),
  })
  journal.recordAll(drafts)
  journal.stop()
}

/** The flags the kit's unit starts the agent with. */
function agentFlags(repo: string): string[] {
  const unit = readFileSync(
    path.join(repo, 'images/layers/kit/files/usr/lib/systemd/system/hearth-agent.service'),
    'utf8',
  )
  const words = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? []
  return words.filter((word) => word.startsWith('--'))
}

/** Seconds to check a year's public log, one leaf a week, from its files. */
async function verifySeconds(): Promise<number> {
  const folder = temporary()
  try {
    const publicFolder = path.join(folder, 'public')
    const publicLog = createLog({ folder: publicFolder, secret: path.join(folder, 'secret') }, 'hearth.example/log')
    for (let week = 0; week < 52; week++) publicLog.append(week, Buffer.alloc(2000, week))
    const began = performance.now()
    const report = await verifyLog(readFolder(publicFolder))
    if (!report.ok) throw new Error(report.problems.map(({ what }) => what).join('; '))
    return (performance.now() - began) / 1000
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function temporary(): string {
  return mkdtempSync(path.join(tmpdir(), 'hearth-bench-'))
}

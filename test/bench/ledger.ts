import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AgentClient } from '#agent/client.ts'
import { hourMs } from '#agent/ledger/hours.ts'
import { Journal } from '#agent/ledger/journal.ts'
import { Ledger } from '#agent/ledger/ledger.ts'
import { createLog } from '#agent/ledger/log/public-log.ts'
import { readFolder } from '#agent/ledger/log/source.ts'
import { verifyLog } from '#agent/ledger/log/verify.ts'
import { meteredDays } from '#agent/ledger/metered-days.ts'
import { scoreModel } from '#agent/meters/power-score.ts'
import { kitPaths } from '#agent/paths.ts'
import { Recorder } from '#agent/service/recorder.ts'
import { makeKitRoot } from '#agent/testing/kit-root.ts'
import { programsFolder } from '#images/build/programs.ts'
import { built } from '../kit/kit.ts'
import { ledgerYear } from '../ledger-year.ts'
import { figure, hostFacts, median, type Report } from './figure.ts'
import { publishedPerMonth } from './published.ts'

/** Enough for the compiler to have seen what there is to see, as in a kit that runs for months. */
const warmUp = 500
const cycles = 2000
const monthViews = 40

/** What keeping the ledger costs on this machine: the sampling cycle, the agent's memory, a year on disk, its pages. */
export async function ledger(log: (line: string) => void): Promise<Report> {
  log('bench ledger: the sampling cycle')
  const cycle = await samplingMs()
  log('bench ledger: a year of entries and readings')
  const { bytes, people, services } = yearBytes()
  log('bench ledger: the agent as built for the kit')
  const { memory, month, children } = await agentFigures(log)
  log('bench ledger: a year of a public log')
  const verify = await verifySeconds()
  log('bench ledger: a year of publishing')
  const published = await publishedPerMonth((await built('kit-x86')).tools, log)
  const { known, unknown } = scoreModel()
  return {
    bench: 'ledger',
    host: hostFacts('tcg'),
    figures: [
      figure('sampling-cpu', cycle, 'ms', { of: 'value', max: 1 }),
      figure('children', children, 'processes', { of: 'value', max: 0 }),
      figure('agent-memory', memory, 'MB', { of: 'value', max: 15 }),
      figure(`year-size, ${people} people, ${services} services`, bytes / 1e6, 'MB', { of: 'value', max: 10 }),
      figure('month-view', month, 'ms', { of: 'value', max: 50 }),
      figure('verify-year', verify, 's', { of: 'value', max: 2 }),
      ...published,
      figure('power-after-one-reading', known.error * 100, '%', { of: 'value', max: 10 }),
      figure('power-coverage', unknown.coverage * 100, '%', { of: 'value', min: 90 }),
      figure(
        'power-interval-score',
        unknown.intervalScore,
        'of the power',
        { of: 'ratio', max: 1 },
        { name: 'constant ±30 %', value: unknown.constantScore },
      ),
      // Printed, not judged.
      figure('power-unknown-error', unknown.error * 100, '%', { of: 'value' }),
      figure('power-unknown-width', unknown.width * 100, '% of the power', { of: 'value' }),
    ],
  }
}

/** Processor milliseconds of one cycle, on this machine's own /proc and /sys, without a plug. */
async function samplingMs(): Promise<number> {
  const folder = temporary()
  const book = new Ledger(folder, Date.now)
  let wall = Date.now()
  let steady = 0
  const clock = { now: () => wall, monotonic: () => steady, trusted: () => true }
  const recorder = new Recorder({
    trees: { proc: '/proc', sys: '/sys' },
    countersFile: path.join(folder, 'counters.json'),
    dataFolder: folder,
    clock,
    ledger: book,
    onLeap: () => {},
    onFailure: (error) => {
      throw error
    },
  })
  const run = async (times: number) => {
    for (let turn = 0; turn < times; turn++) {
      wall += 60_000
      steady += 60_000
      await recorder.cycle()
    }
  }
  try {
    await run(warmUp)
    const before = process.cpuUsage()
    await run(cycles)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000 / cycles
  } finally {
    book.stop()
    rmSync(folder, { recursive: true })
  }
}

/** A year's entries and its hourly readings as they lie on the card. */
function yearBytes(): { bytes: number; people: number; services: number } {
  const [people, services] = [10, 6]
  const folder = temporary()
  try {
    const journal = new Journal({ folder, clock: { now: Date.now, trusted: () => true } })
    const { entries } = ledgerYear({ people, services })
    // References lead to ids the journal gives itself; as many bytes to another log's.
    journal.recordAll(
      entries.map(({ version, id, sequence, recordedAt, clockTrusted, ...draft }) => ({
        ...draft,
        ...(draft.references && { references: draft.references.map((each) => ({ log: 'here', ...each })) }),
      })),
    )
    journal.stop()
    const book = new Ledger(folder, Date.now)
    book.add(
      Array.from({ length: 8760 }, (_, hour) => ({
        interval: { start: hour * hourMs, end: (hour + 1) * hourMs, trusted: true },
        quantities: {
          energy: 3e6 + hour,
          energyLow: 2e6,
          energyHigh: 4e6,
          seconds: 3600,
          cpuSeconds: 360,
          wanIn: 1e7 + hour,
          lanOut: 2e7,
          classRank: 2,
        },
      })),
    )
    book.stop()
    const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0)
    return { bytes, people, services }
  } finally {
    rmSync(folder, { recursive: true })
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
    await sleep(70_000) // a cycle
    const smaps = readFileSync(`/proc/${agent.pid}/smaps_rollup`, 'utf8')
    const kib = (name: string) => Number(smaps.match(new RegExp(`^${name}: +(\\d+) kB$`, 'm'))?.[1])
    const children = readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, 'utf8')
      .split(' ')
      .filter(Boolean).length
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

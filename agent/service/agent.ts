import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type {
  AgentSettings,
  CalibrationReading,
  HealthCheck,
  HourlyReading,
  LiveFigures,
  PlugKind,
  PowerFigure,
  StorageUse,
  Summary,
} from '../api.ts'
import { dayOf, monthOf } from '../costs/calendar.ts'
import { computeCosts } from '../costs/costs.ts'
import { tariffsOf } from '../costs/tariff.ts'
import { checkWeb, judge } from '../health/checks.ts'
import { FileWatch } from '../health/file-watch.ts'
import { nameProblem } from '../health/name-problem.ts'
import { SlotKeeper } from '../health/slot-keeper.ts'
import { callHelper } from '../helper/client.ts'
import { type Clock, kitClock } from '../ledger/clock.ts'
import { type HourEntry, hourMs } from '../ledger/hours.ts'
import { hourlyReading, Ledger } from '../ledger/ledger.ts'
import { Schedules } from '../ledger/schedules.ts'
import type { Account } from '../ledger/typed-entry.ts'
import { readText, type SystemTrees, systemTrees } from '../meters/files.ts'
import { type DayUse, fullOn, growthPerDay, withToday } from '../meters/growth.ts'
import { measuredPower, PlugTrouble, recognisePlug, SmartPlug } from '../meters/plug.ts'
import { otherWatts } from '../meters/plug-others.ts'
import { readSpace } from '../meters/storage.ts'
import type { KitPaths } from '../paths.ts'
import { Allowance } from '../publish/allowance.ts'
import type { Publication } from '../publish/announcement.ts'
import { Publisher } from '../publish/publisher.ts'
import { type FediverseServer, type NodeInfoDocument, type ServerCounts, ServerTrouble } from '../servers/server.ts'
import { Snac } from '../servers/snac.ts'
import { Bookkeeper } from './bookkeeper.ts'
import { DiskBook } from './disk-book.ts'
import { dataWriteError } from './durable.ts'
import { KitFiles } from './facts.ts'
import { Members } from './members.ts'
import { Recorder } from './recorder.ts'
import { SettingsFile } from './settings.ts'
import { beginning, trafficTotals } from './traffic-totals.ts'

/** After a start the kit has better things to do than to catch up. */
const catchUpMs = 2 * 60_000
/** Whether data can be written is tried by writing; not on each look at a page, for the card's sake. */
const probeMs = 10 * 60_000
/** How long the certificate goes without a look at its expiry. */
const certificateMs = 24 * 3600_000
/** Days and months are entered, and old readings deleted, only when the clock has been right for so long. */
const steadyEnoughSeconds = 3600

export interface AgentOptions {
  paths: KitPaths
  /** Ports of nginx that must answer: the plain page's and the dashboard's; null: the web server is not the kit's. */
  webPorts: { plain: number; home: number } | null
  plugPort?: number
  clock?: Clock
  /** What stands in the kit's place on a server that is none (agent/host). */
  host?: HostParts
}

/** What a server that is no kit knows of itself: it has neither helper nor certificates of ours. */
export interface HostParts {
  facts: KitFiles
  /** Null: nobody can be asked how many people and posts there are. */
  server: FediverseServer | null
  /** In the file system whose space is watched. */
  spaceFolder: string
  countStorage(): Promise<NonNullable<StorageUse['use']>>
}

/** The ledger agent: meters, ledger, costs and health of one kit. `api-server.ts` puts it on a socket. */
export class Agent {
  readonly #paths: KitPaths
  readonly #webPorts: AgentOptions['webPorts']
  readonly #plugPort: number
  readonly #clock: Clock
  readonly #trees: SystemTrees
  readonly #files: KitFiles
  readonly #settings: SettingsFile
  readonly #ledger: Ledger
  /** The ledger's entries and bills. */
  readonly books: Bookkeeper
  /** What publishing may send. */
  readonly allowance: Allowance
  /** Reports to the public, where the owner chose so. */
  readonly publisher: Publisher
  /** The people of the server in the ledger. */
  readonly members: Members
  readonly #server: FediverseServer | null
  readonly #host: HostParts | null
  readonly #recorder: Recorder
  readonly #disks: DiskBook
  /** What the clock sets going. */
  readonly schedules: Schedules
  readonly #networkWatch: FileWatch
  readonly #slotKeeper: SlotKeeper
  #catchUpTimer: NodeJS.Timeout | undefined
  #probe: { at: number; error: string | null } | null = null

  constructor({ paths, webPorts, plugPort = 80, clock = kitClock(paths), host }: AgentOptions) {
    this.#paths = paths
    this.#webPorts = webPorts
    this.#plugPort = plugPort
    this.#clock = clock
    this.#trees = systemTrees(paths)
    this.#host = host ?? null
    this.#files = host?.facts ?? new KitFiles(paths)
    const network = () => this.#files.network()
    this.#settings = new SettingsFile(
      paths.agentData,
      () => this.#files.kit(),
      network,
      () => clock.now(),
    )
    this.#ledger = new Ledger(paths.agentData, () => clock.now())
    this.#server = host ? host.server : new Snac(paths.snacSocket, () => this.#instance())
    this.#recorder = new Recorder({
      trees: this.#trees,
      countersFile: paths.counters,
      dataFolder: paths.agentData,
      clock,
      ledger: this.#ledger,
      onLeap: () => void this.schedules.catchUp(),
      onFailure: (error) => report('the sampling cycle', error),
    })
    this.#disks = new DiskBook({
      sys: this.#trees.sys,
      wearFile: paths.wear,
      dataFolder: paths.agentData,
      ledger: this.#ledger,
      now: () => clock.now(),
    })
    this.books = new Bookkeeper({
      folder: paths.agentData,
      clock,
      readings: this.#ledger,
      settings: () => this.#settings.current(),
      instance: () => this.#instance(),
      formerly: () => this.#formerly(),
      people: () => this.#ledger.noted<Partial<ServerCounts>>('counts')?.people ?? 0,
      power: () => ({ idle: this.#recorder.idlePower(), now: this.#recorder.figures().power }),
    })
    this.members = new Members({
      journal: this.books.journal,
      notes: this.#ledger,
      settings: () => this.#settings.current(),
      people: () => this.#ledger.noted<Partial<ServerCounts>>('counts')?.people ?? 0,
      bills: (month) => this.books.billsInCoins(month),
    })
    this.allowance = new Allowance({
      folder: paths.agentData,
      clock,
      zone: () => this.#settings.current().timezone,
      readings: this.#ledger,
    })
    this.publisher = new Publisher({
      paths,
      clock,
      steady: () => this.#isSteady(),
      kit: () => this.#files.kit(),
      zone: () => this.#settings.current().timezone,
      journal: this.books.journal,
      people: () => this.#ledger.noted<Partial<ServerCounts>>('counts')?.people ?? 0,
      notes: this.#ledger,
      hasWayOut: host === undefined,
      allowance: this.allowance,
    })
    // What depends on days waits until the clock has been right for a while.
    const ready = () => this.#isSteady()
    this.schedules = new Schedules(
      [
        { name: 'server-counts', at: '7 * * * *', every: 3600, run: () => this.#askServer().then(() => {}) },
        { name: 'metered-days', at: '23 * * * *', every: 3600, ready, run: () => this.books.enterDays() },
        { name: 'month-bill', at: '28 * * * *', every: 3600, ready, run: () => this.books.enterMonths() },
        { name: 'public-report', at: '34 * * * *', every: 3600, run: () => this.#publish() },
        { name: 'certificate', at: '12 * * * *', every: 3600, run: () => this.#refreshCertificate() },
        { name: 'storage-use', at: '41 3 * * *', every: 24 * 3600, run: () => this.#countStorage() },
        { name: 'retention', at: '51 3 * * *', every: 24 * 3600, ready, run: () => this.#ledger.forgetOld() },
      ],
      {
        // With the readings, every ten minutes: five jobs an hour would each write to the card.
        note: (name, value) => this.#ledger.noteLater(name, value),
        noted: (name) => this.#ledger.noted(name),
      },
      () => clock.now(),
      (job, error) => report(job, error),
    )
    this.#networkWatch = new FileWatch(paths.network, () => {
      this.#refreshCertificate().catch((error) => report('certificate', error))
    })
    this.#slotKeeper = new SlotKeeper({
      slot: () => this.#files.boot().slot,
      health: () => this.health(),
      confirm: async () => {
        await callHelper(paths.helperSocket('agent'), 'slot.good', {})
      },
      report: (error) => report('slot.good', error),
    })
  }

  async start(): Promise<void> {
    mkdirSync(this.#paths.agentData, { recursive: true, mode: 0o700 })
    mkdirSync(path.dirname(this.#paths.network), { recursive: true })
    this.#settings.start()
    this.#ledger.start()
    this.allowance.start()
    this.publisher.start()
    await this.#applyPlug()
    await this.#recorder.useCalibration(this.#settings.current().calibration)
    this.#recorder.start()
    this.schedules.start()
    this.#networkWatch.start()
    this.#slotKeeper.start()
    this.#catchUpTimer = setTimeout(() => {
      const [now, firstHour] = [this.#clock.now(), this.#ledger.firstHour()]
      if (firstHour !== null) this.#begun(firstHour, this.#ledger.entries(firstHour, firstHour + hourMs), now)
      void this.schedules.catchUp()
    }, catchUpMs)
  }

  /** Stops and writes what is still in memory. */
  async stop(): Promise<void> {
    clearTimeout(this.#catchUpTimer)
    this.#slotKeeper.stop()
    this.#networkWatch.stop()
    await this.schedules.stop()
    await this.#recorder.stop()
    await this.publisher.stop()
    this.allowance.stop()
    this.#ledger.stop()
    this.books.stop()
  }

  async summary(): Promise<Summary> {
    const now = this.#clock.now()
    const settings = this.#settings.current()
    const month = monthOf(now, settings.timezone)
    const day = dayOf(now, settings.timezone)
    // An hour more: in zones off by half an hour, the month begins within one.
    const entries = this.#ledger.entries(month.start - hourMs, now + hourMs)
    const firstHour = this.#ledger.firstHour() ?? now
    const begun = this.#begun(firstHour, entries, now)
    const health = await this.health()
    const counts = this.#ledger.noted<Partial<ServerCounts>>('counts')
    const figures = this.#recorder.figures()
    return {
      kit: this.#files.kit(),
      release: this.#files.release(),
      boot: this.#files.boot(),
      health,
      problems: this.#problems(),
      clockTrusted: this.#clock.trusted(),
      ...figures,
      storage: this.#storage(),
      traffic: {
        month: trafficTotals(entries, Math.max(month.start, firstHour), now, begun),
        day: trafficTotals(entries, Math.max(day.start, firstHour), now, begun),
      },
      costs: computeCosts({
        now,
        settings,
        people: counts?.people ?? 0,
        entries,
        power: figures.power,
        idleWatts: this.#recorder.idlePower().value,
      }),
      people: counts?.people ?? null,
      posts: counts?.posts ?? null,
      network: this.#files.network(),
      uptimeSeconds: Number(readText(path.join(this.#trees.proc, 'uptime'))?.split(' ')[0] ?? 0),
    }
  }

  /** When the kit began to read. Noted soon after: later, its first hour could not tell a late start from a gap. */
  #begun(firstHour: number, entries: HourEntry[], now: number): number {
    const noted = this.#ledger.noted<number>('begun')
    if (noted !== null && noted >= firstHour && noted < firstHour + hourMs) return noted
    const begun = beginning(firstHour, entries, now)
    if (this.#clock.trusted() && entries.length > 0) this.#ledger.note('begun', begun)
    return begun
  }

  /** Runs the named checks now. */
  async health(): Promise<HealthCheck[]> {
    const ports = this.#webPorts
    const [server, web] = await Promise.all([this.#serverVitals(), ports && checkWeb(ports.plain, ports.home)])
    const { memory, temperature } = this.#recorder.figures()
    return judge({
      server,
      web,
      dataWriteError: this.#dataWriteError(),
      boot: this.#files.boot(),
      kit: this.#files.kit(),
      space: readSpace(this.#spaceFolder()),
      memory,
      clockTrusted: this.#clock.trusted(),
      temperature,
      network: this.#files.network(),
      problems: this.#problems(),
    })
  }

  /** The last `hours` hours that were read, oldest first. */
  readings(hours: number): HourlyReading[] {
    const now = this.#clock.now()
    const from = Math.floor(now / hourMs) * hourMs - (hours - 1) * hourMs
    return this.#ledger.entries(from, now + hourMs).map(hourlyReading)
  }

  settings(): AgentSettings {
    return this.#settings.current()
  }

  /** Throws `SettingRefused`. */
  async storeSettings(value: unknown): Promise<AgentSettings> {
    const before = this.#settings.current()
    const settings = this.#settings.store(value)
    if (JSON.stringify(settings.plug) !== JSON.stringify(before.plug)) await this.#applyPlug()
    await this.#recorder.useCalibration(settings.calibration)
    return settings
  }

  /** Finds out what plug it is and reads it once. Rejects with `PlugTrouble`. */
  async testPlug(address: string): Promise<{ power: PowerFigure; device: string; kind: PlugKind }> {
    const plug = await recognisePlug(address, () => this.#files.network(), this.#plugPort)
    const reading = await plug.read()
    const power = measuredPower(reading, new Date(this.#clock.now()).toISOString())
    return { power, device: await plug.describe(), kind: plug.kind }
  }

  /** Adds a reading that somebody took off a meter at the wall a moment ago. Throws `SettingRefused`. */
  calibrate(watts: number): Promise<AgentSettings> {
    return this.#addReading(this.#recorder.typedReading(watts))
  }

  /** Adds the mean of what the plug measured lately. Throws `PlugTrouble` where that is too short, or not the server's. */
  calibrateByPlug(): Promise<AgentSettings> {
    if (otherWatts(this.#settings.current().plug?.others) === 'unknown') {
      throw new PlugTrouble(
        'shared',
        'Something else hangs on the plug, and nobody said how much it draws.',
        'Say it in Settings, or plug it in elsewhere.',
      )
    }
    const reading = this.#recorder.takeReading()
    if (reading) return this.#addReading(reading)
    throw new PlugTrouble(
      'short',
      'The plug has not measured for ten minutes yet.',
      'Leave it in place, and the kit alone, and try again in a quarter of an hour.',
    )
  }

  #addReading(reading: CalibrationReading): Promise<AgentSettings> {
    const settings = this.#settings.current()
    return this.storeSettings({ ...settings, calibration: [...settings.calibration, reading] })
  }

  /** Takes the dashboard's word for the accounts until the server is asked again. */
  tellPeople({ count: people, accounts }: { count: number; accounts?: string[] }): void {
    this.#ledger.note('counts', { ...this.#ledger.noted<Partial<ServerCounts>>('counts'), people })
    if (accounts) this.members.tellAccounts(accounts)
  }

  /** Which accounts there are, and what they are called where the helper can be asked: no such name is kept. */
  async accounts(): Promise<Account[]> {
    const known = this.members.accounts().map((id) => ({ id }))
    if (this.#host) return known
    return callHelper(this.#paths.helperSocket('agent'), 'person.list', {}, { timeoutMs: 5000 }).then(
      ({ people }) => people,
      () => known,
    )
  }

  /** A function that gives the figures of the moment each time it is called. */
  stream(): () => Promise<LiveFigures> {
    return this.#recorder.stream()
  }

  /** What publish/public-server.ts shows; null while nothing is published. */
  publication(): Publication | null {
    return this.publisher.publication()
  }

  /** The server's own NodeInfo; null where it has none. */
  async nodeInfo(document: NodeInfoDocument): Promise<Record<string, unknown> | null> {
    return (await this.#server?.nodeInfo?.(document)) ?? null
  }

  /** Host name of the server, under which it is known or found. */
  #instance(): string {
    const { serverName, hostname } = this.#files.kit()
    return serverName ?? `${hostname}.local`
  }

  /** What else it was or is called: exports from a trial are its own. */
  #formerly(): string[] {
    const { hostname, formerNames = [] } = this.#files.kit()
    return [`${hostname}.local`, ...formerNames]
  }

  async #applyPlug(): Promise<void> {
    const { plug } = this.#settings.current()
    const network = () => this.#files.network()
    const read = plug && new SmartPlug(plug.kind, plug.address, network, this.#plugPort)
    await this.#recorder.usePlug(read, otherWatts(plug?.others))
  }

  #problems() {
    const own = [
      this.#settings.problem(),
      this.#recorder.plugTrouble(),
      nameProblem(this.#files.kit(), this.#files.network()),
    ].filter((problem) => problem !== null)
    return [
      ...this.#files.problems(),
      ...this.#ledger.problems(),
      ...this.books.problems(),
      ...this.publisher.problems(),
      ...own,
    ]
  }

  #storage(): StorageUse {
    const now = this.#clock.now()
    const space = readSpace(this.#spaceFolder())
    const days = this.#ledger.noted<DayUse[]>('space-days') ?? []
    const full = fullOn(days, space.free, now)
    const perDay = growthPerDay(days)
    const use = this.#ledger.noted<StorageUse['use']>('storage-use')
    return {
      ...space,
      use,
      at: new Date(now).toISOString(),
      ...(perDay !== null && { growth: Math.round(perDay * 30) }),
      ...(full !== null && { fullOn: full }),
      wear: this.#disks.wear(tariffsOf(this.#settings.current())),
    }
  }

  #spaceFolder(): string {
    return this.#host?.spaceFolder ?? this.#paths.agentData
  }

  /** Null: there is none that could be asked. */
  async #askServer(): Promise<ServerCounts | null> {
    if (!this.#server) return null
    const counts = await this.#server.counts()
    const { people, posts } = this.#ledger.noted<Partial<ServerCounts>>('counts') ?? {}
    if (people !== counts.people || posts !== counts.posts) this.#ledger.note('counts', counts)
    return counts
  }

  async #serverVitals(): Promise<{ answers: boolean; reason: string } | null> {
    try {
      return (await this.#askServer()) && { answers: true, reason: '' }
    } catch (error) {
      if (!(error instanceof ServerTrouble)) throw error
      return { answers: false, reason: error.message }
    }
  }

  #dataWriteError(): string | null {
    const at = this.#clock.monotonic()
    if (!this.#probe || at - this.#probe.at > probeMs) {
      this.#probe = { at, error: dataWriteError(this.#paths.agentData) }
    }
    return this.#probe.error
  }

  async #countStorage(): Promise<void> {
    this.#noteSpace()
    if (this.#clock.trusted()) this.#disks.count()
    const { uploads, ...use } = this.#host
      ? { ...(await this.#host.countStorage()), uploads: undefined }
      : await callHelper(this.#paths.helperSocket('agent'), 'storage.use', {}, { timeoutMs: 10 * 60_000 })
    this.#ledger.noteLater('storage-use', use)
    if (uploads) this.members.noteUploads(uploads, use.server, new Date(this.#clock.now()).toISOString())
    if (this.#clock.trusted()) this.books.enterStorage(use)
  }

  #isSteady(): boolean {
    return this.#recorder.steadySeconds() >= steadyEnoughSeconds
  }

  /** Days and months that are over are entered first: a report must not come before what it tells of. */
  async #publish(): Promise<void> {
    if (this.#isSteady()) {
      this.books.enterDays()
      this.books.enterMonths()
    }
    if (this.publication()) this.allowance.available() // a day that nobody looks at adds nothing
    await this.publisher.run()
  }

  #noteSpace(): void {
    if (!this.#clock.trusted()) return
    const { size, free } = readSpace(this.#spaceFolder())
    const days = this.#ledger.noted<DayUse[]>('space-days') ?? []
    this.#ledger.noteLater('space-days', withToday(days, size - free, this.#clock.now()))
  }

  /** Has the certificate looked at when names, addresses or the trust in the clock changed, and daily, as it expires. */
  async #refreshCertificate(): Promise<void> {
    const { addresses, announcedAs } = this.#files.network()
    if (addresses.length === 0 || this.#host) return
    const reason = JSON.stringify([announcedAs ?? null, this.#clock.trusted(), ...addresses.toSorted()])
    const last = this.#ledger.noted<{ reason: string; at: number }>('certified')
    const age = this.#clock.now() - (last?.at ?? 0)
    if (last?.reason === reason && age >= 0 && age < certificateMs) return
    await callHelper(this.#paths.helperSocket('agent'), 'tls.refresh', {})
    this.#ledger.noteLater('certified', { reason, at: this.#clock.now() })
  }
}

function report(what: string, error: unknown): void {
  console.error(`${what}: ${error instanceof Error ? error.message : error}`)
}

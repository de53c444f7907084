import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { KitFacts, Problem, PublishingPreview, PublishingState } from '../api.ts'
import { dayName, dayNumber, dayNumberAt } from '../costs/calendar.ts'
import { FileWatch } from '../health/file-watch.ts'
import { Turns } from '../helper/turns.ts'
import { canonicalJson } from '../ledger/canonical-json.ts'
import type { Clock } from '../ledger/clock.ts'
import { type CurrentEntry, currentEntries } from '../ledger/corrections.ts'
import type { Journal } from '../ledger/journal.ts'
import { formatVerifierKey, parseLogKey } from '../ledger/log/note.ts'
import type { PublicLog } from '../ledger/log/public-log.ts'
import type { RunMemory } from '../ledger/schedules.ts'
import type { KitPaths } from '../paths.ts'
import { checkCollector, checkWitness, mostCollectors, mostWitnesses, placeShown } from './addresses.ts'
import type { PublishingCounts } from './allowance.ts'
import type { Publication } from './announcement.ts'
import { ChoiceFile, checkDisclosure, type Disclosure } from './choice.ts'
import { committed } from './commitment.ts'
import { type Allowance, type CollectorStanding, Deliveries, type WitnessStanding } from './deliveries.ts'
import { dueAt, periodAround, periodFrom, periodsDue, type ReportPeriod } from './due.ts'
import { hardwareChange, readHardware } from './hardware.ts'
import { collectorAddress, ownAddress } from './log-address.ts'
import { LogKeeper, trial } from './log-keeper.ts'
import type { Witness } from './outbox.ts'
import { PeopleDays } from './people-days.ts'
import { type ProofFile, proofOf } from './proof-file.ts'
import { Publications, type ReportRecord } from './publications.ts'
import { PublishingRefused } from './refused.ts'
import { type BuiltReport, buildReport, household, leastAccounts } from './report.ts'
import { readSignedLogs } from './signed-logs.ts'

/** Answers come in one go; a moment is enough for the file to be whole. */
const settleMs = 1000
/** A collector that fails so often in a row is a problem, not a bad hour. */
const failuresToTell = 3
/** So many months back may be chosen to begin with. */
const mostMonthsBack = 36

export interface PublisherOptions {
  paths: KitPaths
  clock: Clock
  /** Whether the clock has been right for long enough to rely on the day. */
  steady: () => boolean
  kit: () => KitFacts
  /** The household's zone. */
  zone: () => string
  journal: Pick<Journal, 'entries' | 'entry' | 'salt' | 'leaves' | 'consents' | 'joined'>
  /** Accounts on the server; 0 while nobody knows. */
  people: () => number
  notes: RunMemory
  /** Whether hearth-publish is there to send what goes out. */
  hasWayOut: boolean
  allowance: Allowance & { available(): number; counts(): PublishingCounts; problems(): Problem[] }
}

/**
 * Publishes reports, where the owner chose so: each period that is over for a week is reported once, oldest first, added
 * to the public log, and handed to hearth-publish. Every step can be taken again after a power cut.
 */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #choice: ChoiceFile
  readonly #publications: Publications
  readonly #deliveries: Deliveries
  readonly #keeper: LogKeeper
  readonly #peopleDays: PeopleDays
  readonly #turns = new Turns()
  readonly #inboxWatch: FileWatch
  /** Why nothing can be published: a file that cannot be read or written. */
  #failure: string | null = null
  #isDamaged = false

  constructor(options: PublisherOptions) {
    const { paths, clock, allowance, notes } = options
    this.#options = options
    this.#choice = new ChoiceFile(paths.agentData)
    this.#publications = new Publications(paths.agentData)
    this.#deliveries = new Deliveries(paths, allowance, () => clock.now())
    this.#keeper = new LogKeeper({
      paths,
      publications: this.#publications,
      deliveries: this.#deliveries,
      collectors: () => this.#choice.current().collectors,
      witnesses: () => this.#choice.current().witnesses,
      serverName: () => options.kit().serverName,
      now: () => clock.now(),
      clockTrusted: () => clock.trusted(),
    })
    this.#peopleDays = new PeopleDays(notes)
    this.#inboxWatch = new FileWatch(paths.inbox, () => void this.#answered(), settleMs)
  }

  start(): void {
    this.#choice.start()
    this.#deliveries.start()
    try {
      this.#publications.start()
    } catch (error) {
      this.#isDamaged = true
      this.#failure = `published.json cannot be read: ${(error as Error).message}`
    }
    try {
      mkdirSync(path.dirname(this.#options.paths.inbox), { recursive: true })
      this.#inboxWatch.start()
    } catch (error) {
      console.error(`publishing: answers are only read once an hour: ${(error as Error).message}`)
    }
  }

  async stop(): Promise<void> {
    this.#inboxWatch.stop()
    await this.#turn(async () => {})
  }

  /** Reports what is due, takes answers, and sends what is lacking; to be called once an hour. */
  run(): Promise<void> {
    return this.#turn(async () => {
      const { people, clock, steady, zone } = this.#options
      if (steady()) this.#peopleDays.note(dayName(dayNumberAt(clock.now(), zone())), people())
      await this.#takeAnswers()
      await this.#advance()
    })
  }

  problems(): Problem[] {
    const { collectors, witnesses } = this.#choice.current()
    const telling = (id: string, where: string, { failures, problem }: CollectorStanding | WitnessStanding) => {
      if (failures < failuresToTell || !problem || !this.isOn) return []
      const { what, next } = problem
      return [{ id, where, what, next, facts: { ...problem.facts, where, what, next, code: problem.code ?? '' } }]
    }
    const failing: Problem[] = [
      ...collectors.flatMap(({ id, place }) =>
        telling('publishing.collector', placeShown(place), this.#deliveries.collector(id)),
      ),
      ...witnesses.flatMap(({ url, key }) => telling('publishing.witness', url, this.#deliveries.witness(key))),
    ]
    const own = [this.#choice.problem(), this.#ownProblem(), this.#earlierProblem()]
    return [...own, ...failing, ...this.#options.allowance.problems()].filter((problem) => problem !== null)
  }

  get isOn(): boolean {
    return this.#choice.current().on
  }

  /** What visitors are shown; null while nothing is published. */
  publication(): Publication | null {
    const { log } = this.#publications
    if (!this.isOn || !log) return null
    const collectors = this.#choice.current().collectors.map(({ publicUrl }) => publicUrl)
    return { origin: parseLogKey(log.key).name, key: log.key, collectors }
  }

  state(): PublishingState {
    const { kit, people, allowance } = this.#options
    const { on, disclosure, collectors, witnesses } = this.#choice.current()
    const { log, logs, reports } = this.#publications
    const origin = log && parseLogKey(log.key).name
    const { trouble } = this.#keeper
    return {
      on,
      trial: kit().serverName === null,
      disclosure,
      people: people(),
      leastPeopleForWeeks: leastAccounts,
      beginnings: this.#beginnings(),
      question: this.#isMoved() ? 'moved-or-copied' : null,
      trouble: this.#failure ?? (trouble && `${trouble.where}: ${trouble.what}.`),
      canRenew: log !== null && !this.#isDamaged,
      canRepair: this.#isDamaged,
      looking: this.#publications.mustLook || this.#publications.lookingSince !== null,
      log: log && {
        origin: origin as string,
        address: ownAddress(origin as string),
        key: log.key,
        size: log.size,
        root: log.root,
      },
      earlierLogs: logs.slice(0, -1).map(({ key, size, state }) => ({ key, size, continued: state === 'continued' })),
      reports: reports.map((each) => ({
        period: each.report.period,
        state: each.sums === null ? 'lost' : this.#publications.isAdded(each) ? 'published' : 'noted',
        withheld: each.withheld,
      })),
      collectors: collectors.map(({ id, place, publicUrl }) => {
        const { has, at, problem } = this.#deliveries.collector(id)
        return {
          id,
          kind: place.kind,
          place: placeShown(place),
          publicUrl,
          address: origin === null ? null : collectorAddress(publicUrl, origin),
          has: (log && has[log.folder]?.size) ?? null,
          at: momentOf(at),
          problem,
        }
      }),
      witnesses: witnesses.map(({ url, key }) => {
        const { size, at, problem } = this.#deliveries.witness(key)
        return { url, key, signed: size, at: momentOf(at), problem }
      }),
      sshKey: this.#deliveries.sshKey(),
      budget: { left: allowance.available(), ...allowance.counts() },
    }
  }

  /** What others would see. @throws PublishingRefused, ReportRefused, JournalTrouble */
  preview(value: unknown): PublishingPreview {
    const disclosure = this.#normal(checkDisclosure(value))
    const { people, zone, clock } = this.#options
    if (disclosure.every === 'week' && people() < leastAccounts)
      throw new PublishingRefused(
        'few-people',
        'every',
        'Fewer than five people have accounts: a week would tell too much about each.',
        'Choose months.',
      )
    const [due] = this.#due(disclosure)
    const today = dayName(dayNumberAt(clock.now(), zone()))
    const next = periodFrom(disclosure.every, this.#begin(disclosure))
    const period = due ?? (next.from <= today ? next : periodAround(disclosure.every, dayNumber(today)))
    const { report, withheld } = this.#build(period, disclosure, Math.max(clock.now(), dueAt(period, zone())))
    const { entries: _, ...shown } = report
    return {
      disclosure,
      state: due ? 'due' : period.to <= today ? 'over' : 'running',
      publishedFrom: new Date(dueAt(period, zone())).toISOString(),
      report,
      withheld,
      seen: hashOf({ disclosure, shown, withheld }),
    }
  }

  /**
   * Switches on, or changes what is shown. @param value a `Disclosure`, and in `seen` the hash of its preview
   * @throws PublishingRefused where that was not seen as it is now
   */
  switchOn(value: unknown): Promise<PublishingState> {
    return this.#change(async () => {
      const { serverName } = this.#options.kit()
      if (serverName === null) throw trial()
      if (!this.#options.hasWayOut)
        throw new PublishingRefused(
          'no-way-out',
          'on',
          'There is no program here that sends reports.',
          'Publish from a kit; the ledger itself is whole without.',
        )
      this.#refuseDamage()
      this.#refuseMoved('on')
      const { seen, ...given } = (value ?? {}) as Record<string, unknown>
      const preview = this.preview(given)
      if (seen !== preview.seen)
        throw new PublishingRefused(
          'outdated',
          'seen',
          'What would be published has changed since you looked, or was not looked at.',
          'Look at the preview once more, then switch on.',
        )
      await this.#keeper.begin(serverName)
      if (this.#publications.hardware === null) this.#publications.store({ hardware: this.#hardware() })
      this.#choice.store({ on: true, disclosure: preview.disclosure })
      this.#deliveries.tryAgain()
      await this.#advance()
    })
  }

  /** Nothing more is added or sent; what is published stays where it is. */
  switchOff(): Promise<PublishingState> {
    return this.#change(async () => {
      if (!this.#isDamaged) await this.#keeper.open() // what a power cut left half-added is in the log
      this.#choice.store({ on: false })
      if (this.#isDamaged) return this.#deliveries.withdraw()
      // What was noted but is not in the log is told to nobody.
      const reports = this.#publications.reports.filter(
        (each) => each.sums === null || this.#publications.isAdded(each),
      )
      this.#publications.store({ reports, lookingSince: null })
      await this.#advance()
    })
  }

  /** @throws PublishingRefused */
  addCollector(value: unknown): Promise<PublishingState> {
    return this.#change(async () => {
      const { collectors } = this.#choice.current()
      if (collectors.length >= mostCollectors) throw full(mostCollectors)
      this.#choice.store({ collectors: [...collectors, checkCollector(value)] })
      await this.#advance()
    })
  }

  removeCollector(id: string): Promise<PublishingState> {
    return this.#change(async () => {
      this.#choice.store({ collectors: this.#choice.current().collectors.filter((each) => each.id !== id) })
      await this.#forget()
    })
  }

  /** @throws PublishingRefused */
  addWitness(value: unknown): Promise<PublishingState> {
    return this.#change(async () => {
      const { witnesses } = this.#choice.current()
      if (witnesses.length >= mostWitnesses) throw full(mostWitnesses)
      const witness = checkWitness(value)
      this.#choice.store({ witnesses: [...witnesses.filter(({ key }) => key !== witness.key), witness] })
      await this.#advance()
    })
  }

  removeWitness(key: string): Promise<PublishingState> {
    return this.#change(async () => {
      this.#choice.store({ witnesses: this.#choice.current().witnesses.filter((each) => each.key !== key) })
      await this.#forget()
    })
  }

  /**
   * What the owner says after board and card both changed: `moved`, and the log goes on here once it was looked what is
   * published; or `copied`, and this kit starts a log of its own.
   */
  answerHardware(answer: unknown): Promise<PublishingState> {
    return this.#change(async () => {
      if (answer !== 'moved' && answer !== 'copied')
        throw new PublishingRefused('answer', 'answer', 'answer must be moved or copied.', 'Choose one of them.')
      if (!this.#isMoved()) return
      if (answer === 'copied') this.#keeper.separate()
      this.#publications.store({ hardware: this.#hardware(), mustLook: answer === 'moved' })
      this.#deliveries.tryAgain()
      await this.#advance()
    })
  }

  /** Starts another log under a new key. @throws PublishingRefused, LogError */
  renew(): Promise<PublishingState> {
    return this.#change(async () => {
      this.#refuseDamage()
      this.#refuseMoved('log')
      await this.#keeper.renew()
      this.#deliveries.tryAgain()
      await this.#advance()
    })
  }

  /**
   * Takes what was published from the logs themselves where what was noted besides is damaged. Of periods before, it is
   * not known any more who was in their sums; they count as lost. Before anything is signed, the owner is asked whether
   * this is the kit that signed them.
   */
  repair(): Promise<PublishingState> {
    return this.#change(async () => {
      if (!this.#isDamaged) return
      const found = await readSignedLogs(this.#options.paths)
      this.#publications.replace(found)
      this.#isDamaged = false
      this.#failure = null
      if (found.logs.length === 0) this.#choice.store({ on: false })
      this.#deliveries.tryAgain()
      await this.#advance()
    })
  }

  /** Proof of an entry for whoever it is given to. @throws PublishingRefused, JournalTrouble */
  prove(id: string): ProofFile {
    return proofOf(
      id,
      this.#options.journal,
      this.#publications.reports.filter((each) => this.#publications.isAdded(each)),
    )
  }

  async #advance(): Promise<void> {
    const { on, disclosure, collectors, witnesses } = this.#choice.current()
    if (!on || !disclosure) return this.#deliveries.withdraw()
    if (this.#isDamaged || !this.#options.steady() || this.#isMoved()) return
    this.#noteHardware()
    const log = await this.#keeper.open()
    if (!log) return this.#keeper.lookForCopies()
    this.#publishDue(log, disclosure)
    // Witnesses sign the present log alone: an earlier one they have signed already, or never will.
    const earlier = (await this.#keeper.earlierParcels()).map((parcel) => ({ parcel, asked: [] as Witness[] }))
    for (const { parcel, asked } of [...earlier, { parcel: this.#keeper.parcel(log), asked: witnesses }])
      if (this.#deliveries.isDue(parcel, collectors, asked) && this.#deliveries.push(parcel, collectors, asked)) return
  }

  #publishDue(log: PublicLog, disclosure: Disclosure): void {
    const key = formatVerifierKey(log.key)
    const noted = this.#publications.reports.filter((each) => each.log === key && each.index >= log.head.size)
    const due = this.#due(disclosure)
    const isDue = noted.length > 0 || due.length > 0
    if (!isDue && !this.#publications.mustLook) return
    if (!this.#keeper.looked(log)) return
    for (const publication of noted) this.#keeper.append(log, publication)
    for (const period of due) {
      const { people, clock } = this.#options
      if (disclosure.every === 'week' && this.#peopleDays.at(period.to, people()) < leastAccounts) {
        // Months tell less of the fewer people; they begin with the next one that is not begun.
        this.#choice.store({ disclosure: { ...disclosure, every: 'month' } })
        return
      }
      const publication = { log: key, index: log.head.size, ...this.#build(period, disclosure, clock.now()) }
      this.#publications.store({ reports: [...this.#publications.reports, publication] })
      this.#keeper.append(log, publication)
    }
  }

  /** Periods that are due and in which anything was recorded, oldest first. */
  #due(disclosure: Disclosure): ReportPeriod[] {
    const { clock, zone } = this.#options
    const due = periodsDue(disclosure.every, this.#begin(disclosure), clock.now(), zone())
    return due.filter((period) => this.#entries(period).length > 0)
  }

  /** The first day that was not reported and may be. */
  #begin({ from }: Disclosure): string {
    const last = this.#publications.reports.at(-1)?.report.period.to ?? from
    return last > from ? last : from
  }

  #build(period: ReportPeriod, disclosure: Disclosure, now: number): BuiltReport {
    const { journal, zone, people } = this.#options
    // A preview of what is running can overlap weeks that were reported; what is due never does.
    const before = this.#publications.reports.filter(
      ({ report }) => report.period.to <= period.from || period.to <= report.period.from,
    )
    const after = this.#committedTo(before.at(-1))
    const { hours, money } = journal.consents()
    const known = before.flatMap(({ sums }) => (sums ? [sums] : []))
    return buildReport({
      instance: this.#instance(),
      period,
      zone: zone(),
      now,
      entries: this.#entries(period),
      after,
      leaves: journal.leaves(after),
      filling: randomBytes(32).toString('base64'),
      people: this.#peopleDays.at(period.to, people()),
      consents: { hours, money: disclosure.household ? new Set([...money, household]) : money },
      published: before.map(({ report }) => report),
      sums: { hours: known.flatMap((each) => each.hours), money: known.flatMap((each) => each.money) },
    })
  }

  /** Entries of a period as they count, of this server; who goes by two parties is one person. */
  #entries({ from, to }: ReportPeriod): CurrentEntry[] {
    const { journal } = this.#options
    const joined = journal.joined()
    const entries = currentEntries(journal.entries({ from, to })).filter(
      ({ entry }) => entry.instance === this.#instance(),
    )
    return entries.map((each) => {
      const party = each.entry.party === undefined ? undefined : joined.get(each.entry.party)
      return party === undefined ? each : { ...each, entry: { ...each.entry, party } }
    })
  }

  /**
   * The last entry that a report commits to. Where it commits to others than are here, such as before a journal that was
   * put back or began anew, it is none: all that are here are committed to once more.
   */
  #committedTo(last: ReportRecord | undefined): number {
    if (!last?.commitment) return 0
    const { from, to } = last.commitment
    try {
      const { root } = committed(this.#options.journal.leaves(from - 1, to), last.commitment)
      return root === last.report.entries.root ? to : 0
    } catch (error) {
      if (error instanceof RangeError) return 0
      throw error
    }
  }

  /** Begins at the start of a period, within what can be. */
  #normal(disclosure: Disclosure): Disclosure {
    const { clock, zone } = this.#options
    const today = dayNumberAt(clock.now(), zone())
    if (dayNumber(disclosure.from) > today)
      throw new PublishingRefused('choice', 'from', 'from lies ahead.', 'Choose a day that has come.')
    return { ...disclosure, from: periodAround(disclosure.every, dayNumber(disclosure.from)).from }
  }

  /** First days of the months from the first entry on, newest first. */
  #beginnings(): string[] {
    const { journal, clock, zone } = this.#options
    const [first] = journal.entries({ kind: 'power' })
    const months: string[] = []
    let period = periodAround('month', dayNumberAt(clock.now(), zone()))
    while (months.length < mostMonthsBack) {
      months.push(period.from)
      if (!first || first.period.from >= period.from) break
      period = periodAround('month', dayNumber(period.from) - 1)
    }
    return months
  }

  #hardware() {
    const { paths, kit } = this.#options
    return readHardware(paths, kit().board.serial)
  }

  /** Whether board and medium are both others than those on which the log was signed. */
  #isMoved(): boolean {
    const noted = this.#publications.hardware
    return noted !== null && hardwareChange(noted, this.#hardware()) === 'all'
  }

  #noteHardware(): void {
    const { hardware, log } = this.#publications
    const now = this.#hardware()
    const isNew = hardware !== null && hardwareChange(hardware, now) === 'part'
    const merged = { board: now.board ?? hardware?.board ?? null, medium: now.medium ?? hardware?.medium ?? null }
    if (!isNew && hardware?.board === merged.board && hardware?.medium === merged.medium) return
    this.#publications.store({ hardware: merged, ...(isNew && log && { mustLook: true }) })
  }

  #instance(): string {
    const { serverName, hostname } = this.#options.kit()
    return serverName ?? `${hostname}.local`
  }

  #ownProblem(): Problem | null {
    if (this.#isMoved())
      return {
        id: 'publishing.moved',
        what: 'Board and card are not those on which the public log was signed, so nothing is published.',
        next: 'Open Public report and say whether the server was moved or copied.',
      }
    const { trouble } = this.#keeper
    const what = this.#failure ?? (trouble && `${trouble.where}: ${trouble.what}`)
    if (!what || !this.isOn) return null
    return {
      id: 'publishing.log',
      what: `The public log cannot go on (${what}).`,
      next: 'Open Public report and read what can be done.',
      facts: { what },
    }
  }

  #earlierProblem(): Problem | null {
    const trouble = this.#keeper.earlierTrouble
    if (!trouble || !this.isOn) return null
    const what = `${trouble.where} ${trouble.what}`
    return {
      id: 'publishing.earlier-log',
      what: `An earlier public log cannot be sent to its end (${what}). The present one goes on.`,
      next: 'Put its folder back from a copy of the public log.',
      facts: { what },
    }
  }

  #refuseMoved(field: string): void {
    if (this.#isMoved())
      throw new PublishingRefused(
        'moved',
        field,
        'Board and card are not those on which the log was signed.',
        'Say first whether the server was moved or copied.',
      )
  }

  #refuseDamage(): void {
    if (this.#isDamaged)
      throw new PublishingRefused(
        'damaged',
        'log',
        'What was published before cannot be read, so nobody knows what was told already.',
        'Take it from the logs, which is offered where this is said; or put published.json back from a copy.',
      )
  }

  /** What nobody named any more is forgotten, and not sent to. */
  async #forget(): Promise<void> {
    const { collectors, witnesses } = this.#choice.current()
    this.#deliveries.withdraw()
    this.#deliveries.keepOnly(collectors, witnesses)
    await this.#advance()
  }

  async #takeAnswers(): Promise<void> {
    if (this.isOn && !this.#isDamaged && !this.#isMoved()) await this.#keeper.takeAnswers()
  }

  async #answered(): Promise<void> {
    try {
      await this.#turn(async () => {
        await this.#takeAnswers()
        await this.#advance()
      })
    } catch (error) {
      console.error(`publishing: ${error instanceof Error ? error.message : error}`)
    }
  }

  #change(work: () => Promise<void>): Promise<PublishingState> {
    return this.#turn(async () => {
      await work()
      return this.state()
    })
  }

  /** One thing after the other. After a failure the log is opened anew from what is on the card. */
  #turn<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#turns.take('publishing', async () => {
      try {
        const result = await work()
        if (!this.#isDamaged) this.#failure = null
        return result
      } catch (error) {
        if (!(error instanceof PublishingRefused)) {
          this.#keeper.close()
          this.#failure = (error as Error).message
        }
        throw error
      }
    })
  }
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64url')
}

function momentOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

function full(most: number): PublishingRefused {
  return new PublishingRefused('address', 'collectors', `There can be ${most} at most.`, 'Remove one first.')
}

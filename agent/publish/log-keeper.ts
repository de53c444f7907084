import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { dayMs } from '../costs/calendar.ts'
import { formatCheckpoint, isClosed, openCheckpoint, type SignedCheckpoint } from '../ledger/log/checkpoint.ts'
import { LogError } from '../ledger/log/error.ts'
import { same, treeRoot } from '../ledger/log/merkle.ts'
import { formatNote, formatVerifierKey, parseLogKey, type VerifierKey } from '../ledger/log/note.ts'
import {
  createAfterLoss,
  createLog,
  type LogPlaces,
  openLog,
  type PublicLog,
  restoreLog,
} from '../ledger/log/public-log.ts'
import { checkpointFile, readLog } from '../ledger/log/read-log.ts'
import { readFolder } from '../ledger/log/source.ts'
import { readText } from '../meters/files.ts'
import type { KitPaths } from '../paths.ts'
import type { Deliveries, Parcel } from './deliveries.ts'
import { logOrigin } from './log-address.ts'
import type { Collector, Inbox, Witness } from './outbox.ts'
import type { KnownLog, Publications, ReportRecord } from './publications.ts'
import { PublishingRefused } from './refused.ts'
import { reportBytes } from './report.ts'
import {
  copyLimits,
  firstPlace,
  knownLog,
  leavesOf,
  lostReports,
  type Place,
  placeNumbered,
  placesOf,
  readForeign,
} from './signed-logs.ts'

/** So long collectors that do not answer keep a log waiting whose past nothing speaks against. */
const patienceMs = 3 * dayMs

export interface LogKeeperOptions {
  paths: KitPaths
  publications: Publications
  deliveries: Deliveries
  collectors: () => readonly Collector[]
  witnesses: () => readonly Witness[]
  /** Permanent name of the server; null: a trial. */
  serverName: () => string | null
  now: () => number
  clockTrusted: () => boolean
}

/** A head that was published, under a key that may not be ours. */
interface Head {
  key: VerifierKey
  size: number
  root: Buffer
}

/**
 * Keeps the public log: opens it, looks what collectors have of it before anything is signed, takes back what is missing
 * here, and starts another one where it cannot go on. While `trouble` says something, nothing is signed.
 */
export class LogKeeper {
  readonly #options: LogKeeperOptions
  #log: PublicLog | null = null
  #trouble: LogError | null = null
  #earlierTrouble: LogError | null = null
  /** What a collector has that cannot be of one history with the log here. */
  #conflict: LogError | null = null
  /** Who was asked about the log with this head, and has nothing against it: ids of collectors, keys of witnesses. */
  #looked = { head: '', by: new Set<string>() }
  /** The largest head that a collector has of a log that cannot go on here. */
  #published: Head | null = null

  constructor(options: LogKeeperOptions) {
    this.#options = options
  }

  get trouble(): LogError | null {
    return this.#trouble ?? this.#conflict ?? this.#against()
  }

  /** Why an earlier log cannot be sent to its end; the present one goes on. */
  get earlierTrouble(): LogError | null {
    return this.#earlierTrouble
  }

  /** The log, whole and in agreement with what was noted; null where there is none, or `trouble` says why not. */
  async open(): Promise<PublicLog | null> {
    const { publications } = this.#options
    const known = publications.log
    if (this.#log || !known) return this.#log
    try {
      const log = await openLog(placesOf(this.#options.paths, known))
      this.#checkKnown(log, known)
      if (publications.next) return await this.#continue(log, publications.next)
      this.#use(log)
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      this.#trouble = error
    }
    return this.#log
  }

  /** The log again from its files, after something could not be written. */
  close(): void {
    this.#log = null
  }

  /** Starts the first log of this kit, unless there is one. */
  async begin(serverName: string): Promise<void> {
    const { publications } = this.#options
    if (publications.log) return void (await this.open())
    const places = placesOf(this.#options.paths, firstPlace)
    const isKeyLost = !existsSync(places.secret) && existsSync(path.join(places.folder, checkpointFile))
    if (isKeyLost) return this.#followForeign(places.folder, serverName)
    const log = existsSync(places.secret) ? await openLog(places) : createLog(places, logOrigin(serverName))
    publications.store({ logs: [knownLog(firstPlace, log.key, log.head, 'open')] })
    this.#use(log)
  }

  /** Adds a report that was noted as the next leaf. */
  append(log: PublicLog, { index, report }: ReportRecord): void {
    const { publications } = this.#options
    try {
      log.append(index, reportBytes(report))
    } catch (error) {
      this.close()
      throw error
    }
    publications.noteHead(log.head.size, log.head.root.toString('base64'))
  }

  /**
   * Whether what collectors have and witnesses know of this log was looked at, and speaks for going on; where not, they
   * are asked. Those that do not answer are waited for three days; collectors for ever, where the kit's memory or hardware
   * is not what it was.
   */
  looked(log: PublicLog): boolean {
    const { publications, deliveries, collectors, witnesses, now } = this.#options
    const parcel = this.parcel(log)
    const heard = this.#heard(parcel)
    const missing = collectors().filter(({ id }) => !heard.has(id))
    const silent = witnesses().filter(({ key }) => deliveries.witness(key).folder === parcel.folder && !heard.has(key))
    const since = publications.lookingSince
    const isLong = since !== null && now() - since > patienceMs
    const isHeard = missing.length + silent.length === 0
    const isWaitedFor = !isLong || (publications.mustLook && missing.length > 0)
    if (this.#against() === null && (isHeard || !isWaitedFor)) {
      this.#conflict = null
      if (publications.mustLook || since !== null) publications.store({ mustLook: false, lookingSince: null })
      return true
    }
    // Only time in which they could have answered is waited for.
    const isAsked = deliveries.compare(parcel, missing, silent)
    if (isAsked && (since === null || since > now())) publications.store({ lookingSince: now() })
    return false
  }

  /** Asks what collectors have of a log that cannot be opened here. */
  lookForCopies(): void {
    const { publications, deliveries, collectors } = this.#options
    const known = publications.log
    if (!known || collectors().length === 0) return
    const empty = treeRoot([]).toString('base64')
    const { name: origin } = parseLogKey(known.key)
    const parcel = { origin, key: known.key, folder: known.folder, size: 0, root: empty, checkpoint: '', text: '' }
    deliveries.compare({ ...parcel, period: null, filesSince: () => [] }, collectors(), [])
  }

  /** Takes what hearth-publish answered. */
  async takeAnswers(): Promise<void> {
    const { deliveries, publications } = this.#options
    const inbox = deliveries.answer()
    if (!inbox || !publications.log) return
    const isNew = !deliveries.isTaken(inbox)
    if (isNew) {
      deliveries.take(inbox)
      if (inbox.collectors.some(({ outcome }) => outcome === 'conflict')) publications.store({ mustLook: true })
    }
    const log = await this.open()
    if (log && isNew) this.#takeCosignatures(inbox, log)
    if (deliveries.task === 'compare') await this.#compare(inbox, log, isNew)
  }

  /** A log as it goes out. */
  parcel(log: PublicLog): Parcel {
    const { publications } = this.#options
    const key = formatVerifierKey(log.key)
    const last = publications.reports.findLast((each) => each.log === key && each.index < log.head.size)
    return {
      origin: log.head.origin,
      key,
      folder: publications.logs.find((each) => each.key === key)?.folder ?? '',
      size: log.head.size,
      root: log.head.root.toString('base64'),
      checkpoint: log.checkpoint,
      text: formatCheckpoint(log.head),
      period: last?.report.period ?? null,
      filesSince: (known) => log.filesSince(known),
    }
  }

  /** Logs before the present one that say that it goes on, as long as a collector does not have them to their end. */
  async earlierParcels(): Promise<Parcel[]> {
    const { publications, deliveries, collectors, paths } = this.#options
    const parcels: Parcel[] = []
    this.#earlierTrouble = null
    for (const known of publications.logs.filter(({ state }) => state === 'continued')) {
      const checkpoint = readText(path.join(paths.publicLog, known.folder, checkpointFile)) ?? ''
      if (collectors().every(({ id }) => deliveries.hasWhole(id, { folder: known.folder, checkpoint }))) continue
      try {
        parcels.push(this.parcel(await openLog(placesOf(this.#options.paths, known))))
      } catch (error) {
        if (!(error instanceof LogError)) throw error
        this.#earlierTrouble = error
      }
    }
    return parcels
  }

  /**
   * Starts another log under a new key: after the present one, which is closed; or, where that cannot be signed any
   * more, after the largest head of it that is known.
   */
  async renew(): Promise<void> {
    const { publications } = this.#options
    const known = publications.log
    if (!known) throw new PublishingRefused('no-log', 'log', 'There is no log yet.', 'Switch publishing on first.')
    const name = this.#serverName()
    const log = await this.open()
    if (log && this.looked(log)) return void (await this.#continue(log, otherPlace()))
    if (!log) this.lookForCopies()
    const isSpokenAgainst = log === null || this.#conflict !== null || this.#against() !== null
    if (!isSpokenAgainst || this.#isUnheard())
      throw new PublishingRefused(
        'looking',
        'log',
        'Before the log is closed, collectors are asked what they have of it.',
        'Try again in some minutes. Remove a collector that will never answer.',
      )
    const own = { key: parseLogKey(known.key), size: known.size, root: Buffer.from(known.root, 'base64') }
    const published = this.#published
    const { key, ...head } = published && published.size >= own.size ? published : own
    this.#start(otherPlace(), (places, origin) => createAfterLoss(places, origin, key, head), name)
  }

  /** Starts a log of its own on a copy of a kit, which goes on with the one before. */
  separate(): void {
    this.#start(otherPlace(), createLog, this.#serverName())
  }

  /** Whether a collector is to be heard yet: it may have more of the log than is known here. */
  #isUnheard(): boolean {
    const { deliveries, collectors } = this.#options
    return collectors().some(({ id }) => !this.#looked.by.has(id) && deliveries.collector(id).problem === null)
  }

  #heard(parcel: Parcel): Set<string> {
    const head = headOf(parcel)
    if (this.#looked.head !== head) this.#looked = { head, by: new Set() }
    return this.#looked.by
  }

  /** What a witness has against this log, as long as it is one that the owner names. */
  #against(): LogError | null {
    const { publications, witnesses } = this.#options
    const { ahead } = publications
    const witness = witnesses().find(({ key }) => key === ahead?.witness)
    if (!ahead || !witness) return null
    return new LogError(
      'behind',
      witness.url,
      `has seen ${ahead.size} leaves and does not sign what is here`,
      startAnew,
    )
  }

  #start(place: Place, create: (places: LogPlaces, origin: string) => PublicLog, serverName: string): void {
    const { publications } = this.#options
    const log = create(placesOf(this.#options.paths, place), logOrigin(serverName, place.folder))
    const before = publications.logs.map((each) => (each.state === 'open' ? { ...each, state: 'left' as const } : each))
    // What was noted for the old log goes nowhere now, and is made anew.
    const old = publications.log
    const reports = publications.reports.filter((each) => each.log !== old?.key || each.index < old.size)
    publications.store({
      logs: [...before, knownLog(place, log.key, log.head, 'open')],
      reports,
      next: null,
      mustLook: false,
      ahead: null,
      lookingSince: null,
    })
    this.#conflict = null
    this.#use(log)
  }

  /** Closes a log and goes on with the next one; after a power cut, too. */
  async #continue(log: PublicLog, place: Place): Promise<PublicLog> {
    const { publications } = this.#options
    const name = this.#serverName()
    publications.store({ next: place })
    const next = await log.succeed(placesOf(this.#options.paths, place), logOrigin(name, place.folder))
    const before = publications.logs.map((each) =>
      each.state === 'open' ? { ...each, state: 'continued' as const } : each,
    )
    const key = formatVerifierKey(log.key)
    const reports = publications.reports.filter((each) => each.log !== key || each.index < log.head.size)
    publications.store({
      logs: [...before, knownLog(place, next.key, next.head, 'open')],
      next: null,
      reports,
      lookingSince: null,
    })
    this.#use(next)
    return next
  }

  /** Starts a log after one whose files are in a folder and whose key is not here. */
  async #followForeign(folder: string, serverName: string): Promise<void> {
    const { publications } = this.#options
    const { key, whole } = await readForeign(folder)
    const left = knownLog(firstPlace, key, whole.checkpoint, 'open')
    publications.store({ logs: [left], reports: lostReports(left.key, whole.leaves) })
    this.#start(otherPlace(), (places, origin) => createAfterLoss(places, origin, key, whole.checkpoint), serverName)
  }

  #use(log: PublicLog): void {
    this.#agree(log)
    if (log.closed) throw new LogError('closed', checkpointFile, 'is of a log that was closed', startAnew)
    this.#log = log
    this.#trouble = null
    this.#published = null
  }

  #checkKnown(log: PublicLog, known: KnownLog): void {
    if (formatVerifierKey(log.key) !== known.key)
      throw new LogError('forked', known.secret, 'holds another key than was noted', startAnew)
    if (log.head.size < known.size)
      throw new LogError('behind', checkpointFile, `has ${log.head.size} leaves of ${known.size}`, startAnew)
  }

  /** Notes leaves that this kit does not remember; they were published from here before its memory was put back. */
  #agree(log: PublicLog): void {
    const { publications } = this.#options
    const key = formatVerifierKey(log.key)
    const own = new Map(publications.reports.filter((each) => each.log === key).map((each) => [each.index, each]))
    const lost = lostReports(key, leavesOf(log)).filter(({ index, report }) => {
      const noted = own.get(index)
      return !noted || !reportBytes(noted.report).equals(reportBytes(report))
    })
    if (lost.length > 0) {
      const isReplaced = (each: ReportRecord) => each.log === key && lost.some(({ index }) => index === each.index)
      // A report noted for a period that was published after all is dropped, too.
      const isTwice = (each: ReportRecord) =>
        each.index >= log.head.size && lost.some(({ report }) => overlap(report.period, each.report.period))
      const kept = publications.reports.filter((each) => !isReplaced(each) && !isTwice(each))
      publications.store({ reports: [...kept, ...lost] })
    }
    publications.noteHead(log.head.size, log.head.root.toString('base64'))
  }

  /** @param isNew the answer was not taken before; after a start of the agent an old one is looked at again */
  async #compare(inbox: Inbox, opened: PublicLog | null, isNew: boolean): Promise<void> {
    const { publications, deliveries, collectors } = this.#options
    const known = publications.log as KnownLog
    let log = opened
    if (log && !deliveries.isComparing(this.parcel(log))) return
    const answered = new Set(log ? this.#heard(this.parcel(log)) : [])
    for (const answer of inbox.collectors) {
      const collector = collectors().find(({ id }) => id === answer.id)
      if (answer.outcome !== 'compared' || !collector) continue
      try {
        if (answer.checkpoint !== undefined) log = await this.#compareWith(log, known, answer)
        answered.add(collector.id)
        if (isNew) deliveries.noteCompared(collector.id, null)
      } catch (error) {
        if (!(error instanceof LogError)) throw error
        const { trouble, what, next } = error
        this.#conflict = new LogError(trouble, collector.publicUrl, what, next)
        publications.store({ mustLook: true })
        const problem = { what: `Its copy ${what}.`, next, code: 'place.copy', facts: { reason: what } }
        if (isNew) deliveries.noteCompared(collector.id, problem)
        if (trouble === 'closed') this.#log = log = null
        if (opened) break
      }
    }
    // Whoever could not help is not asked every hour.
    const without = { what: 'It has no copy of the log.', next: startAnew, code: 'place.no-copy' }
    if (!log && isNew) for (const id of answered) deliveries.noteCompared(id, without)
    if (log) this.#looked = { head: headOf(this.parcel(log)), by: answered }
  }

  /** @returns the log, with what the collector has and it lacked @throws LogError if both cannot be one history */
  async #compareWith(
    log: PublicLog | null,
    known: KnownLog,
    { checkpoint = '', copy }: Inbox['collectors'][number],
  ): Promise<PublicLog> {
    const key = parseLogKey(known.key)
    const folder = copy === undefined ? null : path.join(path.dirname(this.#options.paths.inbox), copy)
    let published: SignedCheckpoint
    try {
      published = openCheckpoint(checkpoint, key, [], 'the published checkpoint')
    } catch (error) {
      if (folder) await this.#noteForeign(folder)
      throw error
    }
    const { size, root } = published
    if (!this.#published || this.#published.size < size) this.#published = { key, size, root }
    const forked = new LogError('forked', checkpointFile, 'is of another history than the log here', startAnew)
    if (log && size <= log.head.size) {
      if (!same(treeRoot(log.hashes.slice(0, size)), root)) throw forked
      if (!isClosed(published) || log.closed) return log
    }
    if (!folder) throw new LogError('behind', checkpointFile, `has ${size} leaves, but they did not come`, startAnew)
    const whole = await readLog(readFolder(folder), key, copyLimits)
    const signed = formatNote(whole.checkpoint.note)
    const next = log ?? restoreLog(placesOf(this.#options.paths, known), whole.leaves, signed)
    if (next.compare(whole) === 'forked') throw forked
    next.adopt(whole.leaves.slice(next.head.size), signed)
    this.#use(next)
    return next
  }

  /** A log of this server under a key that is not here. */
  async #noteForeign(folder: string): Promise<void> {
    try {
      const { key, whole } = await readForeign(folder)
      this.#published = { key, size: whole.checkpoint.size, root: whole.checkpoint.root }
      const { publications } = this.#options
      const vkey = formatVerifierKey(key)
      const lost = lostReports(vkey, whole.leaves)
      const others = publications.reports.filter(({ log }) => log !== vkey)
      publications.store({ reports: [...others, ...lost] })
    } catch (error) {
      if (!(error instanceof LogError)) throw error
    }
  }

  #takeCosignatures(inbox: Inbox, log: PublicLog): void {
    const { deliveries, publications, now, clockTrusted } = this.#options
    const parcel = this.parcel(log)
    for (const { key, block, seen, problem } of inbox.witnesses) {
      if (seen !== undefined && deliveries.isAbout(parcel))
        publications.store({ ahead: { witness: key, size: seen }, mustLook: true })
      if (block === undefined || !deliveries.isAbout(parcel)) {
        const unsigned = { what: 'It did not sign.', next: 'It is asked again by itself.', code: 'witness.unsigned' }
        deliveries.noteWitness(key, null, problem ?? unsigned)
        continue
      }
      try {
        const { accepted, refused } = log.acceptCosignatures(block, [key], clockTrusted() ? now() : null)
        const [reason] = refused.map((each) => each.reason)
        const trouble = { what: reason ?? 'It did not sign.', next: 'Check its key; ask whoever runs the witness.' }
        const isSigned = accepted.length > 0
        deliveries.noteWitness(key, isSigned ? parcel : null, isSigned ? null : trouble)
        if (isSigned && deliveries.task === 'compare') this.#heard(parcel).add(key)
        if (isSigned && publications.ahead?.witness === key) publications.store({ ahead: null })
      } catch (error) {
        if (!(error instanceof LogError)) throw error
        deliveries.noteWitness(key, null, { what: `${error.where} ${error.what}.`, next: error.next })
      }
    }
  }

  #serverName(): string {
    const name = this.#options.serverName()
    if (name !== null) return name
    throw trial()
  }
}

const startAnew = 'Wait for a copy from a collector, or start another log in its place.'

export function trial(): PublishingRefused {
  return new PublishingRefused(
    'trial',
    'on',
    'A server on trial publishes nothing: nobody outside could find it.',
    'Give it its permanent name first.',
  )
}

/** A number that no log of this kit had, not even one that it forgot. */
function otherPlace(): Place {
  return placeNumbered(randomInt(1000, 1_000_000))
}

function headOf({ key, size, root }: Pick<Parcel, 'key' | 'size' | 'root'>): string {
  return `${key} ${size} ${root}`
}

function overlap(one: ReportRecord['report']['period'], other: ReportRecord['report']['period']): boolean {
  return one.from < other.to && other.from < one.to
}

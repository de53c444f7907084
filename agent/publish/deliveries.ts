import { createHash } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Trouble } from '../api.ts'
import { readText } from '../meters/files.ts'
import type { KitPaths } from '../paths.ts'
import { writeDurably } from '../service/durable.ts'
import type { Collector, Inbox, Outbox, Witness } from './outbox.ts'
import { readTrouble } from './read-trouble.ts'
import { compareCost, pushCost, witnessCost } from './wire.ts'

const hourMs = 3600_000
/** An answer that did not come by then will not come. */
const answerMs = hourMs
/** After failures it is tried again after 1, 2, 4 … hours, and once a day in the end. */
const longestPauseHours = 24
/** Where less than it needs was granted, twice as much is, up to eight times. */
const mostDoublings = 3
const largestInbox = 4 * 1024 * 1024

/** The budget in force. */
export interface Allowance {
  /** Takes bytes off the budget; false: there are not so many. */
  take(bytes: number): boolean
  /** Takes back what was not sent. */
  giveBack(bytes: number): void
}

/** A log as it is to be published. */
export interface Parcel {
  origin: string
  key: string
  /** Below the folder of public logs. */
  folder: string
  size: number
  root: string
  /** The signed checkpoint. */
  checkpoint: string
  /** The text that witnesses sign. */
  text: string
  period: Outbox['period']
  /** Files that whoever has so many leaves lacks. */
  filesSince: (known: number) => string[]
}

/** How it stands with a collector. */
export interface CollectorStanding {
  /** What it has, by folder of the log: leaves, and hash of the checkpoint. */
  has: Record<string, { size: number; checkpoint: string }>
  /** In a row. */
  failures: number
  /** How often what was granted did not do. */
  short: number
  /** Last answer, milliseconds since 1970. */
  at: number | null
  problem: Trouble | null
}

export interface WitnessStanding {
  short: 0
  /** Hash of the checkpoint's text that it signed last, folder of that log, and its leaves. */
  signed: string | null
  folder: string | null
  size: number | null
  failures: number
  at: number | null
  problem: Trouble | null
}

interface Memory {
  version: 1
  /** What was asked last, and when. */
  sent: {
    number: number
    task: Outbox['task']
    folder: string
    size: number
    root: string
    checkpoint: string
    at: number
  } | null
  /** Number of the last outbox whose answer was taken. */
  taken: number
  collectors: Record<string, CollectorStanding>
  witnesses: Record<string, WitnessStanding>
}

const nothing: Memory = { version: 1, sent: null, taken: 0, collectors: {}, witnesses: {} }
const newCollector: CollectorStanding = { has: {}, failures: 0, short: 0, at: null, problem: null }
const newWitness: WitnessStanding = {
  short: 0,
  signed: null,
  folder: null,
  size: null,
  failures: 0,
  at: null,
  problem: null,
}

/** What goes out, and what came of it: writes the outbox, reads the inbox, and remembers who has what. */
export class Deliveries {
  readonly #paths: KitPaths
  readonly #allowance: Allowance
  readonly #now: () => number
  #memory = nothing

  constructor(paths: KitPaths, allowance: Allowance, now: () => number) {
    this.#paths = paths
    this.#allowance = allowance
    this.#now = now
  }

  get #file(): string {
    return path.join(this.#paths.agentData, 'deliveries.json')
  }

  /** Whoever has what is sent once more where the file is damaged. */
  start(): void {
    try {
      const memory = JSON.parse(readText(this.#file) ?? 'null')
      if (memory?.version === 1) this.#memory = memory
    } catch {}
  }

  collector(id: string): CollectorStanding {
    return this.#memory.collectors[id] ?? newCollector
  }

  witness(key: string): WitnessStanding {
    return this.#memory.witnesses[key] ?? newWitness
  }

  /** After the owner did something about it, nobody waits for their next turn. */
  tryAgain(): void {
    const again = <Standing>(all: Record<string, Standing>) =>
      Object.fromEntries(Object.entries(all).map(([key, standing]) => [key, { ...standing, failures: 0 }]))
    this.#store({ collectors: again(this.#memory.collectors), witnesses: again(this.#memory.witnesses) })
  }

  /** Forgets whom the owner named no longer. */
  keepOnly(collectors: readonly Collector[], witnesses: readonly Witness[]): void {
    const kept = <Value>(all: Record<string, Value>, keys: string[]) =>
      Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key)))
    this.#store({
      collectors: kept(
        this.#memory.collectors,
        collectors.map(({ id }) => id),
      ),
      witnesses: kept(
        this.#memory.witnesses,
        witnesses.map(({ key }) => key),
      ),
    })
  }

  /** Whether something lacks the log as it is, whether or not it can be sent now. */
  isDue(parcel: Parcel, collectors: readonly Collector[], witnesses: readonly Witness[]): boolean {
    return (
      collectors.some((each) => this.#lacks(each, parcel)) || witnesses.some((each) => this.#isUnsigned(each, parcel))
    )
  }

  /**
   * Sends what is lacking, unless an answer is awaited, they failed lately, or the budget is used up. Witnesses come
   * first: their signatures become part of what collectors get. False: there is nothing that could be sent now.
   */
  push(parcel: Parcel, collectors: readonly Collector[], witnesses: readonly Witness[]): boolean {
    if (this.isWaiting()) return true
    this.#noteSilence()
    const unsigned = witnesses.filter((witness) => this.#isUnsigned(witness, parcel))
    const asked = this.#askable(unsigned, parcel)
    const isFirst = asked.every(({ grant }) => grant === 0)
    const addressed = collectors.map((collector) => {
      const standing = this.collector(collector.id)
      const known = standing.has[parcel.folder]?.size ?? 0
      const isDue = isFirst && this.#lacks(collector, parcel)
      const cost = () => pushCost(collector.place.kind, this.#sizes(parcel, known))
      return { ...collector, known, grant: isDue ? this.#grant(cost(), standing) : 0 }
    })
    if ([...addressed, ...asked].every(({ grant }) => grant === 0)) return false
    this.#send('push', parcel, addressed, asked)
    return true
  }

  /** Asks what collectors have and witnesses know, before anything is signed. False: it could not be asked now. */
  compare(parcel: Parcel, collectors: readonly Collector[], witnesses: readonly Witness[]): boolean {
    if (this.isWaiting()) return this.isComparing(parcel)
    this.#noteSilence()
    const addressed = collectors.map((collector) => {
      const standing = this.collector(collector.id)
      const known = standing.has[parcel.folder]?.size ?? 0
      return { ...collector, known, grant: this.#grant(compareCost(Math.max(known, parcel.size) + 256), standing) }
    })
    const asked = this.#askable(witnesses, parcel)
    if ([...addressed, ...asked].every(({ grant }) => grant === 0)) return false
    this.#send('compare', parcel, addressed, asked)
    return true
  }

  #askable(witnesses: readonly Witness[], parcel: Parcel): Outbox['witnesses'] {
    return witnesses.map((witness) => {
      const standing = this.witness(witness.key)
      const { folder, size } = standing
      const known = folder !== parcel.folder || size === null || size > parcel.size ? {} : { known: size }
      const grant = this.#grant(witnessCost(Buffer.byteLength(parcel.checkpoint)), standing)
      return { ...witness, ...known, grant }
    })
  }

  /** Task of what was asked last. */
  get task(): Outbox['task'] | null {
    return this.#memory.sent?.task ?? null
  }

  /** Whether what was asked last was about this head. */
  isAbout({ folder, size, root }: Pick<Parcel, 'folder' | 'size' | 'root'>): boolean {
    const { sent } = this.#memory
    return sent?.folder === folder && sent.size === size && sent.root === root
  }

  /** Whether what was asked last was what collectors have, of this head. */
  isComparing(parcel: Pick<Parcel, 'folder' | 'size' | 'root'>): boolean {
    return this.task === 'compare' && this.isAbout(parcel)
  }

  /** Nothing is to go out any more. */
  withdraw(): void {
    const outbox = readOutbox(this.#paths.outbox)
    const { sent } = this.#memory
    if (!outbox || !sent || outbox.collectors.length + outbox.witnesses.length === 0) return
    const number = Math.max(sent.number, outbox.number) + 1
    this.#store({ sent: { ...sent, number, task: 'push', at: this.#now() } })
    this.#write({ ...outbox, number, task: 'push', collectors: [], witnesses: [] })
  }

  /** The answer to what was asked last; null: none yet. */
  answer(): Inbox | null {
    const inbox = readInbox(this.#paths.inbox)
    return inbox !== null && inbox.number === this.#memory.sent?.number ? inbox : null
  }

  /** Whether the answer was taken before. */
  isTaken({ number }: Inbox): boolean {
    return number <= this.#memory.taken
  }

  /** Notes what an answer says of each collector, and takes back what was not sent; once. @param at of the answer */
  take(inbox: Inbox, at = this.#now()): void {
    const { sent } = this.#memory
    if (!sent || this.isTaken(inbox)) return
    const asked = readOutbox(this.#paths.outbox)
    const isAsked = asked?.number === inbox.number
    const collectors = { ...this.#memory.collectors }
    const silent = (isAsked ? asked.collectors : [])
      .filter(({ id }) => !inbox.collectors.some((each) => each.id === id))
      .map(({ id, grant }) => ({ id, outcome: 'failed' as const, bytes: grant }))
    const answers: Inbox['collectors'] = [...inbox.collectors, ...silent]
    for (const { id, outcome, problem, size } of answers) {
      const before = this.collector(id)
      const isWell = outcome === 'sent' || outcome === 'compared'
      const has = { ...before.has }
      if (outcome === 'sent') has[sent.folder] = { size: sent.size, checkpoint: sent.checkpoint }
      // It lost what it had.
      if (outcome === 'compared' && (size ?? 0) < (has[sent.folder]?.size ?? 0)) delete has[sent.folder]
      const short = outcome === 'over-grant' ? before.short + 1 : isWell ? 0 : before.short
      // Whether what it has is well is known once it was compared.
      if (outcome === 'compared') collectors[id] = { ...before, has, short, at }
      else if (outcome === 'sent') collectors[id] = { has, failures: 0, short, at, problem: null }
      else collectors[id] = { has, failures: before.failures + 1, short, at, problem: problem ?? unsaid }
    }
    this.#store({ collectors, taken: inbox.number })
    if (!isAsked) return
    const used = new Map(answers.map(({ id, bytes }) => [id, bytes]))
    for (const { key, bytes } of inbox.witnesses) used.set(key, bytes)
    const grants = [
      ...asked.collectors.map(({ id, grant }) => [id, grant] as const),
      ...asked.witnesses.map(({ key, grant }) => [key, grant] as const),
    ]
    const left = grants.reduce((sum, [name, grant]) => sum + Math.max(0, grant - (used.get(name) ?? grant)), 0)
    if (left > 0) this.#allowance.giveBack(left)
  }

  /** Notes what a comparison showed. @param problem with what the collector has: it is left alone for a while */
  noteCompared(id: string, problem: Trouble | null): void {
    const before = this.collector(id)
    const failures = problem ? before.failures + 1 : 0
    this.#store({ collectors: { ...this.#memory.collectors, [id]: { ...before, failures, at: this.#now(), problem } } })
  }

  /** Notes what a witness did. @param signed what it signed; null: it did not @param at of its answer */
  noteWitness(
    key: string,
    signed: Pick<Parcel, 'text' | 'folder' | 'size'> | null,
    problem: Trouble | null,
    at = this.#now(),
  ): void {
    const before = this.witness(key)
    const standing: WitnessStanding = {
      short: 0,
      ...(signed === null
        ? { signed: before.signed, folder: before.folder, size: before.size }
        : { signed: hashOf(signed.text), folder: signed.folder, size: signed.size }),
      failures: problem ? before.failures + 1 : 0,
      at,
      problem,
    }
    this.#store({ witnesses: { ...this.#memory.witnesses, [key]: standing } })
  }

  /** The kit's public key for SFTP, once it was made. */
  sshKey(): string | null {
    return readInbox(this.#paths.inbox)?.sshKey ?? null
  }

  /** Whether somebody is still to answer. */
  isWaiting(): boolean {
    const { sent, taken } = this.#memory
    return sent !== null && taken < sent.number && Math.abs(this.#now() - sent.at) < answerMs && this.answer() === null
  }

  /** What nobody answered within the hour counts as failed at the time it was asked: hearth-publish did not run to its end. */
  #noteSilence(): void {
    const { sent, taken } = this.#memory
    if (!sent || taken >= sent.number || this.isWaiting() || this.answer()) return
    const asked = readOutbox(this.#paths.outbox)
    this.take({ version: 1, number: sent.number, at: '', collectors: [], witnesses: [] }, sent.at)
    if (asked?.number === sent.number)
      for (const { key } of asked.witnesses) this.noteWitness(key, null, unsaid, sent.at)
  }

  hasWhole(id: string, { folder, checkpoint }: Pick<Parcel, 'folder' | 'checkpoint'>): boolean {
    return this.collector(id).has[folder]?.checkpoint === hashOf(checkpoint)
  }

  hasSigned(key: string, { text }: Pick<Parcel, 'text'>): boolean {
    return this.witness(key).signed === hashOf(text)
  }

  #lacks({ id }: Collector, parcel: Parcel): boolean {
    return !this.hasWhole(id, parcel)
  }

  /** Witnesses are not asked about a log without leaves: there is nothing to rewrite yet. */
  #isUnsigned({ key }: Witness, parcel: Parcel): boolean {
    return parcel.size > 0 && !this.hasSigned(key, parcel)
  }

  /** Takes bytes off the budget; 0 where it failed lately, or there are not so many. */
  #grant(cost: number, { failures, at, short }: Pick<CollectorStanding, 'failures' | 'at' | 'short'>): number {
    const bytes = cost * 2 ** Math.min(short, mostDoublings)
    return this.#isPaused(failures, at) || !this.#allowance.take(bytes) ? 0 : bytes
  }

  #isPaused(failures: number, at: number | null): boolean {
    if (failures === 0 || at === null) return false
    const pause = Math.min(2 ** (failures - 1), longestPauseHours) * hourMs
    const passed = this.#now() - at
    return passed >= 0 && passed < pause
  }

  #sizes(parcel: Parcel, known: number): number[] {
    const folder = path.join(this.#paths.publicLog, parcel.folder)
    return parcel.filesSince(known).map((file) => statSync(path.join(folder, file)).size)
  }

  /** Remembers what is asked before it is: an answer to what nobody remembers is not taken. */
  #send(
    task: Outbox['task'],
    { origin, key, folder, size, root, period, checkpoint }: Parcel,
    collectors: Outbox['collectors'],
    witnesses: Outbox['witnesses'],
  ): void {
    const number = Math.max(this.#memory.sent?.number ?? 0, readOutbox(this.#paths.outbox)?.number ?? 0) + 1
    this.#store({ sent: { number, task, folder, size, root, checkpoint: hashOf(checkpoint), at: this.#now() } })
    const isAsked = ({ grant }: { grant: number }) => grant > 0
    const asked = { collectors: collectors.filter(isAsked), witnesses: witnesses.filter(isAsked) }
    this.#write({ version: 1, number, task, origin, key, folder, size, root, period, ...asked })
  }

  /** The group is hearth-publish's, which reads secrets of collectors here and nowhere else. */
  #write(outbox: Outbox): void {
    mkdirSync(this.#paths.publish, { recursive: true })
    writeDurably(this.#paths.outbox, `${JSON.stringify(outbox)}\n`, 0o640)
  }

  #store(change: Partial<Memory>): void {
    const memory = { ...this.#memory, ...change }
    writeDurably(this.#file, `${JSON.stringify(memory)}\n`, 0o600)
    this.#memory = memory
  }
}

const unsaid: Trouble = {
  what: 'It did not work, and nobody said why.',
  next: 'It is tried again by itself. If it stays so, restart the kit.',
  code: 'place.unsaid',
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function readOutbox(file: string): Outbox | null {
  const outbox = parse(file)
  return Number.isSafeInteger(outbox?.number) && Array.isArray(outbox?.collectors) && Array.isArray(outbox?.witnesses)
    ? (outbox as unknown as Outbox)
    : null
}

/** What hearth-publish wrote; it speaks with strangers, so what it says is checked. */
function readInbox(file: string): Inbox | null {
  const inbox = parse(file)
  if (inbox?.version !== 1 || !Number.isSafeInteger(inbox.number)) return null
  const list = (value: unknown) =>
    Array.isArray(value) ? value.filter((each) => typeof each === 'object' && each) : []
  const text = (value: unknown) => (typeof value === 'string' && value.length <= 200_000 ? value : undefined)
  const trouble = (value: unknown) => {
    const problem = readTrouble(value)
    return problem ? { problem } : {}
  }
  const outcomes = ['sent', 'compared', 'failed', 'over-grant', 'conflict'] as const
  const bytesOf = (value: unknown) =>
    Number.isSafeInteger(value) ? Math.max(0, value as number) : Number.MAX_SAFE_INTEGER
  return {
    version: 1,
    number: inbox.number as number,
    at: text(inbox.at) ?? '',
    collectors: list(inbox.collectors).flatMap(({ id, outcome, bytes, problem, size, checkpoint, copy }) => {
      const known = outcomes.find((each) => each === outcome)
      if (typeof id !== 'string' || !known) return []
      const signed = text(checkpoint)
      // Nothing but a folder right there is read.
      const folder = typeof copy === 'string' && /^copy-[A-Za-z0-9-]{1,64}$/.test(copy) ? copy : undefined
      return [
        {
          id,
          outcome: known,
          bytes: bytesOf(bytes),
          ...trouble(problem),
          ...(Number.isSafeInteger(size) && { size }),
          ...(signed !== undefined && { checkpoint: signed }),
          ...(folder !== undefined && { copy: folder }),
        },
      ]
    }),
    witnesses: list(inbox.witnesses).flatMap(({ key, bytes, block, seen, problem }) => {
      if (typeof key !== 'string') return []
      const lines = text(block)
      const told = {
        ...(lines !== undefined && { block: lines }),
        ...(Number.isSafeInteger(seen) && { seen: seen as number }),
      }
      return [{ key, bytes: bytesOf(bytes), ...told, ...trouble(problem) }]
    }),
    ...(/^ssh-[a-z0-9-]+ [A-Za-z0-9+/=]{16,1000}( \S{1,100})?$/.test(text(inbox.sshKey)?.trim() ?? '') && {
      sshKey: String(inbox.sshKey).trim(),
    }),
  }
}

function parse(file: string): Record<string, unknown> | null {
  try {
    if (statSync(file).size > largestInbox) return null
    const value = JSON.parse(readText(file) ?? 'null')
    return typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

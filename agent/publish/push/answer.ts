import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Trouble } from '../../api.ts'
import { parseLogKey } from '../../ledger/log/note.ts'
import type { KitPaths } from '../../paths.ts'
import type { CollectorPlace, Inbox, Outbox } from '../outbox.ts'
import { unreachable } from '../reach.ts'
import { compare } from './compare.ts'
import { type Addressee, deliver, type Outcome } from './deliver.ts'
import { Grant, OverGrant } from './grant.ts'
import type { LineOptions } from './line.ts'
import { type LocalLog, readLocalLog } from './parcel.ts'
import { ensureSshKey, type SshKey } from './ssh-key.ts'
import { PlaceTrouble, quoted } from './trouble.ts'
import { askWitness, WitnessAgainst } from './witness.ts'

type Places = Pick<KitPaths, 'publicLog' | 'inbox' | 'publishOwn'>

/**
 * Does what an outbox asks for, with all collectors and witnesses at once: who does not answer keeps nobody else waiting.
 * Whatever strangers answer becomes an outcome or a problem; it does not reject for it.
 */
export async function answerOutbox(outbox: Outbox, paths: Places, options: LineOptions = {}): Promise<Inbox> {
  const answer = path.dirname(paths.inbox)
  const sshKey = await keyForSftp(outbox, paths.publishOwn)
  if (outbox.task === 'push') removeCopies(answer)
  const log = once(() => readLocalLog(outbox, paths.publicLog))
  const work = (collector: Addressee, grant: Grant) =>
    outbox.task === 'compare'
      ? compare(collector, outbox, parseLogKey(outbox.key), answer, grant, options)
      : log().then((local) => deliver(collector, outbox, local, grant, { ...options, sshKey }))
  const [collectors, witnesses] = await Promise.all([
    Promise.all(outbox.collectors.filter(({ grant }) => grant > 0).map((each) => toCollector(each, work))),
    Promise.all(outbox.witnesses.filter(({ grant }) => grant > 0).map((each) => toWitness(each, log, options))),
  ])
  return {
    version: 1,
    number: outbox.number,
    at: new Date().toISOString(),
    collectors,
    witnesses,
    ...(sshKey && { sshKey: sshKey.publicKey }),
  }
}

async function toCollector(
  collector: Addressee,
  work: (collector: Addressee, grant: Grant) => Promise<Outcome>,
): Promise<Inbox['collectors'][number]> {
  const grant = new Grant(collector.grant)
  const { id } = collector
  try {
    for (const address of [collector.publicUrl, addressOf(collector.place)]) refuseUnreachable(address)
    const outcome = await work(collector, grant)
    return { id, ...outcome, bytes: grant.used }
  } catch (error) {
    const outcome = error instanceof OverGrant ? 'over-grant' : 'failed'
    return { id, outcome, bytes: grant.used, problem: troubleOf(error) }
  }
}

async function toWitness(
  witness: Outbox['witnesses'][number],
  log: () => Promise<LocalLog>,
  options: LineOptions,
): Promise<Inbox['witnesses'][number]> {
  const grant = new Grant(witness.grant)
  const { key } = witness
  try {
    refuseUnreachable(witness.url)
    const block = await askWitness(witness, await log(), grant, options)
    return { key, bytes: grant.used, block }
  } catch (error) {
    const seen = error instanceof WitnessAgainst ? { seen: error.seen } : {}
    return { key, bytes: grant.used, problem: troubleOf(error), ...seen }
  }
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof PlaceTrouble) return error.trouble
  if (error instanceof OverGrant)
    return {
      what: 'It would take more bytes than were set aside for it.',
      next: 'It is tried again with more.',
      code: 'place.over-grant',
    }
  console.error('hearth-publish:', error)
  const reason = quoted(error instanceof Error ? error.message : String(error))
  return {
    what: `It failed: ${reason}.`,
    next: 'It is tried again by itself.',
    code: 'place.failed',
    facts: { reason },
  }
}

function addressOf(place: CollectorPlace): string | { host: string; port: number } {
  if (place.kind === 'sftp') return place
  return place.kind === 'http' ? place.url : place.endpoint
}

function refuseUnreachable(address: string | { host: string; port: number }): void {
  const trouble = unreachable(address)
  if (!trouble) return
  const name = quoted(typeof address === 'string' ? address : address.host)
  const { code = 'place.no-address', facts, what, next } = trouble
  throw new PlaceTrouble(code, { ...facts, name }, `${name} cannot be used: ${what}.`, next)
}

/** The kit's key as soon as somebody takes files by SFTP, so that it can be shown before anything is sent. */
async function keyForSftp({ collectors }: Outbox, folder: string): Promise<SshKey | null> {
  if (!collectors.some(({ place }) => place.kind === 'sftp')) return null
  try {
    return await ensureSshKey(folder)
  } catch (error) {
    console.error(`hearth-publish: no key for SFTP can be made in ${folder}:`, error)
    return null
  }
}

/** Copies of an earlier comparison; the agent has taken what it wanted. */
function removeCopies(answer: string): void {
  for (const name of readdirSync(answer))
    if (name.startsWith('copy-')) rmSync(path.join(answer, name), { recursive: true, force: true })
}

/** What a function gives, asked for once at most. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined
  return () => {
    made ??= make()
    return made
  }
}

import { isClosed, openCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { LogError } from './error.ts'
import { same, treeRoot } from './merkle.ts'
import {
  checkSignatures,
  formatNote,
  formatVerifierKey,
  isFromFuture,
  maximumNoteBytes,
  parseLogKey,
  parseWitnessKey,
  type VerifierKey,
} from './note.ts'
import { checkpointFile, counted, keyFile, type ReadLimits, readCheckpoint, readTree } from './read-log.ts'
import type { LogSource } from './source.ts'
import { isSuccession, openSuccession, type Succession, successionFile } from './succession.ts'

export interface VerifyOptions {
  /** The log's key (vkey) as known from elsewhere; without it the log's own is taken, and the report says so. */
  key?: string
  /** Keys (vkeys) of witnesses whose cosignatures count. */
  witnesses?: readonly string[]
  /** A signed checkpoint of this log that was kept from earlier. */
  earlier?: string
  /** Milliseconds since 1970, else by this machine's clock; cosignatures more than a day later are refused. */
  now?: number
  limits?: ReadLimits
  /** Is given each leaf that is as the tree says, in order. */
  visit?: (leaf: Buffer, index: number) => void
}

export interface LogReport {
  source: string
  /** Nothing wrong was found. */
  ok: boolean
  problems: Pick<LogError, 'trouble' | 'where' | 'what' | 'next'>[]
  /** `given`: known from elsewhere; else taken from the log itself. */
  key: { vkey: string; given: boolean } | null
  /** Set once its signature was found good. Root in base64. */
  checkpoint: { origin: string; size: number; root: string; closed: boolean } | null
  /** The checkpoint as it was read: what to keep for the next time. */
  signed: string | null
  /** Witnesses whose signature is good, with the moment they state. */
  cosignatures: { witness: string; at: string }[]
  /** Witnesses that were asked for, and whose signature it does not have. */
  unsigned: string[]
  unknownSignatures: number
  /** Size of the earlier checkpoint, if the log was found to begin with it. */
  earlierSize: number | null
  /** The log that this one says it continues. */
  predecessor: SuccessionFacts | null
  /** The log that continues this one. */
  successor: SuccessionFacts | null
  /** What was read. */
  files: number
  bytes: number
  /** In plain words. */
  proved: string[]
  notProved: string[]
}

export interface SuccessionFacts {
  /** Key of the other log. */
  vkey: string
  /** Leaves and root of the old log when it ended. */
  size: number
  root: string
  oldKey: Succession['oldKey']
}

/**
 * Checks a public log as an outsider: signatures, size, every tile and bundle, and what is given to compare with. Never
 * throws for what is wrong with the log: that stands in the report.
 */
export async function verifyLog(source: LogSource, options: VerifyOptions = {}): Promise<LogReport> {
  const { source: bounded, read } = counted(source, options.limits ?? {})
  const report: LogReport = {
    source: source.name,
    ok: false,
    problems: [],
    key: null,
    checkpoint: null,
    signed: null,
    cosignatures: [],
    unsigned: [],
    unknownSignatures: 0,
    earlierSize: null,
    predecessor: null,
    successor: null,
    files: 0,
    bytes: 0,
    proved: [],
    notProved: [],
  }
  const wholeTree = await attempt(report, () => check(bounded, options, report))
  report.files = read.files
  report.bytes = read.bytes
  report.ok = report.problems.length === 0
  conclude(report, wholeTree === true)
  return report
}

/** Resolves with true once the whole tree was checked. */
async function check(source: LogSource, options: VerifyOptions, report: LogReport): Promise<true> {
  const key = await logKey(source, options.key)
  report.key = { vkey: formatVerifierKey(key), given: options.key !== undefined }
  const signed = await readCheckpoint(source, key)
  report.checkpoint = {
    origin: signed.origin,
    size: signed.size,
    root: signed.root.toString('base64'),
    closed: isClosed(signed),
  }
  report.signed = formatNote(signed.note)
  report.unknownSignatures = signed.unknownSignatures
  for (const vkey of options.witnesses ?? [])
    await attempt(report, () => checkWitness(signed, parseWitnessKey(vkey), options.now ?? Date.now(), report))
  let first: Buffer | null = null
  const keepFirst = (leaf: Buffer, index: number) => {
    if (index === 0) first = leaf
    options.visit?.(leaf, index)
  }
  const hashes = await readTree(source, signed, keepFirst, options.limits)
  const { earlier } = options
  if (earlier !== undefined) await attempt(report, () => checkEarlier(earlier, key, hashes, report))
  await attempt(report, () => checkPredecessor(first, key, report))
  if (isClosed(signed)) await attempt(report, () => checkSuccessor(source, signed, key, report))
  return true
}

async function logKey(source: LogSource, given: string | undefined): Promise<VerifierKey> {
  if (given !== undefined) return parseLogKey(given)
  const content = await source.read(keyFile, 1024)
  if (!content) throw new LogError('missing', keyFile, 'is not there', 'Give the key of the log.')
  return parseLogKey(content.toString().trimEnd(), keyFile)
}

function checkWitness(signed: SignedCheckpoint, witness: VerifierKey, now: number, report: LogReport): void {
  const [found] = checkSignatures(signed.note, [witness], checkpointFile).verified
  if (found?.time == null) {
    report.unsigned.push(witness.name)
    throw new LogError(
      'unwitnessed',
      checkpointFile,
      `has no signature of the witness ${witness.name} by the key you gave`,
      'Compare the key with the one that the witness publishes. If it is right, nobody but the log itself says that others are shown the same.',
    )
  }
  report.unknownSignatures -= 1
  const at = new Date(found.time * 1000).toISOString()
  if (isFromFuture(found.time, now))
    throw new LogError(
      'refused',
      checkpointFile,
      `${witness.name} signed it at ${at}, in the future`,
      'Check the clock.',
    )
  report.cosignatures.push({ witness: witness.name, at })
}

function checkEarlier(earlier: string, key: VerifierKey, hashes: readonly Buffer[], report: LogReport): void {
  const where = 'the earlier checkpoint'
  const kept = openCheckpoint(earlier, key, [], where)
  const next = 'Keep both checkpoints: together they show that the log was rewritten.'
  if (kept.size > hashes.length)
    throw new LogError('behind', checkpointFile, `has ${hashes.length} leaves, and had ${kept.size} before`, next)
  if (!same(treeRoot(hashes.slice(0, kept.size)), kept.root))
    throw new LogError('forked', checkpointFile, `does not begin with the ${kept.size} leaves of ${where}`, next)
  report.earlierSize = kept.size
}

function checkPredecessor(first: Buffer | null, key: VerifierKey, report: LogReport): void {
  if (!first || !isSuccession(first)) return
  const succession = openSuccession(first, 'leaf 0')
  if (formatVerifierKey(succession.to) !== formatVerifierKey(key))
    throw new LogError('signature', 'leaf 0', 'names another log as the new one', 'Do not rely on what came before.')
  report.predecessor = facts(succession, succession.from)
}

async function checkSuccessor(
  source: LogSource,
  signed: SignedCheckpoint,
  key: VerifierKey,
  report: LogReport,
): Promise<void> {
  const content = await source.read(successionFile, maximumNoteBytes)
  if (!content) return
  const succession = openSuccession(content, successionFile)
  const fits = formatVerifierKey(succession.from) === formatVerifierKey(key) && succession.oldKey === 'signed'
  if (!fits || succession.size !== signed.size || !same(succession.root, signed.root))
    throw new LogError('altered', successionFile, 'is not about this log as it ended', 'Do not follow it.')
  report.successor = facts(succession, succession.to)
}

function facts({ size, root, oldKey }: Succession, other: VerifierKey): SuccessionFacts {
  return { vkey: formatVerifierKey(other), size, root: root.toString('base64'), oldKey }
}

/** Runs a step; what is wrong goes into the report. */
async function attempt<Result>(report: LogReport, step: () => Promise<Result> | Result): Promise<Result | undefined> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    const { trouble, where, what, next } = error
    report.problems.push({ trouble, where, what, next })
    return undefined
  }
}

/** Says what was proved and what was not. */
function conclude(report: LogReport, wholeTree: boolean): void {
  const { checkpoint, key, proved, notProved } = report
  const prove = (condition: unknown, sentence: string) => condition && proved.push(sentence)
  const leave = (condition: unknown, sentence: string) => condition && notProved.push(sentence)
  prove(checkpoint, `The checkpoint of ${checkpoint?.size} leaves is signed by the key of ${checkpoint?.origin}.`)
  prove(wholeTree, `All ${checkpoint?.size} leaves are here and are the ones that were signed, in this order.`)
  prove(
    report.earlierSize !== null,
    `The first ${report.earlierSize} leaves are those of the checkpoint you kept: they were not rewritten since.`,
  )
  for (const { witness, at } of report.cosignatures)
    proved.push(`${witness} states that on ${at} this was the largest checkpoint it knew, and fits those before.`)
  prove(checkpoint?.closed, 'The log was closed: nothing will be added.')
  prove(report.successor, `It is continued by ${report.successor?.vkey}, as both keys say.`)
  prove(
    report.predecessor?.oldKey === 'signed',
    `It continues ${report.predecessor?.vkey} after ${report.predecessor?.size} leaves, as both keys say.`,
  )
  leave(
    report.predecessor?.oldKey === 'lost',
    `That it continues ${report.predecessor?.vkey}: only this log says so; the old key was lost.`,
  )
  leave(
    key && !key.given,
    `Whose log it is: the key was taken from the log itself. Compare it with one you trust: ${key?.vkey}`,
  )
  leave(!wholeTree, 'That the leaves are whole and unchanged.')
  leave(
    report.earlierSize === null,
    'That nothing was rewritten before: only whoever kept an earlier checkpoint detects that. Keep this one.',
  )
  leave(
    report.cosignatures.length === 0,
    'That everybody is shown the same log: two histories are detected when their holders, or a witness, compare.',
  )
  for (const witness of report.unsigned) notProved.push(`That ${witness} saw this log: its signature is not there.`)
  leave(true, 'Anything about what nobody kept: if it was rewritten, that is not detected.')
  leave(true, 'That the reports are true: nothing here proves that the meter told the truth.')
}

/** The report as text for people. */
export function renderReport(report: LogReport): string {
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `- ${plain(line)}`)]
  const { checkpoint, problems } = report
  return [
    plain(`${checkpoint?.origin ?? 'The log'} at ${report.source}: ${verdict(report)}`),
    ...(checkpoint
      ? [`${checkpoint.size} leaves, root ${checkpoint.root}; ${report.files} files, ${report.bytes} bytes read`]
      : []),
    ...list(
      'Problems',
      problems.map(({ where, what, next }) => `${where}: ${what}. ${next}`),
    ),
    ...list('Proved', report.proved),
    ...list('Not proved', report.notProved),
    '',
  ].join('\n')
}

function verdict({ ok, problems }: LogReport): string {
  if (ok) return 'nothing wrong found'
  if (problems.every(({ trouble }) => trouble === 'unwitnessed')) return 'NOT SIGNED BY EVERY WITNESS YOU ASKED FOR'
  return problems.every(({ trouble }) => trouble === 'unreadable') ? 'COULD NOT BE CHECKED' : 'SOMETHING IS WRONG'
}

/** Text from elsewhere without what would steer a terminal or turn the direction of reading. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�')
}

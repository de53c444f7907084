import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { writeDurably } from '../../service/durable.ts'
import {
  type Checkpoint,
  closedLine,
  compareHead,
  formatCheckpoint,
  type HeadComparison,
  isClosed,
  openCheckpoint,
  type SignedCheckpoint,
} from './checkpoint.ts'
import { LogError } from './error.ts'
import { filesSince } from './files.ts'
import { consistencyProof, hashBytes, leafHash, same, treeRoot } from './merkle.ts'
import {
  checkSignatures,
  formatNote,
  formatSignerKey,
  formatVerifierKey,
  isFromFuture,
  makeSigner,
  maximumNoteBytes,
  type NoteSignature,
  parseSignatures,
  parseSignerKey,
  parseWitnessKey,
  type SignerKey,
  signNote,
  type VerifierKey,
} from './note.ts'
import { checkpointFile, keyFile, readTree, type WholeLog } from './read-log.ts'
import { readFolder } from './source.ts'
import { openSuccession, signSuccession, successionFile } from './succession.ts'
import {
  formatBundle,
  maximumEntryBytes,
  parseBundle,
  type Tile,
  tileLevels,
  tilePath,
  tilesSince,
  tileWidth,
} from './tiles.ts'

export interface LogPlaces {
  /** Folder of static files, to be published as it is. */
  folder: string
  /** File of the secret key and the last checkpoint that it signed; its folder must be there. */
  secret: string
}

/**
 * Starts a log without leaves under a new key. @param origin its name: the address it will have, without `https://`
 * @throws LogError if there is one already; RangeError if the origin cannot be one
 */
export function createLog(places: LogPlaces, origin: string): PublicLog {
  return startLog(places, makeSigner(origin), [])
}

/**
 * Starts a log in place of one whose key was lost. Its first leaf names the old head, signed by the new key only.
 * @param head the largest checkpoint of the old log that is known @throws LogError, RangeError as `createLog`
 */
export function createAfterLoss(
  places: LogPlaces,
  origin: string,
  from: VerifierKey,
  head: Pick<Checkpoint, 'size' | 'root'>,
): PublicLog {
  const signer = successorKey(origin, from)
  return startLog(places, signer, [Buffer.from(signSuccession(from, head, signer, null))])
}

/**
 * Opens a log and checks all that is there. What a power cut left half-done is finished: the log has then the leaf that
 * was being added.
 * @throws LogError if nothing may be signed: `missing` there is no key; `behind` the folder lacks leaves that the last
 *   checkpoint signed has; `forked` that checkpoint is of another history; else the files were altered
 */
export async function openLog(places: LogPlaces): Promise<PublicLog> {
  const { signer, head } = readSecret(places.secret)
  const source = readFolder(places.folder)
  const content = await source.read(checkpointFile, maximumNoteBytes)
  const published = content && openCheckpoint(content, signer.verifier, [], checkpointFile)
  const [current, older] = published && !isLater(head, published) ? [published, head] : [head, published]
  const hashes = await readTree(source, current).catch((error) => {
    const lacking = error instanceof LogError && error.trouble === 'missing' && current === head
    throw lacking ? behind(error.where, head.size) : error
  })
  if (older) checkBeginning(hashes, older)
  if (current !== published) showHead(places, current)
  if ((await source.read(keyFile, maximumNoteBytes))?.toString() !== keyText(signer)) writeKey(places, signer)
  if (current.note.text !== head.note.text) writeSecret(places.secret, signer, current)
  return new PublicLog(places, signer, current, hashes)
}

/**
 * Makes the folder of a log anew, from a whole published copy, when it was lost or is behind and the key is there.
 * After a power cut it can be called again.
 * @param signed the copy's checkpoint @throws LogError if it is not of this key's log, or does not begin with the last
 *   checkpoint that this key is known to have signed
 */
export function restoreLog(places: LogPlaces, leaves: readonly Uint8Array[], signed: string): PublicLog {
  const { signer, head } = readSecret(places.secret)
  const current = openCheckpoint(signed, signer.verifier, [], 'the published checkpoint')
  const hashes = leaves.map(leafHash)
  checkLeaves(hashes, current)
  checkBeginning(hashes, head)
  writeFiles(places.folder, tileFiles(0, hashes, leaves))
  writeKey(places, signer)
  writeSecret(places.secret, signer, current)
  showHead(places, current)
  return new PublicLog(places, signer, current, hashes)
}

export interface Acceptance {
  /** Names of the witnesses whose signatures were taken. */
  accepted: string[]
  refused: { name: string; reason: string }[]
}

/**
 * A public log in a folder of static files. Whatever is added is first written and synced as tiles, then signed and
 * remembered beside the key, then shown in the folder: a power cut leaves the old state or the new one.
 * Methods throw `LogError`, or the file system's own error if something cannot be written; open the log again then.
 */
export class PublicLog {
  readonly #places: LogPlaces
  readonly #signer: SignerKey
  #current: SignedCheckpoint
  #hashes: readonly Buffer[]

  /** Use `createLog` or `openLog`. */
  constructor(places: LogPlaces, signer: SignerKey, current: SignedCheckpoint, hashes: readonly Buffer[]) {
    this.#places = places
    this.#signer = signer
    this.#current = current
    this.#hashes = hashes
  }

  /** Its head: origin, number of leaves and root. */
  get head(): Checkpoint {
    return this.#current
  }

  /** The signed checkpoint with its cosignatures, as it stands in the folder. */
  get checkpoint(): string {
    return formatNote(this.#current.note)
  }

  get key(): VerifierKey {
    return this.#signer.verifier
  }

  get closed(): boolean {
    return isClosed(this.#current)
  }

  /** Leaf hashes, for roots and proofs (merkle.ts). */
  get hashes(): readonly Buffer[] {
    return this.#hashes
  }

  /** Content of a leaf. @throws RangeError if there is none of that index */
  leaf(index: number): Buffer {
    if (!Number.isInteger(index) || index < 0 || index >= this.#hashes.length)
      throw new RangeError(`there is no leaf ${index} in a log of ${this.#hashes.length}`)
    return this.#bundle(Math.floor(index / tileWidth))[index % tileWidth] as Buffer
  }

  /**
   * Adds a leaf as number `index`, which must be the next one. If the last leaf is this one already, because a power cut
   * came between adding and noting it, nothing is added.
   */
  append(index: number, leaf: Uint8Array): void {
    const size = this.#hashes.length
    const hash = leafHash(leaf)
    this.#checkUnchanged()
    if (index === size - 1 && same(hash, this.#hashes[index] as Buffer)) return
    if (this.closed)
      throw new LogError('closed', checkpointFile, 'is of a log that was closed', 'Use the one after it.')
    if (index !== size)
      throw new LogError('refused', `leaf ${index}`, `cannot be added to ${size} leaves`, `Add leaf ${size} first.`)
    if (leaf.length > maximumEntryBytes)
      throw new LogError('refused', `leaf ${index}`, `is larger than ${maximumEntryBytes} bytes`, 'Shorten it.')
    const hashes = [...this.#hashes, hash]
    this.#extend([leaf], hashes, signHead(this.#signer, hashes, []))
  }

  /** How this log stands to a copy that was published, before anything is signed. */
  compare({ checkpoint, hashes }: Pick<WholeLog, 'checkpoint' | 'hashes'>): HeadComparison {
    const [larger, size] = this.head.size < checkpoint.size ? [hashes, this.head.size] : [this.#hashes, checkpoint.size]
    return compareHead(this.head, checkpoint, size === 0 ? [] : consistencyProof(larger, size))
  }

  /**
   * Takes leaves of this log that were published and are missing here, such as after a restore.
   * @param missing from the first one missing on @param signed the larger checkpoint, signed by this log's key
   */
  adopt(missing: readonly Uint8Array[], signed: string): void {
    const current = openCheckpoint(signed, this.key, [], 'the published checkpoint')
    const hashes = [...this.#hashes, ...missing.map(leafHash)]
    checkLeaves(hashes, current)
    this.#checkUnchanged()
    if (isLater(current, this.#current)) this.#extend(missing, hashes, current)
  }

  /**
   * Takes cosignatures of the current checkpoint and keeps them in it.
   * @param block lines of signatures, as a witness answers them @param witnesses keys (vkeys)
   * @param now milliseconds since 1970; null while the clock cannot be trusted
   */
  acceptCosignatures(block: string, witnesses: readonly string[], now: number | null): Acceptance {
    const keys = witnesses.map(parseWitnessKey)
    const { text, signatures } = this.#current.note
    const taken: NoteSignature[] = []
    const result: Acceptance = { accepted: [], refused: [] }
    for (const signature of parseSignatures(block, 'the answer of the witness')) {
      const reason = refusal(text, signature, keys, now)
      if (reason !== null || taken.some((each) => isSameKey(each, signature))) {
        result.refused.push({ name: signature.name, reason: reason ?? 'It has signed before in the same answer.' })
        continue
      }
      taken.push(signature)
      result.accepted.push(signature.name)
    }
    if (taken.length === 0) return result
    this.#checkUnchanged()
    const kept = signatures.filter((each) => !taken.some((other) => isSameKey(each, other)))
    const note = formatNote({ text, signatures: [...kept, ...taken] })
    this.#current = openCheckpoint(note, this.key, keys, checkpointFile)
    writeDurably(path.join(this.#places.folder, checkpointFile), note, 0o644)
    return result
  }

  /**
   * Closes this log and starts the one after it under a new key and name; its first leaf, signed by both keys, names the
   * head of this one. After a power cut it can be called again.
   */
  async succeed(places: LogPlaces, origin: string): Promise<PublicLog> {
    const signer = successorKey(origin, this.key)
    this.#close()
    const note = signSuccession(this.key, this.#current, signer, this.#signer)
    const next = existsSync(places.secret) ? await openLog(places) : startLog(places, signer, [Buffer.from(note)])
    const first = next.leaf(0)
    const { from } = openSuccession(first, 'leaf 0')
    if (formatVerifierKey(from) !== formatVerifierKey(this.key))
      throw new LogError('refused', places.secret, 'is of a log that continues another one', 'Choose another place.')
    writeDurably(path.join(this.#places.folder, successionFile), first.toString(), 0o644)
    return next
  }

  /**
   * Files of the folder that whoever has the log with `oldSize` leaves lacks or has in an older form, in the order in
   * which to publish them: the checkpoint last.
   */
  filesSince(oldSize: number): string[] {
    return filesSince(this.#places.folder, oldSize, this.#hashes.length)
  }

  #close(): void {
    if (this.closed) return
    this.#checkUnchanged()
    this.#commit(signHead(this.#signer, this.#hashes, [closedLine]), this.#hashes)
  }

  #extend(leaves: readonly Uint8Array[], hashes: readonly Buffer[], current: SignedCheckpoint): void {
    const oldSize = this.#hashes.length
    const begun = oldSize % tileWidth === 0 ? [] : this.#bundle(Math.floor(oldSize / tileWidth))
    writeFiles(this.#places.folder, tileFiles(oldSize - begun.length, hashes, [...begun, ...leaves], oldSize))
    this.#commit(current, hashes)
  }

  /** Remembers a signed checkpoint, then shows it: once anybody can have seen it, it is never forgotten. */
  #commit(current: SignedCheckpoint, hashes: readonly Buffer[]): void {
    writeSecret(this.#places.secret, this.#signer, current)
    this.#current = current
    this.#hashes = hashes
    showHead(this.#places, current)
  }

  /** The entries of a bundle, checked: what was damaged since the log was opened must not go into the next one. */
  #bundle(index: number): Buffer[] {
    const start = index * tileWidth
    const width = Math.min(tileWidth, this.#hashes.length - start)
    const file = tilePath({ level: 'entries', index, width })
    const entries = parseBundle(readFileSync(path.join(this.#places.folder, file)), width, file)
    if (entries.some((entry, offset) => !same(leafHash(entry), this.#hashes[start + offset] as Buffer)))
      throw new LogError('altered', file, 'holds other leaves than were signed', 'Restore the folder from a copy.')
    return entries
  }

  /** Nothing is signed if another program wrote to the folder in the meantime. */
  #checkUnchanged(): void {
    const file = path.join(this.#places.folder, checkpointFile)
    if (existsSync(file) && readFileSync(file, 'utf8') === this.checkpoint) return
    throw new LogError('altered', checkpointFile, 'was changed since the log was opened', 'Open the log again.')
  }
}

function startLog(places: LogPlaces, signer: SignerKey, leaves: readonly Uint8Array[]): PublicLog {
  for (const file of [places.secret, path.join(places.folder, checkpointFile)])
    if (existsSync(file))
      throw new LogError('refused', file, 'is there already', 'Open that log, or choose another place.')
  const hashes = leaves.map(leafHash)
  const current = signHead(signer, hashes, [])
  writeFiles(places.folder, tileFiles(0, hashes, leaves))
  writeKey(places, signer)
  writeSecret(places.secret, signer, current)
  showHead(places, current)
  return new PublicLog(places, signer, current, hashes)
}

function successorKey(origin: string, from: VerifierKey): SignerKey {
  if (origin === from.name)
    throw new LogError('refused', origin, 'is the name of the old log', 'Choose another one for the log after it.')
  return makeSigner(origin)
}

function signHead(signer: SignerKey, hashes: readonly Buffer[], extensions: string[]): SignedCheckpoint {
  const head = { origin: signer.verifier.name, size: hashes.length, root: treeRoot(hashes), extensions }
  return openCheckpoint(signNote(formatCheckpoint(head), signer), signer.verifier, [], checkpointFile)
}

function showHead(places: LogPlaces, { note }: SignedCheckpoint): void {
  writeDurably(path.join(places.folder, checkpointFile), formatNote(note), 0o644)
}

/** What the folder says is the log's key. */
function keyText({ verifier }: SignerKey): string {
  return `${formatVerifierKey(verifier)}\n`
}

function writeKey({ folder }: LogPlaces, signer: SignerKey): void {
  writeDurably(path.join(folder, keyFile), keyText(signer), 0o644)
}

function writeSecret(file: string, signer: SignerKey, { note }: SignedCheckpoint): void {
  writeDurably(file, `${JSON.stringify({ key: formatSignerKey(signer), head: formatNote(note) }, null, 2)}\n`, 0o600)
}

/** The key of a log and the last checkpoint that it signed, whether or not the log itself is whole. @throws LogError */
export function signedHead(secret: string): { key: VerifierKey; head: SignedCheckpoint } {
  const { signer, head } = readSecret(secret)
  return { key: signer.verifier, head }
}

function readSecret(file: string): { signer: SignerKey; head: SignedCheckpoint } {
  const next = 'If no copy is left, start a log after this one under a new key.'
  if (!existsSync(file)) throw new LogError('missing', file, 'with the key of the log is not there', next)
  const text = readFileSync(file, 'utf8')
  try {
    const { key, head } = JSON.parse(text)
    const signer = parseSignerKey(String(key))
    return { signer, head: openCheckpoint(String(head), signer.verifier, [], file) }
  } catch (error) {
    if (error instanceof LogError) throw error
    throw new LogError('malformed', file, 'does not hold the key of a log', next)
  }
}

/** Whether a checkpoint was signed after another one of the same log. */
function isLater(one: SignedCheckpoint, other: SignedCheckpoint): boolean {
  if (one.size !== other.size) return one.size > other.size
  return isClosed(one) && !isClosed(other)
}

function checkBeginning(hashes: readonly Buffer[], { size, root }: Checkpoint): void {
  if (size <= hashes.length && same(treeRoot(hashes.slice(0, size)), root)) return
  const what = `does not begin with the ${size} leaves that were signed before`
  throw new LogError('forked', checkpointFile, what, 'Sign nothing; find out which of the two is published.')
}

function checkLeaves(hashes: readonly Buffer[], { size, root }: Checkpoint): void {
  if (hashes.length === size && same(treeRoot(hashes), root)) return
  const what = `does not have the root of these ${hashes.length} leaves`
  throw new LogError('forked', 'the published checkpoint', what, 'Sign nothing; fetch the leaves again.')
}

function behind(file: string, size: number): LogError {
  const next = 'Fetch the published copy; until then nothing is signed.'
  return new LogError('behind', file, `is not there, but ${size} leaves were signed`, next)
}

/** Why a cosignature is not taken; null if it is. */
function refusal(
  text: string,
  signature: NoteSignature,
  keys: readonly VerifierKey[],
  now: number | null,
): string | null {
  try {
    const [verified] = checkSignatures({ text, signatures: [signature] }, keys, checkpointFile).verified
    if (verified?.time == null) return 'It is by none of the witnesses that were chosen.'
    const early = now !== null && isFromFuture(verified.time, now)
    return early ? `Its time, ${new Date(verified.time * 1000).toISOString()}, has not come yet.` : null
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    return 'It is not a signature of the current checkpoint.'
  }
}

function isSameKey(one: NoteSignature, other: NoteSignature): boolean {
  return one.name === other.name && one.keyId.equals(other.keyId)
}

/**
 * Content of the tiles that a tree needs and one of `oldSize` leaves had not.
 * @param leaves from number `start` on, where a bundle starts
 */
function tileFiles(
  start: number,
  hashes: readonly Buffer[],
  leaves: readonly Uint8Array[],
  oldSize = start,
): Map<string, Buffer> {
  const levels = tileLevels(hashes)
  const content = ({ level, index, width }: Tile) => {
    const from = index * tileWidth
    if (level === 'entries') return formatBundle(leaves.slice(from - start, from - start + width))
    return Buffer.concat((levels[level] as Buffer[]).slice(from, from + width), width * hashBytes)
  }
  return new Map(tilesSince(oldSize, hashes.length).map((tile) => [tilePath(tile), content(tile)]))
}

/**
 * Writes tiles and syncs them with all folders they stand in. No checkpoint in the folder speaks of them yet, or its
 * tiles are not whole anyway: they may be half-written until this returns.
 */
function writeFiles(folder: string, files: ReadonlyMap<string, Buffer>): void {
  mkdirSync(folder, { recursive: true })
  const folders = new Set([path.dirname(folder), folder])
  for (const [file, content] of files) {
    const target = path.join(folder, file)
    mkdirSync(path.dirname(target), { recursive: true })
    for (let each = path.dirname(target); each !== folder; each = path.dirname(each)) folders.add(each)
    const descriptor = openSync(target, 'w', 0o644)
    try {
      writeFileSync(descriptor, content)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }
  for (const each of folders) {
    const descriptor = openSync(each, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }
}

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { LogError } from './error.ts'

/**
 * Signed notes (c2sp.org/signed-note): a text, a blank line, and lines of signatures. Ed25519 keys, and Ed25519
 * cosignatures of checkpoints (c2sp.org/tlog-cosignature); signatures of other kinds are kept and ignored.
 */
export interface Note {
  /** With its last newline, and without the blank line that parts it from the signatures. */
  text: string
  /** In the order they stand. */
  signatures: NoteSignature[]
}

export interface NoteSignature {
  /** Name of the key. */
  name: string
  /** Four bytes that tell the keys of one name apart. */
  keyId: Buffer
  /** What follows the key id. */
  bytes: Buffer
}

/** A public key: of a log (`ed25519`), or of a witness of logs (`cosignature`). */
export interface VerifierKey {
  name: string
  type: 'ed25519' | 'cosignature'
  keyId: Buffer
  /** 32 bytes. */
  publicKey: Buffer
}

/** A secret key with its public one. */
export interface SignerKey {
  privateKey: KeyObject
  verifier: VerifierKey
}

export interface VerifiedSignature {
  key: VerifierKey
  /** Of a cosignature: seconds since 1970 by the witness's clock. */
  time: number | null
  signature: NoteSignature
}

export interface OpenedNote {
  note: Note
  /** One of each key, in the order they stand. */
  verified: VerifiedSignature[]
  /** By keys that were not given. */
  unknown: NoteSignature[]
}

/** Room for the sixteen signatures that every verifier must take, even post-quantum ones. */
export const maximumNoteBytes = 128 * 1024
const maximumSignatures = 64
const maximumTextLines = 256
const longestName = 255
/** The last second that a `Date` can show. */
const latestTime = 8_640_000_000_000n

const typeBytes = { ed25519: 1, cosignature: 4 } as const
const keyName = /^[^\p{White_Space}\p{Cc}+]+$/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const controls = /[\u0000-\u0009\u000b-\u001f]/

/** Reads a note without looking at who signed it. @throws LogError */
export function parseNote(content: Uint8Array | string, where: string): Note {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  if (bytes.length > maximumNoteBytes) malformed(where, `is larger than ${maximumNoteBytes} bytes`)
  const whole = decode(bytes, where)
  if (controls.test(whole)) malformed(where, 'has control characters')
  const split = whole.lastIndexOf('\n\n')
  if (split < 0) malformed(where, 'has no blank line before its signatures')
  const text = whole.slice(0, split + 1)
  const block = whole.slice(split + 2)
  if (text.split('\n').length - 1 > maximumTextLines)
    malformed(where, `has more than ${maximumTextLines} lines of text`)
  if (block === '') malformed(where, 'has no signature')
  return { text, signatures: parseSignatures(block, where) }
}

/** Reads lines of signatures alone, as a witness answers them. @throws LogError */
export function parseSignatures(block: string, where: string): NoteSignature[] {
  if (!block.endsWith('\n')) malformed(where, 'does not end with a newline')
  const lines = block.slice(0, -1).split('\n')
  if (lines.length > maximumSignatures) malformed(where, `has more than ${maximumSignatures} signatures`)
  return lines.map((line) => parseSignature(line, where))
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignature).join('')}`
}

/** Signs a text, which must end with a newline. @throws RangeError if it cannot be a note's text */
export function signNote(text: string, ...signers: SignerKey[]): string {
  if (!text.endsWith('\n') || controls.test(text) || !text.isWellFormed() || signers.length === 0)
    throw new RangeError('a note is lines of text and has a signer')
  const signatures = signers.map(({ privateKey, verifier: { name, keyId } }) => ({
    name,
    keyId,
    bytes: sign(null, Buffer.from(text), privateKey),
  }))
  return formatNote({ text, signatures })
}

/**
 * Reads a note and checks the signatures of these keys. The text may be used only if the key that matters is among
 * `verified`. @throws LogError if a signature of one of the keys is wrong
 */
export function openNote(content: Uint8Array | string, keys: readonly VerifierKey[], where: string): OpenedNote {
  const note = parseNote(content, where)
  return { note, ...checkSignatures(note, keys, where) }
}

/** Checks the signatures of a note as `openNote` does. @throws LogError */
export function checkSignatures(
  { text, signatures }: Note,
  keys: readonly VerifierKey[],
  where: string,
): Omit<OpenedNote, 'note'> {
  const verified: VerifiedSignature[] = []
  const unknown: NoteSignature[] = []
  for (const signature of signatures) {
    const key = findKey(keys, signature, where)
    if (!key) {
      unknown.push(signature)
      continue
    }
    const time = verifySignature(text, signature, key)
    if (time === false) throw new LogError('signature', where, `the signature of ${key.name} is wrong`, doNotUse)
    if (!verified.some((each) => each.key === key)) verified.push({ key, time, signature })
  }
  return { verified, unknown }
}

/** False if the signature is wrong; else the time of a cosignature, or null. */
function verifySignature(text: string, { bytes }: NoteSignature, key: VerifierKey): number | null | false {
  const publicKey = importPublicKey(key.publicKey)
  if (key.type === 'ed25519') return bytes.length === 64 && verify(null, Buffer.from(text), publicKey, bytes) && null
  if (bytes.length !== 72) return false
  const time = bytes.readBigUInt64BE(0)
  if (time === 0n || time > latestTime) return false
  return verify(null, Buffer.from(cosignedText(Number(time), text)), publicKey, bytes.subarray(8)) && Number(time)
}

/**
 * Whether a cosignature states a moment more than a day after `now` (milliseconds since 1970): its clock, or this one,
 * is wrong.
 */
export function isFromFuture(time: number, now: number): boolean {
  return time * 1000 > now + 86_400_000
}

/** What a witness signs: the text of a checkpoint after two lines of its own. */
export function cosignedText(time: number, text: string): string {
  return `cosignature/v1\ntime ${time}\n${text}`
}

function findKey(keys: readonly VerifierKey[], { name, keyId }: NoteSignature, where: string): VerifierKey | undefined {
  const [first, ...others] = keys.filter((key) => key.name === name && key.keyId.equals(keyId))
  if (others.some((key) => !key.publicKey.equals((first as VerifierKey).publicKey)))
    throw new LogError(
      'signature',
      where,
      `two different keys are called ${name} with one id`,
      'Give only one of them.',
    )
  return first
}

/** Makes a key of a log. @throws RangeError if the name cannot be one */
export function makeSigner(name: string): SignerKey {
  if (!isKeyName(name)) throw new RangeError(`“${name}” is no name for a key`)
  return signerOf(name, generateKeyPairSync('ed25519').privateKey)
}

/** Whether a key can have this name: no spaces, no plus sign. */
export function isKeyName(name: string): boolean {
  return keyName.test(name) && name.isWellFormed() && Buffer.byteLength(name) <= longestName
}

/** Reads a public key in its text form `NAME+ID+BASE64` (a vkey). @throws LogError */
export function parseVerifierKey(text: string, where = 'the key'): VerifierKey {
  const [name = '', id = '', ...rest] = text.split('+')
  const [type, publicKey] = keyMaterial(rest.join('+'), name, where)
  const key = verifierOf(name, type, publicKey)
  if (id !== key.keyId.toString('hex')) malformed(where, 'has an id that does not fit name and key')
  return key
}

/** Reads the public key of a log. @throws LogError */
export function parseLogKey(text: string, where = 'the key'): VerifierKey {
  const key = parseVerifierKey(text, where)
  if (key.type === 'ed25519') return key
  throw new LogError('malformed', where, 'is the key of a witness', 'Give the key of the log.')
}

/** Reads the public key of a witness. @throws LogError */
export function parseWitnessKey(text: string): VerifierKey {
  const key = parseVerifierKey(text, 'the key of the witness')
  if (key.type === 'cosignature') return key
  throw new LogError('malformed', key.name, 'is no key for cosigning', 'Give the key of the witness of type 4.')
}

export function formatVerifierKey({ name, type, keyId, publicKey }: VerifierKey): string {
  return `${name}+${keyId.toString('hex')}+${Buffer.from([typeBytes[type], ...publicKey]).toString('base64')}`
}

/** Reads a secret key in its text form `PRIVATE+KEY+NAME+ID+BASE64`. @throws LogError that does not contain it */
export function parseSignerKey(text: string): SignerKey {
  const where = 'the secret key'
  const [first, second, name = '', id, ...rest] = text.split('+')
  if (first !== 'PRIVATE' || second !== 'KEY') malformed(where, 'does not begin with PRIVATE+KEY')
  const [type, seed] = keyMaterial(rest.join('+'), name, where)
  if (type !== 'ed25519') malformed(where, 'is not one of a log')
  const signer = signerOf(name, importSeed(seed))
  if (id !== signer.verifier.keyId.toString('hex')) malformed(where, 'has an id that does not fit name and key')
  return signer
}

export function formatSignerKey({ privateKey, verifier: { name, keyId } }: SignerKey): string {
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d as string, 'base64url')
  return `PRIVATE+KEY+${name}+${keyId.toString('hex')}+${Buffer.from([typeBytes.ed25519, ...seed]).toString('base64')}`
}

/** A public key from its parts. */
export function verifierOf(name: string, type: VerifierKey['type'], publicKey: Buffer): VerifierKey {
  const hash = createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.from([typeBytes[type]]))
    .update(publicKey)
  return { name, type, keyId: hash.digest().subarray(0, 4), publicKey }
}

function signerOf(name: string, privateKey: KeyObject): SignerKey {
  const publicKey = Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x as string, 'base64url')
  return { privateKey, verifier: verifierOf(name, 'ed25519', publicKey) }
}

function keyMaterial(base64: string, name: string, where: string): [VerifierKey['type'], Buffer] {
  if (!isKeyName(name)) malformed(where, 'has no name, or one with spaces')
  const bytes = fromBase64(base64)
  if (bytes?.length !== 33) return malformed(where, 'is not 33 bytes in base64')
  const type = (Object.keys(typeBytes) as VerifierKey['type'][]).find((each) => typeBytes[each] === bytes[0])
  return [type ?? malformed(where, `is of the unknown type ${bytes[0]}`), bytes.subarray(1)]
}

function importPublicKey(publicKey: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') }, format: 'jwk' })
}

/** An Ed25519 key from its 32 secret bytes, behind the fixed header of PKCS #8 (RFC 8410). */
function importSeed(seed: Buffer): KeyObject {
  const header = Buffer.from('302e020100300506032b657004220420', 'hex')
  return createPrivateKey({ key: Buffer.concat([header, seed]), format: 'der', type: 'pkcs8' })
}

function parseSignature(line: string, where: string): NoteSignature {
  const [, name = '', base64 = ''] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? []
  const bytes = fromBase64(base64)
  if (!isKeyName(name) || !bytes || bytes.length < 5) return malformed(where, 'has a line that is no signature')
  return { name, keyId: bytes.subarray(0, 4), bytes: bytes.subarray(4) }
}

function formatSignature({ name, keyId, bytes }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([keyId, bytes]).toString('base64')}\n`
}

/** Base64 in its one canonical form; null for anything else. */
export function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return malformed(where, 'is not text in UTF-8')
  }
}

const doNotUse = 'Do not use it; fetch it again, and ask whoever runs the log if that does not help.'

function malformed(where: string, what: string): never {
  throw new LogError('malformed', where, what, doNotUse)
}

import { sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { formatCheckpoint } from './checkpoint.ts'
import { leafHash, treeRoot } from './merkle.ts'
import {
  cosignedText,
  formatNote,
  formatVerifierKey,
  makeSigner,
  type NoteSignature,
  parseSignerKey,
  signNote,
  type VerifierKey,
  verifierOf,
} from './note.ts'
import { createLog, type LogPlaces, type PublicLog } from './public-log.ts'

/** A witness of the tests: it signs whatever it is given. */
export function makeWitness(name: string) {
  const { privateKey, verifier } = makeSigner(name)
  const key: VerifierKey = verifierOf(name, 'cosignature', verifier.publicKey)
  const signature = (text: string, seconds: number): NoteSignature => {
    const time = Buffer.alloc(8)
    time.writeBigUInt64BE(BigInt(seconds))
    const bytes = Buffer.concat([time, sign(null, Buffer.from(cosignedText(seconds, text)), privateKey)])
    return { name, keyId: key.keyId, bytes }
  }
  return {
    vkey: formatVerifierKey(key),
    signature,
    /** The line that a witness answers for the text of a checkpoint. */
    cosign: (text: string, seconds: number) =>
      formatNote({ text: '', signatures: [signature(text, seconds)] }).slice(1),
  }
}

export interface LogFixture {
  folder: string
  places: LogPlaces
  /** Places of another log. */
  otherPlaces: LogPlaces
  remove(): void
}

export function makePlaces(): LogFixture {
  const folder = mkdtempSync(path.join(tmpdir(), 'log-'))
  return {
    folder,
    places: { folder: path.join(folder, 'public'), secret: path.join(folder, 'secret') },
    otherPlaces: { folder: path.join(folder, 'public-2'), secret: path.join(folder, 'secret-2') },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export const origin = 'kit.example/ledger'
export const leafText = (index: number) => Buffer.from(`{"period":${index}}`)

/** The checkpoint that the key of these places would sign for these leaves. */
export function signedHead({ secret }: LogPlaces, leaves: readonly Uint8Array[], extensions: string[] = []): string {
  const signer = parseSignerKey(JSON.parse(readFileSync(secret, 'utf8')).key)
  const head = { origin: signer.verifier.name, size: leaves.length, root: treeRoot(leaves.map(leafHash)), extensions }
  return signNote(formatCheckpoint(head), signer)
}

/** A log with leaves 0 to `size` − 1, without the hundreds of syncs of adding them one by one. */
export function filledLog(places: LogPlaces, size: number, name = origin): PublicLog {
  const log = createLog(places, name)
  const leaves = Array.from({ length: size }, (_, index) => leafText(index))
  log.adopt(leaves, signedHead(places, leaves))
  return log
}

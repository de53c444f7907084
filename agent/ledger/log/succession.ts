import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { LogError } from './error.ts'
import {
  formatVerifierKey,
  openNote,
  parseNote,
  parseVerifierKey,
  type SignerKey,
  signNote,
  type VerifierKey,
} from './note.ts'

/**
 * The first leaf of a log that takes the place of another: a signed note that names the old log's head and both keys.
 * The same note stands as the file `succession` in the folder of the old log.
 */
export interface Succession {
  /** Key of the old log; its name is the log's origin. */
  from: VerifierKey
  /** Leaves and root of the old log when it ended. */
  size: number
  root: Buffer
  /** Key of the new log. */
  to: VerifierKey
  /** Whether the old key signed too; if it was lost, only the new log says that it follows the old one. */
  oldKey: 'signed' | 'lost'
}

export const successionFile = 'succession'
const header = 'log-succession/v1'

/** @param oldSigner null if the old key was lost @param from the old log's key */
export function signSuccession(
  from: VerifierKey,
  { size, root }: Pick<Checkpoint, 'size' | 'root'>,
  signer: SignerKey,
  oldSigner: SignerKey | null,
): string {
  const lines = [
    header,
    `from ${formatVerifierKey(from)}`,
    `size ${size}`,
    `root ${root.toString('base64')}`,
    `to ${formatVerifierKey(signer.verifier)}`,
    `old-key ${oldSigner ? 'signed' : 'lost'}`,
    '',
  ]
  return signNote(lines.join('\n'), ...(oldSigner ? [oldSigner] : []), signer)
}

/** Whether a leaf is such a note rather than a report. */
export function isSuccession(leaf: Uint8Array): boolean {
  return Buffer.from(leaf.subarray(0, header.length + 1)).equals(Buffer.from(`${header}\n`))
}

/**
 * Reads the note and checks that the keys it names signed it. Whether they are the keys of the logs that are meant is
 * the caller's to compare. @throws LogError
 */
export function openSuccession(content: Uint8Array | string, where: string): Succession {
  const succession = parse(parseNote(content, where).text, where)
  const { verified } = openNote(content, [succession.from, succession.to], where)
  const signedBy = (key: VerifierKey) => verified.some((each) => each.key === key)
  if (!signedBy(succession.to)) throw unsignedBy(succession.to, where)
  if (succession.oldKey === 'signed' && !signedBy(succession.from)) throw unsignedBy(succession.from, where)
  return succession
}

function parse(text: string, where: string): Succession {
  const form = /^log-succession\/v1\nfrom (.+)\nsize (\d+)\nroot (.+)\nto (.+)\nold-key (signed|lost)\n$/.exec(text)
  if (!form) throw new LogError('malformed', where, 'is not a note of succession', 'Do not use it; fetch it again.')
  const [, from = '', size = '', root = '', to = '', oldKey] = form
  const head = parseCheckpoint(`old\n${size}\n${root}\n`, where)
  return {
    from: parseVerifierKey(from, where),
    size: head.size,
    root: head.root,
    to: parseVerifierKey(to, where),
    oldKey: oldKey as Succession['oldKey'],
  }
}

function unsignedBy({ name }: VerifierKey, where: string): LogError {
  return new LogError('signature', where, `is not signed by ${name}`, 'Do not use it; fetch it again.')
}

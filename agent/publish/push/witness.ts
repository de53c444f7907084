import { LogError } from '../../ledger/log/error.ts'
import { consistencyProof } from '../../ledger/log/merkle.ts'
import { parseSignatures } from '../../ledger/log/note.ts'
import { folderAddress } from '../log-address.ts'
import type { Outbox } from '../outbox.ts'
import type { Grant } from './grant.ts'
import { type Answer, Line, type LineOptions } from './line.ts'
import type { LocalLog } from './parcel.ts'
import { PlaceTrouble, quoted } from './trouble.ts'

type Asked = Outbox['witnesses'][number]

/** A witness that will not sign, as it knows another history of this log, or a longer one. */
export class WitnessAgainst extends PlaceTrouble {
  /** Leaves that it has seen. */
  readonly seen: number

  constructor(host: string, seen: number, size: number) {
    super(
      'witness.ahead',
      { host, seen, size },
      `${host} has seen ${seen} leaves of this log; here are ${size}.`,
      'Nothing more is signed before you have looked: this kit was put back, or another one has its key.',
    )
    this.seen = seen
  }
}

/** Asks a witness for its cosignature of the checkpoint (c2sp.org/tlog-witness). */
export async function askWitness(witness: Asked, log: LocalLog, grant: Grant, options: LineOptions): Promise<string> {
  const line = new Line(grant, options)
  const url = new URL('add-checkpoint', folderAddress(witness.url))
  const ask = (old: number) => line.ask(url, { method: 'POST', body: Buffer.from(addCheckpoint(log, old)) })
  try {
    const { size } = log.checkpoint
    const old = Math.min(witness.known ?? 0, size)
    let answer = await ask(old)
    if (answer.status === 409) {
      const seen = sizeIn(answer)
      if (seen !== null && (seen > size || seen === old)) throw new WitnessAgainst(url.host, seen, size)
      if (seen !== null) answer = await ask(seen)
    }
    return blockOf(url, answer, log)
  } finally {
    line.close()
  }
}

/** The request: how many leaves the witness is thought to know, the proof from there on, and the checkpoint. */
function addCheckpoint({ text, hashes }: LocalLog, old: number): string {
  const proof = old === 0 ? [] : consistencyProof(hashes, old)
  return [`old ${old}`, ...proof.map((hash) => hash.toString('base64')), '', text].join('\n')
}

function sizeIn({ body }: Answer): number | null {
  const [, digits] = /^(\d{1,15})\n?$/.exec(body.toString('utf8')) ?? []
  return digits === undefined ? null : Number(digits)
}

function blockOf(url: URL, { status, body }: Answer, { key, checkpoint }: LocalLog): string {
  const [{ host }, text] = [url, body.toString('utf8')]
  if (status !== 200) {
    const [said, [code, next]] = [quoted(text), nextStep(status, key.name)]
    const facts = { host, status, said, origin: key.name }
    throw new PlaceTrouble(code, facts, `${host} answered ${status}: ${said}.`, next)
  }
  try {
    parseSignatures(text, host)
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    throw new PlaceTrouble(
      'witness.no-signature',
      { host, size: checkpoint.size },
      `What ${host} answered for ${checkpoint.size} leaves is no signature.`,
      'Check the address of the witness.',
    )
  }
  return text
}

/** By the status of an answer: the trouble's code, and what to do. */
function nextStep(status: number, origin: string): [code: string, next: string] {
  if (status === 404 || status === 403)
    return ['witness.unknown-log', `Ask whoever runs the witness to take the log ${origin} and its key.`]
  if (status === 409 || status === 422)
    return ['witness.history', 'The witness knows another history of this log: compare the two.']
  return ['witness.answer', 'It is tried again; if it stays so, ask whoever runs it.']
}

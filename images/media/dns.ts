/** The part of DNS that finding kits by multicast needs. Answers come from anybody on the network and are read strictly. */

export const recordTypes = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 } as const
const maximumMessage = 9000
const maximumRecords = 256

export interface Question {
  /** Labels from the left, e.g. `['_commonhearth', '_tcp', 'local']`. */
  readonly name: readonly string[]
  readonly type: number
}

export type Answer = { readonly name: readonly string[] } & (
  | { readonly type: 'PTR'; readonly target: readonly string[] }
  | { readonly type: 'SRV'; readonly target: readonly string[]; readonly port: number }
  | { readonly type: 'TXT'; readonly texts: readonly string[] }
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
)

/** A message that is malformed; it is dropped as a whole. */
export class DnsError extends Error {
  override name = 'DnsError'
}

/** A query with id 0, as multicast DNS has it. */
export function encodeQuery(questions: readonly Question[]): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(questions.length, 4)
  const parts = questions.flatMap(({ name, type }) => {
    const labels = name.map((label) => {
      const bytes = Buffer.from(label)
      if (bytes.length === 0 || bytes.length > 63) throw new DnsError('a label has 1 to 63 bytes')
      return Buffer.concat([Buffer.from([bytes.length]), bytes])
    })
    const tail = Buffer.alloc(5)
    tail.writeUInt16BE(type, 1)
    tail.writeUInt16BE(1, 3)
    return [...labels, tail]
  })
  return Buffer.concat([head, ...parts])
}

/** The records of a response that are of a type known here, from all its sections. @throws DnsError */
export function decodeAnswers(message: Buffer): Answer[] {
  if (message.length > maximumMessage) throw new DnsError('is longer than 9000 bytes')
  const reader = new Reader(message)
  reader.uint16()
  const flags = reader.uint16()
  if ((flags & 0x8000) === 0) throw new DnsError('is no response')
  if ((flags & 0x000f) !== 0) throw new DnsError('reports an error')
  const questions = reader.uint16()
  const records = reader.uint16() + reader.uint16() + reader.uint16()
  if (questions > maximumRecords || records > maximumRecords) throw new DnsError('has too many records')
  for (let index = 0; index < questions; index++) {
    reader.name()
    reader.skip(4)
  }
  const answers: Answer[] = []
  for (let index = 0; index < records; index++) {
    const answer = reader.record()
    if (answer) answers.push(answer)
  }
  return answers
}

class Reader {
  readonly #message: Buffer
  #at = 0

  constructor(message: Buffer) {
    this.#message = message
  }

  skip(length: number): void {
    if (this.#at + length > this.#message.length) throw new DnsError('is cut short')
    this.#at += length
  }

  bytes(length: number): Buffer {
    const start = this.#at
    this.skip(length)
    return this.#message.subarray(start, this.#at)
  }

  uint16(): number {
    return this.bytes(2).readUInt16BE(0)
  }

  /** Follows compression only backwards, so that it ends; a name has at most 255 bytes. */
  name(): string[] {
    const labels: string[] = []
    let length = 0
    let resume: number | null = null
    let floor = this.#at
    for (;;) {
      const first = this.bytes(1).readUInt8(0)
      if (first === 0) break
      if ((first & 0xc0) === 0xc0) {
        const target = ((first & 0x3f) << 8) | this.bytes(1).readUInt8(0)
        resume ??= this.#at
        if (target >= floor) throw new DnsError('has a name that points forward or at itself')
        floor = target
        this.#at = target
      } else {
        if (first > 63) throw new DnsError('has a label of an unknown kind')
        length += first + 1
        if (length > 254) throw new DnsError('has a name of more than 255 bytes')
        labels.push(this.bytes(first).toString('utf8'))
      }
    }
    if (resume !== null) this.#at = resume
    return labels
  }

  record(): Answer | null {
    const name = this.name()
    const type = this.uint16()
    const internet = (this.uint16() & 0x7fff) === 1
    this.skip(4)
    const length = this.uint16()
    const end = this.#at + length
    if (end > this.#message.length) throw new DnsError('is cut short')
    const answer = internet ? this.#content(name, type, length) : null
    // What is inside must neither reach over its end nor leave a rest, except in records not read here.
    if (answer && this.#at !== end) throw new DnsError('has a record of another length than it says')
    this.#at = end
    return answer
  }

  #content(name: string[], type: number, length: number): Answer | null {
    switch (type) {
      case recordTypes.PTR:
        return { name, type: 'PTR', target: this.name() }
      case recordTypes.SRV: {
        this.skip(4)
        const port = this.uint16()
        return { name, type: 'SRV', port, target: this.name() }
      }
      case recordTypes.TXT:
        return { name, type: 'TXT', texts: this.#texts(length) }
      case recordTypes.A:
        return { name, type: 'A', address: [...this.bytes(4)].join('.') }
      case recordTypes.AAAA:
        return { name, type: 'AAAA', address: ipv6(this.bytes(16)) }
      default:
        return null
    }
  }

  #texts(length: number): string[] {
    const end = this.#at + length
    const texts: string[] = []
    while (this.#at < end) texts.push(this.bytes(this.bytes(1).readUInt8(0)).toString('utf8'))
    return texts
  }
}

/** The short form, by the parser that also decides what browsers accept. */
function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

import type { Answer, Question } from './dns.ts'
import { recordTypes } from './dns.ts'

/** A kit that answered. Everything in it was said by somebody on the network; the texts are fit to be shown. */
export interface Kit {
  readonly name: string
  /** Name on the LAN, e.g. `hearth-a1b2.local`; null when it did not say. */
  readonly host: string | null
  readonly port: number | null
  /** IPv4 first. */
  readonly addresses: readonly string[]
  readonly version: string | null
  readonly claimed: boolean | null
}

export const service = ['_commonhearth', '_tcp', 'local'] as const
const maximumKits = 512
const maximumAddresses = 16

interface Instance {
  label: string
  name: readonly string[]
  host: string | null
  hostName: readonly string[]
  port: number | null
  texts: ReadonlyMap<string, string> | null
  from: string
}

/** Gathers what many answers say about kits. Names count without regard to case; everything is bounded. */
export class KitList {
  readonly #instances = new Map<string, Instance>()
  readonly #addresses = new Map<string, Set<string>>()

  /** @param from address that the answers came from */
  take(answers: readonly Answer[], from: string): void {
    for (const answer of answers)
      if (answer.type === 'PTR' && key(answer.name) === key(service)) this.#add(answer.target, from)
    for (const answer of answers) {
      const instance = this.#instances.get(key(answer.name))
      if (answer.type === 'SRV' && instance) {
        instance.host = answer.target.map(printable).join('.')
        instance.hostName = answer.target
        instance.port = answer.port
      } else if (answer.type === 'TXT' && instance) instance.texts = readTexts(answer.texts)
    }
    for (const answer of answers) {
      if (answer.type !== 'A' && answer.type !== 'AAAA') continue
      const wanted = [...this.#instances.values()].some(({ hostName }) => key(hostName) === key(answer.name))
      if (!wanted) continue
      const known = this.#addresses.get(key(answer.name)) ?? new Set()
      if (known.size < maximumAddresses) known.add(answer.address)
      this.#addresses.set(key(answer.name), known)
    }
  }

  /** What to ask next about kits that did not say all at once. */
  missing(): Question[] {
    return [...this.#instances.values()].flatMap(({ name, host, hostName, texts }): Question[] => [
      ...(host === null ? [{ name, type: recordTypes.SRV }] : []),
      ...(texts === null ? [{ name, type: recordTypes.TXT }] : []),
      ...(host !== null && !this.#addresses.has(key(hostName)) ? [{ name: hostName, type: recordTypes.A }] : []),
    ])
  }

  /** Ascending by name. */
  kits(): Kit[] {
    return [...this.#instances.values()]
      .map(({ label, host, hostName, port, texts, from }) => {
        const addresses = [...(this.#addresses.get(key(hostName)) ?? [from])]
        const claimed = texts?.get('claimed')
        return {
          name: printable(texts?.get('name') || label),
          host,
          port,
          addresses: addresses.sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')) || (a < b ? -1 : 1)),
          version: texts?.has('version') ? printable(texts.get('version') ?? '') : null,
          claimed: claimed === '1' ? true : claimed === '0' ? false : null,
        }
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #add(name: readonly string[], from: string): void {
    const [label, ...rest] = name
    if (label === undefined || key(rest) !== key(service)) return
    if (this.#instances.has(key(name)) || this.#instances.size === maximumKits) return
    this.#instances.set(key(name), { label, name, host: null, hostName: [], port: null, texts: null, from })
  }
}

/** Dots inside a label must not pass for dots between labels. */
const key = (name: readonly string[]) => name.map((label) => label.toLowerCase()).join('\0')

/** The first value of each key counts, as RFC 6763 has it. */
function readTexts(texts: readonly string[]): Map<string, string> {
  const values = new Map<string, string>()
  for (const text of texts) {
    const [name = '', ...rest] = text.split('=')
    if (name && !values.has(name.toLowerCase())) values.set(name.toLowerCase(), rest.join('='))
  }
  return values
}

/** Without control characters, which could steer a terminal, and not longer than a name needs to be. */
function printable(text: string): string {
  return text
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, 64)
}

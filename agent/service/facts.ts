import { hostname } from 'node:os'
import type { BootFacts, KitFacts, NetworkFacts, Problem, ReleaseFacts } from '../api.ts'
import { readText } from '../meters/files.ts'
import type { KitPaths } from '../paths.ts'

/**
 * The public facts that root writes to files, read when they are asked for. A file that is missing or half-written never
 * stops the agent: a stand-in that claims nothing takes its place.
 */
export class KitFiles {
  readonly #paths: KitPaths

  constructor(paths: KitPaths) {
    this.#paths = paths
  }

  kit(): KitFacts {
    const kit = this.#read<KitFacts>(this.#paths.kit, isKitFacts)
    return (
      kit ?? {
        hostname: hostname(),
        claimed: false,
        serverName: null,
        timezone: 'UTC',
        currency: 'XXX', // ISO 4217: no currency
        language: 'en',
        caFingerprint: '',
        caWords: '',
        board: { model: '', serial: null, architecture: process.arch === 'arm64' ? 'aarch64' : 'x86_64' },
      }
    )
  }

  release(): ReleaseFacts {
    return (
      this.#read<ReleaseFacts>(this.#paths.release, (value) => typeof value.version === 'string') ?? {
        version: 'development',
        recipe: 'none',
        architecture: process.arch === 'arm64' ? 'aarch64' : 'x86_64',
        builtAt: new Date(0).toISOString(),
      }
    )
  }

  boot(): BootFacts {
    return (
      this.#read<BootFacts>(this.#paths.boot, isBootFacts) ?? {
        slot: null,
        data: 'ok',
        rescue: false,
        problems: [],
      }
    )
  }

  /** Empty when it is not known: then no address counts as on-link. */
  network(): NetworkFacts {
    const isNetwork = ({ addresses, onLink, resolvers, announcedAs }: Record<string, unknown>) =>
      [addresses, onLink, resolvers].every(isTextList) && (announcedAs === undefined || typeof announcedAs === 'string')
    return this.#read<NetworkFacts>(this.#paths.network, isNetwork) ?? { addresses: [], onLink: [], resolvers: [] }
  }

  /** What the initramfs, set-up, network and disk have found wrong. */
  problems(): Problem[] {
    const problems = parse(readText(this.#paths.problems))
    return [...this.boot().problems, ...(Array.isArray(problems) ? problems.filter(isProblem) : [])]
  }

  #read<Facts>(file: string, isRight: (value: Record<string, unknown>) => boolean): Facts | null {
    const value = parse(readText(file))
    return isObject(value) && isRight(value) ? (value as Facts) : null
  }
}

function isKitFacts(value: Record<string, unknown>): boolean {
  const texts = ['hostname', 'timezone', 'currency', 'language', 'caFingerprint', 'caWords']
  const { claimed, formerNames } = value
  return (
    texts.every((name) => typeof value[name] === 'string') &&
    typeof claimed === 'boolean' &&
    (formerNames === undefined || isTextList(formerNames))
  )
}

function isBootFacts({ data, problems }: Record<string, unknown>): boolean {
  return (data === 'ok' || data === 'unreadable') && Array.isArray(problems) && problems.every(isProblem)
}

function isProblem(value: unknown): value is Problem {
  return isObject(value) && ['id', 'what', 'next'].every((name) => typeof value[name] === 'string')
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}

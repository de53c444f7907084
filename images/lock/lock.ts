import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'

export interface LockedPackage {
  readonly name: string
  readonly version: string
  readonly architecture: string
  /** Of the .deb, in hexadecimal. */
  readonly sha256: string
  /** Bytes of the .deb. */
  readonly size: number
}

/** Every Debian package of an image, by hash: `images/recipes/NAME.lock.json`. */
export interface Lock {
  readonly suite: string
  readonly architecture: 'amd64' | 'arm64'
  /** Ascending by name. */
  readonly packages: readonly LockedPackage[]
}

export interface LockDifference {
  readonly name: string
  /** Version, with the beginning of its hash where only that differs; null: not in the lock. */
  readonly locked: string | null
  /** Likewise; null: no longer needed. */
  readonly resolved: string | null
}

/** A lock file that cannot be used; the message names file and place. */
export class LockError extends Error {
  override name = 'LockError'
}

const maximumBytes = 8 * 1024 * 1024

/** Reads and checks a lock file. @throws LockError */
export function readLock(file: string): Lock {
  const fail = (what: string): never => {
    throw new LockError(`${file}: ${what}. Restore it from git, or make it anew with \`hearth lock\`.`)
  }
  let value: unknown
  try {
    if (statSync(file).size > maximumBytes) fail('is larger than 8 MiB')
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof LockError) throw error
    fail(error instanceof SyntaxError ? 'is no JSON, or was cut short' : (error as Error).message)
  }
  const lock = asRecord(value) ?? fail('is not a lock file')
  if (typeof lock.suite !== 'string' || !/^[a-z]+$/.test(lock.suite)) fail('names no suite')
  if (lock.architecture !== 'amd64' && lock.architecture !== 'arm64') fail('names no architecture')
  if (!Array.isArray(lock.packages) || lock.packages.length === 0) fail('names no packages')
  const packages = (lock.packages as unknown[]).map((each, index) => {
    const entry = asRecord(each)
    if (!entry || !isLocked(entry)) return fail(`packages[${index}] needs name, version, architecture, sha256 and size`)
    const { name, version, architecture, sha256, size } = entry
    return { name, version, architecture, sha256, size }
  })
  const disorder = packages.findIndex(({ name }, index) => index > 0 && name <= (packages[index - 1]?.name ?? ''))
  if (disorder >= 0) fail(`packages[${disorder}], ${packages[disorder]?.name}, is out of order or there twice`)
  return { suite: lock.suite as string, architecture: lock.architecture as Lock['architecture'], packages }
}

/** Writes a lock file, a line for each package so that a change reads well in git. Whole or not at all. */
export function writeLock(file: string, lock: Lock): void {
  const sorted = [...lock.packages].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const lines = sorted.map(({ name, version, architecture, sha256, size }) => {
    return `    ${JSON.stringify({ name, version, architecture, sha256, size })}`
  })
  const head = `{\n  "suite": ${JSON.stringify(lock.suite)},\n  "architecture": ${JSON.stringify(lock.architecture)},\n  "packages": [\n`
  const partial = `${file}.partial`
  const handle = openSync(partial, 'w', 0o644)
  try {
    writeSync(handle, `${head}${lines.join(',\n')}\n  ]\n}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(partial, file)
  const folder = openSync(path.dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** What differs between a lock and what was resolved anew; also when a package keeps its version but not its bytes. */
export function compareLock(locked: Lock, resolved: Lock): { exact: boolean; differences: LockDifference[] } {
  const before = new Map(locked.packages.map((each) => [each.name, each]))
  const after = new Map(resolved.packages.map((each) => [each.name, each]))
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  const differences = names.flatMap((name): LockDifference[] => {
    const [old, now] = [before.get(name), after.get(name)]
    if (!old || !now) return [{ name, locked: old?.version ?? null, resolved: now?.version ?? null }]
    if (old.version !== now.version) return [{ name, locked: old.version, resolved: now.version }]
    if (old.sha256 === now.sha256) return []
    const words = ({ version, sha256 }: LockedPackage) => `${version} (${sha256.slice(0, 12)})`
    return [{ name, locked: words(old), resolved: words(now) }]
  })
  const sameTarget = locked.suite === resolved.suite && locked.architecture === resolved.architecture
  return { exact: sameTarget && differences.length === 0, differences }
}

/** One line for each difference: `openssl   3.5.1-1 → 3.5.4-1~deb13u1`. */
export function formatDifferences(differences: readonly LockDifference[]): string[] {
  const width = Math.max(0, ...differences.map(({ name }) => name.length))
  return differences.map(
    ({ name, locked, resolved }) => `${name.padEnd(width)}  ${locked ?? 'new'} → ${resolved ?? 'gone'}`,
  )
}

function asRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}

function isLocked(entry: Record<string, unknown>): entry is Record<string, unknown> & LockedPackage {
  return (
    typeof entry.name === 'string' &&
    /^[a-z0-9][a-z0-9+.-]+$/.test(entry.name) &&
    typeof entry.version === 'string' &&
    /^[A-Za-z0-9.+:~-]+$/.test(entry.version) &&
    typeof entry.architecture === 'string' &&
    /^(all|amd64|arm64)$/.test(entry.architecture) &&
    typeof entry.sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(entry.sha256) &&
    Number.isSafeInteger(entry.size) &&
    (entry.size as number) > 0
  )
}

import { isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml'
import type { Path, Source } from './source.ts'

/**
 * Reads one node into a typed value. What does not fit is reported to the source, with its place, and gives `undefined`;
 * a list or record of which a part does not fit gives `undefined` too.
 */
export type Shape<T> = (node: Node | null, source: Source, path: Path) => T | undefined

/** Text of one line, optionally of a pattern; `like` says what is expected, e.g. `a package name, e.g. nginx`. */
export function text(like = 'text', pattern?: RegExp): Shape<string> {
  return (node, source, path) => {
    const value = isScalar(node) ? node.value : undefined
    if (typeof value !== 'string') return refuse(node, source, path, like)
    if (value.trim() === '' || value.includes('\n') || value.length > 500 || (pattern && !pattern.test(value)))
      return refuse(node, source, path, like)
    return value
  }
}

export function integer(low: number, high: number): Shape<number> {
  return (node, source, path) => {
    const value = isScalar(node) ? node.value : undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= low && value <= high) return value
    return refuse(node, source, path, `a whole number from ${low} to ${high}`)
  }
}

export const boolean: Shape<boolean> = (node, source, path) => {
  const value = isScalar(node) ? node.value : undefined
  return typeof value === 'boolean' ? value : refuse(node, source, path, 'true or false')
}

/** Text, number or truth value: what a variable may hold. */
export const plain: Shape<string | number | boolean> = (node, source, path) => {
  const value = isScalar(node) ? node.value : undefined
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  return refuse(node, source, path, 'text, a number, or true or false')
}

export function oneOf<const T extends string>(...allowed: readonly T[]): Shape<T> {
  return (node, source, path) => {
    const value = isScalar(node) ? node.value : undefined
    const found = allowed.find((each) => each === value)
    if (found !== undefined) return found
    const hint = typeof value === 'string' ? nearest(value, allowed) : undefined
    return refuse(node, source, path, `one of ${allowed.join(', ')}`, hint)
  }
}

/** A list; with `unique`, no two entries may read the same. */
export function list<T>(of: Shape<T>, options: { unique?: boolean; notEmpty?: boolean } = {}): Shape<T[]> {
  return (node, source, path) => {
    if (!isSeq(node)) return refuse(node, source, path, 'a list')
    if (options.notEmpty && node.items.length === 0) return refuse(node, source, path, 'a list with at least one entry')
    const values = node.items.map((item, index) => of(item as Node, source, [...path, index]))
    if (options.unique) {
      values.forEach((value, index) => {
        if (value !== undefined && values.indexOf(value) < index)
          source.report([...path, index], `"${value}" stands in this list twice`, 'keep one of the two')
      })
    }
    return values.every((value) => value !== undefined) ? values : undefined
  }
}

/** Keys chosen by the author, all with values of one shape. */
export function map<T>(key: RegExp, like: string, of: Shape<T>): Shape<Record<string, T>> {
  return (node, source, path) => {
    if (!isMap(node)) return refuse(node, source, path, 'keys with values')
    const result: Record<string, T> = Object.create(null)
    let whole = true
    for (const pair of node.items as Pair<Scalar, Node>[]) {
      const name = String(pair.key.value)
      if (!key.test(name)) {
        source.reportAt(pair.key.range?.[0] ?? 0, `"${name}" cannot be a name here`, `write ${like}`)
        whole = false
        continue
      }
      const value = of(pair.value, source, [...path, name])
      if (value === undefined) whole = false
      else result[name] = value
    }
    return whole ? result : undefined
  }
}

type Fields = Record<string, Shape<unknown> | Optional<unknown>>
interface Optional<T> {
  optional: Shape<T>
}
type Value<F> = F extends Optional<infer T> ? T | undefined : F extends Shape<infer T> ? T : never

/** Marks a field of a record that may be left out. */
export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: shape }
}

/** A fixed set of keys. Unknown keys are reported with the known one that was probably meant. */
export function record<F extends Fields>(fields: F): Shape<{ [K in keyof F]: Value<F[K]> }> {
  return (node, source, path) => {
    if (!isMap(node)) return refuse(node, source, path, `keys with values (${Object.keys(fields).join(', ')})`)
    const result: Record<string, unknown> = {}
    let whole = true
    for (const pair of node.items as Pair<Scalar, Node>[]) {
      const name = String(pair.key.value)
      if (Object.hasOwn(fields, name)) continue
      const meant = nearest(name, Object.keys(fields))
      source.reportAt(
        pair.key.range?.[0] ?? 0,
        `unknown key "${name}"`,
        meant ? `did you mean "${meant}"?` : `known here: ${Object.keys(fields).join(', ')}`,
      )
    }
    for (const [name, field] of Object.entries(fields)) {
      const isOptional = typeof field !== 'function'
      if (!node.has(name)) {
        if (isOptional) continue
        source.report(path, `"${name}" is missing`, `add "${name}:"`)
        whole = false
        continue
      }
      const shape = isOptional ? field.optional : field
      const value = shape(node.get(name, true) as Node | null, source, [...path, name])
      if (value === undefined) whole = false
      else result[name] = value
    }
    return whole ? (result as { [K in keyof F]: Value<F[K]> }) : undefined
  }
}

function refuse(node: Node | null, source: Source, path: Path, expected: string, meant?: string): undefined {
  source.report(
    path,
    `expected ${expected}, found ${describe(node)}`,
    meant ? `did you mean "${meant}"?` : `write ${expected}`,
  )
  return undefined
}

function describe(node: Node | null): string {
  if (isSeq(node)) return 'a list'
  if (isMap(node)) return 'keys with values'
  const value = isScalar(node) ? node.value : null
  if (value === null || value === '') return 'nothing'
  const shown = String(value).replace(/\s+/g, ' ')
  return `"${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}"`
}

/** The allowed word that a mistyped one most likely stands for, if any is near enough. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  if (word.length > 40) return undefined
  const limit = Math.max(1, Math.floor(word.length / 3))
  return allowed
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)[0]?.candidate
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

import { isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument, Scalar } from 'yaml'
import type { Problem } from '../api.ts'

export const seedLimit = 64 * 1024

/** Where something is said in a file; lines and columns count from 1. */
export interface Place {
  line: number
  column: number
}

/** A value as written, with its place. Texts are what stands in the file: `0123` stays `0123`, `NO` stays `NO`. */
export type SeedNode =
  | { kind: 'text'; text: string; place: Place }
  | { kind: 'list'; items: SeedNode[]; place: Place }
  | { kind: 'map'; entries: SeedEntry[]; place: Place }
  | { kind: 'empty'; place: Place }
  /** Something the kit does not follow; the problem is already told. */
  | { kind: 'refused'; place: Place }

export interface SeedEntry {
  key: string
  keyPlace: Place
  value: SeedNode
}

export interface SeedText {
  entries: SeedEntry[]
  problems: Problem[]
}

/** What the dashboard needs to say it in the household's language; never a secret. */
export type SeedFacts = NonNullable<Problem['facts']>

/** A problem in a file of the medium. */
export function seedProblem(
  id: string,
  file: string,
  place: Place | null,
  what: string,
  next: string,
  facts: SeedFacts = {},
): Problem {
  const where = place ? `${file}:${place.line}:${place.column}` : file
  return { id: `seed.${id}`, where, what, next, ...(Object.keys(facts).length > 0 && { facts }) }
}

/**
 * Text of a file that may come from any computer's editor: UTF-8 or UTF-16, with or without a byte order mark, any line
 * ends.
 * @returns the text, or what is wrong with the file
 */
export function decodeSeed(bytes: Buffer, file: string): string | Problem {
  if (bytes.length > seedLimit)
    return seedProblem(
      'too-big',
      file,
      null,
      `The file is larger than ${seedLimit / 1024} KiB.`,
      `Start again from hearth-example.yaml.`,
      { kib: seedLimit / 1024 },
    )
  const encoding = encodingOf(bytes)
  let text: string
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    const line = encoding === 'utf-8' ? brokenLine(bytes) : null
    const next = 'Save it as UTF-8: in Notepad, “Save as”, Encoding “UTF-8”.'
    return seedProblem(
      'encoding',
      file,
      line === null ? null : { line, column: 1 },
      `The file is not valid ${encoding.toUpperCase()} text.`,
      next,
      { encoding: encoding.toUpperCase() },
    )
  }
  const nul = text.indexOf('\0')
  if (nul >= 0) {
    const line = text.slice(0, nul).split(/\r\n?|\n/).length
    return seedProblem(
      'half-written',
      file,
      { line, column: 1 },
      'From here on the file is empty bytes: it was not written to its end.',
      'Write the file again, and eject the medium before you pull it out.',
    )
  }
  return text.replace(/\r\n?/g, '\n')
}

/**
 * Reads YAML into texts, lists and maps with their places. What stands before a mistake is kept, the rest is reported.
 * References (`*name`) and tags are not followed.
 */
export function parseSeed(text: string, file: string): SeedText {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    stringKeys: false,
    logLevel: 'silent',
  })
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const problems: Problem[] = []
  const first = document.errors[0]
  const trusted = first ? first.pos[0] : text.length + 1
  if (first) problems.push(syntaxProblem(first, file, at(first.pos[0])))

  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) return { entries: [], problems }
  if (!isMap(root)) {
    if (!first)
      problems.push(
        seedProblem(
          'no-lines',
          file,
          at(root.range?.[0] ?? 0),
          'The file has no `name: value` lines.',
          'Compare it with hearth-example.yaml.',
        ),
      )
    return { entries: [], problems }
  }
  const read = new Reader(file, at, problems)
  const all = read.map(root as ParsedNode, 0)
  // A value that reaches up to the mistake may be cut short by it.
  const ends = new Map(
    root.items.map((pair) => [
      (pair.key as ParsedNode | null)?.range[0],
      (pair.value as ParsedNode | null)?.range?.[1] ?? 0,
    ]),
  )
  const entries = all.filter((_, index) => {
    const key = root.items[index]?.key as ParsedNode | null
    return (ends.get(key?.range[0]) ?? 0) < trusted
  })
  return { entries, problems }
}

const deepest = 8

class Reader {
  readonly #file: string
  readonly #at: (offset: number) => Place
  readonly #problems: Problem[]

  constructor(file: string, at: (offset: number) => Place, problems: Problem[]) {
    this.#file = file
    this.#at = at
    this.#problems = problems
  }

  map(node: ParsedNode, depth: number): SeedEntry[] {
    if (!isMap(node)) return []
    return node.items.map((pair) => {
      const key = pair.key as ParsedNode | null
      const keyPlace = this.#at(key?.range?.[0] ?? node.range?.[0] ?? 0)
      const name = isScalar(key) ? scalarText(key) : ''
      return { key: name, keyPlace, value: this.#node(pair.value as ParsedNode | null, keyPlace, depth + 1) }
    })
  }

  #node(node: ParsedNode | null, fallback: Place, depth: number): SeedNode {
    const place = node ? this.#at(node.range[0]) : fallback
    if (node === null) return { kind: 'empty', place }
    if (isAlias(node)) {
      const next = 'Write the value itself. If it begins with a star, put it in quotation marks.'
      this.#problems.push(
        seedProblem(
          'reference',
          this.#file,
          place,
          'A value that begins with * is a reference, which the kit does not follow.',
          next,
        ),
      )
      return { kind: 'refused', place }
    }
    if (depth > deepest) {
      this.#problems.push(
        seedProblem(
          'too-deep',
          this.#file,
          place,
          'The file is nested too deeply.',
          'Compare it with hearth-example.yaml.',
        ),
      )
      return { kind: 'refused', place }
    }
    if (isMap(node)) return { kind: 'map', entries: this.map(node, depth), place }
    if (isSeq(node))
      return {
        kind: 'list',
        items: node.items.map((item) => this.#node(item as ParsedNode | null, place, depth + 1)),
        place,
      }
    const text = scalarText(node)
    return node.value === null && text === '' ? { kind: 'empty', place } : { kind: 'text', text, place }
  }
}

function scalarText(node: { type?: string; source?: string; value: unknown }): string {
  // As written: a password 0123 is no number, a country NO no boolean, ~ no nothing.
  return node.type === Scalar.PLAIN ? (node.source ?? '') : String(node.value ?? '')
}

/** What the parser found, in words. */
function syntaxProblem({ code, message }: { code: string; message: string }, file: string, place: Place): Problem {
  const compare = 'Compare the line with hearth-example.yaml. What stands above it was used.'
  switch (code) {
    case 'TAB_AS_INDENT':
      return seedProblem('tab', file, place, 'The line is indented with a tab.', 'Use two spaces instead of the tab.')
    case 'BAD_INDENT':
      return seedProblem('indent', file, place, 'The indentation does not fit the lines above.', compare)
    case 'MISSING_CHAR':
      return /quote/i.test(message)
        ? seedProblem('quote', file, place, 'A quotation mark is missing: the text never ends.', compare)
        : seedProblem('incomplete', file, place, 'Something is missing here, perhaps a colon or a bracket.', compare)
    case 'BAD_SCALAR_START':
      return seedProblem(
        'first-character',
        file,
        place,
        'A value cannot begin with this character unless it is in quotation marks.',
        "Put the value in quotation marks: '…'.",
      )
    case 'MULTILINE_IMPLICIT_KEY':
      return seedProblem('colon', file, place, 'A line has no colon after its name.', compare)
    default: {
      const reason = message.split('\n')[0] ?? ''
      return seedProblem('syntax', file, place, `This is not readable as YAML (${reason}).`, compare, { reason })
    }
  }
}

function encodingOf(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  // Without a mark: our keys are ASCII, so every second byte of the beginning is zero.
  const start = bytes.subarray(0, 8)
  const zeros = (odd: number) => start.length >= 4 && start.every((byte, index) => (index % 2 === odd) === (byte === 0))
  if (zeros(1)) return 'utf-16le'
  if (zeros(0)) return 'utf-16be'
  return 'utf-8'
}

function brokenLine(bytes: Buffer): number | null {
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start)
    const part = bytes.subarray(start, end < 0 ? bytes.length : end)
    if (!part.equals(Buffer.from(part.toString('utf8'), 'utf8'))) return line
    if (end < 0) return null
    start = end + 1
  }
  return null
}

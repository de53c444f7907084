import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import {
  type Document,
  isAlias,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'
import type { Problem } from './problem.ts'

/** Larger recipes and layers are refused unread. */
export const maximumBytes = 256 * 1024
const maximumDepth = 32
const maximumProblems = 50

export type Path = readonly (string | number)[]

/**
 * One YAML file with the place of everything in it. Problems gather in `problems`; whoever reads it goes on as far as it
 * makes sense, so that one run shows them all.
 */
export class Source {
  readonly file: string
  readonly problems: Problem[] = []
  /** Null when the file could not be read as YAML at all. */
  readonly document: Document | null
  #text = ''
  readonly #lines = new LineCounter()

  constructor(file: string) {
    this.file = file
    this.#text = this.#read()
    this.document = this.#parse()
  }

  /** Adds a problem about the value at `path`, or about the nearest thing around it that is there. */
  report(path: Path, message: string, next: string): void {
    let offset: number | null = null
    for (let depth = path.length; depth >= 0 && offset === null; depth--) offset = this.#offsetOf(path.slice(0, depth))
    this.reportAt(offset ?? 0, message, next)
  }

  /** Adds a problem at an offset into the text. */
  reportAt(offset: number, message: string, next: string): void {
    if (this.problems.length === maximumProblems) return
    const { line, col } = this.#lines.lineStarts.length ? this.#lines.linePos(offset) : { line: 1, col: 1 }
    const excerpt = this.#text.split('\n', line)[line - 1]
    this.problems.push({
      file: this.file,
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      message,
      next,
      ...(excerpt !== undefined && fitToShow(excerpt) ? { excerpt } : {}),
    })
  }

  #offsetOf(path: Path): number | null {
    if (!this.document) return null
    const node = path.length ? this.document.getIn(path, true) : this.document.contents
    return isNode(node) && node.range ? node.range[0] : null
  }

  #read(): string {
    const bytes = readBounded(this.file)
    if (typeof bytes === 'string') {
      this.reportAt(0, bytes, 'give a YAML text file of at most 256 KiB')
      return ''
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      const { line, column } = firstInvalid(bytes)
      this.problems.push({
        file: this.file,
        line,
        column,
        message: 'is not UTF-8 text',
        next: 'save the file in UTF-8, without binary data',
      })
      return ''
    }
  }

  #parse(): Document | null {
    if (this.problems.length) return null
    const text = this.#text
    const control = [...text.matchAll(CONTROL)][0]
    if (control) {
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines.addNewLine(at + 1)
      this.#lines.lineStarts.unshift(0)
      this.reportAt(control.index, 'holds a control character', 'save the file as plain text in UTF-8')
      return null
    }
    let document: Document
    try {
      document = parseDocument(text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        stringKeys: true,
        strict: true,
        version: '1.2',
        schema: 'core',
      })
    } catch (error) {
      // The parser recurses; a file made only of brackets runs it out of stack.
      if (!(error instanceof RangeError)) throw error
      this.reportAt(0, 'is nested too deeply to be read', `nest at most ${maximumDepth} levels`)
      return null
    }
    // One stray character makes a dozen faults; only those that stand for themselves are shown beside the first.
    const faults = [...document.errors, ...document.warnings]
    const shown = faults.filter((fault, index) => index === 0 || fault.code === 'DUPLICATE_KEY')
    for (const fault of shown) this.#reportFault(fault)
    if (this.problems.length) return null
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
      this.reportAt(0, 'is empty', 'write at least the keys that every such file needs')
      return null
    }
    visit(document, (_key, node, ancestors) => {
      if (isAlias(node)) this.reportAt(node.range?.[0] ?? 0, 'uses an alias', 'write the value out in full')
      else if (isNode(node) && (node as Node & { anchor?: string }).anchor)
        this.reportAt(node.range?.[0] ?? 0, 'sets an anchor', 'leave it out: nothing may refer to it')
      if (ancestors.length > maximumDepth * 2) {
        this.reportAt(0, 'is nested too deeply', `nest at most ${maximumDepth} levels`)
        return visit.BREAK
      }
      return undefined
    })
    return this.problems.length ? null : document
  }

  #reportFault(fault: YAMLError): void {
    const known = faultWords[fault.code]
    const [message, next] = known ?? [
      `is not YAML: ${fault.message.replace(/\s+/g, ' ')}`,
      'put text that holds any of [ ] { } , : # & * ! in quotes',
    ]
    this.reportAt(fault.pos[0], message, next)
  }
}

/** The parser's own words are for people who write parsers; these are for people who write recipes. */
const faultWords: Partial<Record<YAMLError['code'], [message: string, next: string]>> = {
  TAB_AS_INDENT: ['a tab stands where only spaces may indent', 'indent with two spaces'],
  DUPLICATE_KEY: ['this key stands here twice', 'keep one of the two'],
  MULTIPLE_DOCS: ['a second document begins here', 'keep one document in a file'],
  MISSING_CHAR: [
    'something that was opened is not closed',
    'close the quote or bracket; the file may have been cut short',
  ],
  TAG_RESOLVE_FAILED: ['tags are not used here', 'leave the tag out'],
  NON_STRING_KEY: ['a key must be plain text', 'write the key as a word'],
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g

/** The file's bytes, or what is wrong with it in words. Never blocks on a FIFO and never reads more than allowed. */
function readBounded(file: string): Buffer | string {
  let handle: number
  try {
    handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? 'does not exist'
      : `cannot be read: ${(error as Error).message}`
  }
  try {
    if (!fstatSync(handle).isFile()) return 'is not a regular file'
    const buffer = Buffer.alloc(maximumBytes + 1)
    let length = 0
    while (length < buffer.length) {
      const read = readSync(handle, buffer, length, buffer.length - length, length)
      if (read === 0) break
      length += read
    }
    return length > maximumBytes ? 'is larger than 256 KiB' : buffer.subarray(0, length)
  } finally {
    closeSync(handle)
  }
}

function firstInvalid(bytes: Buffer): { line: number; column: number } {
  const text = bytes.toString('utf8')
  const before = text.slice(0, Math.max(text.indexOf('\ufffd'), 0)).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

function fitToShow(line: string): boolean {
  return line.length <= 200 && !/[\t\u0080-\u009f\ufffd]/.test(line)
}

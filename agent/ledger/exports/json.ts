import { FieldRefused } from '../../refused.ts'
import { canonicalJson } from '../canonical-json.ts'
import { checkEntry, type Entry, EntryRefused } from '../entry.ts'
import { bookingDay, type ExportInput, inMonth } from './booking.ts'

/** The largest export that is taken at once: some years of a server. */
export const maximumImport = 32 * 1024 * 1024
/** Text of one entry, with room for the spaces that programs put in. */
const maximumElement = 256 * 1024
/** Of a number in JSON that every program reads alike. */
const mostDigits = 17

/**
 * Entries as a JSON array, just as they are stored: each in canonical form on a line, in the order they were recorded.
 * Names of people are not in it. @throws RangeError for no month
 */
export function jsonArray({ entries, month }: ExportInput): string {
  const lines = inMonth(entries, month, bookingDay).map((entry) => canonicalJson(entry))
  return lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`
}

/** An export that cannot be taken; `field` names the entry and the place in it. */
export class ImportRefused extends FieldRefused {
  override name = 'ImportRefused'
  override code = 'import'
}

/**
 * Reads the entries of a JSON export one after the other, so that a large one needs little memory; fields unknown here
 * are kept. @throws ImportRefused, with the line, at the first thing that is wrong
 */
export function* readEntries(file: Uint8Array): Generator<Entry> {
  if (file.length > maximumImport)
    throw new ImportRefused(
      'file',
      `The file is larger than ${maximumImport / 1024 ** 2} MiB.`,
      'Export month by month (--month), and import one after the other.',
    )
  for (const element of elements(file)) yield entryOf(element)
}

interface Element {
  bytes: Uint8Array
  /** Where it begins; both count from 1. */
  line: number
  number: number
}

function entryOf({ bytes, line, number }: Element): Entry {
  try {
    return checkEntry(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), exactly))
  } catch (error) {
    const field = (name: string) => `entries[${number - 1}]${name && `.${name}`}`
    if (error instanceof EntryRefused)
      throw new ImportRefused(field(error.field), `Line ${line}, entry ${number}: ${error.message}`, error.next)
    const reason = error instanceof Error ? error.message : String(error)
    throw new ImportRefused(
      field(''),
      `Line ${line}, entry ${number} is no JSON (${reason}).`,
      'Use a file as it was exported.',
    )
  }
}

/** The texts between the brackets and commas of the outermost list. */
function* elements(file: Uint8Array): Generator<Element> {
  const isMarked = file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf
  let at = isMarked ? 3 : 0
  let line = 1
  const skipSpace = () => {
    for (; isSpace(file[at]); at++) if (file[at] === lineFeed) line++
  }
  skipSpace()
  if (file[at] !== code('[')) refuse('file', `Line ${line}: the file is no list of entries.`)
  at++
  skipSpace()
  if (file[at] === code(']')) at++
  else
    for (let number = 1, more = true; more; number++) {
      const element = { line, number }
      const start = at
      let depth = 0
      let isText = false
      for (; at < file.length; at++) {
        const byte = file[at] as number
        if (at - start > maximumElement)
          refuse(`entries[${number - 1}]`, `Line ${element.line}, entry ${number} is larger than any entry may be.`)
        if (byte === lineFeed) line++
        if (isText) {
          if (byte === code('\\')) at++
          else if (byte === code('"')) isText = false
        } else if (byte === code('"')) isText = true
        else if (byte === code('{') || byte === code('[')) depth++
        else if (byte === code(',') && depth === 0) break
        else if (byte === code('}') || byte === code(']')) {
          if (depth === 0) break
          depth--
        }
      }
      if (at >= file.length)
        refuse(
          `entries[${number - 1}]`,
          `The file ends within entry ${number}, which begins in line ${element.line}: it was not written to its end.`,
        )
      yield { ...element, bytes: file.subarray(start, at) }
      if (file[at] === code('}')) refuse('file', `Line ${line}: a bracket is closed that was not opened.`)
      more = file[at] === code(',')
      at++
      skipSpace()
    }
  skipSpace()
  if (at < file.length) refuse('file', `Line ${line}: something stands after the end of the list.`)
}

/** Refuses numbers that would be rounded, and so not kept as they are. */
function exactly(name: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined || JSON.stringify(value) === source) return value
  const isWhole = /^-?\d+$/.test(source)
  const digits = source.replace(/e.*$/i, '').replace(/[-.]/g, '').replace(/^0+/, '').length
  if (isWhole ? BigInt(source) === BigInt(value) : digits <= mostDigits) return value
  throw new EntryRefused(name, 'has more digits than can be kept', 'Write it in quotes.')
}

function refuse(field: string, message: string): never {
  throw new ImportRefused(field, message, 'Use a file as it was exported as JSON.')
}

const lineFeed = 0x0a

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === lineFeed || byte === 0x0d || byte === 0x09
}

function code(character: string): number {
  return character.charCodeAt(0)
}

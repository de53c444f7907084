import { canonicalJson } from '../canonical-json.ts'
import { checkEntry, type Entry, EntryRefused } from '../entry.ts'
import { bookingDay, type ExportInput, inMonth } from './booking.ts'

/**
 * Entries as a JSON array, just as they are stored: each in canonical form on a line, in the order they were recorded.
 * Names of people are not in it. @throws RangeError for no month
 */
export function jsonArray({ entries, month }: ExportInput): string {
  const lines = inMonth(entries, month, bookingDay).map((entry) => canonicalJson(entry))
  return lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`
}

/** Reads the entries of a JSON export; fields unknown here are kept. @throws Error that names the first wrong entry */
export function importJson(text: string): Entry[] {
  const values = parse(text)
  if (!Array.isArray(values)) throw new Error('The file is no list of entries. Use one that was exported as JSON.')
  return values.map((value, index) => {
    try {
      return checkEntry(value)
    } catch (error) {
      if (!(error instanceof EntryRefused)) throw error
      throw new Error(`Entry ${index + 1} of the file cannot be taken: ${error.message}`, { cause: error })
    }
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`The file is no JSON (${reason}). Use one that was exported as JSON.`, { cause: error })
  }
}

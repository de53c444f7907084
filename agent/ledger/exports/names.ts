import { createHash } from 'node:crypto'

/** Units with a commodity of their own. A level of storage in bytes is booked as bytes times days. */
const commodities = new Map([
  ['kWh', 'KWH'],
  ['B', 'BYTE'],
  ['B·day', 'BYTE-DAY'],
  ['B·month', 'BYTE-MONTH'],
  ['h', 'HOUR'],
])

/** Beancount reads these as values. */
const reserved = ['TRUE', 'FALSE', 'NULL', ...commodities.values()]
/** More of a name than this tells nobody more. */
const longestName = 60

/**
 * The commodity of a unit, in what all three accounting programs read: a capital, then capitals, digits, points or
 * hyphens. Two units never share one: a unit that cannot stand for itself has a part of its SHA-256 in it.
 */
export function commodity(unit: string): string {
  const known = commodities.get(unit)
  if (known) return known
  if (/^[A-Z][A-Z0-9.]{0,22}[A-Z0-9]$/.test(unit) && !reserved.includes(unit)) return unit
  return `${ascii(unit).toUpperCase().replace(/^\d/, 'U$&').slice(0, 14) || 'UNIT'}-X${digest(unit)}`
}

/**
 * The part of an account's name that stands for a text: a capital or digit, then letters, digits or hyphens, as
 * Beancount has it. A word of small letters stands for itself; other texts have a part of their SHA-256 in it, so that
 * two never share an account and a month's account is that of the whole ledger.
 */
export function accountPart(text: string): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(text) && text.length <= 64) return capital(text)
  return `${capital(ascii(text)) || 'Name'}-X${digest(text)}`
}

export interface Person {
  /** For people to read, one line. */
  label: string
  /** Part of an account's name, of this person alone. */
  part: string
}

/** How parties are called, by id. One without a name, erased or never known, is called by a part of the opaque id. */
export function peopleByName(ids: Iterable<string>, names: ReadonlyMap<string, string>): Map<string, Person> {
  const all = [...new Set(ids)].map((id) => {
    const name = payee(names.get(id) ?? '')
    return { id, name, part: capital(ascii(name)) }
  })
  const count = Map.groupBy(all, ({ part }) => part.toLowerCase())
  return new Map(
    all.map(({ id, name, part }) => {
      // Names that end like an id get theirs too: nobody can take the account of a party without a name.
      const alone = count.get(part.toLowerCase())?.length === 1 && !/[0-9a-f]{12}$/i.test(part)
      const label = name || `Party ${id.slice(0, 8)}`
      return [id, { label, part: part !== '' && alone ? part : `${part || 'Party'}-${id}` }]
    }),
  )
}

/** A text as one line, without what is invisible and changes how the rest of the line is read. */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** A name that hledger and Ledger read whole: `;` begins a comment there, `|` a note, and quotes are theirs. */
export function payee(name: string): string {
  const plain = oneLine(name).replaceAll(';', ',').replaceAll('|', '/').replaceAll('"', "'")
  const letters = [...plain]
  return letters.length > longestName
    ? `${letters
        .slice(0, longestName - 1)
        .join('')
        .trim()}…`
    : plain
}

/** The value of a tag in hledger and Ledger, which find dates in brackets and, after a comma, the next tag. */
export function tagValue(text: string): string {
  return oneLine(text).replaceAll('[', '(').replaceAll(']', ')').replaceAll(',', ';')
}

function ascii(text: string): string {
  const letters = text.normalize('NFKD').replace(/\p{M}/gu, '')
  return letters
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '')
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 6).toUpperCase()
}

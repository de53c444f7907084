import { parseControl } from './control.ts'

/**
 * The licence names of a copyright file in Debian's machine-readable format (DEP-5), sorted, each once.
 * @returns null when the file is not in that format
 */
export function licencesOf(copyright: string): string[] | null {
  const [head, ...paragraphs] = parseControl(copyright)
  if (!head?.get('format')?.includes('copyright-format')) return null
  const names = new Set<string>()
  for (const paragraph of [head, ...paragraphs]) {
    // A paragraph without Files only gives the text of a licence that others name.
    if (paragraph !== head && !paragraph.has('files')) continue
    const name = paragraph.get('license')?.split('\n')[0]?.replace(/\s+/g, ' ').trim()
    if (name) names.add(name)
  }
  return names.size ? [...names].sort() : null
}

/** One SPDX expression for all of them; null when one has no name in SPDX. */
export function spdxOf(names: readonly string[]): string | null {
  const parts = names.map(expressionOf)
  if (parts.length === 0 || parts.some((part) => part === null)) return null
  const each = [...new Set(parts as string[])].sort()
  return each.map((part) => (part.includes(' OR ') && each.length > 1 ? `(${part})` : part)).join(' AND ')
}

/** `GPL-2+ or Artistic` and the like; anything with exceptions or words of its own has no expression here. */
function expressionOf(name: string): string | null {
  const alternatives = name.split(/,? or /i).map((alternative) => {
    const terms = alternative.split(/,? and /i).map((term) => spdxNames.get(term.trim().toLowerCase()) ?? null)
    if (terms.some((term) => term === null)) return null
    return terms.length > 1 ? `(${terms.join(' AND ')})` : (terms[0] ?? null)
  })
  return alternatives.some((each) => each === null) ? null : alternatives.join(' OR ')
}

const gnu = ['1.0', '2.0', '3.0'].flatMap((version): [string, string][] => {
  const short = version.replace('.0', '')
  return [
    [`gpl-${short}`, `GPL-${version}-only`],
    [`gpl-${version}`, `GPL-${version}-only`],
    [`gpl-${short}+`, `GPL-${version}-or-later`],
    [`gpl-${version}+`, `GPL-${version}-or-later`],
  ]
})
const lesser = ['2.0', '2.1', '3.0'].flatMap((version): [string, string][] => {
  const short = version.replace('.0', '')
  return [short, version].flatMap((each): [string, string][] => [
    [`lgpl-${each}`, `LGPL-${version}-only`],
    [`lgpl-${each}+`, `LGPL-${version}-or-later`],
  ])
})

/** Debian's short names, in lower case, and the same licence in SPDX. Names that only look alike are left out. */
const spdxNames = new Map<string, string>([
  ...gnu,
  ...lesser,
  ['agpl-3', 'AGPL-3.0-only'],
  ['agpl-3+', 'AGPL-3.0-or-later'],
  ['apache-2.0', 'Apache-2.0'],
  ['artistic', 'Artistic-1.0-Perl'],
  ['artistic-2.0', 'Artistic-2.0'],
  ['bsd-2-clause', 'BSD-2-Clause'],
  ['bsd-3-clause', 'BSD-3-Clause'],
  ['bsl-1.0', 'BSL-1.0'],
  ['cc0-1.0', 'CC0-1.0'],
  ['cc0', 'CC0-1.0'],
  ['expat', 'MIT'],
  ['gfdl-1.3+', 'GFDL-1.3-or-later'],
  ['isc', 'ISC'],
  ['mpl-1.1', 'MPL-1.1'],
  ['mpl-2.0', 'MPL-2.0'],
  ['openssl', 'OpenSSL'],
  ['unlicense', 'Unlicense'],
  ['zlib', 'Zlib'],
])

/** A paragraph of a Debian control file: fields by lower-case name; lines of a field joined by line feeds. */
export type Paragraph = ReadonlyMap<string, string>

/** Reads the format of /var/lib/dpkg/status and of machine-readable copyright files. Lines it cannot place are left out. */
export function parseControl(text: string): Paragraph[] {
  const paragraphs: Map<string, string>[] = []
  let current: Map<string, string> | null = null
  let field = ''
  for (const line of text.split('\n')) {
    if (line.trim() === '') {
      current = null
      continue
    }
    if (line.startsWith('#')) continue
    const named = /^([A-Za-z][A-Za-z0-9-]*):\s*(.*)$/.exec(line)
    if (named?.[1] !== undefined) {
      if (!current) {
        current = new Map()
        paragraphs.push(current)
      }
      field = named[1].toLowerCase()
      current.set(field, named[2] ?? '')
    } else if (current && /^\s/.test(line)) current.set(field, `${current.get(field) ?? ''}\n${line.slice(1)}`)
  }
  return paragraphs
}

export type Cell = string | number | boolean | null | undefined

/** Rows as CSV (RFC 4180). Text that came from people goes through `safeText` first. */
export function csvText(rows: Cell[][]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function cell(value: Cell): string {
  const plain = String(value ?? '')
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

/**
 * A text with `'` before it where a spreadsheet could take it for a formula, or where it begins with `'`. Also where blanks
 * come first, and in full width: programs that import may take these away.
 */
export function safeText(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const plain = value.toWellFormed()
  return /^[\s\p{C}]*[=+\-@\t\r'＝＋－＠]/u.test(plain) ? `'${plain}` : plain
}

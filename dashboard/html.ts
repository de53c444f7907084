/** A piece of HTML that is safe to send: only `html` makes one, so nothing unescaped can slip into a page. */
export class Html {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

export type Part = Html | string | number | null | undefined | false | Part[]

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Escapes text for element content and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] as string)
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return ''
  if (Array.isArray(part)) return part.map(render).join('')
  if (part instanceof Html) return part.toString()
  return escapeHtml(String(part))
}

/** Tagged template: everything interpolated is escaped, except what `html` itself made. Attributes must be quoted. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  let text = strings[0] as string
  for (const [index, part] of parts.entries()) text += render(part) + strings[index + 1]
  return new Html(text)
}

/** The attribute ` name="value"`, or nothing when the value is absent; `true` gives a bare attribute. */
export function attribute(name: string, value: string | number | boolean | null | undefined): Part {
  if (value === null || value === undefined || value === false) return null
  return value === true ? html` ${name}` : html` ${name}="${value}"`
}

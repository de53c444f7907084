import { attribute, type Html, html, type Part } from './html.ts'
import { currencies } from './input.ts'
import type { Visit } from './visit.ts'
import { languages } from './words/index.ts'

/** What is wrong with a form, by field name. */
export type Mistakes = Record<string, string>

interface Control {
  name: string
  /** Where several forms of a page have a field of this name; mistakes are then listed by it. */
  id?: string
  label: string
  hint?: string
  mistakes?: Mistakes
}

function around({ name, id = name, label, hint, mistakes = {} }: Control, control: Part): Html {
  const mistake = mistakes[id]
  return html`<div class="field">
<label for="${id}">${label}</label>
${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}${mistake && html`<p class="mistake" id="${id}-mistake">${mistake}</p>`}
${control}
</div>`
}

/** Ties a control to its hint and its mistake for those who listen to the page. */
function described({ name, id = name, hint, mistakes = {} }: Control): Part {
  const ids = [hint && `${id}-hint`, mistakes[id] && `${id}-mistake`].filter(Boolean).join(' ')
  return [attribute('aria-describedby', ids || null), attribute('aria-invalid', mistakes[id] ? 'true' : null)]
}

interface TextControl extends Control {
  value?: string
  type?: 'text' | 'password' | 'time'
  attributes?: Record<string, string | number | boolean>
}

/** One labelled line of text. Passwords are never sent back to the browser. */
export function textField(control: TextControl): Html {
  const { name, id = name, value = '', type = 'text', attributes = {} } = control
  const extra = Object.entries(attributes).map(([key, setting]) => attribute(key, setting))
  return around(
    control,
    html`<input id="${id}" name="${name}" type="${type}"${type === 'password' ? null : attribute('value', value)}${described(control)}${extra}>`,
  )
}

interface Choice {
  value: string
  text: string
}

export function selectField(control: Control & { value: string; choices: Choice[] }): Html {
  const options = control.choices.map(
    ({ value, text }) =>
      html`<option value="${value}"${attribute('selected', value === control.value)}>${text}</option>`,
  )
  return around(
    control,
    html`<select id="${control.id ?? control.name}" name="${control.name}"${described(control)}>${options}</select>`,
  )
}

export function languageField(label: string, value: string, mistakes?: Mistakes): Html {
  const choices = Object.entries(languages).map(([code, text]) => ({ value: code, text }))
  return selectField({ name: 'language', label, value, choices, mistakes: mistakes ?? {} })
}

export function timezoneField(label: string, value: string, mistakes?: Mistakes): Html {
  const names = new Set(['UTC', value, ...Intl.supportedValuesOf('timeZone')])
  const choices = [...names].sort().map((name) => ({ value: name, text: name.replaceAll('_', ' ') }))
  return selectField({ name: 'timezone', label, value, choices, mistakes: mistakes ?? {} })
}

export function currencyField(visit: Visit, label: string, value: string, mistakes?: Mistakes): Html {
  const choices = currencies
    .map((code) => ({ value: code, text: `${visit.format.currencyName(code)} (${code})` }))
    .sort((a, b) => a.text.localeCompare(b.text, visit.format.locale))
  return selectField({ name: 'currency', label, value, choices, mistakes: mistakes ?? {} })
}

/** A POST form with its CSRF token. */
export function postForm(visit: Visit, action: string, content: Part): Html {
  return html`<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${visit.csrf}">
${content}
</form>`
}

/** Above a form that came back: what needs another look, each a link to its field. */
export function mistakeSummary(visit: Visit, mistakes: Mistakes): Part {
  const entries = Object.entries(mistakes)
  if (entries.length === 0) return null
  return html`<div class="notice bad" role="alert">
<h2>${visit.words.common.mistakes(entries.length)}</h2>
<ul>${entries.map(([name, text]) => html`<li><a href="#${name}">${text}</a></li>`)}</ul>
</div>`
}

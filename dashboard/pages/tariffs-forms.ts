import { type Mistakes, postForm, selectField, textField } from '../forms.ts'
import { attribute, type Html, html, type Part } from '../html.ts'
import { today } from '../months.ts'
import type { Visit } from '../visit.ts'
import { dayChoices } from './tariff-week.ts'
import { type ChangeKind, fewestRows } from './tariffs-read.ts'

export const tariffsAddress = '/costs/tariffs'

/** A form that came back: what was typed, and what was wrong with it. */
export interface TariffDraft {
  kind?: ChangeKind
  values?: Record<string, string>
  mistakes?: Mistakes
  notice?: Part
  /** How many rows the form of several prices has. */
  rows?: number
}

interface FieldMore {
  hint?: string
  optional?: boolean
  value?: string
  decimal?: boolean
  most?: number
}

/** The forms, folded; the one that came back is open, with what was typed. */
export class TariffForms {
  readonly #visit: Visit
  readonly #currency: string
  readonly #draft: TariffDraft

  constructor(visit: Visit, currency: string, draft: TariffDraft) {
    this.#visit = visit
    this.#currency = currency
    this.#draft = draft
  }

  flat(): Html {
    const { tariffs: say } = this.#visit.words
    return this.#form('flat', [
      html`<p>${say.whereOnBill}</p>`,
      this.#day('flat'),
      this.#money('flat', 'price', say.perKwh),
      this.#standing('flat'),
    ])
  }

  two(): Html {
    const { tariffs: say } = this.#visit.words
    return this.#form('two', [
      html`<p>${say.whereOnBill}</p>`,
      this.#day('two'),
      this.#money('two', 'cheap', say.cheapPrice),
      this.#days('two', 'days', ['all', 'workdays', 'weekend']),
      this.#text('two', 'hours', say.cheapHours, { hint: say.hoursHint, value: '22:00–06:00' }),
      this.#money('two', 'other', say.otherPrice),
      this.#standing('two'),
    ])
  }

  bands(): Html {
    const { tariffs: say } = this.#visit.words
    const rows = this.#draft.kind === 'bands' ? (this.#draft.rows ?? fewestRows) : fewestRows
    const row = (number: number) => html`<fieldset>
<legend>${say.row(number)}</legend>
${this.#text('bands', `name-${number}`, say.bandName, { most: 40 })}
${this.#money('bands', `price-${number}`, say.perKwh)}
${this.#days('bands', `days-${number}`, Object.keys(dayChoices))}
${this.#text('bands', `hours-${number}`, say.hours, { hint: number === 1 ? say.hoursHint : '' })}
</fieldset>`
    return this.#form(
      'bands',
      [
        html`<p>${say.whereOnBill}</p><p>${say.bandsText}</p>`,
        this.#day('bands'),
        this.#standing('bands'),
        html`<input type="hidden" name="rows" value="${rows}">`,
        Array.from({ length: rows }, (_none, index) => row(index + 1)),
      ],
      html`<button class="quiet" name="action" value="rows">${say.moreRows}</button>`,
    )
  }

  internet(): Html {
    const { tariffs: say } = this.#visit.words
    const choices = Object.entries(say.internetHow).map(([value, text]) => ({ value, text }))
    return this.#form('internet', [
      html`<p>${say.internetText}</p>`,
      this.#day('internet'),
      this.#select('internet', 'how', say.how, choices),
      this.#money('internet', 'amount', say.internetAmount, { hint: say.internetAmountHint }),
    ])
  }

  item(): Html {
    const { tariffs: say } = this.#visit.words
    return this.#form('item', [
      html`<p>${say.itemText}</p>`,
      this.#select('item', 'what', say.what, this.#things(['hardware', 'card', 'disk'])),
      this.#text('item', 'name', say.name, { hint: say.nameHint, optional: true, most: 40 }),
      this.#money('item', 'price', say.price),
      this.#text('item', 'day', say.bought, { hint: say.dayHint, value: today(this.#visit) }),
      this.#text('item', 'years', say.years, { hint: say.yearsHint, decimal: true }),
    ])
  }

  fee(): Html {
    const { tariffs: say } = this.#visit.words
    const per = Object.entries(say.per).map(([value, text]) => ({ value, text }))
    return this.#form('fee', [
      html`<p>${say.feeText}</p>`,
      this.#select('fee', 'what', say.what, this.#things(['domain', 'relay'])),
      this.#text('fee', 'name', say.name, { hint: say.nameHint, optional: true, most: 40 }),
      this.#money('fee', 'amount', say.amount),
      this.#select('fee', 'per', say.perLabel, per),
      this.#day('fee'),
    ])
  }

  #form(kind: Exclude<ChangeKind, 'remove'>, content: Part, more?: Part): Html {
    const { tariffs: say } = this.#visit.words
    return html`<details class="fold" id="${kind}"${attribute('open', this.#draft.kind === kind)}>
<summary><h2>${say.forms[kind]}</h2></summary>
${postForm(this.#visit, tariffsAddress, [
  html`<input type="hidden" name="kind" value="${kind}">`,
  content,
  html`<p class="actions"><button name="action" value="preview">${say.look}</button>${more}</p>`,
])}
</details>`
  }

  #things(kinds: (keyof Visit['words']['tariffs']['things'])[]) {
    return kinds.map((kind) => ({ value: kind, text: this.#visit.words.tariffs.things[kind] }))
  }

  #value(kind: ChangeKind, name: string, usual = ''): string {
    return this.#draft.kind === kind ? (this.#draft.values?.[name] ?? usual) : usual
  }

  #day(kind: ChangeKind): Html {
    const { tariffs: say } = this.#visit.words
    return this.#text(kind, 'day', say.day, { hint: say.dayHint, value: `${today(this.#visit).slice(0, 7)}-01` })
  }

  #standing(kind: ChangeKind): Html {
    const { tariffs: say } = this.#visit.words
    return this.#money(kind, 'standing', say.standing, { hint: say.standingHint, optional: true })
  }

  #money(kind: ChangeKind, name: string, label: string, more: FieldMore = {}): Html {
    return this.#text(kind, name, `${label}, ${this.#currency}`, { decimal: true, ...more })
  }

  #days(kind: ChangeKind, name: string, choices: string[]): Html {
    const { tariffs: say } = this.#visit.words
    const names = say.days as Record<string, string>
    return this.#select(
      kind,
      name,
      say.whichDays,
      choices.map((value) => ({ value, text: names[value] ?? value })),
    )
  }

  #select(kind: ChangeKind, name: string, label: string, choices: { value: string; text: string }[]): Html {
    return selectField({
      name,
      id: `${kind}-${name}`,
      label,
      value: this.#value(kind, name, choices[0]?.value),
      choices,
      mistakes: this.#draft.mistakes ?? {},
    })
  }

  #text(kind: ChangeKind, name: string, label: string, { hint, optional, value, decimal, most = 60 }: FieldMore): Html {
    const { words } = this.#visit
    return textField({
      name,
      id: `${kind}-${name}`,
      label: optional ? `${label} (${words.common.optional})` : label,
      value: this.#value(kind, name, value),
      mistakes: this.#draft.mistakes ?? {},
      attributes: {
        autocomplete: 'off',
        spellcheck: 'false',
        maxlength: most,
        ...(decimal ? { inputmode: 'decimal' } : {}),
      },
      ...(hint ? { hint } : {}),
    })
  }
}

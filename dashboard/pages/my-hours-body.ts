import type { HoursLine, MemberHours, NamedConfirmation } from '#agent/api.ts'
import { asTyped } from '../amounts.ts'
import { type Mistakes, mistakeSummary, postForm, selectField, textField } from '../forms.ts'
import { attribute, type Html, html, type Part } from '../html.ts'
import { dayName, today } from '../months.ts'
import type { Visit } from '../visit.ts'
import { activityName, amountsText, confirmedTexts } from './ledger-body.ts'
import { checkbox } from './settings-forms.ts'

/** A form that came back. */
export interface HoursDraft {
  values?: Record<string, string>
  mistakes?: Mistakes
  notice?: Part
}

/** What needs an answer, a form for more, what stands there, and what others let one confirm. */
export function hoursBody(visit: Visit, { own, toConfirm, toAnswer }: MemberHours, draft: HoursDraft): Html {
  const say = visit.words.my.hours
  const asked = [
    ...own.filter(({ needsAnswer }) => needsAnswer).map((line) => question(visit, line, told(visit, line))),
    ...toAnswer.map((each) => question(visit, { ...each, hours: each.of?.hours }, toldConfirmed(visit, each))),
  ]
  return html`<h1>${say.title}</h1>
<p>${say.lead}</p>
${draft.notice}
${mistakeSummary(visit, draft.mistakes ?? {})}
${asked.length > 0 && [html`<h2>${say.asked}</h2>`, cards(asked)]}
${addForm(visit, draft)}
<h2>${say.mine}</h2>
${own.length === 0 ? html`<p>${say.none}</p>` : cards(own.toReversed().map((line) => ownLine(visit, line)))}
${
  toConfirm.length > 0 && [
    html`<h2>${say.others}</h2><p>${say.othersText}</p>`,
    cards(
      toConfirm.map(
        (line) => html`${told(visit, line, line.who ?? visit.words.ledger.erased)}
${postForm(visit, `/my/hours/${line.id}/confirm`, html`<button class="quiet">${say.confirm}${unseen(visit, line)}</button>`)}`,
      ),
    ),
  ]
}`
}

function cards(lines: Html[]): Html {
  return html`<ul class="cards">${lines.map((line) => html`<li>${line}</li>`)}</ul>`
}

interface Asked {
  id: string
  day: string
  /** Absent: not to be seen. */
  hours?: string | null | undefined
}

/** What the owner entered or changed: right or not? */
function question(visit: Visit, line: Asked, what: Html): Html {
  const say = visit.words.my.hours
  const answer = `/my/hours/${line.id}/answer`
  return html`${what}
<div>${postForm(visit, answer, html`<button name="answer" value="acceptance">${say.right}${unseen(visit, line)}</button>`)}
<details class="line"><summary><span>${say.notRight}${unseen(visit, line)}</span></summary>
${postForm(visit, answer, [
  textField({
    name: 'note',
    id: `note-${line.id}`,
    label: say.objection,
    attributes: { autocomplete: 'off', maxlength: 500 },
  }),
  html`<button class="danger" name="answer" value="objection">${say.notRight}</button>`,
])}</details></div>`
}

function ownLine(visit: Visit, line: HoursLine): Html {
  const { words } = visit
  return html`${told(visit, line)}
${!line.byOwner && html`<div class="actions"><a href="/my/hours/${line.id}">${words.ledger.correct}${unseen(visit, line)}</a></div>`}`
}

/** Hours of somebody else that this person is said to have confirmed, as far as these may be seen. */
function toldConfirmed(visit: Visit, { day, of }: NamedConfirmation): Html {
  const { words } = visit
  const say = words.my.hours
  const who = of && (of.who ?? words.ledger.erased)
  const what = of && [who, hoursText(visit, of.hours), of.activity && activityName(visit, of.activity), of.purpose]
  return html`<div><div><strong>${dayName(visit, day)}</strong> ${say.confirmedFor}</div>
<div>${what ? what.filter(Boolean).join(' · ') : say.confirmedHidden}</div></div>`
}

/** Day, hours and what else is known of them. */
function told(visit: Visit, line: MemberHours['toConfirm'][number] & Partial<HoursLine>, who?: string): Html {
  const { words } = visit
  const say = words.my.hours
  const what = [
    line.start && words.ledger.from(line.start),
    line.activity && activityName(visit, line.activity),
    line.purpose,
    line.engagement && words.ledger.engagements[line.engagement],
    line.byOwner && say.byOwner,
    line.why && say.why(line.why),
    line.isOpen && say.isOpen,
    line.objection !== undefined && say.contested(line.objection),
    ...confirmedTexts(visit, line.confirmedBy),
  ]
  return html`<div><div><strong>${dayName(visit, line.day)}</strong> ${hoursText(visit, line.hours)}${line.before !== null && html` <del>${hoursText(visit, line.before)}</del>`} ${who}</div>
<div>${what.filter(Boolean).join(' · ')}</div></div>`
}

function hoursText(visit: Visit, hours: string | null): string {
  return amountsText(visit, hours === null ? [] : [{ value: hours, unit: 'h' }])
}

/** Tells buttons of the same name apart for those who listen to the page. */
function unseen(visit: Visit, { day, hours }: Omit<Asked, 'id'>): Html {
  return html`<span class="unseen"> (${dayName(visit, day)}${hours !== undefined && html`, ${hoursText(visit, hours)}`})</span>`
}

function addForm(visit: Visit, { values = {}, mistakes = {} }: HoursDraft): Html {
  const { words } = visit
  const say = words.ledger
  const text = (
    name: string,
    label: string,
    attributes: Record<string, string | number | boolean>,
    more: { hint?: string; value?: string; type?: 'time' } = {},
  ) =>
    textField({
      name,
      id: `work-${name}`,
      label,
      mistakes,
      ...more,
      value: values[name] ?? more.value ?? '',
      attributes: { autocomplete: 'off', ...attributes },
    })
  const select = (name: string, label: string, choices: Record<string, string>) =>
    selectField({
      name,
      id: `work-${name}`,
      label,
      value: values[name] ?? Object.keys(choices)[0] ?? '',
      choices: Object.entries(choices).map(([value, choice]) => ({ value, text: choice })),
    })
  return html`<details class="line"${attribute('open', values.day !== undefined)}>
<summary><span>${words.my.hours.add}</span></summary>
${postForm(visit, '/my/hours', [
  text(
    'day',
    say.day,
    { inputmode: 'numeric', maxlength: 10, required: true },
    { hint: say.dayHint, value: today(visit) },
  ),
  text('start', say.start, {}, { type: 'time' }),
  text('amount', `${say.amount}, ${say.hours}`, { inputmode: 'decimal', maxlength: 20, required: true }),
  select('activity', say.activity, say.activities),
  select('engagement', say.engagement, say.engagements),
  text('purpose', words.my.hours.purpose, { maxlength: 200 }),
  checkbox('open', words.my.hours.open, undefined, values.open === 'yes'),
  html`<button>${say.record}</button>`,
])}
</details>`
}

/** Correcting or withdrawing hours of one's own. */
export function ownCorrectBody(visit: Visit, line: HoursLine, { values = {}, mistakes = {} }: HoursDraft): Html {
  const { words } = visit
  const attributes = { autocomplete: 'off', maxlength: 200 }
  return html`<h1>${words.ledger.correctTitle}</h1>
${told(visit, line)}
<p>${words.ledger.correctText}</p>
${mistakeSummary(visit, mistakes)}
${postForm(visit, `/my/hours/${line.id}`, [
  textField({
    name: 'amount',
    label: `${words.ledger.amountRight}, ${words.ledger.hours}`,
    value: values.amount ?? asTyped(visit.format, line.hours ?? ''),
    mistakes,
    attributes: { ...attributes, inputmode: 'decimal' },
  }),
  textField({ name: 'note', label: words.ledger.why, value: values.note ?? '', attributes }),
  html`<p class="actions"><button name="action" value="correct">${words.ledger.correct}</button>
<button class="danger" name="action" value="withdraw">${words.ledger.withdraw}</button>
<a class="button quiet" href="/my/hours">${words.common.cancel}</a></p>`,
])}`
}

import type { HoursConfirmer } from '#agent/api.ts'
import { type CurrentEntry, confirmerNamed } from '#agent/ledger/corrections.ts'
import type { Amount, Entry } from '#agent/ledger/entry.ts'
import { isByHand, type TypedKind, typedByPerson, typedKinds } from '#agent/ledger/typed-entry.ts'
import { asTyped } from '../amounts.ts'
import { type Mistakes, mistakeSummary, postForm, selectField, textField } from '../forms.ts'
import { attribute, type Html, html, type Part } from '../html.ts'
import { monthBeside, monthName, today } from '../months.ts'
import type { KitVisit, Visit } from '../visit.ts'

/** What entries can be taken home as, and what people call it. */
export const exportFormats = [
  ['csv', 'CSV'],
  ['json', 'JSON'],
  ['hledger', 'hledger'],
  ['ledger', 'Ledger'],
  ['beancount', 'Beancount'],
] as const

/** A form that came back: what was typed, and what was wrong with it. */
export interface LedgerDraft {
  kind?: TypedKind
  values?: Record<string, string>
  mistakes?: Mistakes
  notice?: Part
}

/** A correction that came back. */
export interface CorrectDraft {
  mistakes?: Mistakes
  /** The amount as typed. */
  value?: string
}

export interface LedgerFacts {
  /** `2026-11`. */
  month: string
  /** Entries of the month, as they count now. */
  entries: CurrentEntry[]
  parties: { id: string; name: string }[]
  /** Funds that entries name so far. */
  funds: string[]
}

/** A month of the ledger: what was entered by hand, forms for more, and what was metered day by day. */
export function ledgerBody(visit: KitVisit, { month, entries, parties, funds }: LedgerFacts, draft: LedgerDraft): Html {
  const { words, format } = visit
  const names = new Map(parties.map((party) => [party.id, party.name]))
  const metered = entries.filter(({ entry }) => meteredKinds.includes(entry.kind))
  const others = entries.filter(({ entry }) => !meteredKinds.includes(entry.kind))
  return html`<h1>${words.ledger.title}</h1>
<p>${words.ledger.lead}</p>
${draft.notice}
${mistakeSummary(visit, draft.mistakes ?? {})}
<p class="actions"><a rel="prev" href="/costs/ledger?month=${monthBeside(month, -1)}">${monthName(visit, monthBeside(month, -1))}</a>
<strong>${monthName(visit, month)}</strong>
${month < today(visit).slice(0, 7) && html`<a rel="next" href="/costs/ledger?month=${monthBeside(month, 1)}">${monthName(visit, monthBeside(month, 1))}</a>`}</p>
${others.length === 0 ? html`<p>${words.ledger.none}</p>` : html`<ul class="cards">${others.map((each) => card(visit, each, names))}</ul>`}
<datalist id="parties">${parties.map(({ name }) => html`<option value="${name}"></option>`)}</datalist>
<datalist id="funds">${funds.map((name) => html`<option value="${name}"></option>`)}</datalist>
<h2>${words.ledger.add}</h2>
${typedKinds.map((kind) => addForm(visit, kind, month, draft))}
<h2>${words.ledger.metered}</h2>
${metered.length === 0 ? html`<p>${words.ledger.notMetered}</p>` : meteredTable(visit, metered)}
<h2>${words.ledger.take}</h2>
<p>${words.ledger.takeText}</p>
${exportLinks(monthName(visit, month), `&month=${month}`)}
${exportLinks(words.ledger.everything, '')}
<p class="hint">${words.ledger.never(format.zone)}</p>`
}

function exportLinks(title: string, more: string): Html {
  const link = ([format, name]: readonly [string, string]) =>
    html`<a href="/costs/ledger/export?format=${format}${more}" download>${name}</a> `
  return html`<p class="actions"><span>${title}:</span> ${exportFormats.map(link)}</p>`
}

const meteredKinds = ['power', 'traffic', 'storage']

function card(
  visit: KitVisit,
  { entry, amounts, corrections, confirmedBy, answer, contested }: CurrentEntry,
  names: Map<string, string>,
): Html {
  const { words } = visit
  const who = entry.party === undefined ? null : (names.get(entry.party) ?? words.ledger.erased)
  const withdrawn = corrections.length > 0 && amounts.length === 0
  const amount = withdrawn ? words.ledger.withdrawn : amountsText(visit, amounts)
  const what = [
    dayText(visit, entry),
    entry.start && words.ledger.from(entry.start),
    who,
    entry.activity && activityName(visit, entry.activity),
    entry.purpose,
    entry.fund && words.ledger.ofFund(entry.fund),
    entry.engagement && words.ledger.engagements[entry.engagement],
    entry.source === typedByPerson && words.ledger.byPerson,
    answer?.kind === 'acceptance' && words.ledger.accepted,
    contested && !withdrawn && words.ledger.contested(contested.note ?? ''),
    contested && !withdrawn && answer === undefined && words.ledger.contestedStill,
    ...confirmedTexts(visit, confirmersOf(confirmedBy, names)),
  ]
  return html`<li>
<div><strong>${kindName(visit, entry.kind)}</strong> ${amount}${corrections.length > 0 && html` <del>${amountsText(visit, entry.amounts)}</del>`}</div>
<div>${what.filter(Boolean).join(' · ')}</div>
${isByHand(entry) && html`<div class="actions"><a href="/costs/ledger/${entry.id}">${words.ledger.correct}<span class="unseen"> (${kindName(visit, entry.kind)}, ${amount})</span></a></div>`}
</li>`
}

function addForm(visit: KitVisit, kind: TypedKind, month: string, draft: LedgerDraft): Html {
  const { words, kit } = visit
  const back = draft.kind === kind ? draft : {}
  const say = words.ledger.forms[kind]
  const field = (
    name: string,
    label: string,
    more: { hint?: string; type?: 'time'; attributes?: Record<string, string | number | boolean> } = {},
  ) =>
    textField({
      name,
      id: `${kind}-${name}`,
      label,
      value: back.values?.[name] ?? (name === 'day' ? likelyDay(visit, month) : ''),
      mistakes: back.mistakes ?? {},
      ...more,
      attributes: { autocomplete: 'off', ...more.attributes },
    })
  const select = (name: string, label: string, choices: Record<string, string>) =>
    selectField({
      name,
      id: `${kind}-${name}`,
      label,
      value: back.values?.[name] ?? Object.keys(choices)[0] ?? '',
      choices: Object.entries(choices).map(([value, text]) => ({ value, text })),
    })
  const unit = kind === 'work' ? words.ledger.hours : kit.currency
  return html`<details class="line"${attribute('open', draft.kind === kind)}>
<summary><span>${say.title}</span></summary>
${postForm(visit, '/costs/ledger', [
  html`<input type="hidden" name="kind" value="${kind}">`,
  field('day', words.ledger.day, {
    hint: words.ledger.dayHint,
    attributes: { inputmode: 'numeric', maxlength: 10, required: true },
  }),
  kind === 'work' && field('start', words.ledger.start, { type: 'time' }),
  field('amount', `${words.ledger.amount}, ${unit}`, {
    attributes: { inputmode: 'decimal', maxlength: 20, required: true },
  }),
  field('who', say.who, { attributes: { list: 'parties', maxlength: 100, required: kind === 'work' } }),
  kind === 'work' && select('activity', words.ledger.activity, words.ledger.activities),
  kind === 'work' && select('engagement', words.ledger.engagement, words.ledger.engagements),
  field('purpose', say.purpose, { attributes: { maxlength: 200 } }),
  field('fund', words.ledger.fund, { hint: words.ledger.fundHint, attributes: { list: 'funds', maxlength: 100 } }),
  html`<button>${words.ledger.record}</button>`,
])}
</details>`
}

/** One row a day: energy with its interval and class, bytes on the home network and to the internet. */
function meteredTable(visit: KitVisit, metered: CurrentEntry[]): Html {
  const { words, format } = visit
  const days = Map.groupBy(metered, ({ entry }) => entry.period.from)
  const bytes = (entries: CurrentEntry[], side: string) => {
    const sums = entries.filter(({ entry }) => entry.kind === 'traffic' && entry.purpose?.startsWith(`${side}-`))
    return format.bytes(sums.reduce((sum, { amounts }) => sum + Number(amounts[0]?.value ?? 0), 0))
  }
  const energy = (entries: CurrentEntry[]) => {
    const power = entries.find(({ entry }) => entry.kind === 'power')
    if (!power) return '–'
    const { value, low = value, high = value } = power.amounts[0] as Amount
    const kwh = (text: string) => format.number(Number(text), 3)
    const kind = words.classes[power.entry.source as keyof typeof words.classes] ?? power.entry.source
    return `${kwh(value)} (${kwh(low)}–${kwh(high)}), ${kind}`
  }
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${words.ledger.metered}"><table>
<thead><tr><th scope="col">${words.ledger.day}</th><th scope="col">${words.ledger.energy}</th><th scope="col">${words.ledger.lan}</th><th scope="col">${words.ledger.wan}</th></tr></thead>
<tbody>${[...days].map(
    ([day, entries]) =>
      html`<tr><th scope="row">${format.day(`${day}T12:00:00Z`)}</th><td>${energy(entries)}</td><td>${bytes(entries, 'lan')}</td><td>${bytes(entries, 'wan')}</td></tr>`,
  )}</tbody></table></div>
<p class="hint">${words.history.boundary}</p>`
}

/** Correcting, withdrawing and confirming one entry. */
export function correctBody(
  visit: KitVisit,
  { entry, amounts, confirmedBy }: CurrentEntry,
  names: Map<string, string>,
  { mistakes = {}, value }: CorrectDraft,
): Html {
  const { words } = visit
  const present = amounts[0] ?? entry.amounts[0]
  const who = entry.party === undefined ? null : (names.get(entry.party) ?? words.ledger.erased)
  const unit = present?.unit === 'h' ? words.ledger.hours : present?.unit
  const attributes = { autocomplete: 'off', maxlength: 200 }
  const confirmed = confirmedTexts(visit, confirmersOf(confirmedBy, names))
  const byOwner = confirmedBy.some(({ party }) => party === undefined)
  return html`<h1>${words.ledger.correctTitle}</h1>
<p>${kindName(visit, entry.kind)}, ${dayText(visit, entry)}${who && html`, ${who}`}: <strong>${amountsText(visit, amounts)}</strong></p>
<p>${words.ledger.correctText}</p>
${mistakeSummary(visit, mistakes)}
${postForm(visit, `/costs/ledger/${entry.id}`, [
  textField({
    name: 'amount',
    label: `${words.ledger.amountRight}, ${unit}`,
    value: value ?? asTyped(visit.format, present?.value ?? ''),
    mistakes,
    attributes: { ...attributes, inputmode: 'decimal' },
  }),
  textField({ name: 'note', label: words.ledger.why, attributes }),
  html`<p class="actions"><button name="action" value="correct">${words.ledger.correct}</button>
<button class="danger" name="action" value="withdraw">${words.ledger.withdraw}</button>
<a class="button quiet" href="/costs/ledger?month=${entry.period.from.slice(0, 7)}">${words.common.cancel}</a></p>`,
])}
${
  entry.kind === 'work' && [
    html`<h2>${words.ledger.confirmTitle}</h2>
<p>${words.ledger.confirmText}</p>
${confirmed.length > 0 && html`<p>${confirmed.join(' · ')}</p>`}`,
    !byOwner &&
      postForm(
        visit,
        `/costs/ledger/${entry.id}/confirm`,
        html`<button class="quiet">${words.ledger.confirm}</button>`,
      ),
  ]
}`
}

function confirmersOf(confirmedBy: CurrentEntry['confirmedBy'], names: Map<string, string>): HoursConfirmer[] {
  return confirmedBy.map((each) => confirmerNamed(each, (party) => names.get(party) ?? null))
}

/** Who confirmed something: by themselves, the owner as such, and whom the owner entered in their name. */
export function confirmedTexts({ words, format }: Visit, confirmers: HoursConfirmer[]): string[] {
  const { ledger } = words
  const names = (wanted: HoursConfirmer['by']) =>
    confirmers.filter(({ by }) => by === wanted).map(({ name }) => name ?? ledger.erased)
  const [persons, entered] = [names('person'), names('owner-for-person')]
  return [
    ...(persons.length > 0 ? [ledger.confirmedBy(format.list(persons))] : []),
    ...(names('owner').length > 0 ? [ledger.confirmedByOwner] : []),
    ...(entered.length > 0 ? [ledger.confirmedFor(format.list(entered))] : []),
  ]
}

function kindName({ words }: Visit, kind: string): string {
  return words.ledger.kinds[kind as keyof typeof words.ledger.kinds] ?? kind
}

export function activityName({ words }: Visit, activity: string): string {
  return words.ledger.activities[activity as keyof typeof words.ledger.activities] ?? activity
}

export function amountsText(visit: Visit, amounts: Amount[]): string {
  const { format, words } = visit
  const one = ({ value, unit }: Amount) => {
    if (unit === 'h')
      return `${format.number(Number(value), Number.isInteger(Number(value)) ? 0 : 2)} ${words.ledger.hoursShort}`
    if (/^[A-Z]{3}$/.test(unit)) return format.price(value, unit)
    return `${value} ${unit}`
  }
  return amounts.length === 0 ? words.ledger.withdrawn : amounts.map(one).join(', ')
}

function dayText({ format }: Visit, { period }: Entry): string {
  return format.day(`${period.from}T12:00:00Z`)
}

/** Today in the month at hand, else its first day. */
function likelyDay(visit: Visit, month: string): string {
  const now = today(visit)
  return now.startsWith(month) ? now : `${month}-01`
}

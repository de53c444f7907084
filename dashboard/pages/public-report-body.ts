import type { PublicReport, PublishingPreview, PublishingState, Trouble, Withheld } from '#agent/api.ts'
import { type Mistakes, mistakeSummary, postForm, selectField, textField } from '../forms.ts'
import { attribute, type Html, html, type Part } from '../html.ts'
import { dayName, monthName } from '../months.ts'
import { english, troubleInWords } from '../refusals.ts'
import type { KitVisit, Visit } from '../visit.ts'
import { checkbox } from './settings-forms.ts'

export const address = '/costs/public'

/** Kinds of collectors, with the fields each is described by. */
export const collectorFields = {
  http: ['url', 'user', 'password'],
  sftp: ['host', 'port', 'user', 'path', 'hostKey'],
  s3: ['endpoint', 'region', 'bucket', 'prefix', 'keyId', 'secret'],
} as const
export type CollectorKind = keyof typeof collectorFields
const secrets: readonly string[] = ['password', 'secret']

export interface ReportFacts {
  state: PublishingState
  /** Null: what was asked for cannot be chosen; `notice` says why. */
  preview: PublishingPreview | null
}

/** A form that came back: what was typed but for secrets, and what was wrong with it. */
export interface ReportDraft {
  form?: CollectorKind | 'witness'
  values?: Record<string, string>
  mistakes?: Mistakes
  notice?: Part
}

/** What others will see of this server, the switch for it, and who is sent it. */
export function publicReportBody(visit: KitVisit, { state, preview }: ReportFacts, draft: ReportDraft): Html {
  const say = visit.words.publicReport
  return html`<h1>${say.title}</h1>
<p>${say.lead}</p>
${draft.notice}
${mistakeSummary(visit, draft.mistakes ?? {})}
${state.question && moved(visit)}
${state.trouble !== null && troubleNotice(visit, state.trouble, state.canRepair)}
<p class="headline ${state.on ? 'good' : ''}">${state.on ? say.isOn : say.isOff}</p>
${state.on && state.looking && html`<p>${say.looking}</p>`}
<h2>${say.previewTitle}</h2>
${preview && previewPart(visit, preview)}
${choiceForm(visit, state, preview)}
${preview && switchPart(visit, state, preview)}
<h2>${say.collectors}</h2>
${collectorsPart(visit, state, draft)}
<h2>${say.witnesses}</h2>
${witnessesPart(visit, state, draft)}
${state.log && logPart(visit, state)}
<h2>${say.budget}</h2>
${budgetPart(visit, state)}
<p class="actions"><a class="button quiet" href="/costs">${visit.words.tariffs.back}</a></p>`
}

/** A month by its name, a week by its first and last day. */
function periodName(visit: Visit, { from, to }: { from: string; to: string }): string {
  if (from.endsWith('-01') && to.endsWith('-01')) return monthName(visit, from.slice(0, 7))
  const last = new Date(Date.parse(`${to}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
  return `${dayName(visit, from)} – ${dayName(visit, last)}`
}

function previewPart(visit: KitVisit, preview: PublishingPreview): Part {
  const say = visit.words.publicReport
  const { report, withheld } = preview
  const on = visit.format.day(preview.publishedFrom)
  return html`<p><strong>${periodName(visit, report.period)}</strong>. ${say.states[preview.state](on)}</p>
<dl class="pairs">${figures(visit, report).map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>
<p class="hint">${say.rounded}</p>
<details class="line"><summary><span>${say.json}</span></summary><div class="scroll" tabindex="0" role="region" aria-label="${say.json}"><pre lang="en">${JSON.stringify(report, null, 2)}</pre></div></details>
<h3>${say.withheldTitle}</h3>
${withheld.length === 0 ? html`<p>${say.nothingWithheld}</p>` : withheldList(visit, withheld)}
<p class="hint">${say.never}</p>`
}

/** What a report says, as names and texts. */
function figures(visit: Visit, report: PublicReport): [string, string][] {
  const { words, format } = visit
  const say = words.publicReport
  const number = (text: string) => format.number(Number(text), text.split('.')[1]?.length ?? 0)
  const bytes = (text: string) => format.bytes(Number(text))
  const both = (ways: { in: string; out: string }) => say.inAndOut(bytes(ways.in), bytes(ways.out))
  const rows: [string, string | undefined][] = [
    [say.figures.instance, report.instance],
    [say.figures.covered, format.percent(Number(report.covered))],
    [say.figures.people, report.people && number(report.people)],
    [
      say.figures.power,
      report.power &&
        `${number(report.power.value)} kWh (${number(report.power.low)}–${number(report.power.high)}), ${words.classes[report.power.class]}, ${words.boundaries[report.power.boundary]}`,
    ],
    [say.figures.storage, report.storage && bytes(report.storage.value)],
    [say.figures.lan, report.traffic && both(report.traffic.lan)],
    [say.figures.wan, report.traffic && both(report.traffic.wan)],
    [say.figures.unknown, report.traffic?.unknown && both(report.traffic.unknown)],
    [say.figures.hours, report.hours?.total && `${number(report.hours.total)} ${words.ledger.hoursShort}`],
    ...Object.entries(report.hours?.activities ?? {}).map(([activity, hours]): [string, string] => [
      `${say.figures.hours}: ${activityName(visit, activity)}`,
      `${number(hours)} ${words.ledger.hoursShort}`,
    ]),
    ...Object.entries(report.money ?? {}).flatMap(([kind, amounts]) =>
      Object.entries(amounts).map(([currency, amount]): [string, string] => [
        kindName(visit, kind),
        `${number(amount)} ${currency}`,
      ]),
    ),
    [say.figures.entries, say.entriesHashed],
  ]
  return rows.flatMap(([name, text]): [string, string][] => (text ? [[name, text]] : []))
}

function withheldList(visit: Visit, withheld: readonly Withheld[]): Html {
  const { reasons } = visit.words.publicReport
  return html`<ul>${withheld.map(({ what, why }) => html`<li><strong>${withheldName(visit, what)}</strong>: ${reasons[why]}</li>`)}</ul>`
}

function withheldName(visit: Visit, what: string): string {
  const { figures: names } = visit.words.publicReport
  const [group = '', part, currency] = what.split('/')
  if (group === 'hours') return part === undefined ? names.hours : `${names.hours}: ${activityName(visit, part)}`
  if (group === 'money' && part !== undefined) return `${kindName(visit, part)}, ${currency ?? ''}`
  if (group === 'traffic') return names.wan
  return names[group as keyof typeof names] ?? what
}

function activityName({ words }: Visit, activity: string): string {
  return words.ledger.activities[activity as keyof typeof words.ledger.activities] ?? activity
}

function kindName({ words }: Visit, kind: string): string {
  return words.ledger.kinds[kind as keyof typeof words.ledger.kinds] ?? kind
}

/** Another choice is only looked at: nothing changes before the switch. */
function choiceForm(visit: KitVisit, state: PublishingState, preview: PublishingPreview | null): Html {
  const { words } = visit
  const say = words.publicReport
  const chosen = preview?.disclosure ?? state.disclosure
  const weeks = state.people >= state.leastPeopleForWeeks || chosen?.every === 'week'
  const beginnings = state.beginnings.map((day) => ({ value: day, text: monthName(visit, day.slice(0, 7)) }))
  const from = chosen?.from ?? state.beginnings[0] ?? ''
  const isListed = beginnings.some(({ value }) => value === from)
  return html`<details class="line"><summary><span>${say.choose}</span></summary>
<form method="get" action="${address}">
${selectField({
  name: 'every',
  label: say.every,
  hint: weeks ? say.everyHint : say.noWeeks(state.leastPeopleForWeeks),
  value: chosen?.every ?? 'month',
  choices: [{ value: 'month', text: say.months }, ...(weeks ? [{ value: 'week', text: say.weeks }] : [])],
})}
${selectField({
  name: 'from',
  label: say.from,
  hint: say.fromHint,
  value: from,
  choices: isListed ? beginnings : [{ value: from, text: dayName(visit, from) }, ...beginnings],
})}
<div class="field"><label class="choice" for="household"><input type="checkbox" id="household" name="household" value="yes"${attribute('checked', chosen?.household === true)}> ${say.household}</label>
<p class="hint">${say.householdHint}</p></div>
<button class="quiet">${say.look}</button></form></details>`
}

function switchPart(visit: KitVisit, state: PublishingState, { disclosure, seen }: PublishingPreview): Part {
  const say = visit.words.publicReport
  if (state.trial) {
    return html`<p><strong>${say.trial}</strong> <a href="/settings#server-name">${visit.words.trial.action}</a></p>`
  }
  const { every, from, household } = disclosure
  const hidden = Object.entries({ every, from, household: household ? 'yes' : 'no', seen }).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  const isSame =
    state.on &&
    state.disclosure?.every === every &&
    state.disclosure.from === from &&
    state.disclosure.household === household
  const says = html`<p>${every === 'week' ? say.whatWeeks : say.whatMonths}</p>`
  return [
    !isSame &&
      postForm(visit, `${address}/on`, [
        ...hidden,
        says,
        html`<button>${state.on ? say.change : say.switchOn}</button>`,
      ]),
    state.on &&
      postForm(visit, `${address}/off`, [
        html`<p>${say.offText}</p>`,
        html`<button class="quiet">${say.switchOff}</button>`,
      ]),
  ]
}

function moved(visit: KitVisit): Html {
  const say = visit.words.publicReport
  return html`<div class="notice bad" role="alert"><h2>${say.movedTitle}</h2><p>${say.movedText}</p>
${postForm(visit, `${address}/hardware`, [
  html`<p>${say.movedMoved}</p><p><button name="answer" value="moved">${say.moved}</button></p>`,
  html`<p>${say.movedCopied}</p><p><button class="quiet" name="answer" value="copied">${say.copied}</button></p>`,
])}</div>`
}

function troubleNotice(visit: KitVisit, trouble: string, canRepair: boolean): Html {
  const say = visit.words.publicReport
  const next = canRepair
    ? [html`<p>${say.repairText}</p>`, postForm(visit, `${address}/repair`, [html`<button>${say.repair}</button>`])]
    : html`<p>${say.troubleNext}</p>`
  return html`<div class="notice bad" role="alert"><p><strong>${say.troubleTitle}</strong></p>
<p>${english(visit, trouble)}</p>${next}</div>`
}

function troubleLine(visit: KitVisit, trouble: Trouble): Html {
  const { what, next } = troubleInWords(visit, trouble)
  return html`<div class="mistake">${what} ${next}</div>`
}

function collectorsPart(visit: KitVisit, state: PublishingState, draft: ReportDraft): Part {
  const { words, format } = visit
  const say = words.publicReport
  const card = ({
    id,
    kind,
    place,
    publicUrl,
    address: at,
    has,
    at: last,
    problem,
  }: PublishingState['collectors'][number]) => html`<li>
<div><strong>${say.kinds[kind]}</strong> <code>${place}</code></div>
<div>${[has === null ? say.hasUnknown : say.has(has), last && say.lastAnswer(format.dayAndTime(last))].filter(Boolean).join(' · ')}</div>
${problem && troubleLine(visit, problem)}
<div class="actions"><a href="${at ?? publicUrl}" rel="noreferrer">${say.readThere}</a>
${postForm(visit, `${address}/collectors/remove`, [
  html`<input type="hidden" name="id" value="${id}">`,
  html`<button class="quiet">${say.remove}<span class="unseen"> (${place})</span></button>`,
])}</div></li>`
  return [
    html`<p>${say.collectorsText}</p>`,
    state.collectors.length === 0
      ? html`<p>${say.noCollectors}</p>`
      : html`<ul class="cards">${state.collectors.map(card)}</ul>`,
    state.sshKey !== null && html`<p>${say.sshKey} <code>${state.sshKey}</code></p>`,
    (Object.keys(collectorFields) as CollectorKind[]).map((kind) => collectorForm(visit, kind, draft)),
  ]
}

function collectorForm(visit: KitVisit, kind: CollectorKind, draft: ReportDraft): Html {
  const say = visit.words.publicReport
  const back = draft.form === kind ? draft : {}
  const field = (name: string, label: string, hint?: string) =>
    textField({
      name,
      id: `${kind}-${name}`,
      label,
      type: secrets.includes(name) ? 'password' : 'text',
      value: back.values?.[name] ?? (name === 'port' ? '22' : ''),
      mistakes: back.mistakes ?? {},
      ...(hint === undefined ? {} : { hint }),
      attributes: {
        autocomplete: secrets.includes(name) ? 'new-password' : 'off',
        autocapitalize: 'none',
        spellcheck: 'false',
        maxlength: 1500,
      },
    })
  return html`<details class="line" id="${kind}"${attribute('open', draft.form === kind)}>
<summary><span>${say.addKinds[kind]}</span></summary>
<p>${say.kindTexts[kind]}</p>
${postForm(visit, `${address}/collectors`, [
  html`<input type="hidden" name="kind" value="${kind}">`,
  collectorFields[kind].map((name) => field(name, say.fields[name], fieldHint(visit, name))),
  field('publicUrl', say.fields.publicUrl, say.fieldHints.publicUrl),
  html`<button>${say.add}</button>`,
])}</details>`
}

function fieldHint({ words }: Visit, name: string): string | undefined {
  const hints: Record<string, string> = words.publicReport.fieldHints
  return hints[name]
}

function witnessesPart(visit: KitVisit, state: PublishingState, draft: ReportDraft): Part {
  const { words, format } = visit
  const say = words.publicReport
  const back = draft.form === 'witness' ? draft : {}
  const field = (name: 'url' | 'key', label: string, hint: string) =>
    textField({
      name,
      id: `witness-${name}`,
      label,
      hint,
      value: back.values?.[name] ?? '',
      mistakes: back.mistakes ?? {},
      attributes: { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', maxlength: 600 },
    })
  const card = ({ url, key, signed, at, problem }: PublishingState['witnesses'][number]) => html`<li>
<div><strong>${key.split('+')[0]}</strong> <code>${url}</code></div>
<div>${[signed === null ? say.notSigned : say.signed(signed), at && say.lastAnswer(format.dayAndTime(at))].filter(Boolean).join(' · ')}</div>
${problem && troubleLine(visit, problem)}
<div class="actions">${postForm(visit, `${address}/witnesses/remove`, [
    html`<input type="hidden" name="key" value="${key}">`,
    html`<button class="quiet">${say.remove}<span class="unseen"> (${url})</span></button>`,
  ])}</div></li>`
  return [
    html`<p>${say.witnessesText}</p>`,
    state.witnesses.length > 0 && html`<ul class="cards">${state.witnesses.map(card)}</ul>`,
    html`<details class="line" id="witness"${attribute('open', draft.form === 'witness')}><summary><span>${say.addWitness}</span></summary>
${postForm(visit, `${address}/witnesses`, [
  field('url', say.fields.witnessUrl, say.fieldHints.witnessUrl),
  field('key', say.fields.witnessKey, say.fieldHints.witnessKey),
  html`<button>${say.add}</button>`,
])}</details>`,
  ]
}

function logPart(visit: KitVisit, { log, earlierLogs, reports, canRenew, question }: PublishingState): Part {
  const say = visit.words.publicReport
  if (!log) return null
  return [
    html`<h2>${say.log}</h2>
<p>${say.logText}</p>
<dl class="pairs">
<div><dt>${say.logAddress}</dt><dd><code>${log.address}</code></dd></div>
<div><dt>${say.logKey}</dt><dd><code>${log.key}</code></dd></div>
<div><dt>${say.logSize}</dt><dd>${log.size}</dd></div>
<div><dt>${say.logRoot}</dt><dd><code>${log.root}</code></dd></div>
</dl>`,
    earlierLogs.map(
      ({ key, size, continued }) =>
        html`<p class="hint">${continued ? say.continued : say.left}: <code>${key}</code>, ${say.has(size)}</p>`,
    ),
    reports.length > 0 &&
      html`<h3>${say.reports}</h3><ul>${reports
        .toReversed()
        .map(({ period, state }) => html`<li>${periodName(visit, period)}: ${say.reportStates[state]}</li>`)}</ul>`,
    canRenew &&
      question === null &&
      html`<details class="line"><summary><span>${say.renew}</span></summary><p>${say.renewText}</p>
${postForm(visit, `${address}/renew`, [checkbox('sure', say.renewSure), html`<button class="danger">${say.renewAction}</button>`])}</details>`,
  ]
}

function budgetPart(visit: KitVisit, { budget }: PublishingState): Part {
  const { format } = visit
  const say = visit.words.publicReport
  return html`<p>${say.budgetText}</p>
<dl class="pairs">
<div><dt>${say.budgetLeft}</dt><dd>${format.bytes(budget.left)}</dd></div>
<div><dt>${say.budgetSent(format.day(budget.since))}</dt><dd>${format.bytes(budget.sent)}</dd></div>
<div><dt>${say.budgetArrived}</dt><dd>${say.arrivedText(format.bytes(budget.arrived), budget.visits)}</dd></div>
<div><dt>${say.budgetRefused}</dt><dd>${say.refusedText(budget.refused, format.bytes(budget.refusing))}</dd></div>
</dl>`
}

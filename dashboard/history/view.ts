import type { FastifyInstance } from 'fastify'
import type { History, HistoryPart, HistoryStep } from '#agent/api.ts'
import { type Cell, csvText } from '#agent/csv.ts'
import { type Chart, type ChartPart, drawnChart } from '../charts.ts'
import { attribute, type Html, html, type Part } from '../html.ts'
import { dayName, monthName } from '../months.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'
import { type Asked, type AskedQuery, addressOf, askedOf } from './asked.ts'
import { partNames, periodName, readText, within } from './names.ts'

/** A column of the table, and the columns of the CSV with the same figures in full. */
export interface Column {
  title: string
  text: (part: HistoryPart) => string
  /** By the name of the column, with its unit. */
  csv: Record<string, (part: HistoryPart) => Cell>
}

/** What a page shows of a history. */
export interface HistoryView {
  /** Of the page. */
  path: string
  /** What is on offer, the shortest first. */
  steps: readonly HistoryStep[]
  columns: (history: History) => Column[]
  /** All of it in a sentence or two; null where there is nothing. */
  summary: (history: History) => string | null
  /** In what unit, and what of a part: null is a gap. */
  chart: (history: History) => { unit: string; value: (part: HistoryPart) => ChartPart['value'] }
  /** Whether a part's figure is of a part of its time. */
  isPartial: (part: HistoryPart) => boolean
  /** Below the chart: what it shows. */
  caption: (history: History) => Part
  /** What holds for all of the figures. */
  notes: (history: History) => Part[]
}

/** A drawing of one value says nothing. */
const leastForChart = 2

/** Chart, table and the way to others, for a page. */
export function historySection(visit: Visit, view: HistoryView, history: History): Html {
  const { words } = visit
  const { step, of } = history
  const summary = view.summary(history)
  const link = (rel: 'prev' | 'next', to: string | null) =>
    to !== null &&
    html`<a rel="${rel}" href="${addressOf(view.path, { step, of: to })}#history">${besideName(visit, history, to)}</a>`
  return html`<section id="history" aria-labelledby="history-title">
<h2 id="history-title">${words.history.title}</h2>
<nav aria-label="${words.history.label}"><ul class="steps">${view.steps.map(
    (each) =>
      html`<li><a href="${addressOf(view.path, { step: each, of: null })}#history"${attribute('aria-current', each === step ? 'true' : null)}>${words.history.steps[each]}</a></li>`,
  )}</ul></nav>
<p class="actions">${link('prev', history.earlier)} <strong>${periodName(visit, history)}</strong> ${link('next', history.later)}</p>
${
  summary === null
    ? html`<p>${words.history.nothing}</p>`
    : html`<p>${summary}</p>
${drawing(visit, view, history, summary)}
${table(visit, view, history)}
<p><a href="${addressOf(`${view.path}/history.csv`, { step, of })}" download>${words.history.csv}</a></p>
${history.parts.some(({ clockTrusted }) => !clockTrusted) && html`<p class="hint">${words.power.uncertain}</p>`}`
}
${view.notes(history).map((note) => html`<p class="hint">${note}</p>`)}
</section>`
}

/** The day, month or year beside. */
function besideName(visit: Visit, { step }: History, name: string): string {
  return step === 'hour' ? dayName(visit, name) : step === 'day' ? monthName(visit, name) : name
}

function drawing(visit: Visit, view: HistoryView, history: History, summary: string): Html {
  const { words, format } = visit
  const { unit, value } = view.chart(history)
  const names = partNames(visit, history)
  const columns = view.columns(history)
  const parts = history.parts.map((part, index): ChartPart => {
    const { long, short } = names[index] as (typeof names)[number]
    const shown = value(part)
    return {
      from: Date.parse(part.start) / 1000,
      to: Date.parse(part.end) / 1000,
      tick: short,
      title: long,
      text: columns.map(({ title, text }) => `${title}: ${text(part)}`).join(', '),
      partial: view.isPartial(part),
      value: shown,
    }
  })
  if (parts.filter(({ value: shown }) => shown !== null).length < leastForChart)
    return html`<p class="hint">${words.history.later}</p>`
  const chart: Chart = { summary: `${periodName(visit, history)}. ${summary}`, unit, parts }
  return drawnChart(chart, { caption: view.caption(history), hint: words.history.hint, number: format.roughly })
}

function table(visit: Visit, view: HistoryView, history: History): Html {
  const { words } = visit
  const names = partNames(visit, history)
  const columns = view.columns(history)
  const rows = history.parts.map((part, index) => {
    const { long } = names[index] as (typeof names)[number]
    const inside = within(history, part)
    const isOnOffer = inside !== null && view.steps.includes(inside.step)
    const name = isOnOffer ? html`<a href="${addressOf(view.path, inside)}#history">${long}</a>` : long
    return html`<tr><th scope="row">${name}</th>${columns.map(({ text }) => html`<td>${text(part)}</td>`)}</tr>`
  })
  return html`<details><summary>${words.common.asTable}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="${periodName(visit, history)}"><table>
<thead><tr><th scope="col">${words.history.one[history.step]}</th>${columns.map(({ title }) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${rows.toReversed()}</tbody>
</table></div></details>`
}

/** For how long each part was read: the last column where something was read. */
export function readColumn(visit: Visit): Column {
  return {
    title: visit.words.history.read,
    text: (part) => readText(visit, part),
    csv: { seconds: ({ seconds }) => seconds, read_seconds: ({ coveredSeconds }) => coveredSeconds },
  }
}

/** The figures of the table, oldest first: decimals with a point, units in the names of the columns. */
export function historyCsv(view: HistoryView, history: History): string {
  const columns = view.columns(history).flatMap(({ csv }) => Object.entries(csv))
  const rows = history.parts.map((part) => [part.start, part.end, ...columns.map(([, cell]) => cell(part))])
  return csvText([['start', 'end', ...columns.map(([name]) => name)], ...rows])
}

/** The way to the figures as CSV, beside a page. */
export function addHistoryCsv(
  app: FastifyInstance,
  { agent }: Services,
  path: string,
  viewOf: (visit: Visit) => HistoryView,
): void {
  app.get<{ Querystring: AskedQuery }>(`${path}/history.csv`, async (request, reply) => {
    const view = viewOf(request.visit)
    const asked = askedOf(request.query, view.steps, defaultOf(view))
    const history = await agent.history(asked.step, asked.of)
    const name = [path.slice(1), asked.step, asked.of].filter(Boolean).join('-')
    return reply
      .header('content-disposition', `attachment; filename="${name}.csv"`)
      .type('text/csv; charset=utf-8; header=present')
      .send(historyCsv(view, history))
  })
}

/** What a page shows where its address does not say. */
export function defaultOf({ steps }: HistoryView): Asked {
  return { step: steps[0] as HistoryStep, of: null }
}

/** Exact in so many digits, without needless zeros. */
export function decimal(value: number, digits = 6): string {
  return String(Number(value.toFixed(digits)))
}

/** What a part's figure is in words; a gap is a dash, and an empty cell in a file. */
export function textOf<Figure>(
  figureOf: (part: HistoryPart) => Figure | null,
  say: (figure: Figure) => string,
  gap = '–',
): (part: HistoryPart) => string {
  return (part) => {
    const figure = figureOf(part)
    return figure === null ? gap : say(figure)
  }
}

import type { FastifyInstance } from 'fastify'
import type { Bill, BillLine, BillLineKind, Costs, HistoryPart, MoneyRange, SharedBill } from '#agent/api.ts'
import { aboutMoney } from '../figures.ts'
import { type AskedQuery, askedOf } from '../history/asked.ts'
import { costsView } from '../history/costs.ts'
import { addHistoryCsv, historySection } from '../history/view.ts'
import { type Html, html, type Part } from '../html.ts'
import { dayName, monthBeside, monthName, monthOf } from '../months.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'
import { serviceShares } from './service-shares.ts'

export function addCosts(app: FastifyInstance, services: Services): void {
  const { agent } = services
  app.get<{ Querystring: { month?: string } & AskedQuery }>('/costs', async (request, reply) => {
    const { visit, query } = request
    const view = costsView(visit)
    const { step, of } = askedOf(query, view.steps, { step: 'day', of: monthOf(query.month) })
    const [{ costs }, history] = await Promise.all([agent.summary(), agent.history(step, of)])
    const asked = (step === 'day' ? of : monthOf(query.month)) ?? costs.month
    const bill = asked < costs.month ? await agent.bill(asked) : costs.bill
    const isPriced = bill.lines.length > 0 || history.whole.cost !== null
    const body = html`<h1>${visit.words.costs.title}</h1>
${months(visit, bill.month, costs.month)}
${bill === costs.bill ? presentMonth(visit, costs) : closedMonth(visit, bill, history.of === bill.month ? history.whole : null)}
${isPriced && historySection(visit, view, history)}
<p class="actions"><a class="button quiet" href="/costs/tariffs">${visit.words.tariffs.link}</a>
<a class="button quiet" href="/costs/what-if">${visit.words.whatIf.link}</a>
<a class="button quiet" href="/costs/shares">${visit.words.shares.link}</a>
<a class="button quiet" href="/costs/ledger">${visit.words.ledger.link}</a>
<a class="button quiet" href="/costs/public">${visit.words.publicReport.link}</a></p>`
    return reply.page({ title: visit.words.costs.title, place: 'costs', body, charts: true })
  })
  addHistoryCsv(app, services, '/costs', costsView)
}

/** The month at hand, and ways to the ones beside it; there is none after the present one. */
function months(visit: Visit, month: string, present: string): Html {
  const link = (rel: 'prev' | 'next', beside: string) =>
    html`<a rel="${rel}" href="/costs?month=${beside}">${monthName(visit, beside)}</a>`
  return html`<p class="actions">${link('prev', monthBeside(month, -1))}
<strong>${monthName(visit, month)}</strong>
${month < present && link('next', monthBeside(month, 1))}</p>`
}

function presentMonth(visit: Visit, costs: Costs): Part {
  const { words } = visit
  if (costs.bill.lines.length === 0) {
    return html`<p>${words.costs.noLines}</p>
<p><a class="button" href="/settings#price">${words.costs.pricesLink}</a></p>`
  }
  return html`<p>${words.costs.expected}:</p>
<p class="big">${aboutMoney(visit, costs.expected, costs.powerClass)}</p>
<dl class="pairs">
<div><dt>${words.costs.soFar}</dt><dd>${aboutMoney(visit, costs.soFar)}</dd></div>
<div><dt>${words.costs.perDay}</dt><dd>${aboutMoney(visit, costs.perDay)}</dd></div>
<div><dt>${words.costs.perPerson}</dt><dd>${costs.perPerson ? aboutMoney(visit, costs.perPerson) : '–'}</dd></div>
</dl>
<p class="hint">${costs.perPerson ? words.costs.shareRule(costs.people) : words.costs.nobody}</p>
${billLines(visit, costs.bill)}
${coverage(visit, costs.bill)}`
}

/** The bill of a month that is over: as it was entered, else by the prices of today; one in which nothing was read has none. */
function closedMonth(visit: Visit, bill: Bill, whole: HistoryPart | null): Part {
  const { words } = visit
  if (bill.state === 'closed') return enteredMonth(visit, bill, whole)
  if (bill.coverage.coveredSeconds === 0)
    return html`<p>${whole?.coveredSeconds ? words.costs.costGone : words.costs.nothingRead}</p>`
  if (bill.lines.length === 0) return html`<p>${words.costs.noPricesThen}</p>`
  return html`<p>${words.costs.computed}:</p>
<p class="big">${aboutMoney(visit, bill.total, bill.powerClass)}</p>
${whole?.cost?.incomplete && html`<p>${words.history.costIncomplete}</p>`}
${billLines(visit, bill)}
${coverage(visit, bill)}`
}

/** What is entered of a month says what each line cost, not how it was worked out. */
function enteredMonth(visit: Visit, bill: Bill, whole: HistoryPart | null): Html {
  const { words, format } = visit
  const kilowattHours = (wattHours: number) => format.number(wattHours / 1000, 2)
  const energy = whole?.energy
  const range = energy && `${kilowattHours(energy.lowWattHours)}–${kilowattHours(energy.highWattHours)}`
  return html`<p>${words.costs.entered}:</p>
<p class="big">${aboutMoney(visit, bill.total, bill.powerClass)}</p>
<p class="hint">${words.costs.asEntered} <a href="/costs/ledger?month=${bill.month}">${words.ledger.link}</a></p>
<h2>${words.costs.lines}</h2>
${billTable(visit, { ...bill, lines: sorted(bill.lines) })}
${energy && range && html`<p>${words.costs.energyRead(kilowattHours(energy.wattHours), range)}</p>`}
${serviceShares(visit, bill)}
${coverage(visit, bill)}`
}

/** The order of the lines; those of one kind stay as they came. */
const kinds: BillLineKind[] = ['power', 'idle', 'standing', 'internet', 'hardware', 'card', 'disk', 'domain', 'relay']

function sorted(lines: Bill['lines']): Bill['lines'] {
  return lines.toSorted((one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind))
}

function billLines(visit: Visit, bill: Bill): Part {
  return [
    html`<h2>${visit.words.costs.lines}</h2>`,
    sorted(bill.lines).map((line) => lineFold(visit, line, bill)),
    serviceShares(visit, bill),
  ]
}

/** Lines and their total, without how they were worked out. */
export function billTable(visit: Visit, { lines, total }: Pick<SharedBill, 'lines' | 'total'>): Html {
  const { words } = visit
  return html`<table class="wide">
<thead><tr><th scope="col">${words.costs.title}</th><th scope="col">${words.ledger.amount}</th></tr></thead>
<tbody>
${lines.map((line) => html`<tr><th scope="row">${lineTitle(visit, line, lines)}</th><td>${aboutMoney(visit, line.range)}</td></tr>`)}
<tr><th scope="row"><strong>${words.shares.total}</strong></th><td>${aboutMoney(visit, total)}</td></tr>
</tbody></table>`
}

function lineFold(visit: Visit, line: BillLine, bill: Bill): Html {
  return html`<details class="line">
<summary><span>${lineTitle(visit, line, bill.lines)}</span> <span>${aboutMoney(visit, line.range)}</span></summary>
<p>${basis(visit, line)}</p>
${line.kind === 'idle' && html`<p>${visit.words.costs.idle}</p>`}
</details>`
}

/** The kind, the household's name for it, and the day from which it counted where that is within the month. */
export function lineTitle(
  visit: Visit,
  { id, kind, name }: Pick<BillLine, 'id' | 'kind' | 'name'>,
  lines: Pick<BillLine, 'kind'>[],
): string {
  const { words } = visit
  const hasIdle = lines.some((line) => line.kind === 'idle')
  const title = kind === 'power' && !hasIdle ? words.costs.allPower : words.costs.line[kind]
  const from = /@(\d{4}-\d{2}-\d{2})$/.exec(id)?.[1]
  return [title, name, from && words.tariffs.from(dayName(visit, from))].filter(Boolean).join(' · ')
}

/** How a line was worked out, with its own numbers. */
function basis(visit: Visit, { kind, basis: facts, range }: BillLine): string {
  const { words, format } = visit
  const currency = range.value.currency
  const price = (name: string) => format.price(facts[name] ?? '0', currency)
  const number = (name: string) => format.number(Number(facts[name] ?? 0), 2)
  const span = (name: string) => `${number(`${name}Low`)}–${number(`${name}High`)}`
  const perMonth = aboutMoney(visit, exactly(facts.perMonth ?? '0', currency))
  const { basis: say } = words.costs
  switch (kind) {
    case 'power':
      return say.power(
        number('kwh'),
        span('kwh'),
        price('pricePerKwh'),
        format.duration(Number(facts.secondsCovered ?? 0)),
      )
    case 'idle':
      return say.idle(
        number('kwh'),
        format.price(Number(facts.pricePerKwh).toFixed(4), currency),
        format.duration(Number(facts.secondsCovered ?? 0)),
      )
    case 'internet':
      return facts.gb === undefined ? say.monthly(perMonth) : say.perGb(number('gb'), price('pricePerGb'))
    case 'standing':
      return say.monthly(perMonth)
    case 'hardware':
    case 'card':
    case 'disk': {
      const years = format.number(Number(facts.years), Number.isInteger(Number(facts.years)) ? 0 : 1)
      const bought = facts.bought === undefined ? '' : ` ${say.bought(dayName(visit, facts.bought))}`
      return `${say.item(price('price'), years, perMonth)}${bought}`
    }
    case 'domain':
    case 'relay':
      return say.fee(price('perYear'), perMonth)
  }
}

function exactly(amount: string, currency: string): MoneyRange {
  const money = { amount, currency }
  return { value: money, low: money, high: money }
}

/** Shorter times without a reading are those since the last one was written. */
const notableSeconds = 900

/** What is measured and what is not, and the time that is on no bill. */
function coverage(
  { words, format }: Visit,
  { state, coverage: { seconds, coveredSeconds, unpricedSeconds }, powerClass }: Bill,
) {
  const missing = seconds - coveredSeconds
  const isWhole = missing < notableSeconds
  const isOver = state === 'closed' || state === 'computed'
  const isUnread = isOver && coveredSeconds === 0
  return html`<h2>${words.costs.measured}</h2>
${powerClass && html`<p>${words.classSentences[powerClass]} ${words.history.boundary}</p>`}
<p>${isUnread ? words.costs.electricityUnknown : isWhole ? words.costs.coveredAll : words.costs.uncovered(format.duration(missing))}
${!isWhole && !isOver && words.costs.uncoveredExpected}</p>
${unpricedSeconds >= notableSeconds && html`<p>${words.costs.unpriced(format.duration(unpricedSeconds))}</p>`}
<p>${words.costs.given}</p>`
}

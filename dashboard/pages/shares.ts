import type { FastifyInstance, FastifyReply } from 'fastify'
import type { MoneyRange, PersonShare, Shares, SharingRule } from '#agent/api.ts'
import { aboutMoney } from '../figures.ts'
import { postForm, selectField } from '../forms.ts'
import { type Html, html, type Part } from '../html.ts'
import { formOf } from '../input.ts'
import { monthBeside, monthName, monthOf, today } from '../months.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'

const rules: readonly SharingRule['kind'][] = ['equal', 'storage']

/** The owner's list: everybody's share of a month, and the rule it comes from. */
export function addShares(app: FastifyInstance, services: Services): void {
  const { agent, helper } = services

  async function page(visit: Visit, reply: FastifyReply, month: string | undefined, notice?: Part) {
    const { people } = await helper('person.list', {})
    await agent.tellPeople(
      people.length,
      people.map(({ id }) => id),
    )
    const shares = await agent.shares(month)
    const names = new Map(people.map(({ id, name }) => [id, name]))
    const { title } = visit.words.shares
    return reply.page({ title, place: 'costs', body: sharesBody(visit, shares, names, notice) })
  }

  app.get<{ Querystring: { month?: string } }>('/costs/shares', async (request, reply) => {
    const { visit } = request
    const asked = monthOf(request.query.month)
    return page(visit, reply, asked !== null && asked < today(visit).slice(0, 7) ? asked : undefined)
  })

  app.post('/costs/shares', async (request, reply) => {
    const { visit } = request
    const rule = rules.find((each) => each === formOf(request.body).text('rule'))
    if (!rule) return reply.callNotFound()
    await agent.saveSettings({ ...(await agent.settings()), sharing: rule })
    const notice = html`<p class="notice good" role="status">${visit.words.shares.changed}</p>`
    return page(visit, reply, undefined, notice)
  })
}

function sharesBody(visit: Visit, shares: Shares, names: ReadonlyMap<string, string>, notice: Part): Html {
  const { words, format } = visit
  const say = words.shares
  const { month, rule, bills, uploads } = shares
  const present = today(visit).slice(0, 7)
  return html`<h1>${say.title}</h1>
<p>${say.lead}</p>
${notice}
<p class="actions"><a rel="prev" href="/costs/shares?month=${monthBeside(month, -1)}">${monthName(visit, monthBeside(month, -1))}</a>
<strong>${monthName(visit, month)}</strong>
${month < present && html`<a rel="next" href="/costs/shares?month=${monthBeside(month, 1)}">${monthName(visit, monthBeside(month, 1))}</a>`}</p>
${list(visit, shares, names)}
${bills.length === 1 && html`<p class="hint">${say.closedText}</p>`}
<p>${say.ruleText[rule]} ${say.never}</p>
<p class="hint">${uploads ? say.shared(format.bytes(uploads.shared), format.dayAndTime(uploads.at)) : say.notCounted}</p>
${postForm(visit, '/costs/shares', [
  selectField({
    name: 'rule',
    label: say.rule,
    value: rule,
    choices: rules.map((value) => ({ value, text: say.rules[value] })),
  }),
  html`<button>${say.change}</button>`,
])}
<p><a class="button quiet" href="/costs">${words.tariffs.back}</a></p>`
}

/** Everybody's share, which add up to the last row; of the present month what is expected, and beneath what it is so far. */
function list(visit: Visit, { bills, people, uploads }: Shares, names: ReadonlyMap<string, string>): Part {
  const { words, format } = visit
  const say = words.shares
  const [soFar, whole] = bills.length > 1 ? [bills[0], bills[1]] : [undefined, bills[0]]
  if (people === 0) return html`<p>${say.nobody}</p>`
  if (!whole || whole.lines.length === 0) return html`<p>${words.costs.noLines}</p>`
  const cell = (range: MoneyRange, before: MoneyRange | undefined) =>
    html`<td>${aboutMoney(visit, range)}${before && html`<div class="hint">${say.states['so-far']}: ${aboutMoney(visit, before)}</div>`}</td>`
  const row = ({ person, range }: PersonShare) => {
    const own = uploads && Object.hasOwn(uploads.own, person) ? uploads.own[person] : undefined
    const more = [`@${person}`, own !== undefined && `${say.uploads}: ${format.bytes(own)}`]
    const before = soFar?.shares.find((each) => each.person === person)?.range
    return html`<tr><th scope="row">${names.get(person) ?? person}<div class="hint">${more.filter(Boolean).join(' · ')}</div></th>${cell(range, before)}</tr>`
  }
  return html`<table class="wide">
<thead><tr><th scope="col">${say.person}</th><th scope="col">${say.states[whole.state]}</th></tr></thead>
<tbody>${whole.shares.map(row)}
<tr><th scope="row"><strong>${say.total}</strong></th>${cell(whole.total, soFar?.total)}</tr></tbody>
</table>`
}

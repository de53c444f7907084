import type { FastifyInstance } from 'fastify'
import type { CostLine, Costs } from '#agent/api.ts'
import { aboutMoney } from '../figures.ts'
import { type Html, html, type Part } from '../html.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'

export function addCosts(app: FastifyInstance, { agent }: Services): void {
  app.get('/costs', async (request, reply) => {
    const { visit } = request
    const { costs } = await agent.summary()
    const body = html`<h1>${visit.words.costs.title}</h1>
${costs.lines.length === 0 ? noPrices(visit) : costsBody(visit, costs)}
<p><a class="button quiet" href="/costs/ledger">${visit.words.ledger.link}</a></p>`
    return reply.page({ title: visit.words.costs.title, place: 'costs', body })
  })
}

function noPrices({ words }: Visit): Html {
  return html`<p>${words.costs.noLines}</p>
<p><a class="button" href="/settings#price">${words.costs.pricesLink}</a></p>`
}

function costsBody(visit: Visit, costs: Costs): Html {
  const { words, format } = visit
  return html`<p>${words.costs.expected}:</p>
<p class="big">${aboutMoney(visit, costs.expected, costs.powerClass)}</p>
<dl class="pairs">
<div><dt>${words.costs.soFar}</dt><dd>${aboutMoney(visit, costs.soFar)}</dd></div>
<div><dt>${words.costs.perDay}</dt><dd>${aboutMoney(visit, costs.perDay)}</dd></div>
<div><dt>${words.costs.perPerson}</dt><dd>${costs.perPerson ? aboutMoney(visit, costs.perPerson) : '–'}</dd></div>
</dl>
<p class="hint">${costs.perPerson ? words.costs.shareRule(costs.people) : words.costs.nobody}</p>
<h2>${words.costs.lines}</h2>
${costs.lines.map((line) => costLine(visit, line))}
${costs.powerClass && measured(visit, costs.powerClass, costs.covered)}
<h2>${words.costs.idleTitle}</h2>
<p>${words.costs.idle}</p>
<p><a href="/settings#price">${words.costs.pricesLink}</a></p>
<p class="hint">${words.costs.month(format.month(`${costs.month}-15T12:00:00Z`))}</p>`
}

function costLine(visit: Visit, line: CostLine): Html {
  const { words } = visit
  return html`<details class="line">
<summary><span>${words.costs.line[line.kind]}</span> <span>${aboutMoney(visit, line.range)}</span></summary>
<p>${basis(visit, line)}</p>
</details>`
}

/** How a line was worked out, with its own numbers. */
function basis({ words, format }: Visit, { kind, basis: facts, range }: CostLine): string {
  const currency = range.value.currency
  const price = (name: string) => format.price(facts[name] ?? '0', currency)
  const kwh = (name: string) => format.number(Number(facts[name] ?? 0), 2)
  const { basis: say } = words.costs
  switch (kind) {
    case 'power':
      return say.power(
        kwh('kwh'),
        `${kwh('kwhLow')}–${kwh('kwhHigh')}`,
        price('pricePerKwh'),
        format.duration(Number(facts.secondsCovered ?? 0)),
      )
    case 'hardware':
      return say.hardware(price('price'), facts.years ?? '', price('perMonth'))
    case 'domain':
      return say.domain(price('perYear'), price('perMonth'))
    case 'internet':
      return say.internet(price('perMonth'))
  }
}

function measured({ words, format }: Visit, powerClass: NonNullable<Costs['powerClass']>, covered: number): Part {
  const hours = covered >= 0.995 ? words.costs.coveredAll : words.costs.covered(format.percent(covered))
  return html`<h2>${words.costs.measured}</h2>
<p>${words.costs.line.power}: ${words.classSentences[powerClass]} ${hours}</p>
<p>${words.costs.given}</p>`
}

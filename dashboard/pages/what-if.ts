import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Change, MonthlyCost, WhatIf } from '#agent/api.ts'
import { AgentRefusal } from '#agent/client.ts'
import { readAmount } from '../amounts.ts'
import { aboutMoney } from '../figures.ts'
import { currencyDigits } from '../format.ts'
import { type Mistakes, mistakeSummary, textField } from '../forms.ts'
import { attribute, type Html, html, type Part } from '../html.ts'
import { type Form, formOf, meantCents } from '../input.ts'
import { english, failureNotice } from '../refusals.ts'
import type { Services } from '../services.ts'
import type { KitVisit, Visit } from '../visit.ts'

const address = '/costs/what-if'

const kinds = ['price', 'people', 'disk'] as const

/** A question as it was typed, with what came of it. */
interface Asked {
  kind?: Change['kind'] | undefined
  form: Form
  mistakes?: Mistakes
  notice?: Part
  answer?: WhatIf
}

/** What a month would cost if things were different. Nothing is changed: questions are addresses. */
export function addWhatIf(app: FastifyInstance, { agent }: Services): void {
  async function page(visit: Visit, reply: FastifyReply, asked: Asked) {
    const { costs } = await agent.summary()
    const body = whatIfBody(visit as KitVisit, costs.people, costs.bill.currency, asked)
    return reply.page({ title: visit.words.whatIf.title, place: 'costs', body })
  }

  app.get<{ Querystring: Record<string, string> }>(address, async (request, reply) => {
    const { visit } = request
    const form = formOf(new URL(request.url, 'http://kit').searchParams)
    const kind = kinds.find((each) => each === form.text('kind'))
    if (!kind) return page(visit, reply, { form })
    const { currency } = await agent.settings()
    const { change, mistakes } = readQuestion(visit, kind, form, currency)
    if (Object.keys(mistakes).length > 0) return page(visit, reply.code(422), { kind, form, mistakes })
    try {
      return await page(visit, reply, { kind, form, answer: await agent.whatIf(change) })
    } catch (error) {
      if (!(error instanceof AgentRefusal) || error.status !== 422) throw error
      const notice = failureNotice({ text: english(visit, error.message), next: english(visit, error.next) })
      return page(visit, reply.code(422), { kind, form, notice })
    }
  })
}

function readQuestion(
  visit: Visit,
  kind: Change['kind'],
  form: Form,
  currency: string,
): { change: Change; mistakes: Mistakes } {
  const { words, format } = visit
  const mistakes: Mistakes = {}
  const amount = (name: string, places = 6) => {
    const { value, mistake } = readAmount(visit, form.text(name), places)
    if (mistake !== null) mistakes[name] = mistake
    return value ?? '0'
  }
  const number = (name: string, least: number, most: number, whole = false) => {
    const value = Number(amount(name))
    const isWell = value >= least && value <= most && (!whole || Number.isInteger(value))
    if (!isWell) mistakes[name] ??= words.whatIf.outside(format.number(least, least % 1 ? 1 : 0), format.number(most))
    return value
  }
  switch (kind) {
    case 'price': {
      const perKwh = amount('perKwh')
      const cents = meantCents(perKwh, currency)
      if (cents !== null) mistakes.perKwh = words.mistakes.cents(format.price(String(cents), currency))
      return { change: { kind, perKwh }, mistakes }
    }
    case 'people':
      return { change: { kind, people: number('people', 1, 10_000, true) }, mistakes }
    case 'disk': {
      const price = amount('price', currencyDigits(currency))
      if (price.startsWith('-')) mistakes.price = words.tariffs.notBelowZero
      return { change: { kind, price, years: number('years', 0.5, 50), watts: number('watts', 0, 1000) }, mistakes }
    }
  }
}

function whatIfBody(visit: KitVisit, people: number, currency: string, asked: Asked): Html {
  const { words } = visit
  const say = words.whatIf
  const { form, mistakes = {} } = asked
  const field = (name: string, label: string, usual = '', hint = '') =>
    textField({
      name,
      label,
      value: form.text(name) || usual,
      mistakes,
      ...(hint ? { hint } : {}),
      attributes: { autocomplete: 'off', inputmode: 'decimal', maxlength: 20 },
    })
  const question = (
    kind: Change['kind'],
    fields: Part,
  ) => html`<details class="fold" id="${kind}"${attribute('open', asked.kind === kind)}>
<summary><h2>${say.questions[kind]}</h2></summary>
<form method="get" action="${address}"><input type="hidden" name="kind" value="${kind}">
${fields}
<button>${say.ask}</button></form>
</details>`
  return html`<h1>${say.title}</h1>
<p>${say.lead}</p>
${asked.notice}
${mistakeSummary(visit, mistakes)}
${asked.kind && asked.answer && answerBody(visit, asked.kind, asked.answer)}
${question('price', field('perKwh', `${words.tariffs.perKwh}, ${currency}`))}
${question('people', [
  field('people', say.people, people > 0 ? String(people * 2) : '', say.peopleNow(people)),
  html`<p class="hint">${say.peopleText}</p>`,
])}
${question('disk', [
  field('price', `${words.tariffs.price}, ${currency}`),
  field('years', words.tariffs.years, '5'),
  field('watts', say.watts, '', say.wattsHint),
])}
<p class="hint">${say.only}</p>
<p><a class="button quiet" href="/costs">${words.tariffs.back}</a></p>`
}

/** Before and after, side by side. */
function answerBody(visit: Visit, kind: Change['kind'], { before, after }: WhatIf): Html {
  const { words } = visit
  const say = words.whatIf
  const share = ({ perPerson }: MonthlyCost) => (perPerson ? aboutMoney(visit, perPerson) : '–')
  return html`<div class="notice good" role="status"><h2>${say.questions[kind]}</h2>
<dl class="pairs">
<div><dt>${say.monthBefore}</dt><dd>${aboutMoney(visit, before.perMonth)}</dd></div>
<div><dt>${say.monthAfter}</dt><dd><strong>${aboutMoney(visit, after.perMonth)}</strong></dd></div>
<div><dt>${say.shareBefore(before.people)}</dt><dd>${share(before)}</dd></div>
<div><dt>${say.shareAfter(after.people)}</dt><dd><strong>${share(after)}</strong></dd></div>
</dl></div>`
}

import type { FastifyInstance } from 'fastify'
import type { AgentSettings } from '#agent/api.ts'
import { isFromPlug, liveTexts, sourceInWords } from '../figures.ts'
import { type AskedQuery, askedOf } from '../history/asked.ts'
import { powerView } from '../history/power.ts'
import { addHistoryCsv, defaultOf, historySection } from '../history/view.ts'
import { html, type Part } from '../html.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'
import { serviceTimes } from './service-shares.ts'

export function addPower(app: FastifyInstance, services: Services): void {
  const { agent } = services
  app.get<{ Querystring: AskedQuery }>('/power', async (request, reply) => {
    const { visit } = request
    const { words } = visit
    const view = powerView(visit)
    const { step, of } = askedOf(request.query, view.steps, defaultOf(view))
    const [summary, settings, history] = await Promise.all([agent.summary(), agent.settings(), agent.history(step, of)])
    const { power } = summary
    const live = liveTexts(visit, summary)
    const place = (name: string) => html`<span data-live="${name}">${live[name]}</span>`
    const body = html`<h1>${words.power.title}</h1>
<section class="now" aria-label="${words.power.now}">
<p class="big">${place('watts')}</p>
<p>${place('range')}, <strong>${place('class')}</strong></p>
</section>
<p>${words.power.where(words.boundaries[power.boundary])} ${words.classSentences[power.class]}${power.model && ` ${words.power.model(power.model)}`}</p>
<dl class="pairs">
<div><dt>${words.power.source}</dt><dd>${sourceInWords(visit, power)}</dd></div>
<div><dt>${words.power.readAt}</dt><dd>${place('at')}</dd></div>
<div><dt>${words.power.cpu}</dt><dd>${place('cpu')}</dd></div>
<div><dt>${words.power.memory}</dt><dd>${place('memory')}</dd></div>
${summary.temperature && html`<div><dt>${words.power.temperature}</dt><dd>${place('temperature')}</dd></div>`}
</dl>
${isFromPlug(power) ? othersOnPlug(visit, settings.plug) : html`<p>${words.power.better} <a href="/settings#plug">${words.power.betterLink}</a> · <a href="/power/calibrate">${words.power.betterEstimate}</a></p>`}
${serviceTimes(visit, summary.costs.bill)}
${historySection(visit, view, history)}`
    return reply.page({ title: words.power.title, place: 'power', body, charts: true })
  })
  addHistoryCsv(app, services, '/power', powerView)
}

/** What else hangs on the plug, and what that means for the figure; nothing where the household said that nothing does. */
export function othersOnPlug({ words, format }: Visit, plug: AgentSettings['plug']): Part {
  const say = words.power.others
  const link = html`<a href="/settings#plug">${say.link}</a>`
  const others = plug?.others
  if (others === 'nothing') return null
  if (others === undefined) return html`<p>${say.unasked} ${link}</p>`
  const { name, watts } = others
  if (watts === null) return html`<p>${say.unknown(name)} ${link}</p>`
  return html`<p>${say.less(name, format.wattsEnds(watts.low, watts.high).join('–'))} ${link}</p>`
}

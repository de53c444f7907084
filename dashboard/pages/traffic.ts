import type { FastifyInstance } from 'fastify'
import type { TrafficTotals } from '#agent/api.ts'
import { type AskedQuery, askedOf } from '../history/asked.ts'
import { trafficView } from '../history/traffic.ts'
import { addHistoryCsv, defaultOf, historySection } from '../history/view.ts'
import { type Html, html } from '../html.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'
import { trafficServices } from './service-shares.ts'

export function addTraffic(app: FastifyInstance, services: Services): void {
  const { agent } = services
  app.get<{ Querystring: AskedQuery }>('/traffic', async (request, reply) => {
    const { visit } = request
    const { words } = visit
    const view = trafficView(visit)
    const { step, of } = askedOf(request.query, view.steps, defaultOf(view))
    const [{ traffic }, history] = await Promise.all([agent.summary(), agent.history(step, of)])
    const body = html`<h1>${words.traffic.title}</h1>
<p>${words.traffic.lead}</p>
${totals(visit, words.traffic.today, traffic.day)}
${totals(visit, words.traffic.month, traffic.month)}
${trafficServices(visit, words.byService.trafficTitle, traffic.month)}
${historySection(visit, view, history)}`
    return reply.page({ title: words.traffic.title, place: 'traffic', body, charts: true })
  })
  addHistoryCsv(app, services, '/traffic', trafficView)
}

function totals({ words, format }: Visit, title: string, period: TrafficTotals): Html {
  const row = (series: number, name: string, bytes: { in: number; out: number }) =>
    html`<tr><th scope="row"><span class="key series-${series}"></span>${name}</th><td>${format.bytes(bytes.in)}</td><td>${format.bytes(bytes.out)}</td></tr>`
  const unknown = period.unknown.in + period.unknown.out > 0
  return html`<table class="wide">
<caption>${title}</caption>
<thead><tr><td></td><th scope="col">${words.traffic.received}</th><th scope="col">${words.traffic.sent}</th></tr></thead>
<tbody>
${row(0, words.traffic.lan, period.lan)}
${row(1, words.traffic.wan, period.wan)}
${unknown && row(2, words.traffic.unknown, period.unknown)}
</tbody>
</table>
<p class="hint">${period.gapSeconds >= 60 ? words.traffic.gap(format.duration(period.gapSeconds)) : words.traffic.noGap}${unknown && ` ${words.traffic.unknownText}`}</p>`
}

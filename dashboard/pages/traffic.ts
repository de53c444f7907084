import type { FastifyInstance } from 'fastify'
import type { HourlyReading, TrafficTotals } from '#agent/api.ts'
import { barChart, hourSlots } from '../charts.ts'
import { type Html, html, type Part } from '../html.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'
import { leastForChart, timesBelow } from './power.ts'

const hours = 48

export function addTraffic(app: FastifyInstance, { agent }: Services): void {
  app.get('/traffic', async (request, reply) => {
    const { visit } = request
    const { words } = visit
    const [{ traffic }, readings] = await Promise.all([agent.summary(), agent.readings(hours)])
    const body = html`<h1>${words.traffic.title}</h1>
<p>${words.traffic.lead}</p>
${totals(visit, words.traffic.today, traffic.day)}
${totals(visit, words.traffic.month, traffic.month)}
<h2>${words.traffic.chart}</h2>
${history(visit, readings)}`
    return reply.page({ title: words.traffic.title, place: 'traffic', body })
  })
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

function bytesOf(reading: HourlyReading): [lan: number, wan: number, unknown: number] {
  return [reading.lanIn + reading.lanOut, reading.wanIn + reading.wanOut, reading.unknownIn + reading.unknownOut]
}

function history(visit: Visit, readings: HourlyReading[]): Part {
  const { words, format } = visit
  const slots = hourSlots(readings, hours)
  const values = slots.map(({ reading }) => reading && bytesOf(reading))
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return html`<p>${words.traffic.empty}</p>`
  const sum = (series: 0 | 1) => values.reduce((total, value) => total + (value?.[series] ?? 0), 0)
  const summary = `${words.traffic.lan}: ${format.bytes(sum(0))}. ${words.traffic.wan}: ${format.bytes(sum(1))}.`
  const cell = (bytes: number | undefined) => html`<td>${bytes === undefined ? '–' : format.bytes(bytes)}</td>`
  const rows = slots
    .toReversed()
    .map(({ start, reading }) => ({ start, bytes: reading && bytesOf(reading) }))
    .map(
      ({ start, bytes }) =>
        html`<tr><th scope="row">${format.weekdayAndTime(start)}</th>${cell(bytes?.[0])}${cell(bytes?.[1])}</tr>`,
    )
  return html`<p>${summary}</p>
${known.length < leastForChart ? html`<p class="hint">${words.common.chartLater}</p>` : barChart(values, { summary, caption: words.traffic.chartText, label: format.bytes, times: timesBelow(visit, slots) })}
<details><summary>${words.common.asTable}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="${words.traffic.chart}"><table>
<thead><tr><th scope="col">${words.traffic.hour}</th><th scope="col">${words.traffic.lan}</th><th scope="col">${words.traffic.wan}</th></tr></thead>
<tbody>${rows}</tbody>
</table></div></details>`
}

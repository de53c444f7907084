import type { FastifyInstance } from 'fastify'
import type { HourlyReading } from '#agent/api.ts'
import { type HourSlot, hourSlots, stepChart } from '../charts.ts'
import { liveTexts, sourceInWords } from '../figures.ts'
import { type Html, html, type Part } from '../html.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'

const hours = 48
/** Fewer hours than this are a sliver at the edge of a chart of two days. */
export const leastForChart = 3

export function addPower(app: FastifyInstance, { agent }: Services): void {
  app.get('/power', async (request, reply) => {
    const { visit } = request
    const { words } = visit
    const [summary, readings] = await Promise.all([agent.summary(), agent.readings(hours)])
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
${power.class !== 'measured' && html`<p>${words.power.better} <a href="/settings#plug">${words.power.betterLink}</a> · <a href="/power/calibrate">${words.power.betterEstimate}</a></p>`}
${history(visit, readings)}`
    return reply.page({ title: words.power.title, place: 'power', body })
  })
}

/** Mean watts of the seconds an hour was watched. */
function wattsOf(reading: HourlyReading) {
  const covered = reading.secondsCovered / 3600
  return {
    value: reading.energyWh / covered,
    low: reading.energyLowWh / covered,
    high: reading.energyHighWh / covered,
  }
}

function history(visit: Visit, readings: HourlyReading[]): Html {
  const { words, format } = visit
  const slots = hourSlots(
    readings.filter((reading) => reading.secondsCovered > 0),
    hours,
  )
  const values = slots.map(({ reading }) => reading && wattsOf(reading))
  const known = values.filter((value) => value !== null).map((value) => value.value)
  if (known.length === 0) return html`<h2>${words.power.chart}</h2><p>${words.power.empty}</p>`
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  const summary = words.power.chartSummary(
    format.watts(mean),
    format.watts(Math.min(...known)),
    format.watts(Math.max(...known)),
  )
  return html`<h2>${words.power.chart}</h2>
<p>${summary} ${words.power.hours(known.length)}</p>
${known.length < leastForChart ? html`<p class="hint">${words.common.chartLater}</p>` : stepChart(values, { summary, caption: words.power.chartText, label: format.watts, times: timesBelow(visit, slots) })}
${slots.some(({ reading }) => reading && !reading.clockTrusted) && html`<p>${words.power.uncertain}</p>`}
${table(visit, slots)}`
}

/** Five labels, evenly spaced, from the start of the first hour to the start of the last. */
export function timesBelow({ format }: Visit, slots: HourSlot[]): string[] {
  return [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const slot = slots[Math.min(share * slots.length, slots.length - 1)] as HourSlot
    return format.weekdayAndTime(slot.start)
  })
}

function table(visit: Visit, slots: HourSlot[]): Part {
  const { words, format } = visit
  const rows = slots.toReversed().map(({ start, reading }) => {
    const watts = reading && wattsOf(reading)
    return html`<tr><th scope="row">${format.weekdayAndTime(start)}</th>
<td>${watts ? format.watts(watts.value) : '–'}</td>
<td>${watts ? format.wattsEnds(watts.low, watts.high).join('–') : '–'}</td>
<td>${reading ? words.classes[reading.class] : '–'}</td></tr>`
  })
  return html`<details><summary>${words.common.asTable}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="${words.power.chart}"><table>
<thead><tr><th scope="col">${words.power.hour}</th><th scope="col">${words.power.mean}</th><th scope="col">${words.power.interval}</th><th scope="col">${words.power.how}</th></tr></thead>
<tbody>${rows}</tbody>
</table></div></details>`
}

import type { Bill, MeteredService, TrafficService, TrafficTotals } from '#agent/api.ts'
import { aboutMoney } from '../figures.ts'
import { html, type Part } from '../html.ts'
import type { Visit } from '../visit.ts'

/** What part of the electricity above idle went to which service: a table in a fold; nothing where it is not known. */
export function serviceShares(visit: Visit, bill: Pick<Bill, 'services'>): Part {
  const { words, format } = visit
  const all = bill.services.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
  if (all === 0) return null
  const rows = bill.services.map(
    ({ id, cpuSeconds, range }) =>
      html`<tr><th scope="row">${words.byService.busy[id as MeteredService] ?? id}</th><td>${format.percent(cpuSeconds / all)}</td><td>${aboutMoney(visit, range)}</td></tr>`,
  )
  return html`<details><summary>${words.byService.title}</summary>
<p>${words.byService.rule}</p>
<table class="wide">
<thead><tr><th scope="col">${words.byService.service}</th><th scope="col">${words.byService.time}</th><th scope="col">${words.byService.money}</th></tr></thead>
<tbody>${rows}</tbody>
</table></details>`
}

/** Who has kept the processor busy this month, where power is shown. */
export function serviceTimes(visit: Visit, bill: Pick<Bill, 'services'>): Part {
  const { words, format } = visit
  const all = bill.services.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
  if (all === 0) return null
  const rows = bill.services.map(
    ({ id, cpuSeconds }) =>
      html`<tr><th scope="row">${words.byService.busy[id as MeteredService] ?? id}</th><td>${format.percent(cpuSeconds / all)}</td><td>${format.duration(cpuSeconds)}</td></tr>`,
  )
  return html`<h2>${words.byService.busyTitle}</h2>
<p class="hint">${words.byService.busyText}</p>
<table class="wide">
<thead><tr><th scope="col">${words.byService.service}</th><th scope="col">${words.byService.time}</th><th scope="col">${words.byService.duration}</th></tr></thead>
<tbody>${rows}</tbody>
</table>`
}

const trafficOrder: TrafficService[] = ['server', 'fetch', 'dashboard', 'plain', 'publish', 'other']

/** The bytes of a period by what they were for. */
export function trafficServices({ words, format }: Visit, title: string, { services }: TrafficTotals): Part {
  const rows = trafficOrder.map(
    (service) =>
      html`<tr><th scope="row">${words.byService.traffic[service]}</th><td>${format.bytes(services[service].in)}</td><td>${format.bytes(services[service].out)}</td></tr>`,
  )
  return html`<table class="wide">
<caption>${title}</caption>
<thead><tr><td></td><th scope="col">${words.traffic.received}</th><th scope="col">${words.traffic.sent}</th></tr></thead>
<tbody>${rows}</tbody>
</table>
<p class="hint">${words.byService.trafficText}</p>`
}

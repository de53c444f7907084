import type { DiskWear } from '#agent/api.ts'
import { aboutMoney } from '../figures.ts'
import { type Html, html, type Part } from '../html.ts'
import type { Visit } from '../visit.ts'

/** How worn cards and disks are, and what that costs; nothing where none is known. */
export function diskWear(visit: Visit, disks: readonly DiskWear[] = []): Part {
  const { words } = visit
  if (disks.length === 0) return null
  return html`<h2>${words.wear.title}</h2>
<p>${words.wear.lead}</p>
${disks.map((disk) => oneDisk(visit, disk))}`
}

function oneDisk(visit: Visit, disk: DiskWear): Html {
  const { words, format } = visit
  const { wear } = words
  const pair = (name: string, value: Part) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`
  const { used, written, writtenByDevice, yearsLeft, cost } = disk
  return html`<section aria-label="${disk.name}">
<h3>${wear.kinds[disk.kind]}${disk.model && ` · ${disk.model}`}</h3>
${disk.holdsData && html`<p class="hint">${wear.holdsData}</p>`}
<dl class="pairs">
${pair(wear.used, used ? html`${format.percent(used.value)} <small>${wear.between(format.percent(used.low), format.percent(used.high))}, ${wear.sources(used.source)}</small>` : wear.silent[disk.kind])}
${written && pair(wear.written(format.day(written.since)), writtenText(visit, written))}
${writtenByDevice !== null && pair(wear.writtenEver, format.bytes(writtenByDevice))}
${yearsLeft && pair(wear.lasts, yearsText(visit, yearsLeft))}
${cost && pair(wear.costs, html`${aboutMoney(visit, cost.wear)}<br><small>${wear.billed(format.price(cost.billed.amount, cost.billed.currency))}</small>`)}
</dl>
</section>`
}

function writtenText({ words, format }: Visit, { bytes, perDay }: NonNullable<DiskWear['written']>): string {
  const all = format.bytes(bytes)
  return perDay === null ? all : words.wear.perDay(all, format.bytes(perDay))
}

/** More than a person plans for. */
const farYears = 30

function yearsText({ words, format }: Visit, { low, value, high }: NonNullable<DiskWear['yearsLeft']>): string {
  const years = (count: number) => format.number(count, count < 10 ? 1 : 0)
  if (low >= farYears) return words.wear.longer(years(farYears))
  if (value === null || high === null) return words.wear.atLeast(years(low))
  if (value === 0) return words.wear.over
  return words.wear.years(years(value), years(low), years(high))
}

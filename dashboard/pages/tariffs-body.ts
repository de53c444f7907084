import type { BillPreview, Dated, PowerPrices, PriceBand, Tariffs } from '#agent/api.ts'
import { sinceEver } from '#agent/costs/tariff.ts'
import { aboutMoney } from '../figures.ts'
import { mistakeSummary, postForm } from '../forms.ts'
import { type Html, html, type Part } from '../html.ts'
import { dayName, today } from '../months.ts'
import type { Visit } from '../visit.ts'
import { dayChoices } from './tariff-week.ts'
import { type TariffDraft, TariffForms, tariffsAddress } from './tariffs-forms.ts'
import {
  type ChangeKind,
  inForce,
  keyOf,
  seriesOf,
  type TariffList,
  type TariffOf,
  tariffLists,
} from './tariffs-read.ts'

/** What is in force, and a form for each kind of change. */
export function tariffsBody(visit: Visit, tariffs: Tariffs, draft: TariffDraft): Html {
  const { words } = visit
  const say = words.tariffs
  const forms = new TariffForms(visit, tariffs.currency, draft)
  return html`<h1>${say.title}</h1>
<p>${say.lead}</p>
${draft.notice}
${mistakeSummary(visit, draft.mistakes ?? {})}
<h2>${say.inForce}</h2>
${tariffLists.map((list) => listOf(visit, tariffs, list))}
<p class="hint">${say.removeText}</p>
<h2>${say.add}</h2>
${forms.flat()}
${forms.two()}
${forms.bands()}
${forms.internet()}
${forms.item()}
${forms.fee()}
<p class="hint">${say.zone(visit.format.zone)}</p>
<p><a class="button quiet" href="/costs">${say.back}</a></p>`
}

/** A look at the change and what it makes of this month, before it is kept. */
export function previewBody(
  visit: Visit,
  kind: ChangeKind,
  values: Record<string, string>,
  lines: { before: Tariffs; after: Tariffs },
  { before, after }: BillPreview,
): Html {
  const { words } = visit
  const say = words.tariffs
  const hidden = Object.entries(values).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  const added = difference(lines.after, lines.before)
  const gone = difference(lines.before, lines.after)
  const cards = (side: Tariffs, changes: Change[]) =>
    html`<ul class="cards">${changes.map(
      ({ list, tariff }) => html`<li>${tariffText(visit, side, list, tariff)}</li>`,
    )}</ul>`
  const same = JSON.stringify(before) === JSON.stringify(after)
  return html`<h1>${say.previewTitle}</h1>
${gone.length > 0 && [html`<h2>${say.goes}</h2>`, cards(lines.before, gone)]}
${added.length > 0 && [html`<h2>${say.comes}</h2>`, cards(lines.after, added)]}
<h2>${say.month}</h2>
<dl class="pairs">
<div><dt>${say.before}</dt><dd>${aboutMoney(visit, before)}</dd></div>
<div><dt>${say.after}</dt><dd><strong>${aboutMoney(visit, after)}</strong></dd></div>
</dl>
${same && html`<p class="hint">${say.same}</p>`}
${postForm(visit, tariffsAddress, [
  html`<input type="hidden" name="kind" value="${kind}">`,
  hidden,
  html`<p class="actions"><button name="action" value="save">${words.common.save}</button>
<button class="quiet" name="action" value="back">${words.common.cancel}</button></p>`,
])}`
}

interface Change {
  list: TariffList
  tariff: TariffOf<TariffList>
}

/** What is in some tariffs and not in others. */
function difference(one: Tariffs, other: Tariffs): Change[] {
  return tariffLists.flatMap((list) => {
    const there = new Set(other[list].map((tariff) => JSON.stringify(tariff)))
    return one[list].filter((tariff) => !there.has(JSON.stringify(tariff))).map((tariff) => ({ list, tariff }))
  })
}

function listOf(visit: Visit, all: Tariffs, list: TariffList): Html {
  const { words } = visit
  const title = words.tariffs.lists[list]
  if (all[list].length === 0) return html`<p>${title}: ${words.tariffs.none}</p>`
  const current =
    list === 'power' || list === 'internet' ? inForce<TariffOf<TariffList> & Dated>(all[list], today(visit)) : null
  return html`<h3>${title}</h3>
<ul class="cards">${all[list].map((tariff) => {
    const text = tariffText(visit, all, list, tariff)
    const remove = html`<button class="quiet">${words.tariffs.remove}<span class="unseen"> (${title}, ${spanOf(visit, all[list], tariff)})</span></button>`
    return html`<li><div>${text}${tariff === current && html`<div class="hint">${words.tariffs.now}</div>`}</div>
${postForm(visit, tariffsAddress, [
  html`<input type="hidden" name="kind" value="remove"><input type="hidden" name="list" value="${list}"><input type="hidden" name="key" value="${keyOf(tariff)}">`,
  remove,
])}</li>`
  })}</ul>`
}

/** A tariff in words: what it is, its price, its days. */
function tariffText(visit: Visit, all: Tariffs, list: TariffList, tariff: TariffOf<TariffList>): Html {
  const { words, format } = visit
  const say = words.tariffs
  const money = (amount: string) => format.price(amount, all.currency)
  return html`<div>${what()}</div><div class="hint">${spanOf(visit, all[list], tariff)}</div>`

  function what(): Part {
    if ('prices' in tariff) {
      const { standingPerMonth } = tariff
      const standing = standingPerMonth !== undefined && html`<div>${say.standingOf(money(standingPerMonth))}</div>`
      return [pricesText(visit, tariff.prices, money), standing]
    }
    if ('years' in tariff)
      return html`<strong>${say.things[tariff.kind]}${tariff.name && ` (${tariff.name})`}</strong>: ${say.itemOf(money(tariff.price), yearsText(visit, tariff.years))}`
    if ('amount' in tariff)
      return html`<strong>${say.things[tariff.kind]}${tariff.name && ` (${tariff.name})`}</strong>: ${say.feeOf(money(tariff.amount), tariff.per)}`
    return html`<strong>${say.lists[list]}</strong>: ${tariff.kind === 'monthly' ? say.monthlyOf(money(tariff.perMonth)) : say.perGbOf(money(tariff.perGb))}`
  }
}

function pricesText(visit: Visit, prices: PowerPrices, money: (amount: string) => string): Part {
  const { tariffs: say } = visit.words
  if (prices.kind === 'flat') return html`<strong>${say.perKwhOf(money(prices.perKwh))}</strong>`
  return prices.bands.map(
    ({ name, perKwh, times }) =>
      html`<div><strong>${name}: ${say.perKwhOf(money(perKwh))}</strong><br>${timesText(visit, times)}</div>`,
  )
}

/** `Monday to Friday 06:00–22:00`, one phrase for days that have the same hours. */
function timesText(visit: Visit, times: PriceBand['times']): string {
  const byDays = Map.groupBy(times, ({ days }) => days.join())
  return [...byDays.values()]
    .map((same) => `${daysText(visit, same[0]?.days ?? [])} ${hoursOf(same).join(', ')}`)
    .join('; ')
}

/** Hours in their order, never broken at their dash; where every day has both ends of a night, that is one again. */
function hoursOf(times: PriceBand['times']): string[] {
  const sorted = times.toSorted((one, other) => one.from.localeCompare(other.from))
  const [first, last] = [sorted[0], sorted.at(-1)]
  const isNight = first !== last && first?.from === '00:00' && last?.to === '24:00' && first.days.length === 7
  const ranges = isNight ? [...sorted.slice(1, -1), { from: last.from, to: first.to }] : sorted
  return ranges.map(({ from, to }) => `${from}\u2060–\u2060${to}`)
}

function daysText({ words, format }: Visit, days: readonly string[]): string {
  const named = Object.entries(dayChoices).find(([, all]) => all.length === days.length && all.join() === days.join())
  const names = words.tariffs.days as Record<string, string>
  return named ? (names[named[0]] ?? '') : format.list(days.map((day) => names[day] ?? day))
}

/** The days it counts for: until its own end, or until the next of its kind begins. */
function spanOf(visit: Visit, list: readonly TariffOf<TariffList>[], tariff: TariffOf<TariffList>): string {
  const { tariffs: say } = visit.words
  if ('years' in tariff) return tariff.bought === null ? say.boughtUnknown : say.boughtOn(dayName(visit, tariff.bought))
  const begins = tariff.from === sinceEver ? say.sinceEver : say.from(dayName(visit, tariff.from))
  const next = list.find((other) => 'from' in other && other.from > tariff.from && seriesOf(other) === seriesOf(tariff))
  const ends = tariff.to ?? (next && 'from' in next ? next.from : undefined)
  return ends === undefined ? begins : `${begins}, ${say.until(dayName(visit, ends))}`
}

function yearsText({ format, words }: Visit, years: number): string {
  return words.tariffs.yearsOf(years, format.number(years, Number.isInteger(years) ? 0 : 1))
}

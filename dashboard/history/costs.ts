import type { History, HistoryPart, MoneyRange, PowerClass } from '#agent/api.ts'
import { aboutMoney } from '../figures.ts'
import { currencyDigits } from '../format.ts'
import type { Visit } from '../visit.ts'
import { isPartial } from './names.ts'
import { type Column, type HistoryView, readColumn, textOf } from './view.ts'

/** What it cost, with the interval that comes from the energy's. */
export function costsView(visit: Visit): HistoryView {
  const { words } = visit
  const total = ({ cost }: HistoryPart) => cost && mapAmounts(cost.total)
  return {
    path: '/costs',
    steps: ['hour', 'day', 'month', 'year'],
    columns: (history) => columns(visit, history),
    summary: ({ whole: { cost, energy } }) => {
      const about = cost && words.history.costSummary(aboutMoney(visit, cost.total, energy?.class))
      return cost?.incomplete ? `${about} ${words.history.costIncomplete}` : about
    },
    chart: ({ whole }) => ({ unit: whole.cost?.total.value.currency ?? '', value: total }),
    caption: () => `${words.history.cost}. ${words.history.band} ${words.history.gaps}`,
    isPartial: (part) => isPartial(part) || (part.seconds > 0 && part.coveredSeconds === 0),
    notes: ({ step }) => [words.history.costText, words.history.boundary, step === 'hour' && words.history.kept],
  }
}

function columns(visit: Visit, history: History): Column[] {
  const { words, format } = visit
  const currency = history.whole.cost?.total.value.currency ?? ''
  const digits = digitsFor(history, currency)
  const number = (amount: number) => format.number(amount, digits)
  const total = ({ cost }: HistoryPart) => cost?.total ?? null
  const electricity = ({ cost }: HistoryPart) => cost?.electricity ?? null
  const whole = ({ cost }: HistoryPart) => cost
  const { states, inPart } = words.history
  return [
    {
      title: `${words.history.cost}, ${currency}`,
      text: textOf(total, (range) => number(mapAmounts(range).value)),
      csv: { [`cost_${currency}`]: textOf(total, ({ value }) => value.amount, '') },
    },
    {
      title: words.power.interval,
      text: textOf(total, (range) => {
        const { low, high } = mapAmounts(range)
        return `${number(low)}–${number(high)}`
      }),
      csv: {
        [`cost_low_${currency}`]: textOf(total, ({ low }) => low.amount, ''),
        [`cost_high_${currency}`]: textOf(total, ({ high }) => high.amount, ''),
      },
    },
    {
      title: words.history.electricity,
      text: textOf(electricity, (range) => number(mapAmounts(range).value)),
      csv: { [`electricity_${currency}`]: textOf(electricity, ({ value }) => value.amount, '') },
    },
    {
      title: words.power.how,
      text: textOf(classOf, (each) => words.classes[each]),
      csv: { class: textOf(classOf, String, ''), boundary: textOf(classOf, () => 'wall', '') },
    },
    {
      title: words.history.state,
      text: textOf(whole, ({ state, incomplete }) => (incomplete ? inPart(states[state]) : states[state])),
      csv: {
        state: textOf(whole, ({ state }) => state, ''),
        known: textOf(whole, ({ incomplete }) => (incomplete ? 'in-part' : 'all'), ''),
      },
    },
    readColumn(visit),
  ]
}

function classOf({ cost, energy }: HistoryPart): PowerClass | null {
  return cost ? (energy?.class ?? null) : null
}

function mapAmounts({ value, low, high }: MoneyRange): { value: number; low: number; high: number } {
  return { value: Number(value.amount), low: Number(low.amount), high: Number(high.amount) }
}

/** Digits that tell the largest from the rest: an hour costs a part of a coin. */
function digitsFor({ parts }: History, currency: string): number {
  const most = Math.max(...parts.map(({ cost }) => (cost ? Math.abs(Number(cost.total.value.amount)) : 0)))
  return Math.max(currencyDigits(currency), most > 0 ? 1 - Math.floor(Math.log10(most)) : 0)
}

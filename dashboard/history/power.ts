import type { EnergyUse, HistoryPart } from '#agent/api.ts'
import type { Spread } from '../charts.ts'
import type { Visit } from '../visit.ts'
import { isPartial } from './names.ts'
import { type Column, decimal, type HistoryView, readColumn, textOf } from './view.ts'

/** Power by the hour, energy by the day and longer; always at the wall, with its interval and class. */
export function powerView(visit: Visit): HistoryView {
  const { words, format } = visit
  return {
    path: '/power',
    steps: ['hour', 'day', 'month', 'year'],
    columns: ({ step }) => (step === 'hour' ? hourColumns(visit) : energyColumns(visit)),
    summary: ({ whole }) => {
      const { energy, seconds, coveredSeconds } = whole
      if (energy === null) return null
      const [low, high] = format.kilowattHoursEnds(energy.lowWattHours, energy.highWattHours)
      return [
        words.history.energySummary(format.kilowattHours(energy.wattHours), low, high, words.classes[energy.class]),
        words.history.meanSummary(format.watts(watts(energy, coveredSeconds).value)),
        isPartial(whole) && words.history.partSummary(format.duration(coveredSeconds), format.duration(seconds)),
      ]
        .filter(Boolean)
        .join(' ')
    },
    chart: ({ step }) =>
      step === 'hour'
        ? { unit: 'W', value: ({ energy, coveredSeconds }) => energy && watts(energy, coveredSeconds) }
        : { unit: 'kWh', value: ({ energy }) => energy && kilowattHours(energy) },
    caption: ({ step }) =>
      `${step === 'hour' ? words.history.meanPower : words.history.energy}. ${words.history.band} ${words.history.gaps}`,
    isPartial,
    notes: ({ step }) => [words.history.boundary, step === 'hour' && words.history.kept],
  }
}

/** Mean watts of the time that was read. */
function watts({ wattHours, lowWattHours, highWattHours }: EnergyUse, coveredSeconds: number): Spread {
  const hours = coveredSeconds / 3600
  return { value: wattHours / hours, low: lowWattHours / hours, high: highWattHours / hours }
}

function kilowattHours({ wattHours, lowWattHours, highWattHours }: EnergyUse): Spread {
  return { value: wattHours / 1000, low: lowWattHours / 1000, high: highWattHours / 1000 }
}

function hourColumns(visit: Visit): Column[] {
  const { words, format } = visit
  const mean = ({ energy, coveredSeconds }: HistoryPart) => energy && watts(energy, coveredSeconds)
  return [
    {
      title: words.power.mean,
      text: textOf(mean, ({ value }) => format.watts(value)),
      csv: { mean_W: textOf(mean, ({ value }) => decimal(value), '') },
    },
    {
      title: words.power.interval,
      text: textOf(mean, ({ low, high }) => format.wattsEnds(low, high).join('–')),
      csv: {
        mean_low_W: textOf(mean, ({ low }) => decimal(low), ''),
        mean_high_W: textOf(mean, ({ high }) => decimal(high), ''),
      },
    },
    howColumn(visit),
    readColumn(visit),
  ]
}

function energyColumns(visit: Visit): Column[] {
  const { words, format } = visit
  const energy = (part: HistoryPart) => part.energy && kilowattHours(part.energy)
  const mean = ({ energy, coveredSeconds }: HistoryPart) => energy && watts(energy, coveredSeconds).value
  return [
    {
      title: words.history.energy,
      text: textOf(energy, ({ value }) => format.kilowattHours(value * 1000)),
      csv: { energy_kWh: textOf(energy, ({ value }) => decimal(value, 9), '') },
    },
    {
      title: words.power.interval,
      text: textOf(energy, ({ low, high }) => format.kilowattHoursEnds(low * 1000, high * 1000).join('–')),
      csv: {
        energy_low_kWh: textOf(energy, ({ low }) => decimal(low, 9), ''),
        energy_high_kWh: textOf(energy, ({ high }) => decimal(high, 9), ''),
      },
    },
    {
      title: words.history.meanPower,
      text: textOf(mean, format.watts),
      csv: { mean_W: textOf(mean, (value) => decimal(value), '') },
    },
    howColumn(visit),
    readColumn(visit),
  ]
}

function howColumn({ words }: Visit): Column {
  const energy = (part: HistoryPart) => part.energy
  return {
    title: words.power.how,
    text: textOf(energy, (each) => words.classes[each.class]),
    csv: {
      class: textOf(energy, (each) => each.class, ''),
      boundary: textOf(energy, ({ boundary }) => boundary, ''),
    },
  }
}

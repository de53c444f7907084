import type { History, HistoryPart } from '#agent/api.ts'
import type { Visit } from '../visit.ts'
import { isPartial } from './names.ts'
import { type Layer, stack, stackedCaption, totalOf } from './stacked.ts'
import { type Column, type HistoryView, readColumn, textOf } from './view.ts'

const sides = ['lan', 'wan', 'unknown'] as const

/** Bytes on the home network and to the internet, received and sent. */
export function trafficView(visit: Visit): HistoryView {
  const { words, format } = visit
  return {
    path: '/traffic',
    steps: ['hour', 'day', 'month', 'year'],
    columns: (history) => [...layersOf(visit, history).map((layer) => bytesColumn(visit, layer)), readColumn(visit)],
    summary: (history) => {
      const { whole } = history
      if (whole.traffic === null) return null
      return layersOf(visit, history)
        .map(({ name, bytes }) => `${name}: ${format.bytes(bytes(whole) ?? 0)}.`)
        .join(' ')
    },
    chart: (history) => {
      const layers = layersOf(visit, history)
      const { unit, bytes } = format.byteScale(Math.max(...history.parts.map((part) => totalOf(layers, part) ?? 0)))
      return { unit, value: (part) => stack(layers, part, bytes) }
    },
    caption: (history) => stackedCaption(visit, layersOf(visit, history), words.history.gapsStriped),
    isPartial,
    notes: ({ step }) => [step === 'hour' && words.history.kept],
  }
}

function layersOf({ words }: Visit, { whole }: History): Layer[] {
  const { in: received = 0, out: sent = 0 } = whole.traffic?.unknown ?? {}
  return sides
    .filter((side) => side !== 'unknown' || received + sent > 0)
    .map((side) => ({
      name: words.traffic[side],
      key: side,
      bytes: ({ traffic }) => traffic && traffic[side].in + traffic[side].out,
    }))
}

function bytesColumn({ format }: Visit, { name, key, bytes }: Layer): Column {
  const way =
    (which: 'in' | 'out') =>
    ({ traffic }: HistoryPart) =>
      traffic?.[key as 'lan'][which] ?? null
  return {
    title: name,
    text: textOf(bytes, format.bytes),
    csv: {
      [`${key}_received_B`]: textOf(way('in'), String, ''),
      [`${key}_sent_B`]: textOf(way('out'), String, ''),
    },
  }
}

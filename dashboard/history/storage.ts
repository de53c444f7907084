import type { History } from '#agent/api.ts'
import type { Visit } from '../visit.ts'
import { type Layer, stack, stackedCaption, totalOf } from './stacked.ts'
import { type HistoryView, textOf } from './view.ts'

/** Space by owner, as it was counted. */
export function storageView(visit: Visit): HistoryView {
  const { words, format } = visit
  return {
    path: '/storage',
    steps: ['day', 'month', 'year'],
    columns: (history) => {
      const layers = layersOf(visit, history)
      const total: Layer = { name: words.history.total, key: 'total', bytes: (part) => totalOf(layers, part) }
      return [...layers, total].map(({ name, key, bytes }) => ({
        title: name,
        text: textOf(bytes, format.bytes),
        csv: { [`${key}_B`]: textOf(bytes, String, '') },
      }))
    },
    summary: (history) => {
      const totals = history.parts
        .map((part) => totalOf(layersOf(visit, history), part))
        .filter((total) => total !== null)
      const [first, last] = [totals[0], totals.at(-1)]
      if (first === undefined || last === undefined) return null
      const more = last - first
      const growth = more < 0 ? words.history.storageShrink : words.history.storageGrowth
      return `${words.history.storageSummary(format.bytes(last))}${more === 0 ? '' : ` ${growth(format.bytes(Math.abs(more)))}`}`
    },
    chart: (history) => {
      const layers = layersOf(visit, history)
      const { unit, bytes } = format.byteScale(Math.max(...history.parts.map((part) => totalOf(layers, part) ?? 0)))
      return { unit, value: (part) => stack(layers, part, bytes) }
    },
    caption: (history) => stackedCaption(visit, layersOf(visit, history), words.history.gapsCount),
    isPartial: () => false,
    notes: () => [words.history.storageText],
  }
}

function layersOf({ words }: Visit, { parts }: History): Layer[] {
  const hasBackups = parts.some(({ storage }) => storage?.backups !== undefined)
  const layers: Layer[] = [
    {
      name: words.storage.posts,
      key: 'posts',
      bytes: ({ storage }) => storage && Math.max(0, storage.server - storage.media),
    },
    { name: words.storage.media, key: 'media', bytes: ({ storage }) => storage?.media ?? null },
    { name: words.storage.ledger, key: 'ledger', bytes: ({ storage }) => storage?.ledger ?? null },
    { name: words.storage.system, key: 'system', bytes: ({ storage }) => storage?.system ?? null },
  ]
  if (hasBackups)
    layers.push({
      name: words.storage.backups,
      key: 'backups',
      bytes: ({ storage }) => storage && (storage.backups ?? 0),
    })
  return layers
}

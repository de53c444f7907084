import type { HistoryPart } from '#agent/api.ts'
import { html, type Part } from '../html.ts'
import type { Visit } from '../visit.ts'

/** What lies on each other in a chart. */
export interface Layer {
  name: string
  /** In the names of a file's columns. */
  key: string
  /** Null: a gap. */
  bytes: (part: HistoryPart) => number | null
}

/** The layers of a part in a unit of so many bytes, from the bottom; null where there are none. */
export function stack(layers: Layer[], part: HistoryPart, unit: number): number[] | null {
  const values = layers.map(({ bytes }) => bytes(part))
  return values.includes(null) ? null : values.map((value) => (value as number) / unit)
}

/** All of a part. */
export function totalOf(layers: Layer[], part: HistoryPart): number | null {
  return stack(layers, part, 1)?.reduce((sum, value) => sum + value, 0) ?? null
}

/** What the colours are, in the order in which they lie on each other. */
export function stackedCaption({ words }: Visit, layers: Layer[], gaps: string): Part {
  const keys = layers.map(
    ({ name }, series) => html`<span class="layer"><span class="key series-${series}"></span>${name}</span>`,
  )
  return html`${words.history.stacked}${keys} ${gaps}`
}

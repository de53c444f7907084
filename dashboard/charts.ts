import { attribute, type Html, html, type Part } from './html.ts'

export interface Spread {
  value: number
  low: number
  high: number
}

/** A part of a chart, also as `assets/chart.js` takes it. */
export interface ChartPart {
  /** Seconds since 1970. */
  from: number
  to: number
  /** Below the chart. */
  tick: string
  /** What it is and what it says, in words. */
  title: string
  text: string
  /** Not read all the time. */
  partial: boolean
  /** Null is a gap and stays empty. A range, or what is stacked from the bottom. */
  value: Spread | number[] | null
}

/** Not all parts are gaps. Values are in the unit. */
export interface Chart {
  /** Read out instead of the drawing. */
  summary: string
  unit: string
  parts: ChartPart[]
}

export interface ChartFrame {
  caption: Part
  /** Said where single values can be looked at. */
  hint: string
  /** A value on the vertical axis. */
  number: (value: number) => string
}

/** The next of 1, 2, 5, 10, 20 … at or above the value. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [1, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10
  return step * power
}

const width = 480
const height = 120

/**
 * A chart that stands by itself; where scripts run, `assets/chart.js` puts one in its place in which each part can be
 * looked at.
 */
export function drawnChart(chart: Chart, { caption, hint, number }: ChartFrame): Html {
  const { summary, unit, parts } = chart
  const values = parts.map(({ value }) => value)
  const top = niceTop(Math.max(...values.map(highest)))
  const label = (value: number) => `${number(value)} ${unit}`
  const lines = [0.25, 0.5, 0.75].map(
    (share) => html`<line class="grid" x1="0" x2="${width}" y1="${height * share}" y2="${height * share}"/>`,
  )
  const times = [0, 0.25, 0.5, 0.75, 1].map((share) => parts[Math.floor(share * (parts.length - 1))]?.tick)
  return html`<figure class="chart"${attribute('data-chart', JSON.stringify(chart))}${attribute('data-hint', hint)}>
<div class="plot">
<div class="scale" aria-hidden="true"><span>${label(top)}</span><span>${label(top / 2)}</span><span>0</span></div>
<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${summary}">
${lines}${steps(parts, top)}${bars(parts, top)}
</svg>
<div class="times" aria-hidden="true">${[...new Set(times)].map((time) => html`<span>${time}</span>`)}</div>
</div>
<figcaption>${caption}</figcaption>
</figure>`
}

const round = (value: number) => Math.round(value * 100) / 100

function highest(value: ChartPart['value']): number {
  if (value === null) return 0
  return Array.isArray(value) ? value.reduce((total, part) => total + part, 0) : value.high
}

/** A band from low to high, and a line within it, dashed where the value is of a part of the time. */
function steps(parts: ChartPart[], top: number): Part {
  const values = parts.map(({ value }) => (value === null || Array.isArray(value) ? null : value))
  const x = (index: number) => round((index * width) / values.length)
  const y = (value: number) => round(height - (Math.max(value, 0) / top) * height)
  const bands: string[] = []
  const line: string[] = []
  const dashed: string[] = []
  for (const [start, end] of runs(values)) {
    const run = values.slice(start, end) as Spread[]
    const upper = run.map((value, index) => `H${x(start + index)}V${y(value.high)}H${x(start + index + 1)}`)
    const lower = run.map((value, index) => `V${y(value.low)}H${x(start + index)}`).reverse()
    bands.push(`M${x(start)} ${y((run[0] as Spread).high)}${upper.join('')}${lower.join('')}Z`)
    for (const [index, { value }] of run.entries()) {
      const step = `M${x(start + index)} ${y(value)}H${x(start + index + 1)}`
      if (parts[start + index]?.partial) dashed.push(step)
      else line.push(step)
    }
  }
  if (bands.length === 0) return null
  return html`<path class="band" d="${bands.join('')}"/><path class="trace" d="${line.join('')}"/>${dashed.length > 0 && html`<path class="trace partial" d="${dashed.join('')}"/>`}`
}

/** Stretches without a gap, as [start, end). */
function runs(values: (unknown | null)[]): [number, number][] {
  const found: [number, number][] = []
  let start = -1
  for (let index = 0; index <= values.length; index++) {
    const present = index < values.length && values[index] !== null
    if (present && start < 0) start = index
    if (!present && start >= 0) {
      found.push([start, index])
      start = -1
    }
  }
  return found
}

/** Bars stacked from the bottom in the order given; striped where they are of a part of the time. */
function bars(parts: ChartPart[], top: number): Part {
  const step = width / parts.length
  const place = (index: number) => html`x="${round(index * step + step * 0.12)}" width="${round(step * 0.76)}"`
  const y = (value: number) => round(height - (value / top) * height)
  const drawn = parts.flatMap(({ value, partial }, index) => {
    if (!Array.isArray(value)) return []
    let below = 0
    const layers = value.map((part, series) => {
      below += part
      return html`<rect class="series-${series}" ${place(index)} y="${y(below)}" height="${round((part / top) * height)}"/>`
    })
    return partial
      ? [
          ...layers,
          html`<rect fill="url(#stripes)" ${place(index)} y="${y(below)}" height="${round(height - y(below))}"/>`,
        ]
      : layers
  })
  if (drawn.length === 0) return null
  return html`<defs><pattern id="stripes" width="4" height="4" patternUnits="userSpaceOnUse"><path class="stripes" d="M0 4L4 0"/></pattern></defs>${drawn}`
}

/** A horizontal bar of shares that add up to at most 1. */
export function shareBar(shares: number[], summary: string): Html {
  let left = 0
  const parts = shares.map((share, series) => {
    const from = left
    left += share * 100
    return html`<rect class="series-${series}" x="${round(from)}" width="${round(share * 100)}" y="0" height="10"/>`
  })
  return html`<svg class="shares" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="${summary}">${parts}</svg>`
}

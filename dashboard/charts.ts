import type { HourlyReading } from '#agent/api.ts'
import { type Html, html } from './html.ts'

export interface HourSlot {
  /** Start of the hour, RFC 3339 UTC. */
  start: string
  reading: HourlyReading | null
}

const hourMs = 3_600_000

/** The last `hours` hours, oldest first, each with its reading or null. The hour under way counts once it has one. */
export function hourSlots(readings: HourlyReading[], hours: number, now = Date.now()): HourSlot[] {
  const byHour = new Map(readings.map((reading) => [Date.parse(reading.hour), reading]))
  const current = Math.floor(now / hourMs) * hourMs
  const last = byHour.has(current) ? current : current - hourMs
  return Array.from({ length: hours }, (_, index) => {
    const start = last - (hours - 1 - index) * hourMs
    return { start: new Date(start).toISOString(), reading: byHour.get(start) ?? null }
  })
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

export interface ChartFrame {
  /** Read out instead of the drawing. */
  summary: string
  caption: string
  /** Label of a value on the vertical axis. */
  label: (value: number) => string
  /** Evenly spaced labels under the chart. */
  times: string[]
}

function figure(frame: ChartFrame, top: number, drawing: Html[]): Html {
  const lines = [0.25, 0.5, 0.75].map(
    (share) => html`<line class="grid" x1="0" x2="${width}" y1="${height * share}" y2="${height * share}"/>`,
  )
  return html`<figure class="chart">
<div class="plot">
<div class="scale" aria-hidden="true"><span>${frame.label(top)}</span><span>${frame.label(top / 2)}</span><span>0</span></div>
<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${frame.summary}">
${lines}${drawing}
</svg>
<div class="times" aria-hidden="true">${frame.times.map((time) => html`<span>${time}</span>`)}</div>
</div>
<figcaption>${frame.caption}</figcaption>
</figure>`
}

const round = (value: number) => Math.round(value * 100) / 100

export interface Spread {
  value: number
  low: number
  high: number
}

/** Steps with a band of uncertainty; null is a gap and stays empty. Values are not negative. */
export function stepChart(values: (Spread | null)[], frame: ChartFrame): Html {
  const top = niceTop(Math.max(...values.map((value) => value?.high ?? 0)))
  const x = (index: number) => round((index * width) / values.length)
  const y = (value: number) => round(height - (value / top) * height)
  const bands: string[] = []
  const line: string[] = []
  for (const [start, end] of runs(values)) {
    const run = values.slice(start, end) as Spread[]
    const upper = run.map((value, index) => `H${x(start + index)}V${y(value.high)}H${x(start + index + 1)}`)
    const lower = run.map((value, index) => `V${y(value.low)}H${x(start + index)}`).reverse()
    bands.push(`M${x(start)} ${y((run[0] as Spread).high)}${upper.join('')}${lower.join('')}Z`)
    line.push(
      `M${x(start)} ${y((run[0] as Spread).value)}${run.map((value, index) => `V${y(value.value)}H${x(start + index + 1)}`).join('')}`,
    )
  }
  return figure(frame, top, [
    html`<path class="band" d="${bands.join('')}"/>`,
    html`<path class="trace" d="${line.join('')}"/>`,
  ])
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

/** Bars stacked from the bottom in the order given; null is a gap and stays empty. */
export function barChart(values: (number[] | null)[], frame: ChartFrame): Html {
  const sum = (parts: number[]) => parts.reduce((total, part) => total + part, 0)
  const top = niceTop(Math.max(...values.map((parts) => (parts ? sum(parts) : 0))))
  const step = width / values.length
  const bars = values.flatMap((parts, index) => {
    let below = 0
    return (parts ?? []).map((part, series) => {
      below += part
      const barHeight = round((part / top) * height)
      return html`<rect class="series-${series}" x="${round(index * step + step * 0.12)}" width="${round(step * 0.76)}" y="${round(height - (below / top) * height)}" height="${barHeight}"/>`
    })
  })
  return figure(frame, top, bars)
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

// Charts in which each part can be looked at, by uPlot, in place of the drawings that the pages come with.
/* global uPlot */

const number = new Intl.NumberFormat(document.documentElement.lang, { maximumSignificantDigits: 3 })
const font = '12px system-ui, sans-serif'
const height = 200
/** Room for a character below the chart, and between two labels. */
const characterWidth = 7
const labelGap = 12

/** A colour or length of the style sheet, as it is in the colours of the moment. */
function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

function isStacked(parts) {
  return parts.some(({ value }) => Array.isArray(value))
}

/** Every part twice, at its beginning and end, so that lines run level; uPlot leaves out what is null. */
function twice(parts, valueOf) {
  return parts.flatMap((part) => {
    const value = part.value === null ? null : valueOf(part)
    return [value, value]
  })
}

/** A line for the value within a band from low to high; dashed where only a part of the time was read. */
function rangeLayers(parts) {
  const colour = token('--series-0')
  const line = { stroke: colour, width: 2, points: { show: false } }
  const edge = { stroke: 'transparent', width: 0, points: { show: false } }
  return {
    data: [
      twice(parts, ({ value }) => value.high),
      twice(parts, ({ value }) => value.low),
      twice(parts, ({ value, partial }) => (partial ? null : value.value)),
      twice(parts, ({ value, partial }) => (partial ? value.value : null)),
    ],
    series: [edge, edge, line, { ...line, dash: [5, 4] }],
    bands: [{ series: [1, 2], fill: `${colour}47` }],
  }
}

/** Filled from the sum of the layers down; the largest sum is painted first. */
function stackLayers(parts) {
  const count = Math.max(...parts.map(({ value }) => value?.length ?? 0))
  const layers = Array.from({ length: count }, (_, index) => count - 1 - index)
  const sum = (value, layer) => value.slice(0, layer + 1).reduce((total, each) => total + each, 0)
  return {
    data: layers.map((layer) => twice(parts, ({ value }) => sum(value, layer))),
    series: layers.map((layer) => ({
      stroke: token('--card'),
      width: 1,
      fill: token(`--series-${layer}`),
      points: { show: false },
    })),
    bands: [],
  }
}

/** Stripes over what was read for a part of the time, where there is no line to dash. */
function stripe(plot, parts) {
  const { ctx } = plot
  ctx.save()
  ctx.beginPath()
  for (const { from, to, partial, value } of parts) {
    if (!partial || value === null) continue
    const top = value.reduce((total, each) => total + each, 0)
    const [left, right] = [plot.valToPos(from, 'x', true), plot.valToPos(to, 'x', true)]
    const [upper, lower] = [plot.valToPos(top, 'y', true), plot.valToPos(0, 'y', true)]
    ctx.rect(left, upper, right - left, lower - upper)
  }
  ctx.clip()
  ctx.strokeStyle = token('--card')
  ctx.lineWidth = devicePixelRatio
  ctx.beginPath()
  const { left, top, width, height: tall } = plot.bbox
  for (let x = left - tall; x < left + width; x += 6 * devicePixelRatio) {
    ctx.moveTo(x, top + tall)
    ctx.lineTo(x + tall, top)
  }
  ctx.stroke()
  ctx.restore()
}

/** Room for the longest label of the vertical axis. */
function axisSize(plot, labels) {
  const longest = (labels ?? []).reduce((length, label) => Math.max(length, label.length), 0)
  return Math.max(30, longest * characterWidth + labelGap)
}

function optionsFor(chart, width, selected) {
  const { parts, unit } = chart
  const stacked = isStacked(parts)
  const { series, bands } = stacked ? stackLayers(parts) : rangeLayers(parts)
  const centres = parts.map(({ from, to }) => (from + to) / 2)
  const widest = Math.max(...parts.map(({ tick }) => tick.length)) * characterWidth + labelGap
  const every = Math.max(1, Math.ceil((parts.length * widest) / (width - 60)))
  const shown = centres.filter((_, index) => index % every === 0)
  return {
    width,
    height,
    padding: [8, 2, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    select: { show: false },
    scales: {
      x: { time: false, range: [parts[0].from, parts.at(-1).to] },
      y: { range: (_plot, least, most) => [Math.min(0, least ?? 0), most > 0 ? most * 1.06 : 1] },
    },
    axes: [
      {
        splits: () => shown,
        values: () => shown.map((centre) => parts[centres.indexOf(centre)].tick),
        stroke: token('--soft'),
        font,
        size: 28,
        gap: 4,
        grid: { show: false },
        ticks: { show: false },
      },
      {
        values: (_plot, splits) =>
          splits.map((value, index) => `${number.format(value)}${index === splits.length - 1 ? ` ${unit}` : ''}`),
        stroke: token('--soft'),
        font,
        size: axisSize,
        gap: 4,
        grid: { stroke: token('--line'), width: 1 },
        ticks: { show: false },
      },
    ],
    series: [{}, ...series],
    bands,
    hooks: {
      drawClear: [
        (plot) => {
          const part = parts[selected()]
          const { ctx, bbox } = plot
          ctx.save()
          ctx.fillStyle = token('--card')
          ctx.fillRect(bbox.left, bbox.top, bbox.width, bbox.height)
          if (part) {
            const [left, right] = [plot.valToPos(part.from, 'x', true), plot.valToPos(part.to, 'x', true)]
            ctx.fillStyle = token('--glow')
            ctx.fillRect(left, bbox.top, right - left, bbox.height)
          }
          ctx.restore()
        },
      ],
      draw: stacked ? [(plot) => stripe(plot, parts)] : [],
    },
  }
}

/** Puts a chart in the place of a drawing. It is moved along like a slider: by pointer, or by arrow keys. */
function enhance(figure) {
  const chart = JSON.parse(figure.dataset.chart)
  const { parts, summary } = chart
  const last = parts.length - 1
  let selected = -1
  let plot

  const box = document.createElement('div')
  box.className = 'canvas'
  box.tabIndex = 0
  box.setAttribute('role', 'slider')
  box.setAttribute('aria-label', summary)
  box.setAttribute('aria-valuemin', 0)
  box.setAttribute('aria-valuemax', last)
  const readout = document.createElement('p')
  readout.className = 'readout'
  readout.setAttribute('aria-hidden', 'true')
  readout.textContent = figure.dataset.hint
  figure.querySelector('.plot').replaceWith(box, readout)

  const say = (index) => {
    box.setAttribute('aria-valuenow', index)
    box.setAttribute('aria-valuetext', `${parts[index].title}. ${parts[index].text}`)
  }
  say(last)

  const select = (index) => {
    const next = Math.max(0, Math.min(last, index))
    if (next === selected) return
    selected = next
    say(selected)
    const title = document.createElement('strong')
    title.textContent = parts[selected].title
    readout.replaceChildren(title, ` ${parts[selected].text}`)
    plot.redraw(false)
  }

  const draw = () => {
    plot?.destroy()
    const times = parts.flatMap(({ from, to }) => [from, to])
    const { data } = isStacked(parts) ? stackLayers(parts) : rangeLayers(parts)
    plot = new uPlot(
      optionsFor(chart, box.clientWidth, () => selected),
      [times, ...data],
      box,
    )
  }

  const at = ({ clientX }) => {
    const time = plot.posToVal(clientX - plot.over.getBoundingClientRect().left, 'x')
    const index = parts.findIndex(({ to }) => time < to)
    select(index < 0 ? last : index)
  }
  box.addEventListener('pointermove', at)
  box.addEventListener('pointerdown', at)

  const present = () => (selected < 0 ? last + 1 : selected)
  const page = Math.max(1, Math.round(parts.length / 10))
  const keys = {
    ArrowLeft: () => present() - 1,
    ArrowDown: () => present() - 1,
    ArrowRight: () => present() + 1,
    ArrowUp: () => present() + 1,
    PageDown: () => present() - page,
    PageUp: () => present() + page,
    Home: () => 0,
    End: () => last,
  }
  box.addEventListener('keydown', (event) => {
    const next = Object.hasOwn(keys, event.key) && !event.ctrlKey && !event.metaKey && !event.altKey
    if (!next) return
    event.preventDefault()
    select(keys[event.key]())
  })

  new ResizeObserver(() => {
    if (plot && plot.width !== box.clientWidth) draw()
  }).observe(box)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
  draw()
}

for (const figure of document.querySelectorAll('[data-chart]')) enhance(figure)

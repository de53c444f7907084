import { describe, expect, test } from 'vitest'
import { type ChartPart, drawnChart, niceTop } from './charts.ts'

const frame = { caption: 'Watts', hint: 'Touch it', number: (value: number) => String(value) }
const parts = (values: ChartPart['value'][], partial = false): ChartPart[] =>
  values.map((value, index) => ({
    from: index * 60,
    to: index * 60 + 60,
    tick: String(index),
    title: `Minute ${index}`,
    text: '"x" & y',
    partial,
    value,
  }))
const drawn = (values: ChartPart['value'][], partial = false) =>
  String(drawnChart({ summary: 'A & B', unit: 'W', parts: parts(values, partial) }, frame))

test('the top of a chart is a round number at or above the highest value', () => {
  expect([0, 0.4, 3.1, 5, 12, 99, 1001].map(niceTop)).toEqual([1, 0.4, 4, 5, 20, 100, 2000])
  expect(niceTop(Number.NaN)).toBe(1)
})

describe('a drawn chart', () => {
  const spread = { value: 2, low: 1, high: 4 }

  test('leaves a gap empty instead of bridging it or drawing zero', () => {
    const drawing = drawn([spread, null, spread])
    expect(/class="trace" d="([^"]+)"/.exec(drawing)?.[1]).toBe('M0 60H160M320 60H480')
    expect(drawing).toContain('aria-label="A &amp; B"')
  })

  test('dashes what was not read all the time', () => {
    expect(drawn([spread, spread], true)).toMatch(/class="trace partial" d="M0 60H240M240 60H480"/)
    expect(drawn([spread])).not.toContain('partial" d')
  })

  test('stacks bars; a gap has none', () => {
    expect(drawn([[1, 1], null, [2, 0]]).match(/<rect/g)).toHaveLength(4)
    expect(drawn([[1, 1]], true)).toContain('<rect fill="url(#stripes)" x="57.6" width="364.8" y="0" height="120"/>')
  })

  test('carries its values for the script, as an attribute', () => {
    const attribute = /data-chart="([^"]+)"/.exec(drawn([spread, null]))?.[1] ?? ''
    const text = attribute.replaceAll('&quot;', '"').replaceAll('&amp;', '&')
    expect(JSON.parse(text)).toEqual({ summary: 'A & B', unit: 'W', parts: parts([spread, null]) })
  })
})

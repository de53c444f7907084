import { describe, expect, test } from 'vitest'
import type { HourlyReading } from '#agent/api.ts'
import { barChart, hourSlots, niceTop, stepChart } from './charts.ts'

const frame = { summary: 'A & B', caption: 'Watts', label: (value: number) => `${value} W`, times: ['now'] }
const reading = (hour: string) => ({ hour }) as HourlyReading

describe('hourSlots', () => {
  const now = Date.parse('2026-11-24T10:20:00Z')

  test('a missing hour is a gap', () => {
    const slots = hourSlots([reading('2026-11-24T07:00:00Z'), reading('2026-11-24T09:00:00Z')], 3, now)
    expect(slots.map(({ start, reading }) => [start.slice(11, 13), reading !== null])).toEqual([
      ['07', true],
      ['08', false],
      ['09', true],
    ])
  })

  test('the hour under way counts once it has a reading', () => {
    const slots = hourSlots([reading('2026-11-24T10:00:00.000Z')], 2, now)
    expect(slots.map(({ reading }) => reading !== null)).toEqual([false, true])
  })
})

test('the top of a chart is a round number at or above the highest value', () => {
  expect([0, 0.4, 3.1, 5, 12, 99, 1001].map(niceTop)).toEqual([1, 0.4, 4, 5, 20, 100, 2000])
  expect(niceTop(Number.NaN)).toBe(1)
})

test('a gap breaks the line instead of being bridged or drawn as zero', () => {
  const spread = { value: 2, low: 1, high: 4 }
  const drawing = String(stepChart([spread, null, spread], frame))
  const line = /class="trace" d="([^"]+)"/.exec(drawing)?.[1]
  expect(line).toBe('M0 60V60H160M320 60V60H480')
  expect(drawing).toContain('aria-label="A &amp; B"')
})

test('bars are stacked and a gap has none', () => {
  const drawing = String(barChart([[1, 1], null, [2, 0]], frame))
  expect(drawing.match(/<rect/g)).toHaveLength(4)
})

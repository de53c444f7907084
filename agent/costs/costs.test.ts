import { describe, expect, it } from 'vitest'
import type { AgentSettings, MoneyRange, PowerFigure } from '../api.ts'
import { type HourEntry, hourMs, splitByHour } from '../ledger/hours.ts'
import { computeCosts } from './costs.ts'
import { formatDecimal, parseDecimal } from './decimal.ts'

const settings: AgentSettings = {
  currency: 'EUR',
  pricePerKwh: '0.32',
  timezone: 'Europe/Berlin',
  plug: null,
  calibration: [],
  tariffs: null,
  sharing: 'equal',
  internetPerMonth: null,
  hardware: null,
  domainPerYear: null,
}
const power: PowerFigure = {
  value: 3,
  low: 2,
  high: 4,
  unit: 'W',
  source: 'model:test',
  at: '',
  class: 'modelled',
  boundary: 'wall',
}
const start = Date.parse('2026-10-31T23:00:00Z') // November in Berlin: 720 hours

/** Hours of three watts (two to four), modelled unless told otherwise. */
function threeWatts(from: number, hours: number, classRank = 2): HourEntry[] {
  return Array.from({ length: hours }, (_, number) => number).flatMap((number) => {
    const begin = from + number * hourMs
    const interval = { start: begin, end: begin + hourMs, trusted: true }
    return splitByHour({
      interval,
      quantities: { energy: 3e6, energyLow: 2e6, energyHigh: 4e6, seconds: 3600, classRank },
    })
  })
}

const amounts = ({ value, low, high }: MoneyRange) => [value.amount, low.amount, high.amount]

describe('costs', () => {
  it('counts an hour of three watts exactly', () => {
    const costs = computeCosts({ now: start + hourMs, settings, people: 0, entries: threeWatts(start, 1), power })
    expect(amounts(costs.soFar)).toEqual(['0.00096', '0.00064', '0.00128'])
    expect(amounts(costs.expected)).toEqual(['0.6912', '0.4608', '0.9216'])
    expect(amounts(costs.perDay)).toEqual(['0.02304', '0.01536', '0.03072'])
    expect(costs).toMatchObject({ month: '2026-11', covered: 1, powerClass: 'modelled', perPerson: null })
  })

  it('expects the month from the hours covered, and says how many were', () => {
    const now = start + 4 * hourMs
    const costs = computeCosts({ now, settings, people: 0, entries: threeWatts(start, 1), power })
    expect(costs.soFar.value.amount).toBe('0.00096')
    expect(costs.expected.value.amount).toBe('0.6912')
    expect(costs.covered).toBe(0.25)
  })

  it('leaves out hours of the months beside it', () => {
    const entries = [...threeWatts(start - hourMs, 2), ...threeWatts(start + 720 * hourMs, 3)]
    const costs = computeCosts({ now: start + 2 * hourMs, settings, people: 0, entries, power })
    expect(costs.soFar.value.amount).toBe('0.00096')
  })

  it('adds up: the lines are the sum, to the last digit', () => {
    const all: AgentSettings = {
      ...settings,
      internetPerMonth: '10.00',
      hardware: { price: '89.90', years: 7 },
      domainPerYear: '13',
    }
    const now = start + 7 * 24 * hourMs + 12_345
    const costs = computeCosts({ now, settings: all, people: 3, entries: threeWatts(start, 168), power })
    expect(costs.lines.map(({ kind }) => kind)).toEqual(['power', 'internet', 'hardware', 'domain'])
    for (const bound of ['value', 'low', 'high'] as const) {
      const sum = costs.lines.reduce((total, { range }) => total + parseDecimal(range[bound].amount), 0n)
      expect(formatDecimal(sum)).toBe(costs.soFar[bound].amount)
    }
    const people = parseDecimal(costs.perPerson?.value.amount ?? '0') * 3n
    expect(people - parseDecimal(costs.expected.value.amount)).toBeLessThan(3n)
  })

  it('charges by the month’s own length where summer time begins', () => {
    const march = Date.parse('2026-02-28T23:00:00Z')
    const half = march + (743 * hourMs) / 2
    const costs = computeCosts({
      now: half,
      settings: { ...settings, pricePerKwh: null, internetPerMonth: '30' },
      people: 1,
      entries: [],
      power,
    })
    expect(amounts(costs.soFar)).toEqual(['15', '15', '15'])
    expect(amounts(costs.expected)).toEqual(['30', '30', '30'])
    expect(costs.perDay.value.amount).toBe('0.969044414536') // 24 of 743 hours
  })

  it('has no line for a price nobody gave', () => {
    const entries = threeWatts(start, 5)
    const costs = computeCosts({
      now: start + 5 * hourMs,
      settings: { ...settings, pricePerKwh: null },
      people: 1,
      entries,
      power,
    })
    expect(costs.lines).toEqual([])
    expect(costs.soFar.value.amount).toBe('0')
  })

  it('expects a month without a reading from the power at present', () => {
    const costs = computeCosts({ now: start + 1, settings, people: 1, entries: [], power })
    expect(costs.soFar.value.amount).toBe('0')
    expect(amounts(costs.expected)).toEqual(['0.6912', '0.4608', '0.9216'])
    expect(costs.covered).toBe(0)
  })

  it('calls a month measured only if all of it was', () => {
    const now = start + 2 * hourMs
    const measured = threeWatts(start, 2, 0)
    const mixed = [...threeWatts(start, 1, 0), ...threeWatts(start + hourMs, 1, 2)]
    expect(computeCosts({ now, settings, people: 1, entries: measured, power }).powerClass).toBe('measured')
    expect(computeCosts({ now, settings, people: 1, entries: mixed, power }).powerClass).toBe('modelled')
  })
})

import { expect, it } from 'vitest'
import { ledgerFigures, type Measured } from './ledger-figures.ts'

const measured: Measured = {
  cycle: 0.5,
  children: 0,
  memory: 12,
  year: 9,
  month: 20,
  verify: 0.5,
  published: { year: 20_000, decade: 80_000, aggregated: 160_000, view: (instances) => instances * 1000 },
  power: {
    known: { error: 0.05 },
    unknown: { error: 0.2, width: 0.9, coverage: 0.95, intervalScore: 0.8, constantScore: 1 },
  },
}

it('has each figure under the name and with the goal of the issue', () => {
  const goals = ledgerFigures(measured).map(({ name, goal: { of, min, max }, met }) => [name, of, min, max, met])
  expect(goals).toEqual([
    ['sampling-cpu', 'value', undefined, 1, true],
    ['children', 'value', undefined, 0, true],
    ['agent-memory', 'value', undefined, 15, true],
    ['year-size', 'value', undefined, 10, true],
    ['month-view', 'value', undefined, 50, true],
    ['verify-year', 'value', undefined, 2, true],
    ['published-per-month', 'ratio', undefined, 1, true],
    ['published-per-month-decade', 'ratio', undefined, 1, true],
    ['published-share-of-wan', 'value', undefined, 0.1, true],
    ['published-per-month-10', 'ratio', undefined, 1, true],
    ['published-per-month-1000', 'ratio', undefined, 1, true],
    ['published-per-month-100000', 'ratio', undefined, 1, true],
    ['power-after-one-reading', 'value', undefined, 10, true],
    ['power-coverage', 'value', 90, undefined, true],
    ['power-interval-score', 'ratio', undefined, 1, true],
    ['power-unknown-error', 'value', undefined, undefined, true],
    ['power-unknown-width', 'value', undefined, undefined, true],
  ])
})

it('counts a network as all its kits and one view, beside as many fetches', () => {
  const found = ledgerFigures(measured).find(({ name }) => name === 'published-per-month-1000')
  expect(found).toMatchObject({ value: 21_000_000, baseline: { value: 160_000_000 } })
  const share = ledgerFigures(measured).find(({ name }) => name === 'published-share-of-wan')
  expect(share).toMatchObject({ value: 0.002, baseline: { value: 0.016 } })
})

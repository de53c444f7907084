import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hourMs, nothing } from '../ledger/hours.ts'
import { hoursWithin, partWithin } from './hours-within.ts'

const noon = Date.UTC(2026, 10, 24, 12)
const minute = 60_000
const read = { ...nothing, hour: noon, trusted: true, seconds: 3600, wanIn: 1200, classRank: 1 }
const far = noon + 100 * hourMs

it('cuts an hour where a period begins and ends', () => {
  const half = { start: noon + 30 * minute, end: noon + 45 * minute }
  expect(hoursWithin([read], half, far)).toEqual([{ ...read, seconds: 900, wanIn: 300 }])
  expect(hoursWithin([read], { start: noon, end: noon + hourMs }, far)).toEqual([read])
  expect(hoursWithin([read], { start: noon + hourMs, end: far }, far)).toEqual([])
  expect(hoursWithin([read], { start: noon - hourMs, end: noon }, far)).toEqual([])
})

it('takes an hour that is not over for what it is so far, and one still to come for nothing', () => {
  expect(partWithin(noon, { start: noon + 30 * minute, end: far }, noon + 40 * minute)).toBe(0.25)
  expect(hoursWithin([read], { start: noon - hourMs, end: far }, noon)).toEqual([])
})

it('loses and doubles nothing between periods that follow each other', () => {
  const cuts = fc.array(fc.integer({ min: -90, max: 150 }), { maxLength: 6 })
  fc.assert(
    fc.property(cuts, (minutes) => {
      const bounds = [-90, ...minutes.sort((a, b) => a - b), 150].map((each) => noon + each * minute)
      const parts = bounds
        .slice(1)
        .flatMap((end, index) => hoursWithin([read], { start: bounds[index] as number, end }, far))
      expect(parts.reduce((sum, { wanIn }) => sum + wanIn, 0)).toBeCloseTo(1200, 6)
    }),
  )
})

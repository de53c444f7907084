import { describe, expect, it } from 'vitest'
import { measuredPairs, type PowerPair, powerPairs } from './power-pairs.ts'
import { scoreModel } from './power-score.ts'

describe('full load predicted from one idle reading', () => {
  const { known, unknown } = scoreModel()

  it('of known types is off by less than ten per cent on average', () => {
    expect(known.pairs).toBe(7) // five Pi 4B, two Pi 3B+; other types have no second pair
    expect(known.error).toBeLessThan(0.1)
    expect(known.error).toBeGreaterThan(0.04) // less than that would mean that a pair had a part in its own prediction
  })

  it('of unknown types lies within the interval nine times of ten, and that beats a constant one', () => {
    expect(unknown.pairs).toBe(measuredPairs(powerPairs).length)
    expect(unknown.coverage).toBeGreaterThanOrEqual(0.9)
    expect(unknown.ratio).toBeLessThan(1)
    expect(unknown.error).toBeGreaterThan(0.2)
    expect(unknown.width).toBeLessThan(1.5)
  })

  it('leaves the pair itself out: what it drew has no part in what is predicted of it', () => {
    const error = (full: number) => {
      const pairs: PowerPair[] = [
        { type: 'rpi-4b', idle: 2, full: 5, nature: 'wall' },
        { type: 'rpi-4b', idle: 2, full, nature: 'wall' },
        { type: 'rpi-5', idle: 3, full: 9, nature: 'wall' },
        { type: 'rpi-5', idle: 3, full: 9, nature: 'wall' },
        { type: 'intel-n100', idle: 5, full: 20, nature: 'wall' },
        { type: 'intel-n150', idle: 9, full: 25, nature: 'wall' },
      ]
      return scoreModel(pairs).known.error
    }
    // The two Pi 4B predict each other; the two Pi 5 do so without error.
    expect(error(6)).toBeCloseTo((1 / 5 + 1 / 6) / 4)
    expect(error(8)).toBeCloseTo((3 / 5 + 3 / 8) / 4)
  })

  it('is not judged by lines that others fitted', () => {
    const more: PowerPair[] = [...powerPairs, { type: 'rpi-5', idle: 1, full: 50, nature: 'fitted' }]
    expect(scoreModel(more)).toEqual(scoreModel())
  })

  it('counts what lies outside of an interval twenty times', () => {
    // Ratios 2, 2 and 2 predict 2 exactly, with no width: the fourth, 3, lies 1 outside.
    const pairs: PowerPair[] = [
      { type: 'rpi-4b', idle: 1, full: 2, nature: 'wall' },
      { type: 'rpi-5', idle: 1, full: 2, nature: 'wall' },
      { type: 'intel-n100', idle: 1, full: 2, nature: 'wall' },
      { type: 'intel-n150', idle: 1, full: 3, nature: 'wall' },
    ]
    const [ofTheFourth] = [20 * (1 / 3)]
    // The other three are predicted by 2, 2 and 3: mean 7/3, deviation 0.577, t(2) = 2.92.
    const width = (2 * 2.92 * Math.sqrt(1 / 3) * Math.sqrt(4 / 3)) / 2
    const clipped = width / 2 + (7 / 3 - 1) / 2 // load saves no power
    expect(scoreModel(pairs).unknown.intervalScore).toBeCloseTo((ofTheFourth + 3 * Math.min(width, clipped)) / 4)
  })
})

import { describe, expect, it } from 'vitest'
import { hull, median, predictNext, predictNextFactor, spreadWithin } from './prediction.ts'

describe('a prediction', () => {
  it('is the mean and Student’s interval for one more value', () => {
    // Mean 5, standard deviation 1.5811, t(4) = 2.132, √(1 + 1/5) = 1.0954.
    expect(predictNext([3, 4, 5, 6, 7])).toEqual({
      low: expect.closeTo(5 - 3.6928, 3),
      value: 5,
      high: expect.closeTo(5 + 3.6928, 3),
    })
  })

  it('of factors is the same in logarithms', () => {
    expect(predictNextFactor([1, 10, 100])?.value).toBeCloseTo(10)
  })

  it('of too little is none, unless others say how it spreads', () => {
    expect(predictNext([])).toBeNull()
    expect(predictNext([3])).toBeNull()
    expect(predictNext([3], { deviation: 1, freedom: 40 })).toEqual({
      low: expect.closeTo(3 - 1.753 * Math.SQRT2),
      value: 3,
      high: expect.closeTo(3 + 1.753 * Math.SQRT2),
    })
  })

  it('takes the spread within groups, whatever lies between them', () => {
    expect(spreadWithin([[1, 3], [100, 102], [7], []])).toEqual({ deviation: Math.SQRT2, freedom: 2 })
    expect(spreadWithin([])).toEqual({ deviation: 0, freedom: 0 })
  })

  it('of several ranges is the smallest that holds them', () => {
    expect(
      hull([
        { low: 1, value: 2, high: 3 },
        { low: 2, value: 4, high: 9 },
      ]),
    ).toEqual({ low: 1, value: 3, high: 9 })
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
  })
})

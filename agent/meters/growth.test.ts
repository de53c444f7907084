import { describe, expect, it } from 'vitest'
import { type DayUse, fullOn, growthPerDay, withToday } from './growth.ts'

const day = 24 * 3600_000
const now = Date.UTC(2026, 10, 24, 4)
const today = Math.floor(now / day)
const gigabyte = 1e9
/** `count` days up to today, growing by so many bytes each. */
const growing = (count: number, perDay: number): DayUse[] =>
  Array.from({ length: count }, (_, index) => ({ day: today - count + 1 + index, used: gigabyte + index * perDay }))

describe('the day the space is used up', () => {
  it('follows from steady growth', () => {
    expect(fullOn(growing(15, 1e8), 3e9, now)).toBe(new Date(now + 30 * day).toISOString())
  })

  it('is not moved by one large upload, or by days without a reading', () => {
    const history = growing(40, 1e8).filter(({ day: each }) => each % 3 !== 0)
    const upload = history.map((each, index) => (index === 12 ? { ...each, used: each.used + 50 * gigabyte } : each))
    expect(fullOn(upload, 3e9, now)).toBe(new Date(now + 30 * day).toISOString())
  })

  it.each([
    ['two weeks are not over', growing(14, 1e8)],
    ['there are too few readings', [growing(30, 1e8)[0], growing(30, 1e8)[29]] as DayUse[]],
    ['nothing grows', growing(30, 0)],
    ['it shrinks', growing(30, -1e6)],
    ['it is far away', growing(30, 1e6)],
    ['nothing was read', []],
  ])('is not said when %s', (_when, history) => {
    expect(fullOn(history, 3e9, now)).toBeNull()
  })

  it('is now when nothing is free', () => {
    expect(fullOn(growing(30, 1e8), 0, now)).toBe(new Date(now).toISOString())
  })
})

describe('growth', () => {
  it('is the pace of most days, also where it shrinks', () => {
    expect(growthPerDay(growing(30, 1e6))).toBe(1e6)
    expect(growthPerDay(growing(30, -1e6))).toBe(-1e6)
    expect(growthPerDay(growing(14, 1e6))).toBeNull()
  })
})

describe('the history', () => {
  it('has one reading a day, the latest', () => {
    const once = withToday(growing(3, 1), 5, now)
    expect(withToday(once, 7, now + 3600_000)).toEqual([...growing(3, 1).slice(0, 2), { day: today, used: 7 }])
  })

  it('forgets what is old, and what a leap of the clock put into the future', () => {
    const history = withToday([...growing(100, 1), { day: today + 4000, used: 1 }], 9, now)
    expect(history).toHaveLength(60)
    expect(history.at(-1)).toEqual({ day: today, used: 9 })
  })
})

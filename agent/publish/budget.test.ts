import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allow, available, bytesPerDay, carriedDays, emptyBudget, onDay } from './budget.ts'

const gigabyte = 1e9
const busy = Array<number>(7).fill(gigabyte)

describe('what the kit may send', () => {
  it('is 64 KiB a day, and a thousandth of the mean traffic of seven days', () => {
    expect(available(onDay(emptyBudget, 100, busy))).toBe(64 * 1024)
    expect(available(onDay(emptyBudget, 100, Array(7).fill(10e6)))).toBe(10_000)
    expect(available(onDay(emptyBudget, 100, [70e6]))).toBe(10_000) // six days without a reading
    expect(available(onDay(emptyBudget, 100, [1e3]))).toBe(0)
  })

  it('is given once a day, and taken by what is sent', () => {
    const first = allow(emptyBudget, 60_000, 100, busy)
    expect(first.allowed).toBe(true)
    expect(available(first.budget)).toBe(5536)
    const second = allow(first.budget, 5537, 100, busy)
    expect(second).toEqual({ allowed: false, budget: first.budget, taken: [] })
    expect(allow(first.budget, 5536, 100, busy).allowed).toBe(true)
  })

  it('is carried over for 31 days', () => {
    const budget = onDay(emptyBudget, 100, busy)
    expect(available(onDay(budget, 131, busy))).toBe(2 * bytesPerDay)
    expect(available(onDay(budget, 132, busy))).toBe(bytesPerDay)
  })

  it('is taken from the oldest day first', () => {
    const budget = onDay(onDay(emptyBudget, 100, busy), 101, busy)
    const { budget: left } = allow(budget, bytesPerDay + 1000, 101, busy)
    expect(left.left).toEqual([{ day: 101, bytes: bytesPerDay - 1000 }])
  })

  it('is nothing where nothing goes over the internet side, whatever is left', () => {
    const budget = onDay(emptyBudget, 100, busy)
    expect(available(onDay(budget, 101, []))).toBe(0)
    expect(allow(budget, 1, 101, []).allowed).toBe(false)
    expect(allow(budget, 0, 101, []).allowed).toBe(false)
    expect(allow(budget, 1, 101, [0, 0, 0]).allowed).toBe(false)
    expect(allow(onDay(budget, 101, []), 1, 102, [5]).allowed).toBe(true)
  })

  it('is not given again when the clock goes back, and not lost for ever when it was years ahead', () => {
    const spent = allow(emptyBudget, bytesPerDay, 100, busy).budget
    expect(available(onDay(spent, 99, busy))).toBe(0)
    expect(available(onDay(onDay(spent, 99, busy), 100, busy))).toBe(0)
    const ahead = onDay(spent, 5000, busy)
    expect(available(onDay(ahead, 101, busy))).toBe(0)
    expect(available(onDay(onDay(ahead, 101, busy), 102, busy))).toBe(bytesPerDay)
  })

  it.each([
    ['bytes below zero', () => allow(emptyBudget, -1, 100, busy)],
    ['a part of a byte', () => allow(emptyBudget, 0.5, 100, busy)],
    ['a day that is none', () => onDay(emptyBudget, Number.NaN, busy)],
    ['eight days of traffic', () => onDay(emptyBudget, 100, [...busy, 1])],
    ['traffic below zero', () => onDay(emptyBudget, 100, [-1])],
  ])('refuses %s', (_, call) => {
    expect(call).toThrow(RangeError)
  })

  it('is never exceeded over any stretch of days, and never more than 32 days are in hand', () => {
    const step = fc.record({
      ahead: fc.constantFrom(0, 0, 0, 1, 1, 2, 20, 40, -1, -5),
      bytes: fc.oneof(fc.nat(3000), fc.nat(200_000), fc.nat(3_000_000)),
      wan: fc.array(fc.constantFrom<number>(0, 1e4, 5e6, 1e8), { maxLength: 7 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let budget = emptyBudget
        let [day, latest] = [1000, 0]
        const shares = new Map<number, number>()
        const sent = new Map<number, number>()
        for (const { ahead, bytes, wan } of steps) {
          day = Math.max(day + ahead, latest - carriedDays) // what lies further back begins anew
          const mean = wan.reduce((sum, each) => sum + each, 0) / 7
          if (day > latest) shares.set(day, Math.min(65_536, mean / 1000))
          latest = Math.max(latest, day)
          const answer = allow(budget, bytes, day, wan)
          budget = answer.budget
          if (answer.allowed) {
            expect(mean).toBeGreaterThan(0)
            sent.set(latest, (sent.get(latest) ?? 0) + bytes) // a clock that went back earns nothing
          }
          expect(available(budget)).toBeLessThanOrEqual((carriedDays + 1) * bytesPerDay)
        }
        const between = (of: Map<number, number>, from: number, to: number) =>
          [...of].reduce((sum, [at, bytes]) => sum + (at >= from && at <= to ? bytes : 0), 0)
        for (const from of sent.keys())
          for (const to of sent.keys())
            expect(between(sent, from, to)).toBeLessThanOrEqual(between(shares, from - carriedDays, to))
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Bill, MoneyRange, PersonShare, SharingRule } from '../api.ts'
import { billFor, close, preview } from './bill.ts'
import { formatDecimal, parseDecimal } from './decimal.ts'
import { divide } from './shares.ts'
import { billInput, hoursFrom, tariffsWith } from './testing/household.ts'

const from = '2020-01-01'
const equal: SharingRule = { kind: 'equal' }
const exact = billFor(
  billInput({
    tariffs: tariffsWith({
      power: [{ from, prices: { kind: 'flat', perKwh: '0.3217' } }],
      items: [{ kind: 'disk', price: '120', bought: null, years: 10 }], // 1 a month
      fees: [{ kind: 'domain', from, amount: '1.33', per: 'month' }],
    }),
    readings: hoursFrom('2026-10-31T23:00:00Z', 720),
  }),
)
const closed = close(exact) // 0.69 + 1 + 1.33

const sum = (ranges: MoneyRange[]) => {
  const total = (bound: 'value' | 'low' | 'high') =>
    formatDecimal(ranges.reduce((sum, range) => sum + parseDecimal(range[bound].amount), 0n))
  return [total('value'), total('low'), total('high')]
}
const amounts = ({ value, low, high }: MoneyRange) => [value.amount, low.amount, high.amount]
const values = (shares: PersonShare[]) =>
  Object.fromEntries(shares.map(({ person, range }) => [person, range.value.amount]))

describe('shares', () => {
  it('are equal parts, the coins that are left for those whose id comes first', () => {
    const people = ['c', 'a', 'b'].map((id) => ({ id, ownBytes: 0 }))
    expect(closed.total.value.amount).toBe('3.02')
    expect(values(divide(closed, equal, people))).toEqual({ a: '1.01', b: '1.01', c: '1' })
    expect(divide(closed, equal, people)).toEqual(divide(closed, equal, people.toReversed()))
  })

  it('divide the disk by own bytes and shared ones in equal parts, if that is the rule', () => {
    const rule: SharingRule = { kind: 'storage', sharedBytes: 2e9 }
    const people = [
      { id: 'a', ownBytes: 8e9 },
      { id: 'b', ownBytes: 0 },
    ]
    const [a, b] = divide(closed, rule, people)
    // Half of 2.02, and nine or one tenth of 1.
    expect(a?.parts.map(({ by, range }) => [by, range.value.amount])).toEqual([
      ['equal', '1.01'],
      ['bytes', '0.9'],
    ])
    expect(b?.range.value.amount).toBe('1.11')
  })

  it('are the same for everybody while nothing is stored', () => {
    const people = [
      { id: 'a', ownBytes: 0 },
      { id: 'b', ownBytes: 0 },
    ]
    expect(values(divide(closed, { kind: 'storage', sharedBytes: 0 }, people))).toEqual({ a: '1.51', b: '1.51' })
  })

  it('are nobody’s while there is nobody, and refuse one person twice', () => {
    expect(divide(closed, equal, [])).toEqual([])
    const twice = ['a', 'b', 'a'].map((id) => ({ id, ownBytes: 1 }))
    expect(() => divide(closed, equal, twice)).toThrow('Two people have the id a.')
  })

  it('add up to the bill in every bound, and are within a coin of what is exact', () => {
    const anyPeople = fc
      .uniqueArray(fc.uuid(), { minLength: 1, maxLength: 12 })
      .chain((ids) => fc.tuple(...ids.map((id) => fc.record({ id: fc.constant(id), ownBytes: fc.nat(10 ** 12) }))))
    const anyRule = fc.oneof(
      fc.constant(equal),
      fc.nat(10 ** 12).map((sharedBytes): SharingRule => ({ kind: 'storage', sharedBytes })),
    )
    const anyBill = fc.constantFrom<Bill>(closed, preview(exact, 'so-far'), preview(exact, 'expected'))
    fc.assert(
      fc.property(anyPeople, anyRule, anyBill, (people, rule, bill) => {
        const shares = divide(bill, rule, people)
        expect(sum(shares.map(({ range }) => range))).toEqual(amounts(bill.total))
        for (const { range, parts } of shares) {
          expect(sum(parts.map((part) => part.range))).toEqual(amounts(range))
          for (const { value, low, high } of [range, ...parts.map((part) => part.range)]) {
            expect(Number(low.amount)).toBeLessThanOrEqual(Number(value.amount))
            expect(Number(value.amount)).toBeLessThanOrEqual(Number(high.amount))
          }
        }
        if (rule.kind === 'equal') {
          const cents = shares.map(({ range }) => Math.round(Number(range.value.amount) * 100))
          expect(Math.max(...cents) - Math.min(...cents)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})

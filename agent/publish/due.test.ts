import { describe, expect, it } from 'vitest'
import { dayNumber } from '../costs/calendar.ts'
import { dueAt, periodAround, periodFrom, periodsDue } from './due.ts'
import { kindOfPeriod } from './period.ts'

describe('periods', () => {
  it('are whole months, and weeks from Monday, before 1970 too', () => {
    expect(periodAround('month', dayNumber('2028-02-29'))).toEqual({ from: '2028-02-01', to: '2028-03-01' })
    expect(periodAround('week', dayNumber('2026-11-24'))).toEqual({ from: '2026-11-23', to: '2026-11-30' })
    for (let day = -20; day < 60; day += 1)
      for (const every of ['month', 'week'] as const) {
        const { from, to } = periodAround(every, day)
        expect(kindOfPeriod(from, to)).toBe(every)
        expect([dayNumber(from) <= day, day < dayNumber(to)]).toEqual([true, true])
      }
  })

  it('begin on the day that is asked for, or later', () => {
    expect(periodFrom('month', '2026-11-01').from).toBe('2026-11-01')
    expect(periodFrom('month', '2026-11-02').from).toBe('2026-12-01')
    expect(periodFrom('week', '2026-11-01').from).toBe('2026-11-02')
  })

  it('are due a week after their end, by the household’s midnight', () => {
    const october = { from: '2026-10-01', to: '2026-11-01' }
    expect(new Date(dueAt(october, 'Europe/Berlin')).toISOString()).toBe('2026-11-07T23:00:00.000Z')
    const due = (now: string) =>
      periodsDue('month', '2026-09-01', Date.parse(now), 'Europe/Berlin').map(({ from }) => from)
    expect(due('2026-10-07T21:59:59Z')).toEqual([])
    expect(due('2026-10-07T22:00:00Z')).toEqual(['2026-09-01'])
    expect(due('2026-11-07T22:59:59Z')).toEqual(['2026-09-01'])
    expect(due('2026-11-07T23:00:00Z')).toEqual(['2026-09-01', '2026-10-01'])
    expect(periodsDue('week', '2026-11-24', Date.parse('2026-11-24T10:00:00Z'), 'UTC')).toEqual([])
  })
})

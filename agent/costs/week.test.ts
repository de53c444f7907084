import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PriceBand } from '../api.ts'
import { dayNumber, monthNamed, stretchesOf } from './calendar.ts'
import { minuteOfDay, segmentsOf, troubleOfWeek, weekdayOf, weekdays, weekOf } from './week.ts'

const all = [...weekdays]
const band = (name: string, ...times: PriceBand['times']): PriceBand => ({ name, perKwh: '0.3', times })
const day = band('day', { days: all, from: '06:00', to: '22:00' })
const night = band('night', { days: all, from: '00:00', to: '06:00' }, { days: all, from: '22:00', to: '24:00' })

describe('a week of prices', () => {
  it('knows times and weekdays', () => {
    expect(['00:00', '07:30', '24:00'].map(minuteOfDay)).toEqual([0, 450, 1440])
    for (const time of ['24:01', '7:30', '12:60', '', '25:00']) expect(minuteOfDay(time)).toBeNaN()
    expect(['2026-11-23', '2026-11-29', '1969-12-31'].map((each) => weekdays[weekdayOf(dayNumber(each))])).toEqual([
      'monday',
      'sunday',
      'wednesday',
    ])
  })

  it('finds nothing wrong where every minute has one price', () => {
    expect(troubleOfWeek([day, night])).toEqual([])
  })

  it.each([
    [[day], 'Monday 00:00–06:00 has no price'],
    [[band('early', { days: all, from: '00:00', to: '22:00' })], 'Tuesday 22:00–24:00 has no price'],
    [[band('most', { days: all.slice(0, 6), from: '00:00', to: '24:00' })], 'Sunday 00:00–24:00 has no price'],
    [[], 'Wednesday 00:00–24:00 has no price'],
  ])('names what is wrong', (bands, words) => {
    expect(troubleOfWeek(bands)).toContain(words)
  })

  it('names two prices of a time, and nothing besides', () => {
    const noon = band('noon', { days: ['friday'], from: '12:00', to: '12:30' })
    expect(troubleOfWeek([day, night, noon])).toEqual(['Friday 12:00–12:30 has two prices, “day” and “noon”'])
  })

  it('agrees with counting the prices of each minute', () => {
    const times = fc
      .tuple(fc.subarray(all, { minLength: 1 }), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 1, max: 24 }))
      .filter(([, from, to]) => from < to)
      .map(([days, from, to]) => ({
        days,
        from: `${String(from).padStart(2, '0')}:00`,
        to: `${String(to).padStart(2, '0')}:00`,
      }))
    const bands = fc.array(fc.array(times, { maxLength: 4 }), { maxLength: 3 })
    fc.assert(
      fc.property(bands, (lists) => {
        const named = lists.map((each, index) => band(String(index), ...each))
        const isWell = weekOf(named).every((parts) => {
          const counts = Array.from(
            { length: 24 },
            (_, hour) => parts.filter(({ from, to }) => from <= hour * 60 && to > hour * 60).length,
          )
          return counts.every((count) => count === 1)
        })
        expect(troubleOfWeek(named).length === 0).toBe(isWell)
      }),
    )
  })

  it.each([
    // zone, month, hours of night (22 to 6 o'clock) and of day
    ['Europe/Berlin', '2026-03', 31 * 8 - 1, 31 * 16],
    ['Europe/Berlin', '2026-10', 31 * 8 + 1, 31 * 16],
    ['Australia/Lord_Howe', '2026-04', 30 * 8 + 0.5, 30 * 16],
    ['Asia/Kolkata', '2026-11', 30 * 8, 30 * 16],
    ['Asia/Beirut', '2026-03', 31 * 8 - 1, 31 * 16],
  ])('in %s %s has %d hours of night and %d of day', (zone, month, nights, days) => {
    const week = weekOf([day, night])
    const { start, end } = monthNamed(month, zone)
    const segments = segmentsOf(stretchesOf({ start, end }, zone), (each) => week[weekdayOf(each)] ?? [])
    const hours = (key: number) =>
      segments.filter((each) => each.key === key).reduce((sum, each) => sum + each.end - each.start, 0) / 3_600_000
    expect([hours(1), hours(0)]).toEqual([nights, days])
    // In order and without a gap.
    expect(segments.slice(1).every((each, index) => each.start === segments[index]?.end)).toBe(true)
  })
})

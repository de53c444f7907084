import { describe, expect, it } from 'vitest'
import {
  dayName,
  dayNumber,
  dayNumberAt,
  dayOf,
  dayStart,
  isTimeZone,
  monthNamed,
  monthOf,
  stretchesOf,
} from './calendar.ts'
import { isCurrency, minorUnits } from './currency.ts'

const at = (text: string) => Date.parse(text)
const shown = ({ start, end }: { start: number; end: number }) =>
  [start, end].map((moment) => new Date(moment).toISOString().slice(0, 16))

describe('a household’s calendar', () => {
  it.each([
    // zone, moment, month, start, end (UTC)
    ['UTC', '2026-11-15T12:00:00Z', '2026-11', '2026-11-01T00:00', '2026-12-01T00:00'],
    ['Europe/Berlin', '2026-03-31T22:30:00Z', '2026-04', '2026-03-31T22:00', '2026-04-30T22:00'],
    ['Europe/Berlin', '2026-03-31T21:59:59Z', '2026-03', '2026-02-28T23:00', '2026-03-31T22:00'],
    ['Europe/Berlin', '2026-10-31T23:30:00Z', '2026-11', '2026-10-31T23:00', '2026-11-30T23:00'],
    ['America/New_York', '2026-11-01T03:59:00Z', '2026-10', '2026-10-01T04:00', '2026-11-01T04:00'],
    ['Asia/Kolkata', '2026-12-31T18:30:00Z', '2027-01', '2026-12-31T18:30', '2027-01-31T18:30'],
    ['Pacific/Kiritimati', '2026-11-30T10:00:00Z', '2026-12', '2026-11-30T10:00', '2026-12-31T10:00'],
    ['Pacific/Pago_Pago', '2026-12-01T10:59:00Z', '2026-11', '2026-11-01T11:00', '2026-12-01T11:00'],
    ['Europe/Berlin', '2028-02-29T12:00:00Z', '2028-02', '2028-01-31T23:00', '2028-02-29T23:00'],
  ])('%s at %s is in %s', (zone, moment, month, start, end) => {
    const found = monthOf(at(moment), zone)
    expect(found.month).toBe(month)
    expect(shown(found)).toEqual([start, end])
  })

  it('has 743 hours in a March and 745 in an October with summer time', () => {
    const hours = ({ start, end }: { start: number; end: number }) => (end - start) / 3_600_000
    expect(hours(monthOf(at('2026-03-10T00:00:00Z'), 'Europe/Berlin'))).toBe(743)
    expect(hours(monthOf(at('2026-10-10T00:00:00Z'), 'Europe/Berlin'))).toBe(745)
    expect(hours(dayOf(at('2026-03-29T12:00:00Z'), 'Europe/Berlin'))).toBe(23)
    expect(hours(dayOf(at('2026-10-25T12:00:00Z'), 'Europe/Berlin'))).toBe(25)
  })

  it('starts a day whose midnight is skipped when it really starts', () => {
    // In Beirut the clocks go from 00:00 to 01:00 at the end of March.
    expect(shown(dayOf(at('2026-03-29T12:00:00Z'), 'Asia/Beirut'))).toEqual(['2026-03-28T22:00', '2026-03-29T21:00'])
  })

  it.each([
    // zone, month, offsets in minutes, when they change (UTC)
    ['Europe/Berlin', '2026-03', [60, 120], ['2026-03-29T01:00']],
    ['Europe/Berlin', '2026-10', [120, 60], ['2026-10-25T01:00']],
    ['Europe/Berlin', '2026-11', [60], []],
    ['Australia/Lord_Howe', '2026-04', [660, 630], ['2026-04-04T15:00']],
    ['Asia/Kathmandu', '2026-04', [345], []],
  ])('knows the offsets of %s in %s', (zone, month, offsets, changes) => {
    const { start, end } = monthNamed(month, zone)
    const stretches = stretchesOf({ start, end }, zone)
    expect(stretches.map(({ offset }) => offset / 60_000)).toEqual(offsets)
    expect(stretches.slice(1).map((each) => shown(each)[0])).toEqual(changes)
    expect([stretches[0]?.start, stretches.at(-1)?.end]).toEqual([start, end])
  })

  it('finds no empty time where the offset changes at the very end', () => {
    const change = at('2026-03-29T01:00:00Z')
    expect(stretchesOf({ start: change - 3_600_000, end: change }, 'Europe/Berlin')).toHaveLength(1)
    expect(stretchesOf({ start: change, end: change + 3_600_000 }, 'Europe/Berlin')).toHaveLength(1)
  })

  it('knows the day of every moment beside a change of the clock, asked in any order', () => {
    const zone = 'Europe/Berlin'
    const shownDay = new Intl.DateTimeFormat('sv-SE', { timeZone: zone })
    for (const year of [2026, 1999, 2040, 2026]) {
      for (let moment = at(`${year}-03-01T00:30:00Z`); moment < at(`${year}-11-10T00:00:00Z`); moment += 9 * 3_600_000)
        expect(dayName(dayNumberAt(moment, zone))).toBe(shownDay.format(moment))
    }
  })

  it('numbers days, and refuses what is none', () => {
    expect(dayNumber('1970-01-02')).toBe(1)
    expect(dayName(dayNumber('2028-02-29'))).toBe('2028-02-29')
    for (const day of ['2026-02-29', '2026-13-01', '2026-1-1', '', 'today']) expect(dayNumber(day)).toBeNaN()
    expect(new Date(dayStart(dayNumber('2026-03-29'), 'Asia/Beirut')).toISOString()).toBe('2026-03-28T22:00:00.000Z')
    expect(() => monthNamed('2026-13', 'UTC')).toThrow('“2026-13” is not a month such as 2026-11')
  })

  it('takes names of zones only', () => {
    expect(['Europe/Berlin', 'UTC', 'America/Argentina/Ushuaia'].every(isTimeZone)).toBe(true)
    expect(['+01:00', 'Mars/Base', '', 'Europe/Berlin\n', '../etc'].some(isTimeZone)).toBe(false)
  })

  it('knows currencies and their coins', () => {
    expect(['EUR', 'JPY', 'KWD'].map(minorUnits)).toEqual([2, 0, 3])
    expect(['EUR', 'CHF'].every(isCurrency)).toBe(true)
    expect(['eur', 'EURO', 'QQQ', ''].some(isCurrency)).toBe(false)
  })
})

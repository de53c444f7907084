import { describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { type Interval, LapTimer } from './clock.ts'

const shown = ({ start, end, trusted }: Interval) => [
  new Date(start).toISOString(),
  new Date(end).toISOString(),
  trusted,
]

describe('laps', () => {
  it('follow each other without a gap', () => {
    const clock = new FakeClock('2026-11-01T12:00:00Z')
    const laps = new LapTimer(clock)
    clock.pass(60)
    expect(shown(laps.lap().interval)).toEqual(['2026-11-01T12:00:00.000Z', '2026-11-01T12:01:00.000Z', true])
    clock.pass(60)
    expect(laps.elapsed()).toBe(60_000)
    expect(shown(laps.lap().interval)).toEqual(['2026-11-01T12:01:00.000Z', '2026-11-01T12:02:00.000Z', true])
  })

  it.each(['2036-01-01T00:00:00Z', '2020-01-01T00:00:00Z'])(
    'keep their length when a trusted clock leaps to %s, and are marked',
    (time) => {
      const clock = new FakeClock('2026-11-01T12:00:00Z')
      const laps = new LapTimer(clock)
      clock.pass(60)
      clock.set(time)
      const { interval, step } = laps.lap()
      expect(interval.end - interval.start).toBe(60_000)
      expect(interval.end).toBe(Date.parse(time))
      expect(interval.trusted).toBe(false)
      expect(step).toBe(Date.parse(time) - Date.parse('2026-11-01T12:01:00Z'))
      clock.pass(60)
      expect(laps.lap()).toMatchObject({ step: 0, interval: { trusted: true } })
    },
  )

  it('take slewing by network time for no leap', () => {
    const clock = new FakeClock('2026-11-01T12:00:00Z')
    const laps = new LapTimer(clock)
    clock.pass(60)
    clock.wall += 3000
    expect(laps.lap()).toMatchObject({ step: 0, interval: { trusted: true } })
  })

  it('move to where they belong when the time becomes known', () => {
    const clock = new FakeClock('2026-10-01T00:00:00Z') // the date of the build
    clock.isTrusted = false
    const laps = new LapTimer(clock)
    clock.pass(60)
    const first = laps.lap().interval
    expect(first.trusted).toBe(false)
    clock.pass(60)
    const second = laps.lap().interval
    clock.pass(30)
    clock.set('2026-11-24T18:00:00Z')
    clock.isTrusted = true
    const third = laps.lap().interval
    expect([first, second, third].map(shown)).toEqual([
      ['2026-11-24T17:57:30.000Z', '2026-11-24T17:58:30.000Z', true],
      ['2026-11-24T17:58:30.000Z', '2026-11-24T17:59:30.000Z', true],
      ['2026-11-24T17:59:30.000Z', '2026-11-24T18:00:00.000Z', true],
    ])
  })

  it('say that they may move until they did, or 120 others came after them', () => {
    const clock = new FakeClock('2026-10-01T00:00:00Z')
    clock.isTrusted = false
    const laps = new LapTimer(clock)
    const all = Array.from({ length: 125 }, () => {
      clock.pass(60)
      return laps.lap().interval
    })
    expect(all.map(({ movable }) => movable === true)).toEqual(all.map((_, index) => index >= 5))
    clock.isTrusted = true
    clock.pass(60)
    expect([...all, laps.lap().interval].some(({ movable }) => movable)).toBe(false)
    expect(all.map(({ trusted }) => trusted)).toEqual(all.map((_, index) => index >= 5))
  })

  it('stay marked as long as the time is not known', () => {
    const clock = new FakeClock('2026-10-01T00:00:00Z')
    clock.isTrusted = false
    const laps = new LapTimer(clock)
    for (let number = 0; number < 5; number += 1) {
      clock.pass(60)
      expect(laps.lap().interval.trusted).toBe(false)
    }
  })
})

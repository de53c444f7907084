import { describe, expect, it } from 'vitest'
import { dayOf } from '../costs/calendar.ts'
import { checkDraft } from './entry.ts'
import { type HourEntry, hourMs, splitByHour } from './hours.ts'
import { meteredDays, storageEntries } from './metered-days.ts'

const zone = 'Europe/Berlin'
const instance = 'hearth.example'

/** Three watts, five to eight per cent off, and a megabyte an hour, for so many hours. */
function threeWatts(from: string, hours: number, trusted = true): HourEntry[] {
  const start = Date.parse(from)
  return Array.from({ length: hours }, (_, index) => ({
    start: start + index * hourMs,
    end: start + (index + 1) * hourMs,
    trusted,
  })).flatMap((interval) =>
    splitByHour({
      interval,
      quantities: {
        energy: 3e6,
        energyLow: 2.85e6,
        energyHigh: 3.24e6,
        seconds: 3600,
        classRank: 2,
        lanIn: 1e6,
        wanOut: 7,
      },
    }),
  )
}
const days = (now: string, since: string, read: HourEntry[]) =>
  meteredDays({
    now: Date.parse(now),
    zone,
    instance,
    since: dayOf(Date.parse(since), zone).start,
    readings: ({ start, end }) => read.filter(({ hour }) => hour >= start && hour < end),
  })

describe('the metered entries of a day', () => {
  it('are one a quantity, with interval, class and time covered', () => {
    const { drafts, through } = days(
      '2026-11-24T23:16:00Z',
      '2026-11-24T05:00:00Z',
      threeWatts('2026-11-23T23:00:00Z', 24),
    )
    expect(new Date(through).toISOString()).toBe('2026-11-24T23:00:00.000Z')
    const shared = {
      period: { from: '2026-11-24', to: '2026-11-25' },
      instance,
      audience: 'owner',
      coveredSeconds: 86_400,
    }
    expect(drafts).toEqual([
      {
        ...shared,
        kind: 'power',
        amounts: [{ value: '0.072', low: '0.0684', high: '0.07776', unit: 'kWh' }],
        source: 'modelled',
        method: 'energy@1',
        external: { system: 'hearth-meter', id: '2026-11-24/power' },
      },
      {
        ...shared,
        kind: 'traffic',
        purpose: 'lan-in',
        amounts: [{ value: '24000000', unit: 'B' }],
        source: 'measured',
        method: 'traffic@1',
        external: { system: 'hearth-meter', id: '2026-11-24/lan-in' },
      },
      {
        ...shared,
        kind: 'traffic',
        purpose: 'wan-out',
        amounts: [{ value: '168', unit: 'B' }],
        source: 'measured',
        method: 'traffic@1',
        external: { system: 'hearth-meter', id: '2026-11-24/wan-out' },
      },
    ])
    for (const draft of drafts) expect(checkDraft(draft)).toBe(draft)
  })

  it('wait until the day is over and its last readings are written', () => {
    const read = threeWatts('2026-11-23T23:00:00Z', 24)
    expect(days('2026-11-24T22:59:00Z', '2026-11-24T05:00:00Z', read).drafts).toEqual([])
    expect(days('2026-11-24T23:14:00Z', '2026-11-24T05:00:00Z', read).drafts).toEqual([])
  })

  it('catch up after days off, and a day without a reading has none', () => {
    const read = [...threeWatts('2026-11-20T10:00:00Z', 2), ...threeWatts('2026-11-23T10:00:00Z', 1)]
    const { drafts } = days('2026-11-24T12:00:00Z', '2026-11-20T10:00:00Z', read)
    expect(
      drafts.filter(({ kind }) => kind === 'power').map(({ period, coveredSeconds }) => [period.from, coveredSeconds]),
    ).toEqual([
      ['2026-11-20', 7200],
      ['2026-11-23', 3600],
    ])
  })

  it('follow the household’s clock over the end of summer time', () => {
    const { drafts } = days('2026-10-26T12:00:00Z', '2026-10-24T23:00:00Z', threeWatts('2026-10-24T22:00:00Z', 25))
    expect(drafts[0]).toMatchObject({ period: { from: '2026-10-25', to: '2026-10-26' }, coveredSeconds: 90_000 })
  })

  it.each([
    ['Europe/Berlin', '2026-11-24T00:00:00Z', [['2026-11-24/power', 23]]],
    [
      'UTC',
      '2026-11-23T23:00:00Z',
      [
        ['2026-11-23/power/from-82800', 1],
        ['2026-11-24/power', 24],
      ],
    ],
  ])('go on where they were when the zone becomes %s', (zone, since, expected) => {
    const read = threeWatts('2026-11-22T23:00:00Z', 72)
    const { drafts } = meteredDays({
      now: Date.parse('2026-11-25T12:00:00Z'),
      zone,
      instance,
      since: Date.parse(since),
      readings: ({ start, end }) => read.filter(({ hour }) => hour >= start && hour < end),
    })
    const power = drafts.filter(({ kind }) => kind === 'power')
    const hours = power.map(({ external, coveredSeconds = 0 }) => [external?.id, coveredSeconds / 3600])
    expect(hours).toEqual(expected)
  })

  it('say when the clock could not be trusted', () => {
    const { drafts } = days('2026-11-25T12:00:00Z', '2026-11-24T10:00:00Z', [
      ...threeWatts('2026-11-24T10:00:00Z', 1),
      ...threeWatts('2026-11-24T11:00:00Z', 1, false),
    ])
    expect(drafts[0]?.note).toContain('could not be trusted')
  })

  it('are the same, with the same names, however often they are made', () => {
    const make = () => days('2026-11-24T12:00:00Z', '2026-11-23T10:00:00Z', threeWatts('2026-11-23T10:00:00Z', 3))
    expect(make()).toEqual(make())
  })
})

it('storage is entered by owner, as counted on its day', () => {
  const drafts = storageEntries({ server: 5, media: 3 }, Date.parse('2026-11-24T02:41:00Z'), zone, instance)
  expect(drafts).toMatchObject([
    {
      kind: 'storage',
      purpose: 'server',
      amounts: [{ value: '5', unit: 'B' }],
      external: { id: '2026-11-24/storage/server' },
    },
    { purpose: 'media', amounts: [{ value: '3', unit: 'B' }] },
  ])
  for (const draft of drafts) expect(checkDraft(draft)).toBe(draft)
})

import { expect, test } from 'vitest'
import { troublesOfWeek, weekdays } from '#agent/costs/week.ts'
import { dayChoices, divideWeek, parseHours, timesOn } from './tariff-week.ts'

test.each([
  ['22-6', [{ from: 1320, to: 360 }]],
  ['22:00–06:30', [{ from: 1320, to: 390 }]],
  [
    '6.30 - 14h, 20 Uhr – 24',
    [
      { from: 390, to: 840 },
      { from: 1200, to: 1440 },
    ],
  ],
  ['', [{ from: 0, to: 1440 }]],
  ['22-0', [{ from: 1320, to: 0 }]],
])('reads the hours %j', (typed, ranges) => {
  expect(parseHours(typed)).toEqual(ranges)
})

test.each(['night', '22', '25-6', '22:60-6', '6-6', '24-6', '22-6-7', '22-6,', '-', '24:30-6'])(
  'does not take %j for hours',
  (typed) => {
    expect(parseHours(typed)).toBeNull()
  },
)

test('a night lasts until the morning after its days', () => {
  expect(timesOn(dayChoices.workdays ?? [], parseHours('22-6') ?? [])).toEqual([
    { days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'], from: '22:00', to: '24:00' },
    { days: ['tuesday', 'wednesday', 'thursday', 'friday', 'saturday'], from: '00:00', to: '06:00' },
  ])
  expect(timesOn(['sunday'], parseHours('22-6') ?? [])[1]).toEqual({ days: ['monday'], from: '00:00', to: '06:00' })
})

test.each([
  [weekdays, '22-6'],
  [dayChoices.workdays ?? [], '22-6, 13-15, 14-16'],
  [dayChoices.weekend ?? [], ''],
  [weekdays, ''],
])('divides the week without gap or overlap: %j %j', (days, hours) => {
  const { within, rest } = divideWeek(timesOn(days, parseHours(hours) ?? []))
  expect(
    troublesOfWeek([
      { name: 'cheap', perKwh: '1', times: within },
      { name: 'other', perKwh: '2', times: rest },
    ]),
  ).toEqual([])
})

test('puts days with the same hours together', () => {
  expect(divideWeek(timesOn(weekdays, parseHours('22-6') ?? [])).rest).toEqual([
    { days: [...weekdays], from: '06:00', to: '22:00' },
  ])
})

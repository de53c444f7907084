import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AgentSettings, LiveFigures, PowerFigure } from '../api.ts'
import { hourMs } from '../ledger/hours.ts'
import { Ledger } from '../ledger/ledger.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { Bookkeeper } from './bookkeeper.ts'

const watts = (value: number): PowerFigure => ({
  value,
  low: value,
  high: value,
  unit: 'W',
  source: 'model:rpi-4b@1',
  at: '',
  class: 'modelled',
  boundary: 'wall',
})
let settings: AgentSettings
let kit: KitRoot
let clock: FakeClock
let readings: Ledger
let books: Bookkeeper

beforeEach(async () => {
  settings = {
    currency: 'EUR',
    timezone: 'Europe/Berlin',
    pricePerKwh: '0.40',
    plug: null,
    calibration: [],
    internetPerMonth: null,
    hardware: null,
    domainPerYear: '12',
    tariffs: null,
    sharing: 'equal',
  }
  kit = await makeKitRoot()
  clock = new FakeClock('2026-11-01T00:30:00Z')
  readings = new Ledger(kit.paths.agentData, () => clock.now())
  readings.start()
  books = new Bookkeeper({
    folder: kit.paths.agentData,
    clock,
    readings,
    settings: () => settings,
    instance: () => 'hearth.example',
    people: () => 2,
    power: () => ({ idle: watts(2), now: watts(3) as LiveFigures['power'] }),
  })
})
afterEach(async () => {
  books.stop()
  readings.stop()
  await kit.remove()
})

/** Three watts, a megabyte to the internet an hour. */
function run(from: string, hours: number): void {
  const start = Date.parse(from)
  readings.add(
    Array.from({ length: hours }, (_, hour) => ({
      interval: { start: start + hour * hourMs, end: start + (hour + 1) * hourMs, trusted: true },
      quantities: { energy: 3e6, energyLow: 2e6, energyHigh: 4e6, seconds: 3600, wanOut: 1e6, classRank: 2 },
    })),
  )
  readings.flush()
}
const summaryOf = (kind: string) =>
  books.entries({ kind }).map(({ period, purpose, amounts: [amount] }) => [period.from, purpose, amount?.value])

describe('the bookkeeper', () => {
  it('enters each day once, whatever happens in between', () => {
    run('2026-10-29T23:00:00Z', 48)
    books.enterDays()
    books.enterDays()
    readings.note('days-entered', Date.parse('2026-10-29T23:00:00Z')) // as after a power cut before the note
    books.enterDays()
    expect(summaryOf('power')).toEqual([
      ['2026-10-30', undefined, '0.072'],
      ['2026-10-31', undefined, '0.072'],
    ])
  })

  it('enters what a month cost once it is over and its days are in, and not again when prices change', () => {
    run('2026-10-29T23:00:00Z', 48)
    books.enterMonths()
    expect(summaryOf('cost')).toEqual([])
    books.enterDays()
    books.enterMonths()
    const entered = summaryOf('cost')
    // 2 W of 3 W are idle: 0.096 kWh and 0.048 kWh at 0.40, and a month of the domain.
    expect(entered).toEqual([
      ['2026-10-01', 'power', '0.02'],
      ['2026-10-01', 'idle', '0.04'],
      ['2026-10-01', 'domain', '1'],
    ])
    settings = { ...settings, pricePerKwh: '0.80', internetPerMonth: '5' }
    readings.note('month-entered', null)
    books.enterMonths()
    expect(summaryOf('cost')).toEqual(entered)
    expect(books.bill('2026-10').total.value.amount).not.toBe('1.06') // the page shows it by the prices of today
  })

  it('enters the month in which a kit was switched off for longer', () => {
    run('2026-10-30T23:00:00Z', 24)
    clock.set('2027-01-03T12:00:00Z')
    books.enterDays()
    books.enterMonths()
    expect(summaryOf('cost').map(([month]) => month)).toContain('2026-10-01')
    expect(readings.noted('month-entered')).toBe('2026-12')
  })

  it('enters nothing for a month before the first reading', () => {
    run('2026-10-31T23:00:00Z', 1)
    clock.set('2026-11-03T12:00:00Z')
    books.enterDays()
    books.enterMonths()
    expect(summaryOf('cost')).toEqual([])
  })

  it('survives a clock that jumps a year ahead and back again', () => {
    run('2026-10-30T23:00:00Z', 24)
    clock.set('2027-11-01T00:30:00Z')
    books.enterDays()
    clock.set('2026-11-02T00:30:00Z')
    run('2026-10-31T23:00:00Z', 24)
    books.enterDays()
    expect(summaryOf('power').map(([day]) => day)).toEqual(['2026-10-31', '2026-11-01'])
    expect(readings.noted('days-entered')).toBe(Date.parse('2026-11-01T23:00:00Z'))
  })
})

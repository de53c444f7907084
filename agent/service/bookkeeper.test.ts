import { copyFileSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bill, Tariffs, TypedPrice } from '../api.ts'
import { migrateSettings } from '../costs/tariff.ts'
import { correctionOf } from '../ledger/corrections.ts'
import { makeBooks, type TestBooks } from '../testing/books.ts'

let household: TestBooks
let { books, readings, clock, run } = {} as TestBooks

beforeEach(async () => {
  household = await makeBooks('2026-11-01T00:30:00Z', { domainPerYear: '12' })
  ;({ books, readings, clock, run } = household)
})
afterEach(() => household.stop())

const summaryOf = (kind: string) =>
  books.entries({ kind }).map(({ period, purpose, amounts: [amount] }) => [period.from, purpose, amount?.value])

/** Enters October: a day of November was metered, which says that it has passed. */
const enterOctober = () => {
  run('2026-10-31T23:00:00Z', 24)
  clock.set('2026-11-02T00:30:00Z')
  books.enterDays()
  books.enterMonths()
}

/** The household's prices, and one for each GB. */
const perGb = (): Tariffs => ({
  ...migrateSettings(household.settings),
  internet: [{ from: '2000-01-01', kind: 'per-gb', perGb: '10' }],
})

describe('the bill of a month that was entered', () => {
  const october = () => books.bill('2026-10')
  const lines = ({ lines }: Bill) => lines.map(({ id, range }) => [id, range.value.amount])
  const cost = (purpose: string) => books.entries({ kind: 'cost' }).find((entry) => entry.purpose === purpose)
  const correct = (purpose: string, amount?: string, unit = 'EUR') => {
    const entry = cost(purpose)
    if (entry) books.record(correctionOf(entry, amount === undefined ? [] : [{ value: amount, unit }]))
  }

  beforeEach(() => {
    run('2026-10-29T23:00:00Z', 48, { cpuServer: 30, cpuSystem: 10 })
    enterOctober()
  })

  it('is what was entered, by whatever prices and model are in force today', () => {
    const before = october()
    expect(before).toMatchObject({
      month: '2026-10',
      period: { from: '2026-10-01', to: '2026-11-01' },
      state: 'closed',
      currency: 'EUR',
      total: { value: { amount: '1.06' }, low: { amount: '1.04' }, high: { amount: '1.08' } },
      coverage: { seconds: 745 * 3600, coveredSeconds: 48 * 3600, unpricedSeconds: 0 },
      powerClass: 'modelled',
    })
    expect(lines(before)).toEqual([
      ['power', '0.02'],
      ['idle', '0.04'],
      ['domain', '1'],
    ])
    expect(before.services.filter(({ cpuSeconds }) => cpuSeconds > 0)).toMatchObject([
      { id: 'server', range: { value: { amount: '0.02' } } },
      { id: 'system', range: { value: { amount: '0' } } },
    ])
    household.settings = { ...household.settings, pricePerKwh: '0.80', internetPerMonth: '5' }
    expect(october()).toEqual(before)
    expect(books.billsInCoins('2026-10')).toEqual([before])
    expect(books.history('day', '2026-10').whole.cost?.total).toEqual(before.total)
    expect(books.history('month', '2026').parts[0]?.cost?.total).toEqual(before.total)
  })

  it('has the corrections since, and its parts still add up', () => {
    correct('power', '0.10')
    correct('domain')
    const bill = october()
    expect(lines(bill)).toEqual([
      ['power', '0.1'],
      ['idle', '0.04'],
    ])
    expect(bill.total).toMatchObject({ value: { amount: '0.14' }, low: { amount: '0.13' }, high: { amount: '0.15' } })
    const services = bill.services.reduce((sum, { range }) => sum + Number(range.value.amount), 0)
    expect(services).toBeCloseTo(0.1, 12)
    expect(books.history('day', '2026-10').whole.cost?.total).toEqual(bill.total)
    for (const line of ['power', 'idle']) correct(line)
    expect(october()).toMatchObject({
      state: 'closed',
      lines: [],
      total: { value: { amount: '0' } },
      coverage: { coveredSeconds: 48 * 3600, unpricedSeconds: 0 }, // withdrawn, and not without a price
      powerClass: null,
    })
    expect(books.history('day', '2026-10').whole.cost).toMatchObject({ state: 'entered', total: october().total })
  })

  it('leaves out what was corrected to another currency', () => {
    correct('power', '3', 'CHF')
    expect(october()).toMatchObject({ currency: 'EUR', total: { value: { amount: '1.04' } } })
  })

  it('stays when its hours are deleted, but for who kept the processor busy', () => {
    const before = october()
    clock.set('2027-12-20T00:30:00Z')
    readings.forgetOld()
    expect(readings.firstHour()).toBeNull()
    expect(october()).toEqual({ ...before, services: [] })
  })
})

it('says for how long a month that was entered had no price', () => {
  const [power] = migrateSettings(household.settings).power
  if (power)
    household.settings.tariffs = { ...migrateSettings(household.settings), power: [{ ...power, from: '2026-10-31' }] }
  run('2026-10-29T23:00:00Z', 48)
  const october = () => books.history('month', '2026').parts[0]?.cost
  expect(october()).toMatchObject({ state: 'computed', incomplete: true })
  enterOctober()
  expect(books.bill('2026-10').coverage).toMatchObject({ coveredSeconds: 48 * 3600, unpricedSeconds: 24 * 3600 })
  expect(october()).toMatchObject({ state: 'entered', incomplete: true })
  expect(books.history('day', '2026-10').whole.cost).toMatchObject({ state: 'entered', incomplete: true })
})

describe('the bookkeeper', () => {
  it('enters each day once, whatever happens in between', () => {
    run('2026-10-29T23:00:00Z', 48)
    books.enterDays()
    books.enterDays()
    readings.note('days-in-journal', null) // as after a power cut before the note
    books.enterDays()
    expect(summaryOf('power')).toEqual([
      ['2026-10-30', undefined, '0.072'],
      ['2026-10-31', undefined, '0.072'],
    ])
  })

  it('enters what a month cost once a day after it is in, and not again when prices change', () => {
    run('2026-10-29T23:00:00Z', 48)
    books.enterMonths()
    expect(summaryOf('cost')).toEqual([])
    books.enterDays()
    books.enterMonths()
    expect(summaryOf('cost')).toEqual([]) // the clock alone says that October is over: it may be an hour ahead
    enterOctober()
    const entered = summaryOf('cost')
    // 2 W of 3 W are idle: 0.096 kWh and 0.048 kWh at 0.40, and a month of the domain.
    expect(entered).toEqual([
      ['2026-10-01', 'power', '0.02'],
      ['2026-10-01', 'idle', '0.04'],
      ['2026-10-01', 'domain', '1'],
    ])
    household.settings = { ...household.settings, pricePerKwh: '0.80', internetPerMonth: '5' }
    readings.note('months-in-journal', null)
    books.enterMonths()
    expect(summaryOf('cost')).toEqual(entered)
  })

  it('takes what it exported on trial for its own, once it has its name and its journal began anew', () => {
    household.instance = 'hearth-7f3a.local'
    run('2026-10-29T23:00:00Z', 48)
    enterOctober()
    const [power, cost] = [summaryOf('power'), summaryOf('cost')]
    const own = () => books.journal.entries({}, true).length
    const count = own()
    expect(count).toBeGreaterThan(4)
    const file = Buffer.from(books.export('json', undefined))
    books.stop()
    for (const name of ['', '-wal', '-shm']) rmSync(`${household.folder}/journal.db${name}`, { force: true })
    household.instance = 'hearth.example'
    expect(books.import(file).added).toBe(count)
    expect([summaryOf('power'), summaryOf('cost'), own()]).toEqual([power, cost, count])
    // As after a restart with the notes lost, too: no day and no month is entered a second time.
    readings.note('days-in-journal', null)
    readings.note('months-in-journal', null)
    books.enterDays()
    books.enterMonths()
    expect([summaryOf('power'), summaryOf('cost')]).toEqual([power, cost])
  })

  it('enters months in which nothing was read with what is fixed, once, when a day after them was metered', () => {
    household.settings = { ...household.settings, tariffs: perGb() }
    run('2026-10-30T23:00:00Z', 24)
    clock.set('2027-01-03T12:00:00Z')
    const enter = () => {
      books.enterDays()
      books.enterMonths()
      return summaryOf('cost').map(([month, line]) => `${month} ${line}`)
    }
    const october = ['2026-10-01 power', '2026-10-01 idle', '2026-10-01 internet', '2026-10-01 domain']
    // The clock alone says that it is January: it may be wrong.
    expect(enter()).toEqual([])
    run('2027-01-03T23:00:00Z', 24)
    clock.set('2027-01-05T12:00:00Z')
    const all = [...october, '2026-11-01 domain', '2026-12-01 domain']
    expect(enter()).toEqual(all)
    expect(enter()).toEqual(all)
    expect(books.entries({ kind: 'cost' }).at(-1)?.note).toContain('Nothing was read')
    expect(books.bill('2026-12')).toMatchObject({
      state: 'closed',
      total: { value: { amount: '1' } },
      coverage: { seconds: 31 * 86_400, coveredSeconds: 0, unpricedSeconds: 0 },
      powerClass: null,
    })
  })

  it('enters a month that had no price once it gets its first', () => {
    household.settings = { ...household.settings, pricePerKwh: null, domainPerYear: null }
    run('2026-10-29T23:00:00Z', 48)
    enterOctober()
    expect(summaryOf('cost')).toEqual([])
    expect(books.bill('2026-10')).toMatchObject({ state: 'computed', lines: [] })
    const typed: TypedPrice = { of: 'power', amount: '4.00', from: '2000-01-01', typed: '2026-11-02' }
    household.settings = { ...household.settings, pricePerKwh: '4.00', typedPrices: [typed] }
    books.enterMonths()
    expect(summaryOf('cost')).toEqual([]) // a slip can be mended until the day is over
    expect(books.bill('2026-10')).toMatchObject({ state: 'computed', total: { value: { amount: '0.58' } } })
    clock.set('2026-11-03T00:30:00Z')
    books.enterDays()
    books.enterMonths()
    expect(summaryOf('cost').map(([, line, amount]) => [line, amount])).toEqual([
      ['power', '0.19'],
      ['idle', '0.39'],
    ])
  })

  it.each(['lost', 'put back from an older copy'])(
    'enters everything anew that a journal lacks which was %s',
    (how) => {
      run('2026-10-29T23:00:00Z', 24)
      clock.set('2026-10-31T00:30:00Z')
      books.enterDays()
      const files = ['', '-wal', '-shm'].map((suffix) => `${household.folder}/journal.db${suffix}`)
      books.stop()
      copyFileSync(files[0] as string, `${household.folder}/copy.db`)
      run('2026-10-30T23:00:00Z', 24)
      enterOctober()
      const [power, cost] = [summaryOf('power'), summaryOf('cost')]
      expect([power.length, cost.length]).toEqual([3, 3])
      books.stop()
      for (const file of files) rmSync(file, { force: true })
      if (how !== 'lost') copyFileSync(`${household.folder}/copy.db`, files[0] as string)
      const period = { from: '2026-11-01', to: '2026-11-02' }
      const gift = { kind: 'donation', period, source: 'typed', audience: 'owner' } as const
      for (let number = 0; number < 20; number += 1) books.record({ ...gift, amounts: [] }) // as many entries as there were
      books.enterDays()
      books.enterMonths()
      expect([summaryOf('power'), summaryOf('cost')]).toEqual([power, cost])
    },
  )

  it.each([
    ['some', '2027-11-15T00:30:00Z'],
    ['all', '2027-12-20T00:30:00Z'],
  ])('enters nothing for a month %s of whose hours are deleted', (_, later) => {
    run('2026-10-04T22:00:00Z', 20 * 24)
    run('2026-10-31T23:00:00Z', 24)
    clock.set('2026-11-02T00:30:00Z')
    books.enterDays()
    clock.set(later)
    readings.forgetOld()
    books.enterDays()
    books.enterMonths()
    expect(summaryOf('cost')).toEqual([])
    expect(books.bill('2026-10').state).toBe('computed')
    expect(books.history('month', '2026').whole.cost?.incomplete ?? true).toBe(true)
  })

  it.each([
    ['UTC', 'Europe/Berlin'],
    ['UTC', 'America/New_York'],
    ['UTC', 'Pacific/Auckland'],
    ['Pacific/Auckland', 'UTC'],
    ['Europe/Berlin', 'UTC'],
  ])('enters every hour once when the household’s zone changes from %s to %s', (before, after) => {
    household.settings = { ...household.settings, timezone: before }
    run('2026-11-02T00:00:00Z', 4 * 24)
    clock.set('2026-11-04T12:00:00Z')
    books.enterDays()
    household.settings = { ...household.settings, timezone: after }
    clock.set('2026-11-08T12:00:00Z')
    books.enterDays()
    const days = books.entries({ kind: 'power' })
    expect(days.reduce((sum, { coveredSeconds = 0 }) => sum + coveredSeconds, 0)).toBe(4 * 86_400)
    const bytes = books.entries({ kind: 'traffic' }).map(({ amounts }) => Number(amounts[0]?.value))
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBe(4 * 24e6)
  })

  it('enters a day once the hour in which it ends is over', async () => {
    await household.stop()
    household = await makeBooks('2026-11-24T18:50:00Z', { timezone: 'Asia/Kolkata' })
    household.run('2026-11-23T18:00:00Z', 24)
    household.run('2026-11-24T18:00:00Z', 1, { energy: 2.5e6, seconds: 3000 }) // so far
    const days = () =>
      household.books.entries({ kind: 'power' }).map(({ period, amounts }) => [period.from, amounts[0]?.value])
    household.books.enterDays()
    expect(days()).toEqual([['2026-11-23', '0.0015']])
    household.clock.set('2026-11-24T19:23:00Z')
    household.books.enterDays()
    expect(days()).toEqual([
      ['2026-11-23', '0.0015'],
      ['2026-11-24', '0.07175'],
    ])
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
    expect(readings.noted('days-in-journal')).toMatchObject({ mark: Date.parse('2026-11-01T23:00:00Z') })
  })
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { History } from '../api.ts'
import { correctionOf } from '../ledger/corrections.ts'
import { makeBooks, type TestBooks } from '../testing/books.ts'

let household: TestBooks
let books: TestBooks['books']
let run: TestBooks['run']

async function begin(...options: Parameters<typeof makeBooks>): Promise<void> {
  household = await makeBooks(...options)
  books = household.books
  run = household.run
}
beforeEach(() => begin('2026-11-24T10:20:00Z'))
afterEach(() => household.stop())

/** Forgets readings before a day, as after 400 days. */
function forget(now: string): void {
  const { clock, readings } = household
  const present = clock.now()
  clock.set(now)
  readings.forgetOld()
  clock.wall = present
}
/** Since the kit began. */
const energies = ({ parts }: History) =>
  parts.filter(({ seconds }) => seconds > 0).map(({ name, energy }) => [name, energy?.wattHours ?? null])
const partNamed = ({ parts }: History, name: string) => parts.find((part) => part.name === name)

describe('hours', () => {
  it('are the last two days; one without a reading is a gap and not zero', () => {
    run('2026-11-24T06:00:00Z', 2)
    run('2026-11-24T09:00:00Z', 1, { classRank: 0 })
    const history = books.history('hour', null)
    expect(history).toMatchObject({ of: null, start: '2026-11-22T11:00:00.000Z', end: '2026-11-24T11:00:00.000Z' })
    expect(history.parts.map(({ start, energy }) => [start.slice(11, 13), energy?.class ?? null])).toEqual([
      ['06', 'modelled'],
      ['07', 'modelled'],
      ['08', null],
      ['09', 'measured'],
      ['10', null],
    ])
    expect(history.parts[2]).toMatchObject({ traffic: null, seconds: 3600, coveredSeconds: 0 })
    expect(history.parts[4]?.seconds).toBe(1200)
    expect(history.whole.energy).toEqual({
      wattHours: 9,
      lowWattHours: 6,
      highWattHours: 12,
      class: 'modelled',
      boundary: 'wall',
    })
  })

  it('of a day are 23, 24 or 25, and none lies in two days', () => {
    run('2026-03-20T00:00:00Z', 24 * 240)
    const count = (day: string) => books.history('hour', day).parts.length
    expect([count('2026-03-28'), count('2026-03-29'), count('2026-10-25')]).toEqual([24, 23, 25])
    const names = ['2026-03-28', '2026-03-29', '2026-03-30'].flatMap((day) =>
      books.history('hour', day).parts.map(({ name }) => name),
    )
    expect(new Set(names).size).toBe(71)
    expect(books.history('hour', '2026-10-25')).toMatchObject({ earlier: '2026-10-24', later: '2026-10-26' })
    expect(books.history('hour', '2026-11-24').later).toBeNull()
    expect(books.history('hour', '2026-03-20').earlier).toBeNull()
  })

  it('have their share of the costs', () => {
    run('2026-10-31T22:00:00Z', 2)
    const { parts } = books.history('hour', '2026-10-31')
    expect(parts.at(-1)?.cost).toMatchObject({
      total: { value: { amount: '0.0012', currency: 'EUR' } },
      state: 'computed',
    })
    expect(books.history('hour', '2026-11-01').parts[0]?.cost?.state).toBe('so-far')
  })
})

describe('days', () => {
  it('are the same from readings and from the ledger', () => {
    run('2026-11-20T13:00:00Z', 90)
    const before = books.history('day', '2026-11')
    books.enterDays()
    const after = books.history('day', '2026-11')
    expect(after).toEqual(before)
    expect(energies(after)).toEqual([
      ['2026-11-20', 30],
      ['2026-11-21', 72],
      ['2026-11-22', 72],
      ['2026-11-23', 72],
      ['2026-11-24', 24],
    ])
    expect(partNamed(after, '2026-11-20')).toMatchObject({ seconds: 10 * 3600, coveredSeconds: 10 * 3600 })
    expect(partNamed(after, '2026-11-21')?.traffic).toEqual({
      lan: { in: 0, out: 0 },
      wan: { in: 0, out: 24e6 },
      unknown: { in: 0, out: 0 },
    })
  })

  it('outlive their readings, without a cost then', () => {
    run('2026-11-20T13:00:00Z', 58)
    books.enterDays()
    forget('2027-12-28T00:00:00Z')
    const history = books.history('day', '2026-11')
    expect(energies(history).slice(0, 3)).toEqual([
      ['2026-11-20', 30],
      ['2026-11-21', 72],
      ['2026-11-22', 72],
    ])
    expect(partNamed(history, '2026-11-21')?.cost).toBeNull()
  })

  it('count as they were corrected, and not at all where they were withdrawn', () => {
    run('2026-11-20T13:00:00Z', 90, { wanOut: 0 })
    books.enterDays()
    const [, second, third] = books.entries({ kind: 'power' })
    if (!second || !third) throw new Error('days are missing')
    books.record(correctionOf(second, [{ value: '0.1', low: '0.09', high: '0.2', unit: 'kWh' }]))
    books.record(correctionOf(third, []))
    const history = books.history('day', '2026-11')
    expect(partNamed(history, '2026-11-21')?.energy).toMatchObject({
      wattHours: 100,
      lowWattHours: 90,
      highWattHours: 200,
    })
    expect(partNamed(history, '2026-11-22')).toMatchObject({ energy: null, coveredSeconds: 0 })
  })

  it('of another server, as an import brings them, do not count; own ones of a former name do', () => {
    run('2026-11-24T06:00:00Z', 1)
    const entry = (instance: string, day: number) => ({
      version: 1,
      id: `00000000-0000-4000-8000-0000000000${day}`,
      sequence: day,
      kind: 'power',
      period: { from: `2026-11-${day}`, to: `2026-11-${day + 1}` },
      recordedAt: `2026-11-${day + 1}T00:00:00.000Z`,
      clockTrusted: true,
      instance,
      amounts: [{ value: '0.05', unit: 'kWh' }],
      source: 'measured',
      coveredSeconds: 86_400,
      audience: 'owner' as const,
      external: { system: 'hearth-meter', id: `2026-11-${day}/power` },
    })
    const { version, id, sequence, recordedAt, clockTrusted, ...former } = entry('hearth-7f3a.local', 22)
    books.journal.record(former)
    const file = [entry('other.example', 21), entry('hearth.example', 23)]
    books.import(Buffer.from(JSON.stringify(file)))
    expect(books.entries({ kind: 'power' })).toHaveLength(3)
    expect(energies(books.history('day', '2026-11'))).toEqual([
      ['2026-11-22', 50],
      ['2026-11-23', 50],
      ['2026-11-24', 3],
    ])
  })

  it('know the space as it was counted', () => {
    run('2026-11-23T13:00:00Z', 20)
    const use = { server: 500, media: 300, ledger: 20, system: 7 }
    books.enterStorage(use)
    expect(partNamed(books.history('day', '2026-11'), '2026-11-24')?.storage).toEqual(use)
    expect(partNamed(books.history('day', '2026-11'), '2026-11-23')?.storage).toBeNull()
    expect(books.history('year', null).whole.storage).toEqual(use)
  })
})

describe('months and years', () => {
  it('are the sums of their days; the worst class stands for all of them', () => {
    run('2026-09-30T21:00:00Z', 1, { classRank: 1 })
    run('2026-09-30T22:00:00Z', 31 * 24 + 1, { classRank: 0 })
    run('2026-11-23T23:00:00Z', 11)
    books.enterDays()
    const year = books.history('month', '2026')
    expect(year.parts.map(({ name, energy }) => [name, energy?.wattHours, energy?.class])).toEqual([
      ['2026-09', 3, 'derived'],
      ['2026-10', 745 * 3, 'measured'],
      ['2026-11', 33, 'modelled'],
    ])
    const days = books.history('day', '2026-10').parts
    expect(days.reduce((sum, { energy }) => sum + (energy?.wattHours ?? 0), 0)).toBeCloseTo(745 * 3, 9)
    const years = books.history('year', null)
    expect(years.parts).toHaveLength(1)
    expect(years.parts[0]?.energy).toEqual(year.whole.energy)
    expect(years.whole.energy?.class).toBe('modelled')
  })

  it('cost what was entered, by the prices of then', () => {
    run('2026-09-30T22:00:00Z', 31 * 24 + 1)
    run('2026-10-31T23:00:00Z', 24)
    books.enterDays()
    books.enterMonths()
    household.settings = { ...household.settings, pricePerKwh: '0.80' }
    const [october, november] = books.history('month', '2026').parts
    // 745 hours of 3 W at 0.40.
    expect(october?.cost).toMatchObject({ total: { value: { amount: '0.89' } }, state: 'entered' })
    expect(november?.cost).toMatchObject({ total: { value: { amount: '0.0576' } }, state: 'so-far', incomplete: false })
    // In another currency there is none: prices of today say nothing of October.
    household.settings = { ...household.settings, currency: 'CHF' }
    const year = books.history('month', '2026')
    expect(year.parts.map(({ cost }) => cost?.total.value.currency ?? null)).toEqual([null, 'CHF'])
    expect(year.whole.cost?.incomplete).toBe(true)
    expect(books.history('day', '2026-10').whole.cost).toBeNull()
  })

  it('say so where electricity had no price for some of the time that was read', () => {
    run('2026-11-20T23:00:00Z', 72)
    const costs = () => [books.history('month', '2026').parts.at(-1)?.cost, books.history('day', '2026-11').whole.cost]
    for (const cost of costs()) expect(cost).toMatchObject({ state: 'so-far', incomplete: false })
    household.settings.typedPrices = [{ of: 'power', amount: '0.40', from: '2026-11-23', typed: '2026-11-23' }]
    for (const cost of costs()) expect(cost).toMatchObject({ state: 'so-far', incomplete: true })
    household.settings.domainPerYear = '12'
    household.settings.typedPrices = [{ of: 'domain', amount: '12', from: '2000-01-01', typed: '2026-11-23' }]
    for (const cost of costs()) expect(cost).toMatchObject({ state: 'so-far', incomplete: true })
  })

  it('that were not entered are computed, as long as their readings are there', () => {
    run('2026-09-30T22:00:00Z', 31 * 24 + 1)
    const october = () => books.history('month', '2026').parts.find(({ name }) => name === '2026-10')?.cost
    expect(october()).toMatchObject({ total: { value: { amount: '0.89' } }, state: 'computed' })
    expect(october()?.total).toEqual(books.bill('2026-10').total)
    household.settings = { ...household.settings, pricePerKwh: null }
    expect(october()).toBeNull()
  })

  it('so far add up to the bill, to the last digit', () => {
    household.settings = { ...household.settings, hardware: { price: '100', years: 7 }, domainPerYear: '10' }
    run('2026-11-03T05:00:00Z', 400)
    const days = books.history('day', '2026-11')
    const { total } = books.bill('2026-11')
    expect(days.whole.cost?.total).toEqual(total)
    const months = books.history('month', '2026')
    expect(months.parts.at(-1)?.cost?.total).toEqual(total)
  })
})

describe('a month whose hours are deleted', () => {
  /** Twenty days are read, eleven are gaps that cost their part of the domain. */
  beforeEach(() => {
    household.settings = { ...household.settings, domainPerYear: '12' }
    run('2026-09-30T22:00:00Z', 20 * 24)
    run('2026-11-23T00:00:00Z', 24)
    books.enterDays()
  })
  const october = () => books.history('day', '2026-10')

  it('cost what was entered, not what its gaps cost', () => {
    books.enterMonths()
    // 480 hours of 3 W at 0.40, and the domain.
    const entered = { total: { value: { amount: '1.58' } }, state: 'entered', incomplete: false }
    expect(october().whole.cost).toMatchObject(entered)
    forget('2027-12-28T00:00:00Z')
    expect(october().whole.cost).toMatchObject(entered)
    expect(books.history('month', '2026').parts[0]?.cost).toMatchObject(entered)
    expect(partNamed(october(), '2026-10-03')?.cost).toBeNull()
    expect(partNamed(october(), '2026-10-30')?.cost).toMatchObject({ state: 'computed' })
  })

  it('says that only a part is known where nothing was entered', () => {
    forget('2027-12-28T00:00:00Z')
    const { whole } = october()
    expect(whole.cost?.incomplete).toBe(true)
    expect(Number(whole.cost?.total.value.amount)).toBeCloseTo(11 / 31, 2)
    const year = books.history('month', '2026')
    expect(year.parts[0]?.cost).toBeNull()
    run('2026-11-24T00:00:00Z', 1)
    expect(books.history('month', '2026').whole.cost).toMatchObject({ state: 'so-far', incomplete: true })
    expect(books.history('year', null).parts[0]?.cost).toMatchObject({ incomplete: true })
  })

  it('is not taken for the one in which the kit began', async () => {
    await household.stop()
    await begin('2026-11-24T10:20:00Z', { domainPerYear: '12' })
    run('2026-10-04T22:00:00Z', 20 * 24, { seconds: 3598.53 })
    books.enterDays()
    expect(books.history('month', '2026').parts[0]?.cost).toMatchObject({ state: 'computed', incomplete: false })
    expect(october().whole.cost).toMatchObject({ state: 'computed', incomplete: false })
  })

  it('says so, too, where its first hours alone are gone', () => {
    expect(october().whole.cost?.incomplete).toBe(false)
    forget('2027-11-15T00:00:00Z') // 400 days after 11 October
    const days = october()
    expect(days.parts.slice(9, 12).map(({ cost }) => cost?.state ?? null)).toEqual([null, null, 'computed'])
    expect(days.whole.cost?.incomplete).toBe(true)
    const [month] = books.history('month', '2026').parts
    expect(month?.cost).toMatchObject({ state: 'computed', incomplete: true })
    books.enterMonths() // not of what is left
    expect(october().whole.cost).toMatchObject({ state: 'computed', incomplete: true })
  })
})

describe.each([
  ['Asia/Kolkata', '18:30', 0.5],
  ['Asia/Kathmandu', '18:15', 0.75],
  ['Europe/Berlin', '23:00', 0],
])('a day in %s, which begins at %s of UTC', (timezone, midnight, before) => {
  beforeEach(async () => {
    await household.stop()
    await begin('2026-11-24T10:20:00Z', { timezone })
    // Two days from the full hour after a midnight.
    run(`2026-11-20T${String(Number(midnight.slice(0, 2)) + Math.ceil(before)).padStart(2, '0')}:00:00Z`, 48)
  })

  it('has its own part of the hour that lies in two, entered or not', () => {
    const read = books.history('day', '2026-11')
    const expected = [
      ['2026-11-21', 3 * (24 - before), 24 - before],
      ['2026-11-22', 3 * 24, 24],
      ['2026-11-23', before > 0 ? 3 * before : null, before],
    ] as const
    for (const [day, energy, hours] of expected) {
      const part = partNamed(read, day)
      expect([day, part?.energy?.wattHours ?? null]).toEqual([day, energy])
      expect([day, part?.traffic?.wan.out ?? 0]).toEqual([day, hours * 1e6])
      expect([day, part?.coveredSeconds]).toEqual([day, hours * 3600])
    }
    books.enterDays()
    expect(energies(books.history('day', '2026-11'))).toEqual(energies(read))
  })
})

describe('before anything was read', () => {
  it('there is nothing', () => {
    for (const step of ['hour', 'day', 'month', 'year'] as const) {
      const { parts, whole, earlier } = books.history(step, null)
      expect([step, parts, whole.energy, whole.cost, earlier]).toEqual([step, [], null, null, null])
    }
  })

  it.each([
    ['hour', '2026-02-30'],
    ['hour', '2026-11'],
    ['day', '2026-13'],
    ['day', '2026'],
    ['month', '2026-11'],
  ] as const)('%s of %s is no time', (step, of) => {
    expect(() => books.history(step, of)).toThrow(RangeError)
  })
})

describe('a clock that was wrong', () => {
  it('leaves what is still to come out, and many years bounded', () => {
    run('2031-01-01T00:00:00Z', 24)
    run('2026-11-24T06:00:00Z', 2)
    expect(books.history('year', null).parts.map(({ name }) => name)).toEqual(['2026'])
    expect(books.history('day', '2031-01').parts).toEqual([])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Bill, MoneyRange, PowerTariff, PriceBand, Tariffs } from '../api.ts'
import { type BillInput, billFor, close, type ExactBill, preview } from './bill.ts'
import { minorUnits } from './currency.ts'
import { decimalPlaces, formatDecimal, parseDecimal } from './decimal.ts'
import { sumRanges } from './rounding.ts'
import { billInput, dayAfter, hourAt, hoursFrom, tariffsWith } from './testing/household.ts'
import { weekdays } from './week.ts'

const days = [...weekdays]
const from = '2020-01-01'
const flat = (perKwh: string): PowerTariff[] => [{ from, prices: { kind: 'flat', perKwh } }]
const dayAndNight = (day: string, night: string): PriceBand[] => [
  { name: 'day', perKwh: day, times: [{ days, from: '06:00', to: '22:00' }] },
  {
    name: 'night',
    perKwh: night,
    times: [
      { days, from: '00:00', to: '06:00' },
      { days, from: '22:00', to: '24:00' },
    ],
  },
]
const timeOfUse = (day: string, night: string): PowerTariff[] => [
  { from, prices: { kind: 'time-of-use', bands: dayAndNight(day, night) } },
]
const november = () => hoursFrom('2026-10-31T23:00:00Z', 720)

const soFar = (change: Partial<BillInput>) => preview(billFor(billInput(change)), 'so-far')
const amounts = ({ value, low, high }: MoneyRange) => [value.amount, low.amount, high.amount]
const values = (bill: Bill) => Object.fromEntries(bill.lines.map(({ id, range }) => [id, range.value.amount]))
const bounds = ['value', 'low', 'high'] as const
const exactTotal = (bill: ExactBill) => sumRanges(bill.lines.map((line) => line.soFar.money))

describe('power', () => {
  it('is counted exactly, with its bounds', () => {
    const bill = soFar({ tariffs: tariffsWith({ power: flat('0.32') }), readings: [hourAt('2026-11-15T10:00:00Z')] })
    expect(amounts(bill.total)).toEqual(['0.00096', '0.00064', '0.00128'])
    expect(bill.lines[0]).toMatchObject({
      id: 'power',
      basis: { kwh: '0.003', kwhLow: '0.002', kwhHigh: '0.004', pricePerKwh: '0.32', secondsCovered: '3600' },
    })
  })

  it.each([
    // month, first hour, hours, day, night
    ['2026-11', '2026-10-31T23:00:00Z', 720, '0.4896', '0.144'],
    ['2026-03', '2026-02-28T23:00:00Z', 743, '0.50592', '0.1482'],
    ['2026-10', '2026-09-30T22:00:00Z', 745, '0.50592', '0.1494'],
  ])('has a line for each price in %s', (month, first, hours, day, night) => {
    const readings = hoursFrom(first, hours)
    const now = Date.parse('2026-12-02T00:00:00Z')
    const bill = soFar({ month, now, tariffs: tariffsWith({ power: timeOfUse('0.34', '0.2') }), readings })
    expect(values(bill)).toEqual({ 'power/day': day, 'power/night': night })
    expect(bill.lines.map(({ name }) => name)).toEqual(['day', 'night'])
  })

  it('cuts an hour where the price changes within it, in zones with half hours', () => {
    const tariffs = tariffsWith({ timezone: 'Asia/Kolkata', power: timeOfUse('1', '10') })
    // 21:30 to 22:30, the last of October, and the first of December; the two halves outside are not November's.
    const readings = ['2026-11-15T16:00:00Z', '2026-10-31T18:00:00Z', '2026-11-30T18:00:00Z'].map((hour) =>
      hourAt(hour),
    )
    const bill = soFar({ tariffs, readings })
    expect(values(bill)).toEqual({ 'power/day': '0.0015', 'power/night': '0.045' })
    expect(bill.coverage.coveredSeconds).toBe(7200)
  })

  it('has a line for each price where it changed within the month', () => {
    const power: PowerTariff[] = [
      { from, prices: { kind: 'time-of-use', bands: dayAndNight('1', '2') } },
      { from: '2026-11-16', prices: { kind: 'time-of-use', bands: dayAndNight('3', '4') } },
    ]
    expect(values(soFar({ tariffs: tariffsWith({ power }), readings: november() }))).toEqual({
      'power/day': '0.72',
      'power/night': '0.72',
      'power/day@2026-11-16': '2.16',
      'power/night@2026-11-16': '1.44',
    })
  })

  it('says how long was read while no price was given, and does not bill it', () => {
    const power: PowerTariff[] = [{ from: '2026-11-02', to: '2026-11-03', prices: { kind: 'flat', perKwh: '1' } }]
    const bill = soFar({ tariffs: tariffsWith({ power }), readings: november() })
    expect(values(bill)).toEqual({ power: '0.072' })
    expect(bill.coverage).toEqual({ seconds: 720 * 3600, coveredSeconds: 720 * 3600, unpricedSeconds: 696 * 3600 })
  })

  it('states time without a reading, does not bill it, and expects it to be like the rest', () => {
    const exact = billFor(billInput({ tariffs: tariffsWith({ power: flat('1') }), readings: november().slice(0, 180) }))
    expect(preview(exact, 'so-far').total.value.amount).toBe('0.54')
    expect(preview(exact, 'expected').total.value.amount).toBe('2.16')
    expect(preview(exact, 'so-far').coverage).toMatchObject({ seconds: 720 * 3600, coveredSeconds: 180 * 3600 })
  })

  it('counts an hour that was read twice as covered once, and expects no less for it', () => {
    const readings = [...november(), ...november().slice(0, 10)].map((reading) => ({ ...reading, seconds: 3700 }))
    const exact = billFor(billInput({ tariffs: tariffsWith({ power: flat('1') }), readings }))
    expect(preview(exact, 'expected').total).toEqual(preview(exact, 'so-far').total)
    const early = billFor(billInput({ readings: [hourAt('2026-11-15T10:00:00Z', { seconds: 3700 })] }))
    expect(early.coverage.coveredSeconds).toBe(3600)
    const ahead = billFor(billInput({ now: Date.parse('2026-11-01T00:00:00Z'), readings: november() }))
    expect(ahead.coverage).toMatchObject({ seconds: 3600, coveredSeconds: 3600 })
  })

  it('expects the time to come at its own prices', () => {
    const readings = [hourAt('2026-11-01T10:00:00Z')]
    const tariffs = tariffsWith({ power: timeOfUse('0.34', '0.2') })
    const bill = preview(billFor(billInput({ now: Date.parse('2026-11-01T11:00:00Z'), tariffs, readings })), 'expected')
    expect(values(bill)).toEqual({ 'power/day': '0.4896', 'power/night': '0.144' })
    const unread = preview(billFor(billInput({ now: Date.parse('2026-11-01T11:00:00Z'), tariffs })), 'expected')
    expect(values(unread)).toEqual(values(bill))
  })

  it('keeps its bounds in order where a kWh is paid for', () => {
    const bill = soFar({ tariffs: tariffsWith({ power: timeOfUse('0.5', '-0.5') }), readings: november() })
    const night = bill.lines.find(({ id }) => id === 'power/night')
    expect(amounts(night?.range as MoneyRange)).toEqual(['-0.36', '-0.48', '-0.24'])
    expect(amounts(bill.total)).toEqual(['0.36', '0', '0.72'])
  })

  it('has no class where nothing was read, and else the worst', () => {
    expect(soFar({}).powerClass).toBeNull()
    const readings = [
      hourAt('2026-11-15T10:00:00Z', { classRank: 0 }),
      hourAt('2026-11-15T11:00:00Z', { classRank: 1 }),
    ]
    expect(soFar({ readings }).powerClass).toBe('derived')
  })
})

describe('idle', () => {
  const tariffs = tariffsWith({ power: timeOfUse('1', '2') })

  it('is a line of its own, for the time that was read', () => {
    const bill = soFar({ tariffs, readings: november(), idleWatts: 2 })
    // 480 hours at 1 and 240 at 2, of which 2 of 3 W are idle.
    expect(values(bill)).toEqual({ 'power/day': '0.48', 'power/night': '0.48', idle: '1.92' })
    expect(bill.lines.at(-1)?.basis).toMatchObject({ kwh: '1.44', pricePerKwh: '1.333333' })
    expect(amounts(bill.total)).toEqual(amounts(soFar({ tariffs, readings: november() }).total))
  })

  it('is never more than what was read', () => {
    const bill = soFar({ tariffs, readings: november(), idleWatts: 5 })
    expect(values(bill)).toEqual({ 'power/day': '0', 'power/night': '0', idle: '2.88' })
  })

  it('is not given to services: they divide the rest by processor time', () => {
    const services = [
      { id: 'snac', cpuSeconds: 300 },
      { id: 'other', cpuSeconds: 100.5 },
      { id: 'nginx', cpuSeconds: 0 },
    ]
    const bill = close(billFor(billInput({ tariffs, readings: november(), idleWatts: 2, services })))
    expect(bill.services.map(({ id, range }) => [id, range.value.amount])).toEqual([
      ['snac', '0.72'],
      ['other', '0.24'],
      ['nginx', '0'],
    ])
    expect(soFar({ tariffs, services: services.map(({ id }) => ({ id, cpuSeconds: 0 })) }).services).toEqual([])
  })
})

describe('other costs', () => {
  it('counts GB to and from the internet, and what may have gone there', () => {
    const tariffs = tariffsWith({ internet: [{ from, kind: 'per-gb', perGb: '0.05' }] })
    const traffic = { wanIn: 2e9, wanOut: 1e9, lanIn: 1e9, unknownIn: 4e9 }
    const bill = soFar({ tariffs, readings: [hourAt('2026-11-15T10:00:00Z', traffic)] })
    expect(amounts(bill.total)).toEqual(['0.3', '0.15', '0.35'])
    expect(bill.lines[0]?.basis).toEqual({ gb: '6', gbLow: '3', gbHigh: '7', pricePerGb: '0.05' })
  })

  it('spreads what was bought evenly over the days of its life', () => {
    const item = { price: '1461', years: 4 } // 1461 days
    const items = (bought: string): Tariffs['items'] => [{ kind: 'card', name: 'a', bought, ...item }]
    const costs = (bought: string) => values(soFar({ tariffs: tariffsWith({ items: items(bought) }) }))
    expect(costs('2026-01-01')).toEqual({ 'card/a': '30' })
    expect(costs('2026-11-16')).toEqual({ 'card/a': '15' })
    expect(costs('2022-11-15')).toEqual({ 'card/a': '14' })
    expect(costs('2022-11-01')).toEqual({})
    expect(costs('2026-12-01')).toEqual({})
  })

  it('counts fees, fixed part and internet by days', () => {
    const tariffs = tariffsWith({
      power: [
        { from, prices: { kind: 'flat', perKwh: '0' }, standingPerMonth: '3' },
        { from: '2026-11-21', prices: { kind: 'flat', perKwh: '0' }, standingPerMonth: '6' },
      ],
      internet: [{ from, to: '2026-11-11', kind: 'monthly', perMonth: '30' }],
      fees: [
        { kind: 'domain', from, amount: '12', per: 'year' },
        { kind: 'relay', name: 'north', from: '2026-11-16', amount: '2', per: 'month' },
      ],
    })
    const change = { tariffs, now: Date.parse('2026-11-19T23:00:00Z') }
    expect(values(soFar({ tariffs }))).toEqual({
      power: '0',
      'power@2026-11-21': '0',
      standing: '2',
      'standing@2026-11-21': '2',
      internet: '10',
      domain: '1',
      'relay/north': '1',
    })
    expect(values(soFar(change))).toMatchObject({
      standing: '1.9',
      'standing@2026-11-21': '0',
      internet: '10',
      domain: '0.633333333333',
      'relay/north': '0.266666666667',
    })
    expect(values(preview(billFor(billInput(change)), 'expected'))).toMatchObject({ domain: '1', 'relay/north': '1' })
  })
})

describe('closing', () => {
  it('waits for the end of the month', () => {
    const input = billInput({ now: Date.parse('2026-11-30T22:59:59Z') })
    expect(() => close(billFor(input))).toThrow('2026-11 is not over. Close its bill after 2026-11-30T23:00:00.000Z.')
    expect(close(billFor({ ...input, now: Date.parse('2026-11-30T23:00:00Z') })).state).toBe('closed')
  })

  it.each([
    ['EUR', '1', ['0.34', '0.33', '0.33']],
    ['JPY', '100', ['34', '33', '33']],
    ['KWD', '1', ['0.334', '0.333', '0.333']],
  ])('rounds once, to the coins of %s', (currency, perMonth, lines) => {
    const third = { from, per: 'year' as const, amount: String(Number(perMonth) * 4) }
    const tariffs = tariffsWith({
      currency,
      fees: ['a', 'b', 'c'].map((name) => ({ kind: 'relay', name, ...third })),
    })
    const bill = close(billFor(billInput({ tariffs })))
    expect(bill.lines.map(({ range }) => range.value.amount)).toEqual(lines)
    expect(bill.total.value.amount).toBe(perMonth)
  })

  it('is rounded from what is exact, not from what was shown', () => {
    // 0.004999999999999 shows as 0.005, which would become a cent.
    const tariffs = tariffsWith({ power: flat('0.000001') })
    const energy = 5e12 - 1
    const bill = billFor(
      billInput({
        tariffs,
        readings: [hourAt('2026-11-15T10:00:00Z', { energy, energyLow: energy, energyHigh: energy })],
      }),
    )
    expect(preview(bill, 'so-far').total.value.amount).toBe('0.005')
    expect(close(bill).total.value.amount).toBe('0')
  })
})

const anyPrice = fc
  .integer({ min: -500_000, max: 1_500_000 })
  .map((millionths) => formatDecimal(BigInt(millionths) * 10n ** 6n))
const anyReadings = fc.array(
  fc
    .tuple(
      fc.integer({ min: -2, max: 745 }),
      fc.tuple(fc.nat(10 ** 8), fc.nat(10 ** 8), fc.nat(10 ** 8)),
      fc.nat(3600),
      fc.nat(10 ** 9),
    )
    .map(([hour, energies, seconds, bytes]) => {
      const [energyLow = 0, energy = 0, energyHigh = 0] = energies.toSorted((one, other) => one - other)
      const start = Date.parse('2026-10-01T00:00:00Z') + hour * 3_600_000
      return hourAt(start, {
        energyLow,
        energy,
        energyHigh,
        seconds,
        wanOut: bytes,
        lanIn: bytes / 3,
        unknownIn: bytes / 7,
      })
    }),
  { maxLength: 60 },
)
const anyZone = fc.constantFrom('Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/St_Johns', 'UTC')
const anyTariffs = fc
  .record({
    currency: fc.constantFrom('EUR', 'JPY', 'KWD'),
    timezone: anyZone,
    day: anyPrice,
    night: anyPrice,
    perGb: fc.option(fc.nat(1000), { nil: null }),
    items: fc.array(fc.tuple(fc.nat(100_000), fc.nat(2000), fc.integer({ min: 1, max: 9 })), { maxLength: 4 }),
    fees: fc.array(fc.nat(1000), { maxLength: 4 }),
  })
  .map(({ currency, timezone, day, night, perGb, items, fees }) =>
    tariffsWith({
      currency,
      timezone,
      power: timeOfUse(day, night),
      internet: perGb === null ? [] : [{ from, kind: 'per-gb', perGb: String(perGb / 1000) }],
      items: items.map(([price, bought, years], index) => ({
        kind: 'hardware',
        name: String(index),
        price: String(price),
        bought: dayAfter('2021-10-01', bought),
        years,
      })),
      fees: fees.map((amount, index) => ({
        kind: 'relay',
        name: String(index),
        from,
        amount: String(amount),
        per: 'year',
      })),
    }),
  )
const anyInput = fc
  .record({
    tariffs: anyTariffs,
    readings: anyReadings,
    idleWatts: fc.option(fc.double({ min: 0, max: 50, noNaN: true }), { nil: null }),
    services: fc
      .array(fc.nat(10 ** 6), { maxLength: 4 })
      .map((times) => times.map((cpuSeconds, at) => ({ id: String(at), cpuSeconds }))),
  })
  .map((change) => billInput({ month: '2026-10', ...change }))

describe('any bill', () => {
  it('adds up to the last coin, in every bound, in order', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const exact = billFor(input)
        for (const bill of [close(exact), preview(exact, 'so-far'), preview(exact, 'expected')]) {
          for (const bound of bounds) {
            const sum = bill.lines.reduce((total, { range }) => total + parseDecimal(range[bound].amount), 0n)
            expect(formatDecimal(sum)).toBe(bill.total[bound].amount)
          }
          for (const { value, low, high } of [bill.total, ...bill.lines.map(({ range }) => range)]) {
            expect(parseDecimal(low.amount) <= parseDecimal(value.amount)).toBe(true)
            expect(parseDecimal(value.amount) <= parseDecimal(high.amount)).toBe(true)
          }
        }
        const { lines, services } = close(exact)
        const cents = (ranges: MoneyRange[]) => ranges.reduce((sum, { high }) => sum + parseDecimal(high.amount), 0n)
        const active = lines.filter(({ kind }) => kind === 'power').map(({ range }) => range)
        if (services.length > 0) expect(cents(services.map(({ range }) => range))).toBe(cents(active))
        const coins = lines.map(({ range }) => decimalPlaces(range.value.amount))
        expect(Math.max(0, ...coins)).toBeLessThanOrEqual(minorUnits(input.tariffs.currency))
      }),
      { numRuns: 50 },
    )
  })

  it('does not depend on the order of readings', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        expect(billFor({ ...input, readings: input.readings.toReversed() })).toEqual(billFor(input))
      }),
      { numRuns: 50 },
    )
  })

  it('is the same for one price at all times as for a flat one', () => {
    fc.assert(
      fc.property(anyInput, anyPrice, (input, price) => {
        const exact = (power: PowerTariff[]) => exactTotal(billFor({ ...input, tariffs: { ...input.tariffs, power } }))
        expect(exact(timeOfUse(price, price))).toEqual(exact(flat(price)))
      }),
      { numRuns: 50 },
    )
  })

  it('is the sum of its parts wherever a tariff is cut in two', () => {
    const anyDay = fc.integer({ min: -2, max: 33 }).map((day) => dayAfter('2026-10-01', day))
    fc.assert(
      fc.property(anyInput, anyDay, (input, day) => {
        const cut = <Item extends object>(items: Item[]) => [...items, ...items.map((item) => ({ ...item, from: day }))]
        const { power, internet, fees } = input.tariffs
        const tariffs = { ...input.tariffs, power: cut(power), internet: cut(internet), fees: cut(fees) }
        expect(exactTotal(billFor({ ...input, tariffs }))).toEqual(exactTotal(billFor(input)))
      }),
      { numRuns: 50 },
    )
  })

  it('has the same total whether idle has a line or not', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        expect(exactTotal(billFor({ ...input, idleWatts: null }))).toEqual(exactTotal(billFor(input)))
      }),
      { numRuns: 50 },
    )
  })
})

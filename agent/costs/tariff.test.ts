import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgentSettings, PriceBand, Tariffs } from '../api.ts'
import { TariffRefused } from './refusal.ts'
import { checkChange, checkTariffs, migrateSettings, withFlatPrice } from './tariff.ts'
import { tariffsWith } from './testing/household.ts'
import { weekdays } from './week.ts'

const days = [...weekdays]
const bands: PriceBand[] = [
  { name: 'day', perKwh: '0.34', times: [{ days, from: '06:00', to: '22:00' }] },
  {
    name: 'night',
    perKwh: '-0.0125',
    times: [
      { days, from: '00:00', to: '06:00' },
      { days, from: '22:00', to: '24:00' },
    ],
  },
]
const full: Tariffs = tariffsWith({
  power: [
    { from: '2026-01-01', to: '2026-06-01', prices: { kind: 'flat', perKwh: '0.32' }, standingPerMonth: '1.50' },
    { from: '2026-07-01', prices: { kind: 'time-of-use', bands } },
  ],
  internet: [
    { from: '2026-01-01', kind: 'monthly', perMonth: '5' },
    { from: '2026-05-01', kind: 'per-gb', perGb: '0.05' },
  ],
  items: [
    { kind: 'hardware', price: '89.90', bought: '2026-02-28', years: 7 },
    { kind: 'disk', name: 'backups', price: '60', bought: null, years: 0.5 },
  ],
  fees: [
    { kind: 'domain', from: '2026-01-01', amount: '13', per: 'year' },
    { kind: 'relay', name: 'north', from: '2026-01-01', amount: '2', per: 'month' },
    { kind: 'relay', name: 'south', from: '2026-01-01', amount: '3', per: 'month' },
  ],
})

/** The tariffs with a change at a place such as `power.0.from`; undefined removes it. */
function changed(place: string, value: unknown): unknown {
  const copy = structuredClone(full) as unknown as Record<string, unknown>
  const names = place.split('.')
  const last = names.pop() as string
  const owner = names.reduce((each, name) => each[name] as Record<string, unknown>, copy)
  if (value === undefined) delete owner[last]
  else owner[last] = value
  return copy
}

function refusal(run: () => unknown): TariffRefused {
  try {
    run()
  } catch (error) {
    if (error instanceof TariffRefused) return error
    throw error
  }
  throw new Error('it was taken')
}

describe('checking tariffs', () => {
  it('takes what can be used as it is', () => {
    expect(checkTariffs(structuredClone(full))).toEqual(full)
    expect(checkTariffs(tariffsWith())).toEqual(tariffsWith())
    expect(() => checkTariffs(changed('fees.2.name', undefined))).not.toThrow()
  })

  it('puts them in order', () => {
    expect(checkTariffs({ ...full, power: full.power.toReversed() })).toEqual(full)
  })

  it.each([
    ['version', 2, 'version'],
    ['currency', 'QQQ', 'currency'],
    ['timezone', 'Mars/Base', 'timezone'],
    ['fees', undefined, 'fees'],
    ['power', {}, 'power'],
    ['more', 1, 'more'],
    ['power.0', null, 'power[0]'],
    ['power.0.from', '2026-02-30', 'power[0].from'],
    ['power.0.to', '2026-01-01', 'power[0].to'],
    ['power.0.to', '2026-07-02', 'power[0].to'],
    ['power.1.from', '2026-01-01', 'power[1].from'],
    ['power.0.standingPerMonth', '1.505', 'power[0].standingPerMonth'],
    ['power.0.prices.kind', 'free', 'power[0].prices.kind'],
    ['power.0.prices.perKwh', 0.32, 'power[0].prices.perKwh'],
    ['power.0.prices.perKwh', '0.1234567', 'power[0].prices.perKwh'],
    ['power.0.prices.perKwh', '0,32', 'power[0].prices.perKwh'],
    ['power.0.prices.more', '1', 'power[0].prices.more'],
    ['power.1.prices.bands.0.name', 'night', 'power[1].prices.bands'],
    ['power.1.prices.bands.0.name', 'a/b', 'power[1].prices.bands[0].name'],
    ['power.1.prices.bands.0.name', 'a\nb', 'power[1].prices.bands[0].name'],
    ['power.1.prices.bands.0.times.0.days.0', 'moonday', 'power[1].prices.bands[0].times[0].days'],
    ['power.1.prices.bands.0.times.0.days.0', 'tuesday', 'power[1].prices.bands[0].times[0].days'],
    ['power.1.prices.bands.0.times.0.from', '6:00', 'power[1].prices.bands[0].times[0].from'],
    ['power.1.prices.bands.0.times.0.to', '05:00', 'power[1].prices.bands[0].times[0].to'],
    ['internet.0.kind', 'none', 'internet[0].kind'],
    ['internet.0.perMonth', '-1', 'internet[0].perMonth'],
    ['internet.1.perGb', '1000000.01', 'internet[1].perGb'],
    ['items.0.kind', 'desk', 'items[0].kind'],
    ['items.0.bought', '28.2.2026', 'items[0].bought'],
    ['items.0.years', '7', 'items[0].years'],
    ['items.0.years', 0.4, 'items[0].years'],
    ['items.0.price', { toString: 'x' }, 'items[0].price'],
    ['items.0', { kind: 'disk', name: 'backups', price: '1', bought: null, years: 1 }, 'items[1].name'],
    ['fees.0.per', 'week', 'fees[0].per'],
    ['fees.2.name', 'north', 'fees[2].from'],
  ])('%s: %j', (place, value, field) => {
    const refused = refusal(() => checkTariffs(changed(place, value)))
    expect(refused.field).toBe(field)
    expect(refused.message).toMatch(/\.$/)
    expect(refused.next).toMatch(/\.$/)
  })

  it('names the hours without a price', () => {
    const refused = refusal(() => checkTariffs(changed('power.1.prices.bands.1.times.1.days', ['monday'])))
    expect(refused.message).toBe(
      'Tuesday 22:00–24:00 has no price; Wednesday 22:00–24:00 has no price; Thursday 22:00–24:00 has no price; and 3 more.',
    )
  })

  it('has no cents where the currency has none', () => {
    const tariffs = tariffsWith({
      currency: 'JPY',
      fees: [{ kind: 'domain', from: '2026-01-01', amount: '1.5', per: 'year' }],
    })
    expect(refusal(() => checkTariffs(tariffs))).toMatchObject({ field: 'fees[0].amount' })
  })

  it('refuses anything else with a field and a next step, whatever it is', () => {
    const places = fc.constantFrom(
      'version',
      'power',
      'power.0',
      'power.1.prices.bands.0',
      'internet.1',
      'items.0',
      'fees.0',
    )
    fc.assert(
      fc.property(places, fc.jsonValue(), (place, value) => {
        try {
          const taken = checkTariffs(changed(place, value))
          expect(checkTariffs(structuredClone(taken))).toEqual(taken)
        } catch (error) {
          expect(error).toBeInstanceOf(TariffRefused)
        }
      }),
    )
  })
})

describe('settings of before', () => {
  const settings: AgentSettings = {
    currency: 'EUR',
    pricePerKwh: '0.32',
    timezone: 'Europe/Berlin',
    plug: null,
    calibration: [],
    tariffs: null,
    sharing: 'equal',
    internetPerMonth: '10.00',
    hardware: { price: '89.90', years: 7 },
    domainPerYear: '13',
  }

  it('become tariffs that can be used', () => {
    const tariffs = migrateSettings(settings)
    expect(checkTariffs(structuredClone(tariffs))).toEqual(tariffs)
    expect(tariffs).toMatchObject({
      power: [{ prices: { kind: 'flat', perKwh: '0.32' } }],
      internet: [{ kind: 'monthly', perMonth: '10.00' }],
      items: [{ kind: 'hardware', price: '89.90', years: 7, bought: null }],
      fees: [{ kind: 'domain', amount: '13', per: 'year' }],
    })
  })

  it('count nothing where nothing was given', () => {
    const none = { ...settings, pricePerKwh: null, internetPerMonth: null, hardware: null, domainPerYear: null }
    expect(migrateSettings(none)).toEqual(tariffsWith())
  })
})

describe('questions', () => {
  it('are checked', () => {
    expect(checkChange({ kind: 'price', perKwh: '0.5' }, 'EUR')).toEqual({ kind: 'price', perKwh: '0.5' })
    expect(checkChange({ kind: 'people', people: 8 }, 'EUR')).toEqual({ kind: 'people', people: 8 })
    const disk = { kind: 'disk', price: '120', years: 5, watts: 2.5 }
    expect(checkChange(disk, 'EUR')).toEqual(disk)
    expect(refusal(() => checkChange({ kind: 'move' }, 'EUR')).field).toBe('change.kind')
    expect(refusal(() => checkChange({ kind: 'people', people: 1.5 }, 'EUR')).field).toBe('change.people')
    expect(refusal(() => checkChange({ ...disk, watts: -1 }, 'EUR')).field).toBe('change.watts')
    expect(refusal(() => checkChange({ ...disk, price: '1.5' }, 'JPY')).field).toBe('change.price')
    expect(refusal(() => checkChange(null, 'EUR')).field).toBe('change')
  })

  it('keep dates and fixed parts when the price changes', () => {
    const { power } = withFlatPrice(full, '0.5')
    expect(power).toEqual(full.power.map((tariff) => ({ ...tariff, prices: { kind: 'flat', perKwh: '0.5' } })))
    expect(withFlatPrice(tariffsWith(), '0.5').power).toHaveLength(1)
  })
})

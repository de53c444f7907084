import { readdirSync, readFileSync, statSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AgentSettings } from '../api.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { KitFiles } from './facts.ts'
import { checkSettings, SettingRefused, SettingsFile } from './settings.ts'

const good: AgentSettings = {
  currency: 'EUR',
  pricePerKwh: '0.3215',
  timezone: 'Europe/Berlin',
  plug: { kind: 'shelly-gen2', address: '192.168.1.40' },
  calibration: [],
  tariffs: null,
  sharing: 'equal',
  internetPerMonth: '4.50',
  hardware: { price: '89.90', years: 5 },
  domainPerYear: null,
}

const onPlug = (others: unknown) => ({ ...good, plug: { ...good.plug, others } })

let kit: KitRoot
let now: number
beforeEach(async () => {
  now = Date.parse('2026-11-24T12:00:00Z')
  kit = await makeKitRoot()
})
afterEach(() => kit.remove())

function open(): SettingsFile {
  const files = new KitFiles(kit.paths)
  const settings = new SettingsFile(
    kit.paths.agentData,
    () => files.kit(),
    () => files.network(),
    () => now,
  )
  settings.start()
  return settings
}

function fieldOf(action: () => unknown): string | null {
  try {
    action()
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(SettingRefused)
    return (error as SettingRefused).field
  }
}

describe('settings', () => {
  it('are those of the claim at first, without prices', () => {
    expect(open().current()).toMatchObject({
      currency: 'EUR',
      timezone: 'Europe/Berlin',
      pricePerKwh: null,
      plug: null,
    })
  })

  it('are there again after a restart, and nobody else may read them', () => {
    open().store(good)
    expect(open().current()).toMatchObject(good)
    expect(statSync(`${kit.paths.agentData}/settings.json`).mode & 0o777).toBe(0o600)
  })

  it('give a price that changes the day from which it counts, in the household’s zone', () => {
    open().store(good)
    now = Date.parse('2026-11-25T23:30:00Z') // the 26th in Berlin
    expect(open().store({ ...good, pricePerKwh: '0.4' })).toMatchObject({ pricePerKwh: '0.4' })
    const { typedPrices = [] } = open().current()
    expect(typedPrices.filter(({ of }) => of === 'power')).toEqual([
      { of: 'power', amount: '0.3215', from: '2000-01-01', typed: '2026-11-24' },
      { of: 'power', amount: '0.4', from: '2026-11-26', typed: '2026-11-26' },
    ])
    // Days are not taken from who stores something else: they are the agent's.
    expect(open().store({ ...good, pricePerKwh: '0.4', typedPrices: [] }).typedPrices).toEqual(typedPrices)
  })

  it('of another release are read without what that alone knows, and not put aside', async () => {
    const tariffs = {
      version: 1,
      currency: 'EUR',
      timezone: 'Europe/Berlin',
      power: [{ from: '2026-01-01', prices: { kind: 'flat', perKwh: '0.40' } }],
      internet: [],
      items: [],
      fees: [],
    }
    const reading = { watts: 3, low: 2, high: 4, utilisation: 0, at: '2026-11-24T09:30:00Z', boundary: 'wall' }
    const known = {
      ...good,
      plug: { ...good.plug, others: { name: '', watts: null } },
      tariffs,
      calibration: [reading],
      typedPrices: [{ of: 'power', amount: '1', from: '2000-01-01', typed: '2026-11-24' }],
    }
    const [power] = tariffs.power
    const later = {
      ...known,
      sun: { from: 'roof' },
      plug: { ...known.plug, relay: 1, others: { name: '', watts: null, since: 'May' } },
      tariffs: { ...tariffs, tax: '0.2', power: [{ ...power, prices: { ...power?.prices, green: true } }] },
      calibration: [{ ...reading, hot: true }],
      typedPrices: [{ ...known.typedPrices[0], by: 'Ada' }],
      hardware: { ...good.hardware, colour: 'red' },
    }
    await kit.write('data/hearth/agent/settings.json', later)
    const settings = open()
    expect(settings.problem()).toBeNull()
    expect(settings.current()).toEqual(known)
    expect(fieldOf(() => settings.store(later))).toBe('sun')
  })

  it('in another currency have no price of the one before', () => {
    open().store(good)
    now = Date.parse('2026-11-25T12:00:00Z')
    const { typedPrices } = open().store({ ...good, currency: 'CHF' })
    expect(typedPrices?.map(({ from, typed }) => [from, typed])).toEqual([
      ['2000-01-01', '2026-11-25'],
      ['2000-01-01', '2026-11-25'],
    ])
  })

  it('know what else hangs on the plug, or that nobody was asked', () => {
    for (const others of [
      'nothing',
      { name: 'router', watts: { low: 5, high: 7.5 } },
      { name: '', watts: null },
    ] as const) {
      open().store(onPlug(others))
      expect(open().current().plug).toEqual({ ...good.plug, others })
    }
    open().store(good) // as an older release wrote them
    expect(open().current().plug).toEqual(good.plug)
  })

  it.each([
    ['no object', null, 'settings'],
    ['a list', [], 'settings'],
    ['a missing field', { ...good, plug: undefined, pricePerKwh: '1' }, 'plug'],
    ['an unknown field', { ...good, extra: 1 }, 'extra'],
    ['a field of the prototype', JSON.parse('{"__proto__":{}}'), 'currency'],
    ['an unknown currency', { ...good, currency: 'QQQ' }, 'currency'],
    ['a number as price', { ...good, pricePerKwh: 0.32 }, 'pricePerKwh'],
    ['a comma', { ...good, pricePerKwh: '0,32' }, 'pricePerKwh'],
    ['a negative price', { ...good, pricePerKwh: '-0.32' }, 'pricePerKwh'],
    ['a price beyond belief', { ...good, pricePerKwh: '1000000.1' }, 'pricePerKwh'],
    ['a price of seven digits after the point', { ...good, pricePerKwh: '0.1234567' }, 'pricePerKwh'],
    ['a bill finer than the coins', { ...good, internetPerMonth: '4.505' }, 'internetPerMonth'],
    ['yen with a fraction', { ...good, currency: 'JPY', internetPerMonth: '4.5' }, 'internetPerMonth'],
    ['an offset as zone', { ...good, timezone: '+01:00' }, 'timezone'],
    ['an endless zone', { ...good, timezone: 'E'.repeat(10_000) }, 'timezone'],
    [
      'prices of no day',
      { ...good, typedPrices: [{ of: 'power', amount: '1', from: '1', typed: '1' }] },
      'typedPrices[0].from',
    ],
    ['another plug', { ...good, plug: { kind: 'fritz', address: '192.168.1.40' } }, 'plug.kind'],
    ['something on the plug in a word', onPlug('router'), 'plug.others'],
    ['something on the plug without watts', onPlug({ name: '' }), 'plug.others.watts'],
    ['watts as text', onPlug({ name: '', watts: { low: '2', high: 3 } }), 'plug.others.watts'],
    ['watts the wrong way round', onPlug({ name: '', watts: { low: 3, high: 2 } }), 'plug.others.watts'],
    ['watts below zero', onPlug({ name: '', watts: { low: -1, high: 2 } }), 'plug.others.watts'],
    ['watts beyond a socket', onPlug({ name: '', watts: { low: 1, high: 4001 } }), 'plug.others.watts'],
    ['an endless name', onPlug({ name: 'x'.repeat(65), watts: null }), 'plug.others.name'],
    ['a reading of nothing', { ...good, calibration: [{ watts: 'many' }] }, 'calibration[0].boundary'],
    ['no years', { ...good, hardware: { price: '89.90', years: 0 } }, 'hardware.years'],
    ['endless years', { ...good, hardware: { price: '89.90', years: Number.POSITIVE_INFINITY } }, 'hardware.years'],
    ['hardware without a price', { ...good, hardware: { years: 5 } }, 'hardware.price'],
  ])('with %s are refused, and the field is named', (_what, value, field) => {
    expect(fieldOf(() => checkSettings(JSON.parse(JSON.stringify(value))))).toBe(field)
  })

  it('with a plug elsewhere are refused, and the old ones stay', () => {
    const settings = open()
    settings.store(good)
    const elsewhere = { ...good, plug: { kind: 'shelly-gen2' as const, address: '10.0.0.1' } }
    expect(fieldOf(() => settings.store(elsewhere))).toBe('plug.address')
    expect(open().current()).toMatchObject(good)
  })

  it('can be changed while the plug’s network is away', async () => {
    const settings = open()
    settings.store(good)
    await kit.write('run/hearth/network.json', { addresses: [], onLink: [], resolvers: [] })
    expect(settings.store({ ...good, pricePerKwh: '0.4' }).pricePerKwh).toBe('0.4')
  })

  it.each(['', '{', 'null', '{"currency":"EUR"}', '\u0000'.repeat(300)])(
    'that read %j are kept aside and reported, not overwritten',
    async (text) => {
      await kit.write('data/hearth/agent/settings.json', text)
      const settings = open()
      expect(settings.current().pricePerKwh).toBeNull()
      expect(settings.problem()?.id).toBe('settings.damaged')
      settings.store(good)
      expect(settings.problem()).toBeNull()
      expect(readFileSync(`${kit.paths.agentData}/settings.json.damaged`, 'utf8')).toBe(text)
    },
  )

  it('that were half-written before a power cut do not count', async () => {
    open().store(good)
    await kit.write('data/hearth/agent/settings.json.new', '{"currency":"E')
    expect(open().current()).toMatchObject(good)
    expect(readdirSync(kit.paths.agentData)).toContain('settings.json')
  })

  it('are not called stored when they cannot be', async () => {
    const settings = open()
    await kit.write('data/hearth/agent/settings.json.new/in-the-way', '')
    expect(() => settings.store(good)).toThrow()
    expect(settings.current().pricePerKwh).toBeNull()
  })
})

describe('the kit’s facts', () => {
  it.each(['', '{"hostname":', '[]', 'null', '{"hostname":7,"claimed":"yes"}'])(
    'that read %j claim nothing',
    async (text) => {
      await kit.write('data/hearth/kit.json', text)
      await kit.write('run/hearth/network.json', text)
      await kit.write('run/hearth/problems.json', text)
      await kit.write('run/hearth/boot.json', text)
      await kit.write('usr/lib/hearth/release.json', text)
      const files = new KitFiles(kit.paths)
      expect(files.kit()).toMatchObject({ claimed: false, currency: 'XXX' })
      expect(files.network().onLink).toEqual([])
      expect(files.problems()).toEqual([])
      expect(files.boot().slot).toBeNull()
      expect(files.release().version).toBe('development')
    },
  )

  it('add what was wrong at this start to what was found since', async () => {
    const rescue = { id: 'boot.rescue', what: 'The kit started three times in vain.', next: 'Look at Diagnosis.' }
    const seed = { id: 'seed.timezone', where: 'hearth.yaml:3', what: 'No time zone.', next: 'Write Europe/Berlin.' }
    await kit.write('run/hearth/boot.json', { slot: 'A', data: 'ok', rescue: true, problems: [rescue] })
    await kit.write('run/hearth/problems.json', [seed])
    expect(new KitFiles(kit.paths).problems()).toEqual([rescue, seed])
  })
})

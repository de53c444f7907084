import { existsSync, mkdirSync, renameSync } from 'node:fs'
import path from 'node:path'
import type { AgentSettings, KitFacts, NetworkFacts, Problem, Tariffs } from '../api.ts'
import { isTimeZone } from '../costs/calendar.ts'
import { isCurrency, minorUnits } from '../costs/currency.ts'
import { decimalPlaces, parseDecimal } from '../costs/decimal.ts'
import { TariffRefused } from '../costs/refusal.ts'
import { checkHouseholdTariffs } from '../costs/tariff.ts'
import { checkReadings, ReadingRefused } from '../meters/calibration.ts'
import { readText } from '../meters/files.ts'
import { checkPlugAddress, PlugTrouble, plugKinds } from '../meters/plug.ts'
import { FieldRefused } from '../refused.ts'
import { writeDurably } from './durable.ts'

/** A setting that cannot be stored. */
export class SettingRefused extends FieldRefused {
  override name = 'SettingRefused'
  override code = 'setting'
}

/** What the owner has set, in `settings.json`. Before that, currency and time zone are those of the claim. */
export class SettingsFile {
  readonly #file: string
  readonly #kit: () => KitFacts
  readonly #network: () => NetworkFacts
  #stored: AgentSettings | null = null
  #problem: Problem | null = null

  constructor(folder: string, kit: () => KitFacts, network: () => NetworkFacts) {
    this.#file = path.join(folder, 'settings.json')
    this.#kit = kit
    this.#network = network
  }

  /** Reads the file; one that cannot be read is kept under another name and reported, never overwritten. */
  start(): void {
    const text = readText(this.#file)
    if (text === null) return
    try {
      this.#stored = checkSettings({ calibration: [], tariffs: null, sharing: 'equal', ...JSON.parse(text) })
    } catch (error) {
      const aside = freeName(`${this.#file}.damaged`)
      renameSync(this.#file, aside)
      this.#problem = {
        id: 'settings.damaged',
        where: this.#file,
        what: `The settings of costs and plug could not be read (${error instanceof Error ? error.message : error}). They were kept as ${path.basename(aside)}.`,
        next: 'Enter price, currency and plug again.',
      }
    }
  }

  current(): AgentSettings {
    if (this.#stored) return this.#stored
    const { currency, timezone } = this.#kit()
    return {
      currency,
      timezone: isTimeZone(timezone) ? timezone : 'UTC',
      pricePerKwh: null,
      plug: null,
      calibration: [],
      internetPerMonth: null,
      hardware: null,
      domainPerYear: null,
      tariffs: null,
      sharing: 'equal',
    }
  }

  /** Checks and stores; durable when it returns. Throws `SettingRefused`. */
  store(value: unknown): AgentSettings {
    const settings = checkSettings(value)
    if (settings.plug && settings.plug.address !== this.#stored?.plug?.address) {
      try {
        checkPlugAddress(settings.plug.address, this.#network())
      } catch (error) {
        if (!(error instanceof PlugTrouble)) throw error
        throw new SettingRefused('plug.address', error.problem.what, error.problem.next)
      }
    }
    mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 })
    writeDurably(this.#file, `${JSON.stringify(settings, null, 2)}\n`, 0o600)
    this.#stored = settings
    this.#problem = null
    return settings
  }

  problem(): Problem | null {
    return this.#problem
  }
}

/** Checks the form of settings, with every field there and none besides. Throws `SettingRefused`. */
export function checkSettings(value: unknown): AgentSettings {
  const given = object(value, '', [
    'currency',
    'pricePerKwh',
    'timezone',
    'plug',
    'calibration',
    'internetPerMonth',
    'hardware',
    'domainPerYear',
    'tariffs',
    'sharing',
  ])
  const currency = text(given.currency, 'currency')
  if (!isCurrency(currency)) {
    throw new SettingRefused('currency', `“${currency}” is not a currency.`, 'Write three letters such as EUR.')
  }
  const timezone = text(given.timezone, 'timezone')
  if (!isTimeZone(timezone)) {
    throw new SettingRefused('timezone', `“${timezone}” is not a time zone.`, 'Write one such as Europe/Berlin.')
  }
  const coins = minorUnits(currency)
  const optionalAmount = (field: string, places: number) =>
    given[field] === null ? null : amount(given[field], field, places)
  return {
    currency,
    timezone,
    pricePerKwh: optionalAmount('pricePerKwh', 6),
    internetPerMonth: optionalAmount('internetPerMonth', coins),
    domainPerYear: optionalAmount('domainPerYear', coins),
    plug: given.plug === null ? null : plug(given.plug),
    calibration: calibration(given.calibration),
    hardware: given.hardware === null ? null : hardware(given.hardware, coins),
    tariffs: given.tariffs === null ? null : tariffs(given.tariffs, currency, timezone),
    sharing: sharing(given.sharing),
  }
}

function sharing(value: unknown): AgentSettings['sharing'] {
  if (value === 'equal' || value === 'storage') return value
  throw new SettingRefused('sharing', 'There is no such rule of sharing.', 'Write equal or storage.')
}

function plug(value: unknown): NonNullable<AgentSettings['plug']> {
  const { kind, address } = object(value, 'plug', ['kind', 'address'])
  const known = plugKinds.find((each) => each === kind)
  if (!known)
    throw new SettingRefused('plug.kind', 'This kind of plug is not supported.', `Write ${plugKinds.join(', ')}.`)
  return { kind: known, address: text(address, 'plug.address') }
}

function tariffs(value: unknown, currency: string, timezone: string): Tariffs {
  try {
    return checkHouseholdTariffs(value, { currency, timezone })
  } catch (error) {
    if (!(error instanceof TariffRefused)) throw error
    throw new SettingRefused(`tariffs.${error.field}`, error.message, error.next)
  }
}

function calibration(value: unknown): AgentSettings['calibration'] {
  try {
    return checkReadings(value)
  } catch (error) {
    if (!(error instanceof ReadingRefused)) throw error
    throw new SettingRefused(error.field, error.message, error.next)
  }
}

function hardware(value: unknown, coins: number): NonNullable<AgentSettings['hardware']> {
  const { price, years } = object(value, 'hardware', ['price', 'years'])
  if (typeof years !== 'number' || !(years >= 0.5 && years <= 50)) {
    throw new SettingRefused('hardware.years', 'The years of use must be a number.', 'Write 0.5 to 50.')
  }
  return { price: amount(price, 'hardware.price', coins), years }
}

/** An amount of money from 0 to a million with at most so many digits after the point. */
function amount(value: unknown, field: string, places: number): string {
  const written = text(value, field)
  const example = places === 0 ? '15' : '0.32'
  const next = `Write a number from 0 to 1000000 such as ${example}, with a point and at most ${places} digits after it.`
  try {
    const parsed = parseDecimal(written)
    if (parsed >= 0n && parsed <= parseDecimal('1000000') && decimalPlaces(written) <= places) return written
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw new SettingRefused(field, `“${written}” is not an amount that can be used.`, next)
}

function text(value: unknown, field: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 64) return value
  throw new SettingRefused(field, `${field} must be a text of 1 to 64 characters.`, 'Write it in quotes.')
}

function object(value: unknown, field: string, names: string[]): Record<string, unknown> {
  const where = field || 'settings'
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SettingRefused(where, `${where} must be an object.`, `Give an object with ${names.join(', ')}.`)
  }
  const path = (name: string) => (field ? `${field}.${name}` : name)
  const given = value as Record<string, unknown>
  for (const name of names) {
    if (!Object.hasOwn(given, name)) throw new SettingRefused(path(name), `${path(name)} is missing.`, 'Add it.')
  }
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) {
      throw new SettingRefused(path(name), `There is no setting ${path(name)}.`, `Use ${names.join(', ')}.`)
    }
  }
  return given
}

function freeName(wanted: string): string {
  let name = wanted
  for (let number = 2; existsSync(name); number += 1) name = `${wanted}-${number}`
  return name
}

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { AgentSettings, KitFacts, NetworkFacts, OtherLoad, Problem, Tariffs, TypedPrice } from '../api.ts'
import { dayName, dayNumber, dayNumberAt, isTimeZone } from '../costs/calendar.ts'
import { isCurrency, minorUnits } from '../costs/currency.ts'
import { decimalPlaces, parseDecimal } from '../costs/decimal.ts'
import { TariffRefused } from '../costs/refusal.ts'
import { checkHouseholdTariffs } from '../costs/tariff.ts'
import { retyped } from '../costs/typed-prices.ts'
import { checkReadings, ReadingRefused } from '../meters/calibration.ts'
import { readText } from '../meters/files.ts'
import { checkPlugAddress, maximumWatts, PlugTrouble, plugKinds } from '../meters/plug.ts'
import { FieldRefused } from '../refused.ts'
import { putAside, writeDurably } from './durable.ts'

/** A setting that cannot be stored. */
export class SettingRefused extends FieldRefused {
  override name = 'SettingRefused'
  override code = 'setting'
}

/** Before anything was set. */
export function unset(currency: string, timezone: string): AgentSettings {
  return {
    currency,
    timezone,
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

/** What the owner has set, in `settings.json`. Before that, currency and time zone are those of the claim. */
export class SettingsFile {
  readonly #file: string
  readonly #kit: () => KitFacts
  readonly #network: () => NetworkFacts
  readonly #now: () => number
  #stored: AgentSettings | null = null
  #problem: Problem | null = null

  /** @param now milliseconds since 1970 */
  constructor(folder: string, kit: () => KitFacts, network: () => NetworkFacts, now: () => number) {
    this.#file = path.join(folder, 'settings.json')
    this.#kit = kit
    this.#network = network
    this.#now = now
  }

  /** Reads the file; one that cannot be read is kept under another name and reported, never overwritten. */
  start(): void {
    const text = readText(this.#file)
    if (text === null) return
    try {
      this.#stored = storedSettings(text)
    } catch (error) {
      const aside = putAside(this.#file)
      this.#problem = {
        id: 'settings.damaged',
        where: this.#file,
        what: `The settings of costs and plug could not be read (${error instanceof Error ? error.message : error}). They were kept as ${aside}.`,
        next: 'Enter price, currency and plug again.',
      }
    }
  }

  current(): AgentSettings {
    if (this.#stored) return this.#stored
    const { currency, timezone } = this.#kit()
    return unset(currency, isTimeZone(timezone) ? timezone : 'UTC')
  }

  /** Checks and stores; durable when it returns. A price that changed counts from today. Throws `SettingRefused`. */
  store(value: unknown): AgentSettings {
    const { typedPrices: _, ...given } = checkSettings(value)
    const today = dayName(dayNumberAt(this.#now(), given.timezone))
    const typedPrices = retyped(this.current(), given, today)
    const settings = typedPrices.length > 0 ? { ...given, typedPrices } : given
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

/**
 * Settings as they were stored, by an earlier program too, or by a later one: what it alone knows is left out. Throws
 * `SettingRefused`, `SyntaxError`.
 */
export function storedSettings(text: string): AgentSettings {
  const stored: object = { calibration: [], tariffs: null, sharing: 'equal', ...JSON.parse(text) }
  for (;;) {
    try {
      return checkSettings(stored)
    } catch (error) {
      if (!(error instanceof SettingRefused && error.isUnknown && leftOut(stored, error.field))) throw error
    }
  }
}

/** Leaves out a field such as `tariffs.fees[0].tax`. @returns whether it was there */
function leftOut(settings: object, field: string): boolean {
  const names = field.split(/[.[\]]+/)
  const name = names.pop() as string
  let holder: unknown = settings
  for (const each of names) holder = isHolder(holder, each) ? holder[each] : null
  return isHolder(holder, name) && delete holder[name]
}

function isHolder(value: unknown, name: string): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
}

/** Checks the form of settings, with every field there and none besides. Throws `SettingRefused`. */
export function checkSettings(value: unknown): AgentSettings {
  const names = [
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
  ]
  const given = object(value, '', names, ['typedPrices'])
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
    ...(given.typedPrices !== undefined && { typedPrices: typedPrices(given.typedPrices) }),
  }
}

function typedPrices(value: unknown): TypedPrice[] {
  if (!Array.isArray(value)) throw new SettingRefused('typedPrices', 'typedPrices must be a list.', 'Leave it out.')
  return value.map((each, at) => typedPrice(each, `typedPrices[${at}]`))
}

function typedPrice(value: unknown, field: string): TypedPrice {
  const { of, amount: written, from, typed } = object(value, field, ['of', 'amount', 'from', 'typed'])
  if (of !== 'power' && of !== 'internet' && of !== 'domain')
    throw new SettingRefused(`${field}.of`, 'There is no such price.', 'Write power, internet or domain.')
  const day = (name: string, text: unknown) => {
    if (typeof text === 'string' && !Number.isNaN(dayNumber(text))) return text
    throw new SettingRefused(`${field}.${name}`, `${field}.${name} is no day.`, 'Write one such as 2026-11-24.')
  }
  return {
    of,
    amount: written === null ? null : amount(written, `${field}.amount`, 6),
    from: day('from', from),
    typed: day('typed', typed),
  }
}

function sharing(value: unknown): AgentSettings['sharing'] {
  if (value === 'equal' || value === 'storage') return value
  throw new SettingRefused('sharing', 'There is no such rule of sharing.', 'Write equal or storage.')
}

function plug(value: unknown): NonNullable<AgentSettings['plug']> {
  const { kind, address, others } = object(value, 'plug', ['kind', 'address'], ['others'])
  const known = plugKinds.find((each) => each === kind)
  if (!known)
    throw new SettingRefused('plug.kind', 'This kind of plug is not supported.', `Write ${plugKinds.join(', ')}.`)
  const plug = { kind: known, address: text(address, 'plug.address') }
  return others === undefined ? plug : { ...plug, others: others === 'nothing' ? others : otherLoad(others) }
}

function otherLoad(value: unknown): OtherLoad {
  const { name, watts } = object(value, 'plug.others', ['name', 'watts'])
  if (typeof name !== 'string' || name.length > 64)
    throw new SettingRefused('plug.others.name', 'plug.others.name must be a short text.', 'Write up to 64 characters.')
  if (watts === null) return { name, watts }
  const { low, high } = object(watts, 'plug.others.watts', ['low', 'high'])
  const isWatts = (each: unknown): each is number => typeof each === 'number' && each >= 0 && each <= maximumWatts
  if (isWatts(low) && isWatts(high) && low <= high) return { name, watts: { low, high } }
  throw new SettingRefused(
    'plug.others.watts',
    'The watts of what else hangs on the plug cannot be used.',
    `Write numbers from 0 to ${maximumWatts}, the lower one first.`,
  )
}

function tariffs(value: unknown, currency: string, timezone: string): Tariffs {
  try {
    return checkHouseholdTariffs(value, { currency, timezone })
  } catch (error) {
    if (!(error instanceof TariffRefused)) throw error
    throw new SettingRefused(`tariffs.${error.field}`, error.message, error.next).asUnknown(error.isUnknown)
  }
}

function calibration(value: unknown): AgentSettings['calibration'] {
  try {
    return checkReadings(value)
  } catch (error) {
    if (!(error instanceof ReadingRefused)) throw error
    throw new SettingRefused(error.field, error.message, error.next).asUnknown(error.isUnknown)
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

function object(value: unknown, field: string, names: string[], optional: string[] = []): Record<string, unknown> {
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
    if (![...names, ...optional].includes(name)) {
      const next = `Use ${names.join(', ')}.`
      throw new SettingRefused(path(name), `There is no setting ${path(name)}.`, next).asUnknown()
    }
  }
  return given
}

import type {
  AgentSettings,
  Change,
  CostItem,
  Dated,
  Fee,
  InternetTariff,
  PowerPrices,
  PowerTariff,
  PriceBand,
  Tariffs,
  TypedPrice,
} from '../api.ts'
import { dayNumber, isTimeZone } from './calendar.ts'
import { isCurrency, minorUnits } from './currency.ts'
import { decimalPlaces, parseDecimal } from './decimal.ts'
import { TariffRefused } from './refusal.ts'
import { sinceEver, typedPricesOf } from './typed-prices.ts'
import { validityOf } from './validity.ts'
import { minuteOfDay, troubleOfWeek, weekdays } from './week.ts'

export { sinceEver }

/** Prices are wanted to a tenth of a thousandth of a coin; a kWh costs cents. */
const pricePlaces = 6
/** Bounds for what is read from elsewhere; no household needs more. */
const longestList = 200
const mostAmount = '1000000'
/** Troubles of a week that are named; one more mistake would only repeat them. */
const troublesNamed = 3

/**
 * Checks tariffs in a household's own currency and time zone, whatever they came with. Throws `TariffRefused`.
 */
export function checkHouseholdTariffs(
  value: unknown,
  { currency, timezone }: Pick<AgentSettings, 'currency' | 'timezone'>,
): Tariffs {
  return checkTariffs(typeof value === 'object' && value !== null ? { ...value, currency, timezone } : value)
}

/** Checks tariffs from anywhere, and gives them with each list oldest first. Throws `TariffRefused`. */
export function checkTariffs(value: unknown): Tariffs {
  const given = object(value, '', ['version', 'currency', 'timezone', 'power', 'internet', 'items', 'fees'])
  if (given.version !== 1) refuse('version', 'This version of tariffs is not known here.', 'Write 1.')
  const currency = text(given.currency, 'currency')
  if (!isCurrency(currency)) refuse('currency', `“${currency}” is not a currency.`, 'Write three letters such as EUR.')
  const timezone = text(given.timezone, 'timezone')
  if (!isTimeZone(timezone)) {
    refuse('timezone', `“${timezone}” is not a time zone.`, 'Write one such as Europe/Berlin.')
  }
  const coins = minorUnits(currency)
  const power = list(given.power, 'power').map((each, at) => powerTariff(each, `power[${at}]`, coins))
  const internet = list(given.internet, 'internet').map((each, at) => internetTariff(each, `internet[${at}]`, coins))
  const items = list(given.items, 'items').map((each, at) => item(each, `items[${at}]`, coins))
  const fees = list(given.fees, 'fees').map((each, at) => fee(each, `fees[${at}]`, coins))
  mayNotOverlap(power, (at) => `power[${at}]`)
  mayNotOverlap(internet, (at) => `internet[${at}]`)
  for (const same of Map.groupBy(fees, nameOf).values()) {
    mayNotOverlap(same, (at) => `fees[${fees.indexOf(same[at] as Fee)}]`)
  }
  for (const [at, { kind, name }] of items.entries()) {
    if (items.findIndex((other) => nameOf(other) === nameOf({ kind, name })) < at) {
      refuse(`items[${at}].name`, `There are two of the kind ${kind} with this name.`, 'Give each a name of its own.')
    }
  }
  return {
    version: 1,
    currency,
    timezone,
    power: oldestFirst(power),
    internet: oldestFirst(internet),
    items,
    fees: oldestFirst(fees),
  }
}

/** What counts: the prices in detail where the household gave them, else the simple ones. */
export function tariffsOf(settings: AgentSettings): Tariffs {
  return settings.tariffs ?? migrateSettings(settings)
}

/** The simple prices as tariffs, each for its days. */
export function migrateSettings(settings: AgentSettings): Tariffs {
  const { currency, timezone, hardware } = settings
  const prices = typedPricesOf(settings)
  const dated = (of: TypedPrice['of']) => {
    const list = prices.filter((price) => price.of === of)
    return list.flatMap(({ amount, from }, index) => {
      const next = list[index + 1]
      return amount === null ? [] : [{ amount, days: { from, ...(next?.amount === null && { to: next.from }) } }]
    })
  }
  return {
    version: 1,
    currency,
    timezone,
    power: dated('power').map(({ amount, days }) => ({ ...days, prices: { kind: 'flat', perKwh: amount } })),
    internet: dated('internet').map(({ amount, days }) => ({ ...days, kind: 'monthly', perMonth: amount })),
    items: hardware === null ? [] : [{ kind: 'hardware', ...hardware, bought: null }],
    fees: dated('domain').map(({ amount, days }) => ({ ...days, kind: 'domain', amount, per: 'year' })),
  }
}

/** The tariffs with one price for every kWh, whenever one was charged. */
export function withFlatPrice(tariffs: Tariffs, perKwh: string): Tariffs {
  const prices: PowerPrices = { kind: 'flat', perKwh }
  const power = tariffs.power.length === 0 ? [{ from: sinceEver, prices }] : tariffs.power
  return { ...tariffs, power: power.map((tariff) => ({ ...tariff, prices })) }
}

/** Checks a question from anywhere. Throws `TariffRefused`. */
export function checkChange(value: unknown, currency: string): Change {
  const { kind } = open(value, 'change')
  if (kind === 'price') {
    const { perKwh } = object(value, 'change', ['kind', 'perKwh'])
    return { kind, perKwh: amount(perKwh, 'change.perKwh', pricePlaces, `-${mostAmount}`) }
  }
  if (kind === 'people') {
    const { people } = object(value, 'change', ['kind', 'people'])
    return { kind, people: number(people, 'change.people', 1, 10_000, 1) }
  }
  if (kind === 'disk') {
    const { price, years, watts } = object(value, 'change', ['kind', 'price', 'years', 'watts'])
    return {
      kind,
      price: amount(price, 'change.price', minorUnits(currency)),
      years: number(years, 'change.years', 0.5, 50),
      watts: number(watts, 'change.watts', 0, 1000),
    }
  }
  return refuse('change.kind', 'This question is not known here.', 'Write price, people or disk.')
}

function powerTariff(value: unknown, field: string, coins: number): PowerTariff {
  const given = object(value, field, ['from', 'prices'], ['to', 'standingPerMonth'])
  const standing = given.standingPerMonth
  return {
    ...dated(given, field),
    prices: powerPrices(given.prices, `${field}.prices`),
    ...(standing === undefined ? {} : { standingPerMonth: amount(standing, `${field}.standingPerMonth`, coins) }),
  }
}

function powerPrices(value: unknown, field: string): PowerPrices {
  const { kind } = open(value, field)
  if (kind === 'flat') {
    const { perKwh } = object(value, field, ['kind', 'perKwh'])
    return { kind, perKwh: amount(perKwh, `${field}.perKwh`, pricePlaces, `-${mostAmount}`) }
  }
  if (kind !== 'time-of-use') refuse(`${field}.kind`, 'This kind of prices is not known.', 'Write flat or time-of-use.')
  const given = object(value, field, ['kind', 'bands'])
  const bands = list(given.bands, `${field}.bands`).map((each, at) => band(each, `${field}.bands[${at}]`))
  const names = new Set(bands.map(({ name }) => name))
  if (names.size < bands.length)
    refuse(`${field}.bands`, 'Two bands have the same name.', 'Give each a name of its own.')
  const trouble = troubleOfWeek(bands)
  if (trouble.length > 0) {
    const more = trouble.length - troublesNamed
    const named = trouble.slice(0, troublesNamed).join('; ')
    const what = `${named}${more > 0 ? `; and ${more} more` : ''}.`
    refuse(`${field}.bands`, what, 'Give every minute of the week to exactly one band.')
  }
  return { kind, bands }
}

function band(value: unknown, field: string): PriceBand {
  const given = object(value, field, ['name', 'perKwh', 'times'])
  return {
    name: name(given.name, `${field}.name`),
    perKwh: amount(given.perKwh, `${field}.perKwh`, pricePlaces, `-${mostAmount}`),
    times: list(given.times, `${field}.times`).map((each, at) => times(each, `${field}.times[${at}]`)),
  }
}

function times(value: unknown, field: string): PriceBand['times'][number] {
  const given = object(value, field, ['days', 'from', 'to'])
  const days = list(given.days, `${field}.days`).map((each) => {
    const day = weekdays.find((known) => known === each)
    return day ?? refuse(`${field}.days`, `${shown(each)} is not a day of the week.`, `Use ${weekdays.join(', ')}.`)
  })
  if (new Set(days).size < days.length) refuse(`${field}.days`, 'A day is named twice.', 'Name each day once.')
  const [from, to] = [text(given.from, `${field}.from`), text(given.to, `${field}.to`)]
  for (const [end, time] of Object.entries({ from, to })) {
    if (Number.isNaN(minuteOfDay(time))) {
      refuse(`${field}.${end}`, `“${time}” is not a time of day.`, 'Write one such as 06:00, or 24:00 for the end.')
    }
  }
  if (minuteOfDay(to) <= minuteOfDay(from)) {
    const next = `Write two ranges for a night: ${from}–24:00, and from 00:00 on the days after.`
    refuse(`${field}.to`, `${to} is not after ${from}.`, next)
  }
  return { days, from, to }
}

function internetTariff(value: unknown, field: string, coins: number): InternetTariff {
  const { kind } = open(value, field)
  if (kind === 'monthly') {
    const given = object(value, field, ['kind', 'from', 'perMonth'], ['to'])
    return { ...dated(given, field), kind, perMonth: amount(given.perMonth, `${field}.perMonth`, coins) }
  }
  if (kind === 'per-gb') {
    const given = object(value, field, ['kind', 'from', 'perGb'], ['to'])
    return { ...dated(given, field), kind, perGb: amount(given.perGb, `${field}.perGb`, pricePlaces) }
  }
  return refuse(
    `${field}.kind`,
    'This kind of price is not known.',
    'Write monthly or per-gb; leave it out to count none.',
  )
}

function item(value: unknown, field: string, coins: number): CostItem {
  const given = object(value, field, ['kind', 'price', 'bought', 'years'], ['name'])
  return {
    kind: oneOf(given.kind, `${field}.kind`, ['hardware', 'card', 'disk']),
    ...named(given, field),
    price: amount(given.price, `${field}.price`, coins),
    bought: given.bought === null ? null : day(given.bought, `${field}.bought`),
    years: number(given.years, `${field}.years`, 0.5, 50),
  }
}

function fee(value: unknown, field: string, coins: number): Fee {
  const given = object(value, field, ['kind', 'from', 'amount', 'per'], ['name', 'to'])
  return {
    ...dated(given, field),
    kind: oneOf(given.kind, `${field}.kind`, ['domain', 'relay']),
    ...named(given, field),
    amount: amount(given.amount, `${field}.amount`, coins),
    per: oneOf(given.per, `${field}.per`, ['month', 'year']),
  }
}

function dated(given: Record<string, unknown>, field: string): Dated {
  const from = day(given.from, `${field}.from`)
  if (given.to === undefined) return { from }
  const to = day(given.to, `${field}.to`)
  if (to <= from) refuse(`${field}.to`, `${to} is not after ${from}.`, 'Write the first day it counts no longer.')
  return { from, to }
}

/** Of two that begin on the same day, or of which one lasts into the next, nobody could say which counts. */
function mayNotOverlap(items: Dated[], field: (at: number) => string): void {
  const sorted = validityOf(items)
  for (const [index, { item }] of sorted.entries()) {
    const next = sorted[index + 1]?.item
    if (next === undefined) continue
    const at = field(items.indexOf(item))
    if (next.from === item.from) {
      refuse(`${field(items.indexOf(next))}.from`, `Two begin on ${item.from}.`, 'Remove one, or change its first day.')
    }
    if (item.to !== undefined && item.to > next.from) {
      refuse(
        `${at}.to`,
        `It lasts until ${item.to}, but the next begins on ${next.from}.`,
        `Write ${next.from} or leave it out.`,
      )
    }
  }
}

function oldestFirst<Item extends Dated>(items: Item[]): Item[] {
  return validityOf(items).map(({ item }) => item)
}

function nameOf({ kind, name }: { kind: string; name?: string | undefined }): string {
  return `${kind}/${name ?? ''}`
}

function named(given: Record<string, unknown>, field: string): { name?: string } {
  return given.name === undefined ? {} : { name: name(given.name, `${field}.name`) }
}

/** A name becomes part of a line's id, in which / and @ part other things. */
function name(value: unknown, field: string): string {
  if (typeof value === 'string' && /^[^\p{C}\p{Zl}\p{Zp}/@]{1,40}$/u.test(value) && value.trim() === value) return value
  return refuse(field, `${shown(value)} cannot be a name.`, 'Write 1 to 40 characters on one line, without / and @.')
}

/** An amount of money from `least` to a million with at most so many digits after the point. */
function amount(value: unknown, field: string, places: number, least = '0'): string {
  const example = places === 0 ? '15' : '0.32'
  const next = `Write a number from ${least} to ${mostAmount} such as "${example}", in quotes, with a point and at most ${places} digits after it.`
  try {
    const parsed = typeof value === 'string' ? parseDecimal(value) : null
    if (parsed !== null && parsed >= parseDecimal(least) && parsed <= parseDecimal(mostAmount)) {
      if (decimalPlaces(value as string) <= places) return value as string
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return refuse(field, `${shown(value)} is not an amount that can be used.`, next)
}

function number(value: unknown, field: string, least: number, most: number, step?: number): number {
  const isStep = step === undefined || Number.isInteger(value)
  if (typeof value === 'number' && value >= least && value <= most && isStep) return value
  return refuse(
    field,
    `${shown(value)} cannot be used.`,
    `Write a ${step ? 'whole ' : ''}number from ${least} to ${most}.`,
  )
}

function day(value: unknown, field: string): string {
  if (typeof value === 'string' && !Number.isNaN(dayNumber(value))) return value
  return refuse(field, `${shown(value)} is not a day of the calendar.`, 'Write one such as 2026-11-24.')
}

function oneOf<Word extends string>(value: unknown, field: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value)
  return found ?? refuse(field, `${shown(value)} is not known.`, `Write ${words.join(' or ')}.`)
}

function text(value: unknown, field: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 64) return value
  return refuse(field, `${field} must be a text of 1 to 64 characters.`, 'Write it in quotes.')
}

function list(value: unknown, field: string): unknown[] {
  if (Array.isArray(value) && value.length <= longestList) return value
  return refuse(field, `${field} must be a list of at most ${longestList}.`, 'Write [] if there is none.')
}

function open(value: unknown, field: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  return refuse(field, `${field} must be an object.`, 'Write { … }.')
}

/** An object with all of some members, perhaps others, and none besides. */
function object(value: unknown, field: string, names: string[], optional: string[] = []): Record<string, unknown> {
  const given = open(value, field || 'tariffs')
  const path = (member: string) => (field ? `${field}.${member}` : member)
  for (const member of names) {
    if (!Object.hasOwn(given, member)) refuse(path(member), `${path(member)} is missing.`, 'Add it.')
  }
  for (const member of Object.keys(given)) {
    if ([...names, ...optional].includes(member)) continue
    const next = `Use ${[...names, ...optional].join(', ')}.`
    throw new TariffRefused(path(member), `${path(member)} is not known.`, next).asUnknown()
  }
  return given
}

function shown(value: unknown): string {
  if (value === undefined) return 'Nothing'
  return `“${(typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 60)}”`
}

function refuse(field: string, what: string, next: string): never {
  throw new TariffRefused(field, what, next)
}

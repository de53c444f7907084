import { dayNumber } from '../costs/calendar.ts'
import { kindOfPeriod } from './period.ts'
import { moneyKinds, type Report, ReportRefused } from './report.ts'

/**
 * The form of each text in a report, as in the published schema. Figures are decimals of at least 0 with at most two
 * significant digits and no needless zeros.
 */
export const forms = {
  instance: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
  day: /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/,
  figure: /^(0|[1-9][0-9]?0{0,28}|[1-9]\.[1-9]|0\.0{0,11}[1-9][1-9]?)$/,
  share: /^(0|1|0\.0{0,11}[1-9][1-9]?)$/,
  days: /^([1-9]|[12][0-9]|3[01])$/,
  people: /^([5-9]|[1-9][0-9]0{0,28})$/,
  method: /^[a-z0-9.@-]{1,64}$/,
  activity: /^[a-z][a-z0-9-]{0,63}$/,
  currency: /^[A-Z]{3}$/,
  hash: /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/,
} as const

export const treeSizes = Array.from({ length: 31 }, (_, power) => 2 ** power)
export const powerClasses = ['measured', 'derived', 'modelled']
export const powerBoundaries = ['wall', 'dc-input', 'package']

/**
 * Checks a report from anywhere. It is strict: what version 1 does not name is refused. Beyond what the schema can say,
 * the period must be a calendar month, or a week from Monday with people; low ≤ value ≤ high.
 * @throws ReportRefused with the place of the first thing that is wrong
 */
export function checkReport(value: unknown): Report {
  const report = record(value, 'report', ['version', 'instance', 'period', 'covered', 'entries'], optionalFields)
  if (report.version !== 1) refuse('version', `${shown(report.version)} is not known here`, 'Write 1.')
  text(report.instance, 'instance', 'instance', 'Write a host name in small letters.')
  const kind = checkPeriod(report.period)
  text(report.covered, 'covered', 'share', 'Write a share from 0 to 1, such as "0.99".')
  optional(report.people, 'people', (people, field) =>
    text(people, field, 'people', 'Write 5 or more, or leave it out.'),
  )
  optional(report.power, 'power', checkPower)
  optional(report.storage, 'storage', checkStorage)
  optional(report.traffic, 'traffic', checkTraffic)
  optional(report.hours, 'hours', checkHours)
  optional(report.money, 'money', checkMoney)
  checkEntries(report.entries)
  for (const field of ['hours', 'money'])
    if (report[field] !== undefined && report.people === undefined)
      refuse(field, 'stands without people', 'Leave it out where fewer than five people have accounts.')
  if (kind === 'week' && report.people === undefined)
    refuse('period', 'is a week, without people', 'Report months where fewer than five people have accounts.')
  return report as unknown as Report
}

const optionalFields = ['people', 'power', 'storage', 'traffic', 'hours', 'money']

function checkPeriod(value: unknown): 'month' | 'week' {
  const { from, to } = record(value, 'period', ['from', 'to'])
  for (const [name, day] of Object.entries({ from, to })) {
    text(day, `period.${name}`, 'day', 'Write a day such as 2026-11-01.')
    if (Number.isNaN(dayNumber(String(day))))
      refuse(`period.${name}`, `${shown(day)} is not in the calendar`, 'Write a day such as 2026-11-01.')
  }
  const kind = kindOfPeriod(String(from), String(to))
  if (kind) return kind
  const next = 'Write the first day, and the day after the last: 2026-11-01 and 2026-12-01.'
  return refuse('period', 'is neither a calendar month nor a week from Monday', next)
}

function checkPower(value: unknown, field: string): void {
  const power = record(value, field, ['value', 'low', 'high', 'unit', 'class', 'boundary', 'methods'])
  for (const name of ['value', 'low', 'high']) figure(power[name], `${field}.${name}`)
  word(power.unit, `${field}.unit`, ['kWh'])
  word(power.class, `${field}.class`, powerClasses)
  word(power.boundary, `${field}.boundary`, powerBoundaries)
  const methods = power.methods
  if (!Array.isArray(methods) || methods.length === 0 || methods.length > 16 || new Set(methods).size < methods.length)
    refuse(`${field}.methods`, 'is no list of 1 to 16 different ones', 'Write one such as ["energy@1"].')
  for (const [index, method] of (methods as unknown[]).entries())
    text(method, `${field}.methods[${index}]`, 'method', 'Write one such as energy@1.')
  // Two digits are few enough to be compared as numbers.
  if (Number(power.low) > Number(power.value) || Number(power.value) > Number(power.high))
    refuse(field, 'is not between its low and high', 'Write low ≤ value ≤ high.')
}

function checkStorage(value: unknown, field: string): void {
  const storage = record(value, field, ['value', 'unit', 'days'])
  figure(storage.value, `${field}.value`)
  word(storage.unit, `${field}.unit`, ['B'])
  text(storage.days, `${field}.days`, 'days', 'Write a number of days from 1 to 31.')
}

function checkTraffic(value: unknown, field: string): void {
  const traffic = record(value, field, ['unit', 'lan', 'wan'], ['unknown'])
  word(traffic.unit, `${field}.unit`, ['B'])
  for (const side of ['lan', 'wan', 'unknown']) optional(traffic[side], `${field}.${side}`, checkDirections)
}

function checkDirections(value: unknown, field: string): void {
  const directions = record(value, field, ['in', 'out'])
  figure(directions.in, `${field}.in`)
  figure(directions.out, `${field}.out`)
}

function checkHours(value: unknown, field: string): void {
  const hours = record(value, field, ['unit'], ['total', 'activities'])
  word(hours.unit, `${field}.unit`, ['h'])
  optional(hours.total, `${field}.total`, figure)
  optional(hours.activities, `${field}.activities`, (activities, name) => figures(activities, name, 'activity'))
  if (hours.total === undefined && hours.activities === undefined)
    refuse(field, 'says nothing', 'Write a total or activities, or leave it out.')
}

function checkMoney(value: unknown, field: string): void {
  const money = record(value, field, [], [...moneyKinds])
  if (Object.keys(money).length === 0) refuse(field, 'says nothing', 'Leave it out.')
  for (const kind of moneyKinds)
    optional(money[kind], `${field}.${kind}`, (amounts, name) => figures(amounts, name, 'currency'))
}

function checkEntries(value: unknown): void {
  const { size, root } = record(value, 'entries', ['size', 'root'])
  if (!treeSizes.includes(size as number))
    refuse('entries.size', `${shown(size)} is no power of two`, 'Fill the tree up to one.')
  text(root, 'entries.root', 'hash', 'Write 32 bytes in base64.')
}

/** An object of figures by names of a form, at least one. */
function figures(value: unknown, field: string, names: keyof typeof forms): void {
  const all = object(value, field)
  if (Object.keys(all).length === 0) refuse(field, 'says nothing', 'Leave it out.')
  for (const [name, each] of Object.entries(all)) {
    text(name, `${field}.${name}`, names, `Use another name for this ${names}.`)
    figure(each, `${field}.${name}`)
  }
}

function figure(value: unknown, field: string): void {
  text(value, field, 'figure', 'Write a decimal with at most two significant digits, such as "0.32".')
}

function optional(value: unknown, field: string, check: (value: unknown, field: string) => void): void {
  if (value !== undefined) check(value, field)
}

function text(value: unknown, field: string, form: keyof typeof forms, next: string): void {
  if (typeof value !== 'string' || !forms[form].test(value)) refuse(field, `${shown(value)} cannot be used`, next)
}

function word(value: unknown, field: string, words: readonly string[]): void {
  if (!words.includes(value as string)) refuse(field, `${shown(value)} cannot be used`, `Write ${words.join(' or ')}.`)
}

function record(
  value: unknown,
  field: string,
  required: readonly string[],
  others: readonly string[] = [],
): Record<string, unknown> {
  const found = object(value, field)
  const place = (name: string) => (field === 'report' ? name : `${field}.${name}`)
  for (const name of required) if (found[name] === undefined) refuse(place(name), 'is missing', 'Add it.')
  for (const name of Object.keys(found))
    if (!required.includes(name) && !others.includes(name))
      refuse(place(name), 'is not known in version 1', 'Leave it out.')
  return found
}

function object(value: unknown, field: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  return refuse(field, 'must be an object', 'Write { … }.')
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  // An object from JSON can have a member toString that is none.
  return typeof value === 'object' && value !== null ? 'an object' : `“${String(value).slice(0, 60)}”`
}

function refuse(field: string, what: string, next: string): never {
  throw new ReportRefused(field, what, next)
}

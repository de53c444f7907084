import type { CostItem, Dated, Fee, InternetTariff, PowerPrices, PriceBand, Tariffs } from '#agent/api.ts'
import { dayNumber } from '#agent/costs/calendar.ts'
import { troublesOfWeek, type WeekTrouble } from '#agent/costs/week.ts'
import { readAmount } from '../amounts.ts'
import { currencyDigits } from '../format.ts'
import type { Mistakes } from '../forms.ts'
import { type Form, meantCents } from '../input.ts'
import type { Visit } from '../visit.ts'
import { dayChoices, divideWeek, parseHours, timesOn } from './tariff-week.ts'

/** What the editor's forms do; each is one form. */
export const changeKinds = ['flat', 'two', 'bands', 'internet', 'item', 'fee', 'remove'] as const
export type ChangeKind = (typeof changeKinds)[number]

export const tariffLists = ['power', 'internet', 'items', 'fees'] as const
export type TariffList = (typeof tariffLists)[number]
export type TariffOf<List extends TariffList> = Tariffs[List][number]

/** The tariffs after the change, and the mistakes by field; with any, the tariffs are not to be used. */
export interface TariffChange {
  tariffs: Tariffs
  mistakes: Mistakes
}

/** What follows one another: of power and internet there is one series, of fees one for each kind and name. */
export function seriesOf(tariff: TariffOf<TariffList>): string {
  return 'amount' in tariff || 'years' in tariff ? `${tariff.kind}/${tariff.name ?? ''}` : ''
}

/** Tells a tariff from all others of its list, whatever is added or removed meanwhile. */
export function keyOf(tariff: TariffOf<TariffList>): string {
  return 'from' in tariff ? `${seriesOf(tariff)}@${tariff.from}` : seriesOf(tariff)
}

/** What counts on a day of a list that is oldest first; null if nothing does. */
export function inForce<Tariff extends Dated>(list: Tariff[], day: string): Tariff | null {
  const begun = list.findLast(({ from }) => from <= day)
  return begun && (begun.to === undefined || begun.to > day) ? begun : null
}

/** Applies what a form says to tariffs. */
export function readChange(visit: Visit, tariffs: Tariffs, kind: ChangeKind, form: Form): TariffChange {
  const read = new FormReader(visit, kind, form, tariffs.currency)
  return { tariffs: changed(read, tariffs, kind), mistakes: read.mistakes }
}

function changed(read: FormReader, tariffs: Tariffs, kind: ChangeKind): Tariffs {
  switch (kind) {
    case 'flat':
      return withPower(read, tariffs, { kind: 'flat', perKwh: read.perKwh('price') })
    case 'two':
      return withPower(read, tariffs, { kind: 'time-of-use', bands: twoBands(read) })
    case 'bands':
      return withPower(read, tariffs, { kind: 'time-of-use', bands: bandsOfRows(read) })
    case 'internet':
      return { ...tariffs, internet: withInternet(read, tariffs.internet) }
    case 'item':
      return { ...tariffs, items: withItem(read, tariffs.items) }
    case 'fee':
      return { ...tariffs, fees: withFee(read, tariffs.fees) }
    case 'remove':
      return without(tariffs, read.form)
  }
}

function without(tariffs: Tariffs, form: Form): Tariffs {
  const [list, key] = [tariffLists.find((each) => each === form.text('list')), form.text('key')]
  return list ? { ...tariffs, [list]: tariffs[list].filter((tariff) => keyOf(tariff) !== key) } : tariffs
}

function withPower(read: FormReader, tariffs: Tariffs, prices: PowerPrices): Tariffs {
  const from = read.day('day')
  const standing = read.form.text('standing') === '' ? null : read.coins('standing')
  const tariff = { from, prices, ...(standing === null ? {} : { standingPerMonth: standing }) }
  return { ...tariffs, power: beside(read, tariffs.power, tariff) }
}

/** Cheap hours, and all others. */
function twoBands(read: FormReader): PriceBand[] {
  const { cheapName, otherName } = read.visit.words.tariffs
  const [cheap, other] = [read.perKwh('cheap'), read.perKwh('other')]
  const days = dayChoices[read.form.text('days')] ?? []
  const ranges = parseHours(read.form.text('hours'))
  if (ranges === null) read.wrong('hours', read.visit.words.tariffs.hoursWrong)
  const { within, rest } = divideWeek(timesOn(days, ranges ?? []))
  if (ranges !== null && rest.length === 0) read.wrong('hours', read.visit.words.tariffs.hoursAll)
  return [
    { name: cheapName, perKwh: cheap, times: within },
    { name: otherName, perKwh: other, times: rest },
  ]
}

/** Rows of one name are one price at several times. */
function bandsOfRows(read: FormReader): PriceBand[] {
  const { words } = read.visit
  const bands: PriceBand[] = []
  const rowOf = new Map<string, number>()
  for (let row = 1; row <= rowsOf(read.form); row += 1) {
    const [name, price, hours] = ['name', 'price', 'hours'].map((field) => read.form.text(`${field}-${row}`))
    if (name === '' && price === '' && hours === '') continue
    const ranges = parseHours(hours ?? '')
    if (ranges === null) read.wrong(`hours-${row}`, words.tariffs.hoursWrong)
    const times = timesOn(dayChoices[read.form.text(`days-${row}`)] ?? [], ranges ?? [])
    const same = bands.find((band) => band.name === name)
    rowOf.set(name ?? '', row)
    if (same) {
      same.times.push(...times)
      if (price !== '' && read.perKwh(`price-${row}`) !== same.perKwh)
        read.wrong(`price-${row}`, words.tariffs.twoPricesOfName)
      continue
    }
    bands.push({ name: read.name(`name-${row}`, true) ?? '', perKwh: read.perKwh(`price-${row}`), times })
  }
  if (bands.length < 2) read.wrong('name-1', words.tariffs.twoNeeded)
  const well = Object.keys(read.mistakes).length === 0
  const troubles = well ? troublesOfWeek(bands) : []
  const last = [...rowOf.values()].at(-1) ?? 1
  for (const trouble of troubles.slice(0, troublesNamed)) {
    const row = trouble.both ? (rowOf.get(trouble.both[1]) ?? last) : last
    read.wrong(`hours-${row}`, troubleText(read.visit, trouble))
  }
  return bands
}

/** Troubles of a week that are named; more would only repeat them. */
const troublesNamed = 3

function troubleText(visit: Visit, { day, from, to, both }: WeekTrouble): string {
  const { tariffs } = visit.words
  const time = `${tariffs.days[day]} ${from}–${to}`
  return both ? tariffs.overlap(time, both[0], both[1]) : tariffs.gap(time)
}

export const fewestRows = 3
const mostRows = 12

/** How many rows the form of several prices has, and is to have. */
export function rowsOf(form: Form, more = 0): number {
  const rows = Number(form.text('rows'))
  return Math.min(Number.isInteger(rows) && rows >= fewestRows ? rows + more : fewestRows, mostRows)
}

function withInternet(read: FormReader, internet: InternetTariff[]): InternetTariff[] {
  const from = read.day('day')
  const how = read.form.text('how')
  if (how === 'monthly') return beside(read, internet, { from, kind: how, perMonth: read.coins('amount') })
  if (how === 'per-gb') return beside(read, internet, { from, kind: how, perGb: read.amount('amount', 6) })
  const present = inForce(internet, from)
  if (present === null) {
    read.wrong('day', read.visit.words.tariffs.nothingEnds)
    return internet
  }
  const others = internet.filter((each) => each !== present)
  return present.from === from ? others : [...others, { ...present, to: from }]
}

function withItem(read: FormReader, items: CostItem[]): CostItem[] {
  const kind = (['hardware', 'card', 'disk'] as const).find((each) => each === read.form.text('what')) ?? 'hardware'
  const item = { kind, ...named(read), price: read.coins('price'), bought: read.day('day'), years: read.years('years') }
  if (items.some((other) => keyOf(other) === keyOf(item))) read.wrong('name', read.visit.words.tariffs.nameTaken)
  return [...items, item]
}

function withFee(read: FormReader, fees: Fee[]): Fee[] {
  const kind = read.form.text('what') === 'relay' ? 'relay' : 'domain'
  const per = read.form.text('per') === 'month' ? 'month' : 'year'
  const fee: Fee = { kind, ...named(read), amount: read.coins('amount'), per, from: read.day('day') }
  const same = fees.filter((each) => seriesOf(each) === seriesOf(fee))
  return [...fees.filter((each) => !same.includes(each)), ...beside(read, same, fee)]
}

function named(read: FormReader): { name?: string } {
  const name = read.name('name', false)
  return name === null ? {} : { name }
}

/** A tariff counts until the next one begins; two that begin on one day could not be told apart. */
function beside<Tariff extends Dated>(read: FormReader, present: Tariff[], tariff: Tariff): Tariff[] {
  if (present.some(({ from }) => from === tariff.from)) read.wrong('day', read.visit.words.tariffs.dayTaken)
  const cut = present.map((each) => {
    if (each.to === undefined || each.from >= tariff.from || each.to <= tariff.from) return each
    const { to: _later, ...begun } = each
    return begun as Tariff
  })
  return [...cut, tariff]
}

/** Reads the fields of one form and keeps what is wrong with them, by the ids the fields have on the page. */
class FormReader {
  readonly visit: Visit
  readonly form: Form
  readonly mistakes: Mistakes = {}
  readonly #kind: ChangeKind
  readonly #currency: string

  constructor(visit: Visit, kind: ChangeKind, form: Form, currency: string) {
    this.visit = visit
    this.form = form
    this.#kind = kind
    this.#currency = currency
  }

  wrong(field: string, mistake: string): void {
    const id = `${this.#kind}-${field}`
    const present = this.mistakes[id]
    this.mistakes[id] = present ? `${present} ${mistake}` : mistake
  }

  day(field: string): string {
    const day = this.form.text(field)
    if (Number.isNaN(dayNumber(day))) this.wrong(field, this.visit.words.tariffs.dayWrong)
    return day
  }

  /** A price of a kWh, which may be below zero. */
  perKwh(field: string): string {
    const { value, mistake } = readAmount(this.visit, this.form.text(field))
    if (mistake !== null) this.wrong(field, mistake)
    const cents = value === null ? null : meantCents(value, this.#currency)
    if (cents !== null) {
      this.wrong(field, this.visit.words.mistakes.cents(this.visit.format.price(String(cents), this.#currency)))
    }
    return value ?? ''
  }

  coins(field: string): string {
    return this.amount(field, currencyDigits(this.#currency))
  }

  amount(field: string, places: number): string {
    const { value, mistake } = readAmount(this.visit, this.form.text(field), places)
    if (mistake !== null) this.wrong(field, mistake)
    else if (value.startsWith('-')) this.wrong(field, this.visit.words.tariffs.notBelowZero)
    return value ?? ''
  }

  years(field: string): number {
    const { value } = readAmount(this.visit, this.form.text(field))
    const years = Number(value ?? Number.NaN)
    if (!(years >= 0.5 && years <= 50)) this.wrong(field, this.visit.words.tariffs.yearsWrong)
    return years
  }

  /** Null where there is none and none is needed. */
  name(field: string, needed: boolean): string | null {
    const name = this.form.text(field)
    if (name === '' && !needed) return null
    if (!/^[^\p{C}\p{Zl}\p{Zp}/@]{1,40}$/u.test(name)) this.wrong(field, this.visit.words.tariffs.nameWrong)
    return name
  }
}

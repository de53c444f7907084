import type { MoneyRange } from '#agent/api.ts'

const nbsp = '\u00a0'

/** Numbers, money and dates as a household in this language and zone writes them. */
export type Format = ReturnType<typeof makeFormat>

/** British conventions for English outside the Americas, where the month does not come first. */
function localeOf(language: string, timezone: string): string {
  if (language !== 'en') return language
  return timezone.startsWith('America/') || timezone === 'Pacific/Honolulu' ? 'en-US' : 'en-GB'
}

/** Digits after the point: as usual for the currency, and one more for what is worth less than five of its coins. */
function moneyDigits(value: number, usual: number): number {
  return value > 0 && value < 5 * 10 ** -usual ? usual + 1 : usual
}

/** Making an Intl object costs more than using it: each kind is made once. */
function kept<Options, Made>(make: (options: Options) => Made): (options: Options) => Made {
  const made = new Map<string, Made>()
  return (options) => {
    const key = JSON.stringify(options)
    const present = made.get(key) ?? make(options)
    made.set(key, present)
    return present
  }
}

const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']

/** `language` and `timezone` come from the kit's facts; a zone this Node does not know falls back to UTC. */
export function makeFormat(language: string, timezone: string) {
  const locale = localeOf(language, timezone)
  const zone = isTimezone(timezone) ? timezone : 'UTC'
  const numbers = kept((options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options))
  const dates = kept(
    (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone: zone, ...options }),
  )

  const fixed = (value: number, digits: number) =>
    numbers({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value)

  /** A watt below 10 W shows one decimal, above none. */
  const wattDigits = (watts: number) => (Math.abs(watts) < 10 ? 1 : 0)

  /** A day of a small board is some hundredths of a kilowatt-hour. */
  const kilowattHourDigits = (wattHours: number) => (wattHours < 1000 ? 3 : wattHours < 10_000 ? 2 : 1)

  return {
    locale,
    zone,
    number: (value: number, digits = 0) => fixed(value, digits),
    /** Whole percent; a share that is there but rounds to nothing is `<1%`. */
    percent(share: number): string {
      const text = (value: number) => numbers({ style: 'percent', maximumFractionDigits: 0 }).format(value)
      return share > 0 && share < 0.005 ? `<${text(0.01)}` : text(share)
    },
    watts: (watts: number) => `${fixed(watts, wattDigits(watts))}${nbsp}W`,
    /** Both ends with the same number of decimals, the unit on the second only. */
    wattsEnds: (low: number, high: number): [low: string, high: string] => {
      const digits = wattDigits(high)
      return [fixed(low, digits), `${fixed(high, digits)}${nbsp}W`]
    },
    kilowattHours: (wattHours: number) => `${fixed(wattHours / 1000, kilowattHourDigits(wattHours))}${nbsp}kWh`,
    /** Likewise as both ends of watts. */
    kilowattHoursEnds: (low: number, high: number): [low: string, high: string] => {
      const digits = kilowattHourDigits(high)
      return [fixed(low / 1000, digits), `${fixed(high / 1000, digits)}${nbsp}kWh`]
    },
    /** A number on an axis: no more digits than it takes to tell it from the next. */
    roughly: (value: number) => numbers({ maximumSignificantDigits: 3 }).format(value),
    celsius: (degrees: number) => numbers({ style: 'unit', unit: 'celsius', maximumFractionDigits: 0 }).format(degrees),

    /** Bytes in the decimal unit that leaves at most three digits before the point. */
    bytes(bytes: number): string {
      let value = bytes
      let unit = 0
      while (value >= 999.5 && unit < byteUnits.length - 1) {
        value /= 1000
        unit++
      }
      const maximumFractionDigits = unit > 0 && value < 10 ? 1 : 0
      return numbers({ style: 'unit', unit: byteUnits[unit] as string, maximumFractionDigits }).format(value)
    },

    /** The unit in which so many bytes, and fewer, are small numbers. */
    byteScale(most: number): { unit: string; bytes: number } {
      const step = Math.min(Math.max(Math.floor(Math.log10(Math.max(most, 1)) / 3), 0), byteUnits.length - 1)
      const parts = numbers({ style: 'unit', unit: byteUnits[step] as string }).formatToParts(2)
      return { unit: parts.find(({ type }) => type === 'unit')?.value ?? '', bytes: 1000 ** step }
    },

    /**
     * `0.70`, `0.55–0.90` and `EUR`, all with the same number of decimals; no span where there is no uncertainty. `below`
     * is the smallest coin where all of it is worth less, which says more than its digits.
     */
    moneyParts(range: MoneyRange): { value: string; span: string | null; currency: string; below: string | null } {
      const currency = range.value.currency
      const usual = currencyDigits(currency)
      const coin = 10 ** -usual
      const most = Number(range.high.amount)
      const digits = moneyDigits(Number(range.value.amount), usual)
      const low = fixed(Number(range.low.amount), digits)
      const high = fixed(Number(range.high.amount), digits)
      return {
        value: fixed(Number(range.value.amount), digits),
        span: low === high ? null : `${low}–${high}`,
        currency,
        below: most > 0 && most < coin ? fixed(coin, usual) : null,
      }
    },

    /** An exact price as it was entered: `0.3215 EUR`. */
    price: (amount: string, currency: string) =>
      `${numbers({ minimumFractionDigits: currencyDigits(currency), maximumFractionDigits: 6 }).format(Number(amount))}${nbsp}${currency}`,

    currencyName: (code: string) => new Intl.DisplayNames(locale, { type: 'currency' }).of(code) ?? code,
    day: (at: string | Date) => dates({ dateStyle: 'long' }).format(new Date(at)),
    month: (at: string | Date) => dates({ month: 'long', year: 'numeric' }).format(new Date(at)),
    time: (at: string | Date) => dates({ timeStyle: 'short' }).format(new Date(at)),
    dayAndTime: (at: string | Date) => dates({ dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at)),
    year: (at: string | Date) => dates({ year: 'numeric' }).format(new Date(at)),
    shortMonth: (at: string | Date) => dates({ month: 'short' }).format(new Date(at)),
    dayOfMonth: (at: string | Date) => dates({ day: 'numeric' }).format(new Date(at)),
    weekdayAndDay: (at: string | Date) =>
      dates({ weekday: 'short', day: 'numeric', month: 'short' }).format(new Date(at)),
    /** With what tells two hours of the same name apart, where the clock goes back. */
    weekdayTimeAndOffset: (at: string | Date) =>
      dates({ weekday: 'short', hour: '2-digit', minute: '2-digit', timeZoneName: 'shortOffset' }).format(new Date(at)),
    weekdayAndTime: (at: string | Date) =>
      dates({ weekday: 'short', hour: '2-digit', minute: '2-digit' }).format(new Date(at)),

    /** The two largest units: `3 days, 4 hr`. */
    duration(seconds: number): string {
      const sizes: [string, number][] = [
        ['day', 86_400],
        ['hour', 3600],
        ['minute', 60],
      ]
      const parts: string[] = []
      let rest = Math.max(0, Math.round(seconds))
      for (const [unit, size] of sizes) {
        const count = Math.floor(rest / size)
        rest -= count * size
        if (count > 0 && parts.length < 2)
          parts.push(numbers({ style: 'unit', unit, unitDisplay: 'long' }).format(count))
      }
      if (parts.length === 0) return numbers({ style: 'unit', unit: 'minute', unitDisplay: 'long' }).format(0)
      return parts.join(', ')
    },

    list: (items: string[]) => new Intl.ListFormat(locale, { type: 'conjunction' }).format(items),
  }
}

/** Digits after the point of the smallest coin. */
export function currencyDigits(currency: string): number {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  } catch {
    return 2
  }
}

/** Whether Node knows this IANA zone name. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z0-9_+/-]{1,64}$/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return !/^[+-]\d/.test(name)
  } catch {
    return false
  }
}

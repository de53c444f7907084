import { isIPv4 } from 'node:net'
import { domainToASCII } from 'node:url'

/** The fields of a posted form, as strings. */
export interface Form {
  /** Trimmed, without control characters; '' when absent. */
  text(name: string): string
  /** Exactly as typed: passwords may begin or end with a space. */
  secret(name: string): string
}

export function formOf(body: unknown): Form {
  const fields = body instanceof URLSearchParams ? body : new URLSearchParams()
  return {
    text: (name) =>
      (fields.get(name) ?? '')
        .replace(/\p{Cc}/gu, ' ')
        .trim()
        .slice(0, 1000),
    secret: (name) => fields.get(name) ?? '',
  }
}

/** Currencies in which a kWh never costs more than a few units, so that 32 must mean cents. */
const pricedBelowThree = new Set(['EUR', 'USD', 'GBP', 'CHF', 'CAD', 'AUD', 'NZD'])

/** What 32 probably means in a currency with cents: 0.32. Null when the price is plausible as it is. */
export function meantCents(price: string, currency: string): number | null {
  const value = Number(price)
  return pricedBelowThree.has(currency) && value >= 3 ? value / 100 : null
}

/** The Fediverse server takes letters, digits and underscores. */
export function isPersonId(id: string): boolean {
  return /^[A-Za-z0-9_]{1,30}$/.test(id)
}

export function isPersonName(name: string): boolean {
  return name.length >= 1 && name.length <= 60
}

/** A public domain name in ASCII (`bücher.example` becomes `xn--bcher-kva.example`), or null. */
export function parseServerName(text: string): string | null {
  // Node takes the host out of whatever looks like the rest of an address; here that is a mistake to be told.
  if (/[\s/\\?#@:%]/.test(text)) return null
  const name = domainToASCII(text.replace(/\.$/, '').toLowerCase())
  if (name.length < 4 || name.length > 253 || isIPv4(name)) return null
  const labels = name.split('.')
  if (labels.length < 2 || !labels.every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(label))) return null
  const top = labels.at(-1) as string
  return /^(local|localhost|lan|home|internal|arpa|invalid)$/.test(top) || /^\d+$/.test(top) ? null : name
}

export function isHostname(name: string): boolean {
  return /^(?!-)[a-z0-9-]{1,32}(?<!-)$/.test(name)
}

/** Seconds since 1970 of `2026-11-24 18:30` (or with a T) on a clock in this zone; null when malformed. */
export function parseLocalTime(text: string, timezone: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{1,2}):(\d{2})(?::\d{2})?$/.exec(text)
  if (!match) return null
  const [year, month, day, hour, minute] = match.slice(1).map(Number) as [number, number, number, number, number]
  const asUtc = Date.UTC(year, month - 1, day, hour, minute)
  const exact = new Date(asUtc)
  if (exact.getUTCMonth() !== month - 1 || exact.getUTCDate() !== day || hour > 23 || minute > 59) return null
  // The offset is first taken a few hours off at worst, then at the time it gives: right except within a leap of an hour.
  const first = asUtc - zoneOffset(asUtc, timezone)
  return (asUtc - zoneOffset(first, timezone)) / 1000
}

/** Milliseconds that a zone's clock is ahead of UTC at an instant. */
function zoneOffset(instant: number, timezone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant)
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
  return shown - Math.floor(instant / 1000) * 1000
}

/** Codes in use today (ISO 4217), the household's most likely ones first on the page by their own names. */
export const currencies = (
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY ' +
  'COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD GBP GEL GHS GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD ' +
  'IRR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MRU MUR MVR MWK MXN ' +
  'MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SCR SDG SEK SGD SOS SRD SSP ' +
  'SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW'
).split(' ')

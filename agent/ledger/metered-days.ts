import { dayName, dayNumberAt, dayOf, type Period } from '../costs/calendar.ts'
import { formatDecimal, parseDecimal, scale } from '../costs/decimal.ts'
import type { Amount, EntryDraft } from './entry.ts'
import { classes, type HourEntry, hourMs, type Quantities } from './hours.ts'

/** Where entries of metered days come from. */
export const meterSystem = 'hearth-meter'
const microwattHoursPerKwh = 1_000_000_000n
/** Stands in entries of days some of whose hours may belong to others. */
export const untrustedNote = 'The clock could not be trusted for a part of it.'
/** Readings are written within ten minutes: a day is closed when its last ones are sure to be there. */
const settledMs = 15 * 60_000
/** Zones are up to 14 hours ahead of UTC, and up to 12 behind. */
const manyHours = 10
const one = parseDecimal('1')

/** What an entry of traffic is for, by the quantity it is of. */
export const directions = {
  lanIn: 'lan-in',
  lanOut: 'lan-out',
  wanIn: 'wan-in',
  wanOut: 'wan-out',
  unknownIn: 'unknown-in',
  unknownOut: 'unknown-out',
} as const satisfies Partial<Record<keyof Quantities, string>>

export interface DaysInput {
  /** Milliseconds since 1970. */
  now: number
  zone: string
  instance: string
  /** From when on nothing was entered: the beginning of a day, in the zone of then. */
  since: number
  /** Hours read within a period. */
  readings: (period: Period) => HourEntry[]
}

/**
 * The metered entries of each day that is over, one a quantity: energy, and bytes by direction. A day without a reading
 * has none. @returns `through`: where to go on the next time, milliseconds since 1970
 */
export function meteredDays({ now, zone, instance, since, readings }: DaysInput): {
  drafts: EntryDraft[]
  through: number
} {
  const drafts: EntryDraft[] = []
  let day = dayOf(since, zone)
  while (day.end + settledMs <= now) {
    const left = { start: Math.max(day.start, since), end: day.end }
    drafts.push(...meteredDay(left, zone, instance, readings(left), idEndOf(left.start - day.start)))
    day = dayOf(day.end, zone)
  }
  return { drafts, through: day.start }
}

/**
 * What a day's external ids end in. When the household's zone changes, the day in which the new one goes on lacks its
 * first hours, which were entered in the zone before. Where these are few, they stand under the day before; where they are
 * many, under the same day: what is left of it is entered beside them.
 */
function idEndOf(lacksMs: number): string {
  return lacksMs < manyHours * hourMs ? '' : `/from-${lacksMs / 1000}`
}

function meteredDay(day: Period, zone: string, instance: string, hours: HourEntry[], idEnd: string): EntryDraft[] {
  if (hours.length === 0) return []
  const sum = (name: keyof Quantities) => hours.reduce((total, hour) => total + hour[name], 0)
  const from = localDate(day.start, zone)
  const period = { from, to: localDate(day.end, zone) }
  const coveredSeconds = Math.round(sum('seconds'))
  const note = hours.every(({ trusted }) => trusted) ? {} : { note: untrustedNote }
  const entry = (
    kind: string,
    quantity: string,
    amount: Amount,
    source: string,
    more: Partial<EntryDraft>,
  ): EntryDraft => ({
    kind,
    period,
    instance,
    amounts: [amount],
    source,
    audience: 'owner',
    external: { system: meterSystem, id: `${from}/${quantity}${idEnd}` },
    ...note,
    ...more,
  })
  const worst = classes[Math.max(...hours.map(({ classRank }) => classRank))] ?? 'modelled'
  const kwh = (name: 'energy' | 'energyLow' | 'energyHigh') =>
    formatDecimal(scale(one, BigInt(Math.round(sum(name))), microwattHoursPerKwh))
  const energy = { value: kwh('energy'), low: kwh('energyLow'), high: kwh('energyHigh'), unit: 'kWh' }
  const power = entry('power', 'power', energy, worst, { method: 'energy@1', coveredSeconds })
  const traffic = Object.entries(directions)
    .map(([name, purpose]) => ({ purpose, bytes: Math.round(sum(name as keyof Quantities)) }))
    .filter(({ bytes }) => bytes > 0)
    .map(({ purpose, bytes }) =>
      entry('traffic', purpose, { value: String(bytes), unit: 'B' }, 'measured', {
        purpose,
        method: 'traffic@1',
        coveredSeconds,
      }),
    )
  return [power, ...traffic]
}

/** The bytes on the kit's data partition by owner, as counted on a day. */
export function storageEntries(use: Record<string, number>, now: number, zone: string, instance: string): EntryDraft[] {
  const day = dayOf(now, zone)
  const from = localDate(day.start, zone)
  return Object.entries(use).map(([purpose, bytes]) => ({
    kind: 'storage',
    period: { from, to: localDate(day.end, zone) },
    instance,
    amounts: [{ value: String(bytes), unit: 'B' }],
    source: 'measured',
    method: 'storage@1',
    purpose,
    audience: 'owner' as const,
    external: { system: meterSystem, id: `${from}/storage/${purpose}` },
  }))
}

/** The date of a moment in a zone: `2026-11-24`. */
function localDate(moment: number, zone: string): string {
  return dayName(dayNumberAt(moment, zone))
}

import type { Tariffs } from '../../api.ts'
import { hourMs } from '../../ledger/hours.ts'
import type { BillInput } from '../bill.ts'
import { dayName } from '../calendar.ts'
import type { Reading } from '../metering.ts'

/** A full hour of three watts, two to four. */
export function hourAt(hour: number | string, change: Partial<Reading> = {}): Reading {
  return {
    hour: typeof hour === 'string' ? Date.parse(hour) : hour,
    energy: 3e6,
    energyLow: 2e6,
    energyHigh: 4e6,
    classRank: 2,
    seconds: 3600,
    lanIn: 0,
    lanOut: 0,
    wanIn: 0,
    wanOut: 0,
    unknownIn: 0,
    unknownOut: 0,
    ...change,
  }
}

/** Full hours, one after the other. */
export function hoursFrom(start: string, count: number, change: Partial<Reading> = {}): Reading[] {
  const first = Date.parse(start)
  return Array.from({ length: count }, (_, number) => hourAt(first + number * hourMs, change))
}

/** Tariffs of a household in Berlin that pays for nothing yet. */
export function tariffsWith(change: Partial<Tariffs> = {}): Tariffs {
  const nothing = { power: [], internet: [], items: [], fees: [] }
  return { version: 1, currency: 'EUR', timezone: 'Europe/Berlin', ...nothing, ...change }
}

/** A November that is over, without a reading. */
export function billInput(change: Partial<BillInput> = {}): BillInput {
  return {
    month: '2026-11',
    now: Date.parse('2026-12-02T00:00:00Z'),
    tariffs: tariffsWith(),
    readings: [],
    idleWatts: null,
    power: { value: 3, low: 2, high: 4 },
    services: [],
    ...change,
  }
}

/** The name of a day so many days after another. */
export function dayAfter(day: string, days: number): string {
  return dayName(Date.parse(`${day}T00:00:00Z`) / (24 * hourMs) + days)
}

import type { PowerClass } from '../api.ts'
import type { Interval } from './clock.ts'

export const hourMs = 3_600_000

/** What an hour holds; every quantity adds up. Energies in microwatt-hours, traffic in bytes. */
export interface Quantities {
  energy: number
  energyLow: number
  energyHigh: number
  /** Worst class of the energy: 0 measured, 1 derived, 2 modelled. */
  classRank: number
  /** Seconds with an energy. */
  seconds: number
  /** Utilisation times seconds. */
  cpuSeconds: number
  lanIn: number
  lanOut: number
  wanIn: number
  wanOut: number
  unknownIn: number
  unknownOut: number
}

/** Quantities of one hour, or of a part of it. */
export interface HourEntry extends Quantities {
  /** Start of the hour, milliseconds since 1970. */
  hour: number
  trusted: boolean
}

/** Quantities that came together within an interval. */
export interface Share {
  interval: Interval
  quantities: Partial<Quantities>
}

export const classes: readonly PowerClass[] = ['measured', 'derived', 'modelled']

const nothing: Quantities = {
  energy: 0,
  energyLow: 0,
  energyHigh: 0,
  classRank: 0,
  seconds: 0,
  cpuSeconds: 0,
  lanIn: 0,
  lanOut: 0,
  wanIn: 0,
  wanOut: 0,
  unknownIn: 0,
  unknownOut: 0,
}
const quantityNames = Object.keys(nothing) as (keyof Quantities)[]

/** Adds `more` times `part` to `into`; the class becomes the worse of the two. */
export function addQuantities(into: Quantities, more: Partial<Quantities>, part = 1): void {
  for (const name of quantityNames) {
    if (name === 'classRank') into.classRank = Math.max(into.classRank, more.classRank ?? 0)
    else into[name] += (more[name] ?? 0) * part
  }
}

/** Sums entries of the same hour; the sum is trusted only if all parts are. Oldest first. */
export function sumByHour(entries: Iterable<HourEntry>): HourEntry[] {
  const sums = new Map<number, HourEntry>()
  for (const entry of entries) {
    const sum = sums.get(entry.hour)
    if (!sum) {
      sums.set(entry.hour, { ...entry })
      continue
    }
    addQuantities(sum, entry)
    sum.trusted &&= entry.trusted
  }
  return [...sums.values()].sort((a, b) => a.hour - b.hour)
}

/** Cuts a share at the full hours, in proportion to time. */
export function splitByHour({ interval: { start, end, trusted }, quantities }: Share): HourEntry[] {
  const length = end - start
  if (length <= 0) return []
  const entries: HourEntry[] = []
  for (let from = start; from < end; ) {
    const hour = Math.floor(from / hourMs) * hourMs
    const to = Math.min(hour + hourMs, end)
    const entry = { hour, trusted, ...nothing }
    addQuantities(entry, quantities, (to - from) / length)
    entries.push(entry)
    from = to
  }
  return entries
}

/** Readings that are not in the database yet. */
export class Notebook {
  #shares: Share[] = []

  add(shares: Share[]): void {
    this.#shares.push(...shares)
  }

  entries(): HourEntry[] {
    return sumByHour(this.#shares.flatMap(splitByHour))
  }

  /** Forgets everything; call when it has been written. */
  clear(): void {
    this.#shares = []
  }
}

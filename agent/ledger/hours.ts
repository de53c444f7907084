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
  /** Processor seconds by service, of all processors together; `System` is what belongs to none. */
  cpuServer: number
  cpuWeb: number
  cpuDashboard: number
  cpuAgent: number
  cpuSystem: number
  lanIn: number
  lanOut: number
  wanIn: number
  wanOut: number
  unknownIn: number
  unknownOut: number
  /** Of the bytes above, those of a service (TrafficService in api.ts); the rest belongs to none. */
  serverIn: number
  serverOut: number
  fetchIn: number
  fetchOut: number
  dashboardIn: number
  dashboardOut: number
  plainIn: number
  plainOut: number
  publishIn: number
  publishOut: number
  /** Bytes written to the card or disk that holds the kit's data. */
  written: number
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

export const nothing: Quantities = {
  energy: 0,
  energyLow: 0,
  energyHigh: 0,
  classRank: 0,
  seconds: 0,
  cpuSeconds: 0,
  cpuServer: 0,
  cpuWeb: 0,
  cpuDashboard: 0,
  cpuAgent: 0,
  cpuSystem: 0,
  lanIn: 0,
  lanOut: 0,
  wanIn: 0,
  wanOut: 0,
  unknownIn: 0,
  unknownOut: 0,
  serverIn: 0,
  serverOut: 0,
  fetchIn: 0,
  fetchOut: 0,
  dashboardIn: 0,
  dashboardOut: 0,
  plainIn: 0,
  plainOut: 0,
  publishIn: 0,
  publishOut: 0,
  written: 0,
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
    const before = sums.get(entry.hour)
    const sum = before ? { ...before, trusted: before.trusted && entry.trusted } : entry
    if (before) addQuantities(sum, entry)
    sums.set(entry.hour, sum)
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

  /** @param which of them: those whose interval may still move, or those that stay where they are */
  entries(which: 'all' | 'movable' | 'settled' = 'all'): HourEntry[] {
    return sumByHour(this.#shares.filter((share) => which === 'all' || which === standing(share)).flatMap(splitByHour))
  }

  /** Forgets what was written for good. */
  forget(which: 'all' | 'settled'): void {
    this.#shares = this.#shares.filter((share) => which === 'settled' && standing(share) === 'movable')
  }
}

function standing({ interval }: Share): 'movable' | 'settled' {
  return interval.movable ? 'movable' : 'settled'
}

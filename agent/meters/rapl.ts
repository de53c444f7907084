import path from 'node:path'
import type { CalibrationReading } from '../api.ts'
import { type Anchor, addTo, anchorsOf, throughAnchors } from './calibration.ts'
import { readInteger, readText } from './files.ts'
import { folderNames } from './folder-names.ts'
import type { PowerSensor, SensorReading } from './power-sensor.ts'
import type { Range } from './prediction.ts'
import { atTheWall } from './supply.ts'

/** No processor of a household's computer draws more for long, so a counter that says more was reset. */
export const mostWattsPerDomain = 250
/** Less time tells nothing: the counters move about a thousand times a second. */
const shortestSeconds = 0.25

/**
 * What the rest of the machine draws whatever the processor does, and how much of it grows with the processor (voltage
 * converters, fans, memory that is not counted). Nobody publishes this for small computers; against meters at the wall
 * the counters' own changes were off by 73 per cent on average in one study, so the interval is wide. A reading at the
 * wall narrows it.
 */
const rest: Range = { low: 1, value: 4, high: 15 }
const growth: Range = { low: 1, value: 1.1, high: 1.6 }
const wallPerPackageWatt = atTheWall(growth)
const wallWithoutPackage = atTheWall(rest)
/** Readings at the wall with less between their packages, in W, are one. */
const samePackageWatts = 1

interface Domain {
  file: string
  /** The counter begins at zero again after so many microjoules. */
  range: number
}

/**
 * The processor's energy counters (RAPL) below /sys/class/powercap. Domains nest: psys holds packages, a package holds
 * core and uncore; the same package may appear a second time as `intel-rapl-mmio`. Only packages count, and memory
 * (dram), which stands beside its package although it is listed below it. Null where there are none. Counters that may
 * not be read, or not yet, say nothing until they may.
 */
export function findRapl(sys: string, monotonic: () => number): Rapl | null {
  const domains = findDomains(path.join(sys, 'class/powercap'))
  return domains && new Rapl(domains, monotonic)
}

class Rapl implements PowerSensor {
  readonly #domains: readonly Domain[]
  readonly #monotonic: () => number
  #anchors: Anchor[] = []

  constructor(domains: readonly Domain[], monotonic: () => number) {
    this.#domains = domains
    this.#monotonic = monotonic
  }

  useCalibration(readings: readonly CalibrationReading[]): void {
    const comparable = readings.filter(({ packageWatts }) => packageWatts !== undefined)
    this.#anchors = anchorsOf(comparable, ({ packageWatts }) => packageWatts as number, samePackageWatts)
  }

  watch(): () => SensorReading | null {
    let before = this.#read()
    let since = this.#monotonic()
    return () => {
      const now = this.#read()
      const at = this.#monotonic()
      const seconds = (at - since) / 1000
      const joules = before && now && this.#joules(before, now, seconds)
      before = now
      since = at
      return joules ? this.#reading(joules / seconds) : null
    }
  }

  #reading(packageWatts: number): SensorReading {
    const anchored = this.#anchors.length > 0
    const wall = anchored
      ? throughAnchors(this.#anchors, packageWatts, (anchor, watts) => addTo(anchor, wallPerPackageWatt, watts))
      : addTo({ at: 0, watts: wallWithoutPackage }, wallPerPackageWatt, packageWatts)
    const source = anchored ? 'calibrated:rapl@1' : 'rapl@1'
    return { source, boundary: 'wall', watts: wall, wall, packageWatts }
  }

  /** Microjoules of each domain; null if one cannot be read, as a sum without it means nothing. */
  #read(): number[] | null {
    const counters = this.#domains.map(({ file }) => readInteger(file))
    return counters.every((counter) => counter !== null) ? counters : null
  }

  /** Joules between two readings of all domains; null if they cannot be told, or nothing moved. */
  #joules(before: number[], now: number[], seconds: number): number | null {
    if (seconds < shortestSeconds) return null
    let joules = 0
    for (const [index, { range }] of this.#domains.entries()) {
      const moved = raplDifference(before[index] as number, now[index] as number, range, seconds)
      if (moved === null) return null
      joules += moved
    }
    return joules > 0 ? joules : null
  }
}

/**
 * Joules that a counter of microjoules moved in so many seconds, over at most one return to zero. Null where it may have
 * returned more than once, and where it moved further than any processor could have driven it: then it was reset.
 */
export function raplDifference(before: number, now: number, range: number, seconds: number): number | null {
  const most = mostWattsPerDomain * seconds * 1e6
  if (most >= range) return null
  const moved = now >= before ? now - before : range - before + now
  return moved >= 0 && moved <= most ? moved / 1e6 : null
}

function findDomains(folder: string): Domain[] | null {
  const zones = folderNames(folder)
    .filter((name) => /^intel-rapl:\d+(:\d+)?$/.test(name))
    .map((name) => ({ name, label: readText(path.join(folder, name, 'name'))?.trim() ?? '' }))
  const packages = zones.filter(({ name, label }) => /^intel-rapl:\d+$/.test(name) && label.startsWith('package-'))
  if (packages.length === 0) return null
  const memories = zones.filter(({ label }) => label === 'dram')
  const domains: Domain[] = []
  for (const { name } of [...packages, ...memories]) {
    const range = readInteger(path.join(folder, name, 'max_energy_range_uj'))
    if (range === null || range <= 0) return null
    domains.push({ file: path.join(folder, name, 'energy_uj'), range })
  }
  return domains
}

import { type HourEntry, hourMs } from '../ledger/hours.ts'
import { scale } from './decimal.ts'
import { add, type Fraction, fraction, zero } from './fraction.ts'
import { mapRange, type Range } from './rounding.ts'
import type { Segment } from './week.ts'

/** What a bill needs of an hour's reading. Several of the same hour add up. */
export type Reading = Pick<
  HourEntry,
  | 'hour'
  | 'energy'
  | 'energyLow'
  | 'energyHigh'
  | 'classRank'
  | 'seconds'
  | 'lanIn'
  | 'lanOut'
  | 'wanIn'
  | 'wanOut'
  | 'unknownIn'
  | 'unknownOut'
>

/** Quantities in whole units: energies in microwatt-hours, traffic in bytes, time in milliseconds. */
export interface Quantities<Number> {
  /** What the machine would have used without any load; part of the energy read, never more than it. */
  idle: Range<Number>
  /** The rest of the energy. */
  active: Range<Number>
  traffic: Range<Number>
  /** Time with a reading of energy. */
  measured: Number
}

export interface Use {
  soFar: Quantities<Fraction>
  /** With the time that has no reading, at the mean of what was read. */
  expected: Quantities<Fraction>
}

/**
 * A reading in whole units. What is idle is `idleWatts` for the time read (nothing if null), with the same relative
 * bounds as the energy. Bytes of which nobody knows where they went are split like the hour's known ones; their bounds
 * are none and all.
 */
export function quantitiesOf(reading: Reading, idleWatts: number | null): Quantities<bigint> {
  const whole = (value: number) => BigInt(Math.round(value))
  const energy = {
    value: whole(reading.energy),
    low: whole(reading.energyLow),
    high: whole(reading.energyHigh),
  }
  const idleValue = whole(Math.min(((idleWatts ?? 0) * 1e6 * reading.seconds) / 3600, reading.energy))
  const idle = mapRange(energy, (each) => (energy.value > 0n ? scale(each, idleValue, energy.value) : 0n))
  const active = { value: energy.value - idle.value, low: energy.low - idle.low, high: energy.high - idle.high }
  const wan = whole(reading.wanIn + reading.wanOut)
  const known = wan + whole(reading.lanIn + reading.lanOut)
  const unknown = whole(reading.unknownIn + reading.unknownOut)
  const outside = known > 0n ? scale(unknown, wan, known) : unknown
  return {
    idle,
    active,
    traffic: { value: wan + outside, low: wan, high: wan + unknown },
    measured: whole(reading.seconds * 1000),
  }
}

/**
 * Distributes readings over the segments of a period, in proportion to time, and sums them by the segments' keys.
 * Segments must be in order and leave no gap. `otherwise` is a full hour, the mean as long as nothing was read.
 */
export function meter<Key>(
  readings: Iterable<{ hour: number; quantities: Quantities<bigint> }>,
  segments: Segment<Key>[],
  otherwise: Quantities<bigint>,
): Map<Key, Use> {
  // Sums are quantities times milliseconds of their hour, so that they stay whole.
  const sums = new Map<Key, { length: number; flat: bigint[] }>()
  for (const { key, start, end } of segments) {
    const sum = sums.get(key) ?? { length: 0, flat: nothing() }
    sum.length += end - start
    sums.set(key, sum)
  }
  const total = nothing()
  distribute(readings, segments, ({ key }, quantities, weight) => {
    const sum = sums.get(key)?.flat as bigint[]
    for (const [at, each] of flatten(quantities).entries()) {
      const more = each * weight
      sum[at] = (sum[at] as bigint) + more
      total[at] = (total[at] as bigint) + more
    }
  })
  const mean = (total.at(-1) as bigint) > 0n ? total : flatten(otherwise)
  return new Map(
    [...sums].map(([key, { length, flat }]) => {
      const missing = BigInt(length) * wholeHour - (flat.at(-1) as bigint)
      const more = (at: number) =>
        missing > 0n ? fraction((mean[at] as bigint) * missing, (mean.at(-1) as bigint) * wholeHour) : zero
      const soFar = flat.map((each) => fraction(each, wholeHour))
      return [key, { soFar: unflatten(soFar), expected: unflatten(soFar.map((each, at) => add(each, more(at)))) }]
    }),
  )
}

/**
 * Hands out what each reading shares with each segment: quantities of a whole hour, and the milliseconds of it that count
 * here. Segments must be in order.
 */
export function distribute<Key>(
  readings: Iterable<{ hour: number; quantities: Quantities<bigint> }>,
  segments: Segment<Key>[],
  take: (segment: Segment<Key>, quantities: Quantities<bigint>, milliseconds: bigint) => void,
): void {
  for (const { hour, quantities } of readings) {
    for (let index = firstAfter(segments, hour); index < segments.length; index += 1) {
      const segment = segments[index] as Segment<Key>
      if (segment.start >= hour + hourMs) break
      take(segment, quantities, BigInt(Math.min(segment.end, hour + hourMs) - Math.max(segment.start, hour)))
    }
  }
}

/** What milliseconds of an hour are parts of. */
export const wholeHour = BigInt(hourMs)

function nothing(): bigint[] {
  return Array.from({ length: 10 }, () => 0n)
}

/** The measured time comes last. */
function flatten({ idle, active, traffic, measured }: Quantities<bigint>): bigint[] {
  return [...[idle, active, traffic].flatMap(({ value, low, high }) => [value, low, high]), measured]
}

function unflatten(flat: Fraction[]): Quantities<Fraction> {
  const range = (at: number) => {
    const [value = zero, low = zero, high = zero] = flat.slice(at, at + 3)
    return { value, low, high }
  }
  return { idle: range(0), active: range(3), traffic: range(6), measured: flat.at(-1) ?? zero }
}

/** Index of the first segment that ends after a moment. */
function firstAfter<Key>(segments: Segment<Key>[], moment: number): number {
  let [low, high] = [0, segments.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((segments[middle] as Segment<Key>).end > moment) high = middle
    else low = middle + 1
  }
  return low
}

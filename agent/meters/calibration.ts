import type { CalibrationReading } from '../api.ts'
import { FieldRefused } from '../refused.ts'
import { maximumWatts } from './plug.ts'
import { between, type Machine, type PowerModel } from './power-model.ts'
import { byType, measuredPairs, type PowerPair, powerPairs } from './power-pairs.ts'
import { hull, mapRange, mean, predictNext, predictNextFactor, type Range, spreadWithin } from './prediction.ts'

/** Rises when readings are used differently. */
const version = 1
const mostReadings = 12
/** Readings whose processors were about equally busy are one: their range is the hull of theirs. */
const sameUtilisation = 0.1
/** What a meter for a few euros is good for at a few watts; nobody publishes it. */
const typedRelativeError = 0.05
const typedAbsoluteError = 0.3

/** A reading that cannot be used. */
export class ReadingRefused extends FieldRefused {
  override name = 'ReadingRefused'

  constructor(field: string, what: string, next: string) {
    super(field, `${field}: ${what}.`, next)
  }
}

/** A power known at one place of a scale: at a utilisation, or at a power of the package. */
export interface Anchor {
  at: number
  watts: Range
}

/** The interval of a power that somebody read off a meter at the wall. */
export function typedInterval(watts: number): { low: number; high: number } {
  const error = Math.max(watts * typedRelativeError, typedAbsoluteError)
  return { low: Math.max(0, watts - error), high: watts + error }
}

/** Checks readings from settings or a form. @throws ReadingRefused */
export function checkReadings(value: unknown): CalibrationReading[] {
  if (!Array.isArray(value) || value.length > mostReadings) {
    throw new ReadingRefused('calibration', `is no list of at most ${mostReadings}`, 'Write [] if there is none.')
  }
  return value.map((each: unknown, index) => checkReading(each, `calibration[${index}]`))
}

function checkReading(value: unknown, field: string): CalibrationReading {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ReadingRefused(field, 'must be an object', 'Give watts, low, high, utilisation, at and boundary.')
  }
  const { watts, low, high, utilisation, packageWatts, at, boundary, ...others } = value as Record<string, unknown>
  const [unknown] = Object.keys(others)
  if (unknown !== undefined)
    throw new ReadingRefused(`${field}.${unknown}`, 'is not known here', 'Leave it out.').asUnknown()
  if (boundary !== 'wall') {
    throw new ReadingRefused(`${field}.boundary`, 'must be wall', 'Take the reading between socket and power supply.')
  }
  if (typeof at !== 'string' || !/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(at) || Number.isNaN(Date.parse(at))) {
    throw new ReadingRefused(`${field}.at`, 'is no moment', 'Write one such as 2026-11-24T09:30:00Z.')
  }
  const reading: CalibrationReading = {
    watts: number(watts, `${field}.watts`, maximumWatts),
    low: number(low, `${field}.low`, maximumWatts),
    high: number(high, `${field}.high`, 2 * maximumWatts),
    utilisation: number(utilisation, `${field}.utilisation`, 1),
    ...(packageWatts !== undefined && { packageWatts: number(packageWatts, `${field}.packageWatts`, maximumWatts) }),
    at,
    boundary,
  }
  if (reading.watts === 0) throw new ReadingRefused(`${field}.watts`, 'is zero', 'Write what the meter shows.')
  if (reading.low > reading.watts || reading.high < reading.watts) {
    throw new ReadingRefused(field, 'is not between its low and high', 'Write low ≤ watts ≤ high.')
  }
  return reading
}

function number(value: unknown, field: string, most: number): number {
  if (typeof value === 'number' && value >= 0 && value <= most) return value
  throw new ReadingRefused(field, 'cannot be used', `Write a number from 0 to ${most}.`)
}

/**
 * The model by the household's own readings; null without any. Between readings it is straight. Beyond them it goes on as
 * load is known to add: by the differences of the machine's own type where that was published, else by the ratios of
 * full load to idle of all types.
 */
export function calibratedModel(
  { id, label, type }: Pick<Machine, 'id' | 'label' | 'type'>,
  readings: readonly CalibrationReading[],
  pairs: readonly PowerPair[] = powerPairs,
): PowerModel | null {
  if (readings.length === 0) return null
  const anchors = anchorsOf(readings, ({ utilisation }) => utilisation, sameUtilisation)
  const measured = byType(measuredPairs(pairs))
  const added = type && addedByLoad(measured, type)
  const ratio = ratioOfFullToIdle(measured)
  const beyond = (anchor: Anchor, utilisation: number) =>
    added && added.value * anchor.at < anchor.watts.value
      ? addTo(anchor, added, utilisation)
      : multiply(anchor, ratio, utilisation)
  return {
    source: `calibrated:${id}@${version}`,
    label,
    watts: (utilisation) => throughAnchors(anchors, utilisation, beyond),
  }
}

/** Readings as anchors, in order; those less than `tolerance` apart become one. */
export function anchorsOf(
  readings: readonly CalibrationReading[],
  placeOf: (reading: CalibrationReading) => number,
  tolerance: number,
): Anchor[] {
  const groups: { at: number; watts: Range }[][] = []
  const single = readings.map((reading) => ({
    at: placeOf(reading),
    watts: { low: reading.low, value: reading.watts, high: reading.high },
  }))
  for (const anchor of single.sort((a, b) => a.at - b.at)) {
    const group = groups.at(-1)
    if (group?.[0] && anchor.at - group[0].at < tolerance) group.push(anchor)
    else groups.push([anchor])
  }
  return groups.map((group) => ({
    at: mean(group.map(({ at }) => at)),
    watts: hull(group.map(({ watts }) => watts)),
  }))
}

/** The power at a place of the scale: straight between two anchors, by `beyond` outside of all. */
export function throughAnchors(
  anchors: readonly Anchor[],
  at: number,
  beyond: (nearest: Anchor, at: number) => Range,
): Range {
  const next = anchors.findIndex((anchor) => anchor.at >= at)
  const [before, after] = [anchors[next === -1 ? anchors.length - 1 : next - 1], anchors[next]]
  if (before && after) return between(before.watts, after.watts, (at - before.at) / (after.at - before.at))
  return beyond((before ?? after) as Anchor, at)
}

/** An anchor's power with so many watts more for each unit of the scale. */
export function addTo({ at, watts }: Anchor, added: Range, place: number): Range {
  const way = place - at
  const [least, most] = way < 0 ? [added.high, added.low] : [added.low, added.high]
  const value = Math.max(0, watts.value + added.value * way)
  return { low: Math.max(0, watts.low + least * way), value, high: Math.max(value, watts.high + most * way) }
}

/** An anchor's power times what the ratio of full load to idle makes of its utilisation. */
function multiply({ at, watts }: Anchor, ratio: Range, utilisation: number): Range {
  const factors = mapRange(ratio, (each) => (1 + (each - 1) * utilisation) / (1 + (each - 1) * at))
  return {
    low: watts.low * Math.min(factors.low, factors.high),
    value: watts.value * factors.value,
    high: watts.high * Math.max(factors.low, factors.high),
  }
}

/**
 * Watts that full load adds to idle, judged by the pairs of the type. Types with a single pair are taken to spread like
 * the others do. Null for a type without a pair.
 */
function addedByLoad(measured: ReadonlyMap<string, PowerPair[]>, type: string): Range | null {
  const added = (pairs: readonly PowerPair[]) => pairs.map(({ idle, full }) => full - idle)
  const spread = spreadWithin([...measured.values()].map((pairs) => added(pairs).map(Math.log)))
  return predictNextFactor(added(measured.get(type) ?? []), spread)
}

/** Ratio of full load to idle that a machine of any type is expected to have: each type counts once. */
function ratioOfFullToIdle(measured: ReadonlyMap<string, PowerPair[]>): Range {
  const ofType = (pairs: readonly PowerPair[]) => mean(pairs.map(({ idle, full }) => full / idle))
  const ratio = predictNext([...measured.values()].map(ofType))
  if (!ratio) throw new RangeError('power pairs: at least two types are needed to predict another')
  return { ...ratio, low: Math.max(1, ratio.low) } // load saves no power
}

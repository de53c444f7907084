import type { CalibrationReading, PowerFigure, Problem } from '../api.ts'
import type { Interval } from '../ledger/clock.ts'
import { classes, type Quantities, type Share } from '../ledger/hours.ts'
import { calibratedModel, typedInterval } from './calibration.ts'
import { measuredPower, type PlugReading, PlugTrouble } from './plug.ts'
import { PlugCounter } from './plug-counter.ts'
import { type OtherWatts, ownPart, ownPower } from './plug-others.ts'
import {
  type Hardware,
  type Machine,
  machineOf,
  modelledPower,
  type PowerModel,
  publishedModel,
  toMilliwatts,
} from './power-model.ts'
import type { PowerSensor, SensorReading } from './power-sensor.ts'
import { mapRange, type Range } from './prediction.ts'

/** A plug that stays silent for longer is given up: what is known without it stands in for the time. */
const patienceSeconds = 3600
/** A counter that was not to be believed is spoken of until it was well for so long. */
const faultShownSeconds = 3600
/** A reading for calibration is the mean of at least so long. */
const shortestReadingSeconds = 600
const microwattHours = 1e6

/** What a plug must do; `SmartPlug` is the one for real ones. */
export interface Plug {
  read(): Promise<PlugReading>
}

/** An interval that waits for the plug, and what is known of it without. */
interface Held {
  interval: Interval
  estimate: Pick<Quantities, 'energy' | 'energyLow' | 'energyHigh' | 'classRank' | 'seconds' | 'cpuSeconds'>
  packageWatts: number | undefined
}

/**
 * Energy of each interval, always at the wall: from the plug's own counter where there is a plug, else from a sensor of
 * the machine's, else from the model, by the household's own readings if there are any.
 *
 * While a plug is silent, or its counter stands still, intervals are held back. When it goes on within the hour, the
 * difference of its counter covers them and they count as measured; otherwise they are handed out as they would be
 * without a plug. So no energy is lost or counted twice, and the class says which it was. What else hangs on the plug is
 * taken off; the rest is derived then, not measured.
 */
export class PowerMeter {
  readonly #machine: Machine
  readonly #sensor: PowerSensor | null
  readonly #sense: ReturnType<PowerSensor['watch']>
  #model: PowerModel
  #plug: Plug | null = null
  #others: OtherWatts = null
  #counter: PlugCounter | null = null
  /** What plug or sensor said when the last interval was closed. */
  #latest: PowerFigure | null = null
  #packageWatts: number | undefined
  #held: Held[] = []
  #silence: Problem | null = null
  #fault: { problem: Problem; wellSeconds: number } | null = null
  #plugMean = new PlugMean()

  constructor(hardware: Hardware, sensor: PowerSensor | null = null) {
    this.#machine = machineOf(hardware)
    this.#model = publishedModel(this.#machine)
    this.#sensor = sensor
    this.#sense = sensor?.watch() ?? (() => null)
  }

  /**
   * Sets or removes the plug; returns what was still held back for the old one.
   * @param others what hangs on it besides
   */
  usePlug(plug: Plug | null, others: OtherWatts = null): Share[] {
    this.#plug = plug
    this.#others = others
    this.#counter = null
    this.#latest = null
    this.#silence = null
    this.#fault = null
    this.#plugMean = new PlugMean()
    return this.release()
  }

  /** Sets the household's own readings; none brings back the published figures. */
  useCalibration(readings: readonly CalibrationReading[]): void {
    this.#model = calibratedModel(this.#machine, readings) ?? publishedModel(this.#machine)
    this.#sensor?.useCalibration(readings)
  }

  /** What somebody reads off a meter at the wall now, while the processors are so busy, as a reading for calibration. */
  typedReading(watts: number, utilisation: number, at: string): CalibrationReading {
    return {
      watts,
      ...typedInterval(watts),
      utilisation,
      ...this.#packagePart(this.#packageWatts),
      at,
      boundary: 'wall',
    }
  }

  /**
   * The mean of what the plug measured since it was set, or since the last time this was asked, as a reading for
   * calibration; null while that is less than ten minutes.
   */
  takeReading(at: string): CalibrationReading | null {
    const mean = this.#plugMean.get()
    if (!mean || mean.seconds < shortestReadingSeconds) return null
    this.#plugMean = new PlugMean()
    const { watts, utilisation, packageWatts } = mean
    const { low, value, high } = mapRange(watts, toMilliwatts)
    return { watts: value, low, high, utilisation, ...this.#packagePart(packageWatts), at, boundary: 'wall' }
  }

  /** What is wrong with the plug, if anything. */
  trouble(): Problem | null {
    return this.#silence ?? this.#fault?.problem ?? null
  }

  /** Power lately: what plug or sensor said when the last interval was closed, else the model's at the utilisation. */
  lately(utilisation: number, at: string): PowerFigure {
    return this.#latest ?? modelledPower(this.#model, utilisation, at)
  }

  /** What the machine needs for being there, by the model: the part of its power that no load explains. */
  idle(at: string): PowerFigure {
    return modelledPower(this.#model, 0, at)
  }

  /**
   * A stream's own view: each call of the result gives the power of the moment by the plug, else the mean since the call
   * before by the sensor, else the model's at the utilisation.
   */
  follow(): (utilisation: number, at: string) => Promise<PowerFigure> {
    const sense = this.#sensor?.watch()
    return async (utilisation, at) => {
      const reading = await this.#readPlug()
      if (reading) return this.#ownPower(reading, utilisation, at)
      const sensed = sense?.(utilisation, this.#model)
      return sensed ? sensedPower(sensed, at) : this.lately(utilisation, at)
    }
  }

  /** Closes an interval with its mean utilisation; returns the shares of energy that are settled by it. */
  async settle(interval: Interval, utilisation: number): Promise<Share[]> {
    const reading = await this.#readPlug()
    const sensed = this.#sense(utilisation, this.#model)
    const at = new Date(interval.end).toISOString()
    this.#latest = reading ? this.#ownPower(reading, utilisation, at) : sensed && sensedPower(sensed, at)
    this.#packageWatts = sensed?.packageWatts
    this.#held.push({
      interval,
      estimate: this.#estimate(interval, utilisation, sensed),
      packageWatts: sensed?.packageWatts,
    })
    if (!this.#plug) return this.release()
    if (reading) this.#compare(reading)

    const seconds = this.#heldSeconds()
    if (!reading) return seconds > patienceSeconds ? this.#giveUp(null) : []
    if (!this.#counter) return this.#giveUp(reading)
    const energy = this.#counter.advance(reading, seconds)
    if (energy === 'leap') {
      this.#mark(
        'leap',
        `The plug's energy counter ran backwards, or further than a socket can carry, to ${reading.totalWh} Wh.`,
        'Nothing, if it was just reset or replaced: this stretch is estimated instead. If it comes back, replace the plug.',
      )
      return this.#giveUp(reading)
    }
    if (energy === 'stuck' || (energy === null && seconds > patienceSeconds)) {
      this.#mark(
        'stuck',
        `The plug's energy counter stands at ${reading.totalWh} Wh although it says that ${reading.watts} W go through it.`,
        'Unplug the plug for a moment. Until its counter moves, energy is estimated. If it comes back, replace the plug.',
      )
      return this.#giveUp(reading)
    }
    return energy ? this.#measured(energy, seconds) : []
  }

  /** Hands out what is held back, as known without the plug; at a stop, or when the plug changes. */
  release(): Share[] {
    const held = this.#held
    this.#held = []
    return held.map(({ interval, estimate }) => ({ interval, quantities: estimate }))
  }

  /** Hands out what is held back, and begins to count anew from a reading, or from the next one. */
  #giveUp(reading: PlugReading | null): Share[] {
    this.#counter = reading && new PlugCounter(reading)
    return this.release()
  }

  #mark(id: string, what: string, next: string): void {
    this.#fault = { problem: { id: `plug.${id}`, what, next }, wellSeconds: 0 }
  }

  #heldSeconds(): number {
    return this.#held.reduce((sum, { estimate }) => sum + estimate.seconds, 0)
  }

  /** A plug cannot carry less than what is said to hang on it besides the server. */
  #compare(reading: PlugReading): void {
    const others = this.#others
    if (others === null || others === 'unknown' || measuredPower(reading, '').high > others.low) return
    this.#mark(
      'others',
      `The plug says that ${reading.watts} W go through it, and what else hangs on it is said to draw at least ${others.low} W.`,
      'Correct in Settings how much the other thing draws, or plug it in elsewhere.',
    )
  }

  #ownPower(reading: PlugReading, utilisation: number, at: string): PowerFigure {
    return ownPower(measuredPower(reading, at), this.#others, this.#model.watts(utilisation))
  }

  /** Spreads the counter's difference over the held intervals by their length. */
  #measured(energy: Range, seconds: number): Share[] {
    const held = this.#held
    this.#held = []
    const others = this.#others
    if (this.#fault) {
      this.#fault.wellSeconds += seconds
      if (this.#fault.wellSeconds >= faultShownSeconds) this.#fault = null
    }
    return held.map((each) => {
      const { interval, estimate } = each
      const through = mapRange(energy, (all) => (all * estimate.seconds) / seconds)
      const modelled = this.#model.watts(estimate.cpuSeconds / estimate.seconds)
      const own = ownPart(through, others, estimate.seconds / 3600, modelled)
      this.#plugMean.add(own, each)
      return {
        interval,
        quantities: { ...estimate, ...quantitiesOf(own, 1, others === null ? 'measured' : 'derived') },
      }
    })
  }

  #estimate({ start, end }: Interval, utilisation: number, sensed: SensorReading | null): Held['estimate'] {
    const seconds = (end - start) / 1000
    const watts = sensed?.wall ?? this.#model.watts(utilisation)
    return {
      ...quantitiesOf(watts, seconds / 3600, sensed ? 'derived' : 'modelled'),
      seconds,
      cpuSeconds: utilisation * seconds,
    }
  }

  #packagePart(packageWatts: number | undefined): { packageWatts?: number } {
    return packageWatts === undefined ? {} : { packageWatts: toMilliwatts(packageWatts) }
  }

  async #readPlug(): Promise<PlugReading | null> {
    if (!this.#plug) return null
    try {
      const reading = await this.#plug.read()
      this.#silence = null
      return reading
    } catch (error) {
      if (!(error instanceof PlugTrouble)) throw error
      this.#silence = error.problem
      return null
    }
  }
}

/** Sums up what a plug measured, beside what the machine knew of itself meanwhile. */
class PlugMean {
  #energy: Range = { low: 0, value: 0, high: 0 }
  #seconds = 0
  #cpuSeconds = 0
  #packageWattSeconds: number | undefined = 0

  add({ low, value, high }: Range, { estimate, packageWatts }: Held): void {
    this.#energy = { low: this.#energy.low + low, value: this.#energy.value + value, high: this.#energy.high + high }
    this.#seconds += estimate.seconds
    this.#cpuSeconds += estimate.cpuSeconds
    if (packageWatts === undefined) this.#packageWattSeconds = undefined
    else if (this.#packageWattSeconds !== undefined) this.#packageWattSeconds += packageWatts * estimate.seconds
  }

  get(): { watts: Range; utilisation: number; packageWatts: number | undefined; seconds: number } | null {
    const seconds = this.#seconds
    if (seconds <= 0) return null
    const perHour = 3600 / seconds
    return {
      watts: {
        low: this.#energy.low * perHour,
        value: this.#energy.value * perHour,
        high: this.#energy.high * perHour,
      },
      utilisation: this.#cpuSeconds / seconds,
      packageWatts: this.#packageWattSeconds === undefined ? undefined : this.#packageWattSeconds / seconds,
      seconds,
    }
  }
}

function sensedPower({ source, boundary, watts }: SensorReading, at: string): PowerFigure {
  return { ...mapRange(watts, toMilliwatts), unit: 'W', source, at, class: 'derived', boundary }
}

/** A part of an energy in Wh, or hours of a power in W, as the ledger keeps it. */
function quantitiesOf({ low, value, high }: Range, part: number, powerClass: PowerFigure['class']) {
  return {
    energy: value * part * microwattHours,
    energyLow: low * part * microwattHours,
    energyHigh: high * part * microwattHours,
    classRank: classes.indexOf(powerClass),
  }
}

import { maximumWatts, type PlugReading, plugInterval } from './plug.ts'
import type { Range } from './prediction.ts'

const secondsPerHour = 3600
/** Two readings of a counter that shows whole steps: each may be almost a step short. */
const stepsInDoubt = 2
/** Beyond that, steps add so much doubt at most: forty steps are known to two. */
const largestDoubt = 0.05
/** So many steps should have shown by now; the plug's power is rounded, at worst to twice what it is. */
const stepsOverdue = 2
const stepsMissing = 4

/**
 * Turns the readings of a plug's energy counter into the energies of the stretches between them.
 *
 * A counter may move in steps that a small computer takes an hour for, so within a step the plug's own power says how the
 * energy is spread, and the counter bounds it: all that was handed out since the first reading stays within one step of
 * what the counter says, whenever one looks. Nothing is lost or counted twice.
 *
 * The interval holds the plug's own error, never below its floor; two steps for the first reading and the last; and two
 * more for each hour, but not more than five per cent, so that single hours are covered too.
 */
export class PlugCounter {
  readonly #first: PlugReading
  #last: PlugReading
  /** Handed out since the first reading. */
  #energy = 0
  /** What flowed by the plug's power since the counter last moved. */
  #unseen = 0
  /** Doubt that begins with the first stretch. */
  #startDoubt: number
  /** What could not be taken off the lows yet, because they had come to zero. */
  #owed = 0

  constructor(first: PlugReading) {
    this.#first = first
    this.#last = first
    this.#startDoubt = stepsInDoubt * first.totalStepWh
  }

  /**
   * The energy in Wh of the `seconds` since the last reading that was taken. Null: the counter stands still although it
   * should have moved in this time; ask again later, for the whole stretch. `leap`: it ran backwards or further than a
   * socket can carry; `stuck`: it has stood still for too long. After either it counts no longer.
   */
  advance(reading: PlugReading, seconds: number): Range | 'leap' | 'stuck' | null {
    const hours = seconds / secondsPerHour
    const step = Math.max(this.#first.totalStepWh, reading.totalStepWh)
    const moved = reading.totalWh - this.#last.totalWh
    if (moved < 0 || moved > maximumWatts * hours + step) return 'leap'

    const flowed = ((this.#last.watts + reading.watts) / 2) * hours
    if (moved === 0 && flowed > stepsOverdue * step) return null
    this.#unseen = moved === 0 ? this.#unseen + flowed : 0
    if (this.#unseen > stepsMissing * step) return 'stuck'

    const before = this.#energy
    this.#energy = follow(before, flowed, reading.totalWh - this.#first.totalWh, step)
    this.#last = reading
    return this.#withInterval(this.#energy - before, reading.wattsFloor * hours, stepsInDoubt * step * hours)
  }

  #withInterval(value: number, floor: number, hourlyDoubt: number): Range {
    const doubt = this.#startDoubt + Math.min(hourlyDoubt, largestDoubt * value)
    this.#startDoubt = 0
    const { low, high } = plugInterval(value, floor)
    const paid = Math.min(low, doubt + this.#owed)
    this.#owed += doubt - paid
    return { value, low: low - paid, high: high + doubt }
  }
}

/**
 * Where an energy comes to when so much flowed by the plug's power: never further than a step from what was counted. Ahead
 * of the counter it slows down the closer it comes to a whole step, so that a power that is shown too high does not leave
 * it waiting for the counter.
 */
function follow(energy: number, flowed: number, counted: number, step: number): number {
  const reached = Math.max(energy + flowed, counted - step)
  if (reached <= counted) return reached
  const ahead = Math.max(0, energy - counted)
  const flowedAhead = Math.min(flowed, reached - counted)
  return counted + step - (step - ahead) * Math.exp(-flowedAhead / step)
}

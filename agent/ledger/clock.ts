import { existsSync } from 'node:fs'
import type { KitPaths } from '../paths.ts'

/** The two clocks a reading needs: one that says when, and one that never leaps and says how long. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number
  /** Milliseconds since some moment; unaffected by setting the clock. */
  monotonic(): number
  /** Whether the wall clock was set from the network or confirmed by a person. */
  trusted(): boolean
}

/** The kit's clock. */
export function kitClock(paths: KitPaths): Clock {
  return {
    now: Date.now,
    monotonic: () => performance.now(),
    trusted: () => existsSync(paths.clockTrusted) || existsSync(paths.clockConfirmed),
  }
}

/** A stretch of time; both ends in milliseconds since 1970. */
export interface Interval {
  start: number
  end: number
  /** False if the wall clock could not be trusted, or leapt although it was. */
  trusted: boolean
  /** It moves to where it belongs when the time becomes known. */
  movable?: boolean
}

export interface Lap {
  interval: Interval
  /** How far the wall clock leapt within the lap, in milliseconds; 0 when it ran as it should. */
  step: number
}

/** Smaller deviations are the network time's ordinary slewing, or a busy machine. */
const tolerance = 5_000
/** So many intervals can still be moved when the time becomes known: two hours of a kit's. */
const mostMovable = 120

/**
 * Turns readings of two clocks into intervals. Their length comes from the monotonic clock; they end at the wall clock's
 * time, so that neither a leap forwards nor one backwards makes time appear or vanish.
 *
 * A kit without a battery for its clock learns the time only some while after its start. When it does, the intervals
 * handed out before are moved to where they belong: they are the same objects wherever they wait to be written, and
 * marked as long as they may move.
 */
export class LapTimer {
  readonly #clock: Clock
  #wall: number
  #monotonic: number
  #trusted: boolean
  #doubtful: Interval[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#wall = clock.now()
    this.#monotonic = clock.monotonic()
    this.#trusted = clock.trusted()
  }

  /** Milliseconds since the last lap. */
  elapsed(): number {
    return this.#clock.monotonic() - this.#monotonic
  }

  lap(): Lap {
    const wall = this.#clock.now()
    const monotonic = this.#clock.monotonic()
    const trusted = this.#clock.trusted()
    const length = monotonic - this.#monotonic
    const deviation = wall - this.#wall - length
    const step = Math.abs(deviation) > tolerance ? deviation : 0
    const leaptWhileTrusted = step !== 0 && this.#trusted
    this.#settleDoubts(step, trusted)
    this.#wall = wall
    this.#monotonic = monotonic
    this.#trusted = trusted

    const interval: Interval = { start: wall - length, end: wall, trusted: trusted && !leaptWhileTrusted }
    if (!trusted) this.#doubt(interval)
    return { interval, step }
  }

  #doubt(interval: Interval): void {
    interval.movable = true
    this.#doubtful.push(interval)
    if (this.#doubtful.length > mostMovable) settle(this.#doubtful.shift())
  }

  #settleDoubts(step: number, trusted: boolean): void {
    for (const interval of this.#doubtful) {
      interval.start += step
      interval.end += step
      interval.trusted = trusted
      if (trusted) settle(interval)
    }
    if (trusted) this.#doubtful = []
  }
}

function settle(interval: Interval | undefined): void {
  delete interval?.movable
}

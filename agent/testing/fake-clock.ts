import type { Clock } from '../ledger/clock.ts'

/** A clock a test moves by hand. */
export class FakeClock implements Clock {
  wall: number
  steady = 0
  isTrusted = true

  constructor(start: string) {
    this.wall = Date.parse(start)
  }

  now(): number {
    return this.wall
  }

  monotonic(): number {
    return this.steady
  }

  trusted(): boolean {
    return this.isTrusted
  }

  /** Lets time pass on both clocks. */
  pass(seconds: number): void {
    this.wall += seconds * 1000
    this.steady += seconds * 1000
  }

  /** Sets the wall clock, as network time or a person would. */
  set(time: string): void {
    this.wall = Date.parse(time)
  }
}

import type { Range } from './prediction.ts'

/**
 * How much of the power at the wall a supply passes on: small plug-in supplies at a fifth of their load, and the better
 * ones of small computers. Of one board both were published: 73 per cent idle, 86 at full load.
 */
const efficiency: Range = { low: 0.7, value: 0.8, high: 0.92 }

/** What a supply draws at the wall to give so many watts. */
export function atTheWall(watts: Range): Range {
  return {
    low: watts.low / efficiency.high,
    value: watts.value / efficiency.value,
    high: watts.high / efficiency.low,
  }
}

/** What comes out of a supply that draws so many watts at the wall. */
export function behindSupply(watts: Range): Range {
  return {
    low: watts.low * efficiency.low,
    value: watts.value * efficiency.value,
    high: watts.high * efficiency.high,
  }
}

import type { CalibrationReading, PowerBoundary } from '../api.ts'
import { findInputSensor } from './hwmon.ts'
import type { PowerModel } from './power-model.ts'
import type { Range } from './prediction.ts'
import { findRapl } from './rapl.ts'

/** Mean power since the call before, by a sensor of the machine's own. */
export interface SensorReading {
  /** Sensor and version of the method: `rapl@1`, `ina226@2`. */
  source: string
  /** Where the figure that is shown belongs. */
  boundary: PowerBoundary
  watts: Range
  /** The same power at the wall, by which energy is counted. */
  wall: Range
  /** Power of package and memory by the processor's own counters. */
  packageWatts?: number
}

/** Something in the machine that says more about its power than the load does. */
export interface PowerSensor {
  /** Readings of the household at the wall, for sensors that measure elsewhere. */
  useCalibration(readings: readonly CalibrationReading[]): void
  /**
   * Begins to watch; each call of the result gives the mean power since the call before, or null if it cannot be told. It
   * is told how busy the processors were since then, and what the machine draws by that.
   */
  watch(): (utilisation: number, model: PowerModel) => SensorReading | null
}

/** The machine's best sensor: one at its input before the processor's own counters; null where there is none. */
export function findPowerSensor(sys: string, monotonic: () => number): PowerSensor | null {
  return findInputSensor(sys) ?? findRapl(sys, monotonic)
}

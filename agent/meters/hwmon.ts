import path from 'node:path'
import { readInteger, readText } from './files.ts'
import { folderNames } from './folder-names.ts'
import type { PowerSensor, SensorReading } from './power-sensor.ts'
import type { Range } from './prediction.ts'
import { atTheWall } from './supply.ts'

/** Chips that measure current and voltage of a supply line: INA219, INA226, INA238 and their like. */
const inputChips = /^ina2\d\d$/
/** The chip is better, but the resistor it measures over is not; and the last digit of a small board's power. */
const relativeError = 0.05
const absoluteError = 0.05
const mostWatts = 500

/**
 * The chip that measures the machine's own input, read through hwmon. Boards that have several measure their inner rails
 * with them, and which is which is nowhere said: then there is none to be trusted.
 */
export function findInputSensor(sys: string): PowerSensor | null {
  const folder = path.join(sys, 'class/hwmon')
  const chips = folderNames(folder)
    .map((name) => ({
      file: path.join(folder, name, 'power1_input'),
      chip: readText(path.join(folder, name, 'name'))?.trim() ?? '',
    }))
    .filter(({ chip, file }) => inputChips.test(chip) && readWatts(file) !== null)
  const [only, ...others] = chips
  return only && others.length === 0 ? new InputSensor(only.file, only.chip) : null
}

class InputSensor implements PowerSensor {
  readonly #file: string
  readonly #source: string

  constructor(file: string, chip: string) {
    this.#file = file
    this.#source = `${chip}@1`
  }

  /** It measures the whole machine already; only the supply is before it. */
  useCalibration(): void {}

  /** The chip says what flows at a moment, so the mean is that of the two ends, and the interval holds both. */
  watch(): () => SensorReading | null {
    let before = readWatts(this.#file)
    return () => {
      const now = readWatts(this.#file)
      const ends = before !== null && now !== null ? [before, now] : null
      before = now
      return ends && this.#reading(ends)
    }
  }

  #reading(ends: number[]): SensorReading {
    const [least, most] = [Math.min(...ends), Math.max(...ends)]
    const watts: Range = {
      low: Math.max(0, least * (1 - relativeError) - absoluteError),
      value: (least + most) / 2,
      high: most * (1 + relativeError) + absoluteError,
    }
    return { source: this.#source, boundary: 'dc-input', watts, wall: atTheWall(watts) }
  }
}

/** Watts from a file in microwatts; null for none, and for what no running machine draws. */
function readWatts(file: string): number | null {
  const microwatts = readInteger(file)
  return microwatts !== null && microwatts > 0 && microwatts <= mostWatts * 1e6 ? microwatts / 1e6 : null
}

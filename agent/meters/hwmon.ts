import path from 'node:path'
import { readInteger, readText } from './files.ts'
import { folderNames } from './folder-names.ts'
import type { PowerModel } from './power-model.ts'
import type { PowerSensor, SensorReading } from './power-sensor.ts'
import { mean, type Range } from './prediction.ts'
import { atTheWall, behindSupply } from './supply.ts'

/** Chips that measure current and voltage of a supply line: INA219, INA226, INA238 and their like. */
const inputChips = /^ina2\d\d$/
/** The chip is better, but the resistor it measures over is not; and the last digit of a small board's power. */
const relativeError = 0.05
const absoluteError = 0.05
const mostWatts = 500
/** 1: the interval held what the chip said at both ends. 2: and what the load may have done between them. */
const version = 2

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
    this.#source = `${chip}@${version}`
  }

  /** It measures the whole machine already; only the supply is before it. */
  useCalibration(): void {}

  /**
   * The chip says what flows at a moment, so the mean is that of the two ends. What flowed between them is known by the
   * load alone: the interval holds both ends, with what the load may have added to them or taken from them.
   */
  watch(): (utilisation: number, model: PowerModel) => SensorReading | null {
    let before = readWatts(this.#file)
    return (utilisation, model) => {
      const now = readWatts(this.#file)
      const ends = before !== null && now !== null ? [before, now] : null
      before = now
      return ends && this.#reading(ends, utilisation, model)
    }
  }

  #reading(ends: number[], utilisation: number, model: PowerModel): SensorReading {
    const least = Math.max(0, Math.min(...ends) * (1 - relativeError) - absoluteError)
    const most = Math.max(...ends) * (1 + relativeError) + absoluteError
    const load = loadBetween(utilisation, model)
    // The model's lower end holds for what the chip measures unless the chip has just said less.
    const floor = least > load.floor ? load.floor : 0
    const watts: Range = {
      low: Math.max(floor, least - load.taken),
      value: mean(ends),
      high: most + load.added,
    }
    return { source: this.#source, boundary: 'dc-input', watts, wall: atTheWall(watts) }
  }
}

/**
 * What the load of a time may mean for two looks at its ends, in watts behind the supply. Both may have met an idle
 * moment, and the load came between (`added`); or both met full load, and the rest was as idle as the mean says (`taken`).
 * Full load adds as much as the model holds possible. `floor` is the least that it holds possible at this load. What
 * draws power without the processors, such as a disk, is not known.
 */
function loadBetween(utilisation: number, model: PowerModel): { added: number; taken: number; floor: number } {
  const [idle, full] = [behindSupply(model.watts(0)), behindSupply(model.watts(1))]
  const byLoad = Math.max(0, full.low - idle.low, full.value - idle.value, full.high - idle.high)
  return {
    added: byLoad * utilisation,
    taken: byLoad * (1 - utilisation),
    floor: behindSupply(model.watts(utilisation)).low,
  }
}

/** Watts from a file in microwatts; null for none, and for what no running machine draws. */
function readWatts(file: string): number | null {
  const microwatts = readInteger(file)
  return microwatts !== null && microwatts > 0 && microwatts <= mostWatts * 1e6 ? microwatts / 1e6 : null
}

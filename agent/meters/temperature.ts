import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { Figure } from '../api.ts'
import { readInteger, readText } from './files.ts'

/** On-die sensors are specified to about five degrees. */
const accuracy = 5
const processorZones = /^(cpu|soc|x86_pkg_temp|.*cpu.*thermal|cpu-thermal.*)/
const processorChips = ['coretemp', 'k10temp', 'cpu_thermal']

export interface TemperatureSensor {
  file: string
  source: string
}

/** Finds the processor's sensor once; null where the board has none. Thermal zones come before hwmon chips. */
export function findTemperatureSensor(sys: string): TemperatureSensor | null {
  const zones = entries(path.join(sys, 'class/thermal'))
    .filter((name) => name.startsWith('thermal_zone'))
    .map((name) => {
      const folder = path.join(sys, 'class/thermal', name)
      return { file: path.join(folder, 'temp'), source: readText(path.join(folder, 'type'))?.trim() ?? name }
    })
  const chips = entries(path.join(sys, 'class/hwmon')).map((name) => {
    const folder = path.join(sys, 'class/hwmon', name)
    return { file: path.join(folder, 'temp1_input'), source: readText(path.join(folder, 'name'))?.trim() ?? name }
  })
  const working = (sensor: TemperatureSensor) => sane(readInteger(sensor.file))
  const found =
    zones.find((zone) => processorZones.test(zone.source) && working(zone)) ??
    chips.find((chip) => processorChips.includes(chip.source) && working(chip)) ??
    zones.find(working)
  return found ? { file: found.file, source: `sysfs:${found.source}` } : null
}

/** The processor's temperature in °C; null without a sensor, or when it says something no running board can have. */
export function readTemperature(sensor: TemperatureSensor | null, at: string): Figure | null {
  const milli = sensor ? readInteger(sensor.file) : null
  if (!sensor || milli === null || !sane(milli)) return null
  const value = milli / 1000
  return { value, low: value - accuracy, high: value + accuracy, unit: '°C', source: sensor.source, at }
}

function sane(milli: number | null): boolean {
  return milli !== null && milli > -30_000 && milli < 130_000 && milli !== 0
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

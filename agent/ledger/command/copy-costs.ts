import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { AgentSettings, Change, WhatIf } from '../../api.ts'
import { monthOf } from '../../costs/calendar.ts'
import { serviceTimes } from '../../costs/service-times.ts'
import { checkChange, tariffsOf } from '../../costs/tariff.ts'
import { whatIf } from '../../costs/what-if.ts'
import { storedSettings } from '../../service/settings.ts'
import { type HourEntry, hourMs } from '../hours.ts'
import { Ledger } from '../ledger.ts'

/** What a copy of the agent's folder has beside the entries: readings, prices, and what was noted. */
export class CopyCosts {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Accounts that were noted at the time, by their own names. */
  accounts(): string[] {
    if (!existsSync(path.join(this.#folder, 'ledger.db'))) return []
    return this.#reading((readings) => readings.noted<string[]>('accounts') ?? [])
  }

  /**
   * As of the last reading in the copy, whenever it was taken. What the machine needs without load is not in a copy, so
   * all of its energy stays where there would be more people.
   */
  whatIf(change: Change): WhatIf & { asOf: string } {
    const settings = this.#settings()
    return this.#reading((readings) => {
      const last = lastHour(readings, this.#file('ledger.db'))
      const now = last.hour + hourMs
      const month = monthOf(last.hour, settings.timezone)
      const hours = readings.entries(month.start - hourMs, month.end + hourMs)
      const [value, low, high] = [last.energy, last.energyLow, last.energyHigh].map((energy) => wattsIn(last, energy))
      const input = {
        month: month.month,
        now,
        tariffs: tariffsOf(settings),
        readings: hours,
        idleWatts: null,
        power: { value, low, high } as { value: number; low: number; high: number },
        services: serviceTimes(hours, month),
        people: readings.noted<{ people?: number }>('counts')?.people ?? 0,
      }
      return { ...whatIf(input, checkChange(change, settings.currency)), asOf: new Date(now).toISOString() }
    })
  }

  #reading<Result>(work: (readings: Ledger) => Result): Result {
    this.#file('ledger.db')
    const readings = new Ledger(this.#folder, Date.now)
    try {
      const result = work(readings)
      const [problem] = readings.problems()
      if (problem) throw new Error(`${problem.what} Take another copy.`)
      return result
    } finally {
      readings.stop()
    }
  }

  #settings(): AgentSettings {
    const file = this.#file('settings.json')
    try {
      return storedSettings(readFileSync(file, 'utf8'))
    } catch (error) {
      throw new Error(`${file} cannot be used: ${error instanceof Error ? error.message : error} Take another copy.`)
    }
  }

  /** @throws Error where it is not in the copy */
  #file(name: string): string {
    const file = path.join(this.#folder, name)
    if (existsSync(file)) return file
    throw new Error(`${file} does not exist, and costs need it. Copy the whole of /data/hearth/agent.`)
  }
}

function lastHour(readings: Ledger, file: string): HourEntry {
  const hours = readings.entries(0, Number.MAX_SAFE_INTEGER).filter(({ seconds }) => seconds > 0)
  const last = hours.findLast(({ trusted }) => trusted) ?? hours.at(-1)
  if (last) return last
  throw new Error(`${file} has no readings of power yet, so nothing can be worked out. Take a copy after a day.`)
}

/** Mean power of an hour, from its microwatt-hours. */
function wattsIn({ seconds }: HourEntry, energy: number): number {
  return (energy / 1e6) * (3600 / seconds)
}

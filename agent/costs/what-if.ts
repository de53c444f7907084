import type { Change, MonthlyCost, WhatIf } from '../api.ts'
import { type BillInput, billFor, moneyRange, preview } from './bill.ts'
import { parseDecimal, scale } from './decimal.ts'
import type { Reading } from './metering.ts'
import { mapRange } from './rounding.ts'
import { withFlatPrice } from './tariff.ts'

export interface WhatIfInput extends BillInput {
  /** Accounts on the server; 0 while there are none. */
  people: number
}

/** What a whole month is expected to cost as things are, and after a change. */
export function whatIf(input: WhatIfInput, change: Change): WhatIf {
  return { before: monthlyCost(input), after: monthlyCost(changed(input, change)) }
}

function monthlyCost(input: WhatIfInput): MonthlyCost {
  const { people } = input
  const { total, currency } = preview(billFor(input), 'expected')
  const share = mapRange(total, ({ amount }) => (people > 0 ? scale(parseDecimal(amount), 1n, BigInt(people)) : 0n))
  return { people, perMonth: total, perPerson: people > 0 ? moneyRange(share, currency) : null }
}

function changed(input: WhatIfInput, change: Change): WhatIfInput {
  const { tariffs, readings, idleWatts, power, people } = input
  switch (change.kind) {
    case 'price':
      return { ...input, tariffs: withFlatPrice(tariffs, change.perKwh) }
    case 'people': {
      const factor = people > 0 ? change.people / people : 1
      return {
        ...input,
        people: change.people,
        readings: readings.map((reading) => withUse(reading, idleWatts, factor)),
        power: mapRange(power, (each) => each * growth(power.value, idleWatts, factor)),
      }
    }
    case 'disk': {
      const { price, years, watts } = change
      const disk = { kind: 'disk', name: 'what-if', price, years, bought: null } as const
      return {
        ...input,
        tariffs: { ...tariffs, items: [...tariffs.items, disk] },
        readings: readings.map((reading) => withWatts(reading, watts)),
        power: mapRange(power, (each) => each + watts),
      }
    }
  }
}

/** A reading with so many times the traffic, and the energy above idle. */
function withUse(reading: Reading, idleWatts: number | null, factor: number): Reading {
  const { energy, energyLow, energyHigh, seconds, wanIn, wanOut, unknownIn, unknownOut } = reading
  const idle = idleWatts === null ? null : energyOf(idleWatts, seconds)
  const more = growth(energy, idle, factor)
  return {
    ...reading,
    energy: energy * more,
    energyLow: energyLow * more,
    energyHigh: energyHigh * more,
    wanIn: wanIn * factor,
    wanOut: wanOut * factor,
    unknownIn: unknownIn * factor,
    unknownOut: unknownOut * factor,
  }
}

/** How much more all of it is if what is above idle is `factor` times as much; the same where idle is not known. */
function growth(all: number, idle: number | null, factor: number): number {
  if (idle === null || all <= idle) return 1
  return (idle + (all - idle) * factor) / all
}

function withWatts(reading: Reading, watts: number): Reading {
  const more = energyOf(watts, reading.seconds)
  return {
    ...reading,
    energy: reading.energy + more,
    energyLow: reading.energyLow + more,
    energyHigh: reading.energyHigh + more,
  }
}

/** Microwatt-hours. */
function energyOf(watts: number, seconds: number): number {
  return (watts * 1e6 * seconds) / 3600
}

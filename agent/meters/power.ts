import type { PowerFigure, Problem } from '../api.ts'
import type { Interval } from '../ledger/clock.ts'
import type { Quantities, Share } from '../ledger/hours.ts'
import { energyFloor, maximumWatts, measuredPower, type PlugReading, PlugTrouble, plugInterval } from './plug.ts'
import { modelledPower, type PowerModel } from './power-model.ts'

/** A plug that stays silent for longer is given up: the model stands in for the time. */
const patienceSeconds = 3600
const microwattHours = 1e6

/** What a plug must do; `ShellyPlug` is the one there is. */
export interface Plug {
  read(): Promise<PlugReading>
}

/**
 * Energy of each interval: from the plug's own counter where there is a plug, else from the model.
 *
 * While a plug is silent its intervals are held back. When it answers again within the hour, the difference of its
 * counter covers them and they count as measured; otherwise they are handed out as modelled. So no energy is lost or
 * counted twice, and the class says which it was.
 */
export class PowerMeter {
  readonly #model: PowerModel
  #plug: Plug | null = null
  #counter: PlugReading | null = null
  /** What the plug said when the last interval was closed. */
  #latest: PowerFigure | null = null
  #held: Share[] = []
  #trouble: Problem | null = null

  constructor(model: PowerModel) {
    this.#model = model
  }

  /** Sets or removes the plug; returns what was still held back for the old one. */
  usePlug(plug: Plug | null): Share[] {
    this.#plug = plug
    this.#counter = null
    this.#latest = null
    this.#trouble = null
    return this.release()
  }

  /** What is wrong with the plug, if anything. */
  trouble(): Problem | null {
    return this.#trouble
  }

  /** Power lately: what the plug said when the last interval was closed, else the model's at the given utilisation. */
  lately(utilisation: number, at: string): PowerFigure {
    return this.#latest ?? modelledPower(this.#model, utilisation, at)
  }

  /** Power at this moment: the plug is asked; if it is silent, the model's at the given utilisation. */
  async power(utilisation: number, at: string): Promise<PowerFigure> {
    const reading = await this.#readPlug()
    return reading ? measuredPower(reading, at) : modelledPower(this.#model, utilisation, at)
  }

  /** Closes an interval with its mean utilisation; returns the shares of energy that are settled by it. */
  async settle(interval: Interval, utilisation: number): Promise<Share[]> {
    const reading = await this.#readPlug()
    this.#latest = reading && measuredPower(reading, new Date(interval.end).toISOString())
    this.#held.push({ interval, quantities: this.#modelled(interval, utilisation) })
    if (!this.#plug) return this.release()
    if (!reading) return this.#heldSeconds() > patienceSeconds ? this.#giveUp() : []

    const before = this.#counter
    this.#counter = reading
    if (!before) return this.release()
    const seconds = this.#heldSeconds()
    const energy = reading.totalWh - before.totalWh
    if (energy < 0 || energy > (maximumWatts * seconds) / 3600) {
      this.#trouble = {
        id: 'plug.leap',
        what: `The plug's energy counter went from ${before.totalWh} Wh to ${reading.totalWh} Wh within ${Math.round(seconds)} s.`,
        next: 'Nothing, if it was just reset or replaced: this stretch is estimated instead. If it comes back, replace the plug.',
      }
      return this.release()
    }
    return this.#measured(energy, seconds)
  }

  /** Hands out what is held back, as modelled; at a stop, or when the plug changes. */
  release(): Share[] {
    const held = this.#held
    this.#held = []
    return held
  }

  #giveUp(): Share[] {
    this.#counter = null
    return this.release()
  }

  #heldSeconds(): number {
    return this.#held.reduce((sum, { quantities }) => sum + (quantities.seconds ?? 0), 0)
  }

  /** Spreads the counter's difference over the held intervals by their length. */
  #measured(energyWh: number, seconds: number): Share[] {
    const { low, high } = plugInterval(energyWh, energyFloor(seconds))
    return this.release().map(({ interval, quantities }) => {
      const part = ((quantities.seconds ?? 0) / seconds) * microwattHours
      return {
        interval,
        quantities: {
          ...quantities,
          energy: energyWh * part,
          energyLow: low * part,
          energyHigh: high * part,
          classRank: 0,
        },
      }
    })
  }

  #modelled({ start, end }: Interval, utilisation: number): Partial<Quantities> {
    const seconds = (end - start) / 1000
    const { value, low, high } = modelledPower(this.#model, utilisation, '')
    const perWatt = (seconds / 3600) * microwattHours
    return {
      energy: value * perWatt,
      energyLow: low * perWatt,
      energyHigh: high * perWatt,
      classRank: 2,
      seconds,
      cpuSeconds: utilisation * seconds,
    }
  }

  async #readPlug(): Promise<PlugReading | null> {
    if (!this.#plug) return null
    try {
      const reading = await this.#plug.read()
      this.#trouble = null
      return reading
    } catch (error) {
      if (!(error instanceof PlugTrouble)) throw error
      this.#trouble = error.problem
      return null
    }
  }
}

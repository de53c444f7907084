import type { AgentSettings, PowerFigure } from '../api.ts'
import { hourMs, type Quantities } from '../ledger/hours.ts'
import { Ledger } from '../ledger/ledger.ts'
import { Bookkeeper } from '../service/bookkeeper.ts'
import { unset } from '../service/settings.ts'
import { FakeClock } from './fake-clock.ts'
import { makeKitRoot } from './kit-root.ts'

export interface TestBooks {
  clock: FakeClock
  readings: Ledger
  books: Bookkeeper
  /** Of journal and readings. */
  folder: string
  /** In force from when they are changed; so is the host name of the server. */
  settings: AgentSettings
  instance: string
  /** Reads hours of three watts, two to four, and a megabyte to the internet each. */
  run(from: string, hours: number, more?: Partial<Quantities>): void
  stop(): Promise<void>
}

/**
 * The books of a household in Berlin that pays 0.40 a kWh and nothing else, before anything was read. Its server was on
 * trial as hearth-7f3a.local.
 */
export async function makeBooks(start: string, change: Partial<AgentSettings> = {}): Promise<TestBooks> {
  const kit = await makeKitRoot()
  const clock = new FakeClock(start)
  const readings = new Ledger(kit.paths.agentData, () => clock.now())
  readings.start()
  const settings: AgentSettings = {
    ...unset('EUR', 'Europe/Berlin'),
    pricePerKwh: '0.40',
    ...change,
  }
  const made: TestBooks = {
    clock,
    readings,
    folder: kit.paths.agentData,
    settings,
    instance: 'hearth.example',
    books: new Bookkeeper({
      folder: kit.paths.agentData,
      clock,
      readings,
      settings: () => made.settings,
      instance: () => made.instance,
      formerly: () => ['hearth-7f3a.local'],
      people: () => 2,
      power: () => ({ idle: watts(2), now: watts(3) }),
    }),
    run(from, hours, more = {}) {
      const first = Date.parse(from)
      readings.add(
        Array.from({ length: hours }, (_, hour) => ({
          interval: { start: first + hour * hourMs, end: first + (hour + 1) * hourMs, trusted: true },
          quantities: { ...hourOfThreeWatts, ...more },
        })),
      )
      readings.flush()
    },
    async stop() {
      made.books.stop()
      readings.stop()
      await kit.remove()
    },
  }
  return made
}

const hourOfThreeWatts = { energy: 3e6, energyLow: 2e6, energyHigh: 4e6, seconds: 3600, wanOut: 1e6, classRank: 2 }

function watts(value: number): PowerFigure {
  const figure = { value, low: value, high: value, unit: 'W', source: 'model:rpi-4b@1', at: '' } as const
  return { ...figure, class: 'modelled', boundary: 'wall' }
}

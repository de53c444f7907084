import type { CalibrationReading, Figure, LiveFigures, PowerFigure, Problem } from '../api.ts'
import { type Clock, LapTimer } from '../ledger/clock.ts'
import type { Quantities } from '../ledger/hours.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { blockDeviceOf } from '../meters/block-device.ts'
import { type CpuTimes, readCpuTimes, utilisation } from '../meters/cpu.ts'
import type { SystemTrees } from '../meters/files.ts'
import { InterfaceMeter } from '../meters/interfaces.ts'
import { readMemory } from '../meters/memory.ts'
import type { OtherWatts } from '../meters/plug-others.ts'
import { type Plug, PowerMeter } from '../meters/power.ts'
import { readHardware } from '../meters/power-model.ts'
import { findPowerSensor } from '../meters/power-sensor.ts'
import { ServiceMeter } from '../meters/services.ts'
import { findTemperatureSensor, readTemperature, type TemperatureSensor } from '../meters/temperature.ts'
import { TrafficMeter } from '../meters/traffic.ts'
import { WrittenMeter } from '../meters/written.ts'

/** Everything the cycle reads counts on by itself, so a minute loses nothing against a second. */
const cycleMs = 60_000
const flushMs = 10 * 60_000
/** So many ticks of /proc/stat are a second, on every machine that Linux runs on here. */
const ticksPerSecond = 100
/** Shorter than this, utilisation is noise. */
const shortestMs = 1000

export interface RecorderOptions {
  trees: SystemTrees
  countersFile: string
  /** On the card or disk whose writes are counted. */
  dataFolder: string
  clock: Clock
  ledger: Ledger
  /** Called when the wall clock leapt. */
  onLeap: () => void
  /** Called when a cycle failed; the next one runs all the same. */
  onFailure: (error: unknown) => void
}

/**
 * The sampling cycle: once a minute it reads a few kernel files (and the plug) and notes energy and traffic in the
 * ledger, which writes them every ten minutes. It starts no process.
 */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #power: PowerMeter
  readonly #traffic: TrafficMeter
  readonly #services: ServiceMeter
  readonly #written: WrittenMeter
  readonly #sensor: TemperatureSensor | null
  readonly #laps: LapTimer
  #cpu: CpuTimes
  #utilisation: number
  #steadySince: number
  #flushedAt: number
  #timer: NodeJS.Timeout | undefined
  #cycle: Promise<void> | null = null

  constructor(options: RecorderOptions) {
    const { trees, countersFile, dataFolder, clock } = options
    this.#options = options
    this.#power = new PowerMeter(
      readHardware(trees),
      findPowerSensor(trees.sys, () => clock.monotonic()),
    )
    this.#traffic = new TrafficMeter(new InterfaceMeter(trees.sys), countersFile)
    this.#services = new ServiceMeter(trees.sys)
    this.#written = new WrittenMeter(blockDeviceOf(trees.sys, dataFolder))
    this.#sensor = findTemperatureSensor(trees.sys)
    this.#laps = new LapTimer(clock)
    this.#cpu = readCpuTimes(trees.proc) ?? { busy: 0, total: 0 }
    // Before the first cycle: the mean since the boot.
    this.#utilisation = utilisation({ busy: 0, total: 0 }, this.#cpu) ?? 0
    this.#steadySince = clock.monotonic()
    this.#flushedAt = clock.monotonic()
  }

  start(): void {
    this.#timer = setTimeout(async () => {
      await this.cycle()
      if (this.#timer) this.start()
    }, cycleMs)
  }

  /** Notes what happened since the last cycle, including what was still held back. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.cycle()
    this.#options.ledger.add([...this.#power.release(), ...this.#traffic.release()])
  }

  async usePlug(plug: Plug | null, others: OtherWatts = null): Promise<void> {
    await this.cycle()
    this.#options.ledger.add(this.#power.usePlug(plug, others))
    await this.cycle()
  }

  /** Uses the household's own readings at the wall from now on; none brings back the published figures. */
  async useCalibration(readings: readonly CalibrationReading[]): Promise<void> {
    await this.cycle()
    this.#power.useCalibration(readings)
  }

  /** What somebody reads off a meter at the wall now, with how busy the kit was in the last minute that was closed. */
  typedReading(watts: number): CalibrationReading {
    return this.#power.typedReading(watts, this.#utilisation, this.#at())
  }

  /** The mean of what the plug measured since it was set or last asked for; null while that is under ten minutes. */
  takeReading(): CalibrationReading | null {
    return this.#power.takeReading(this.#at())
  }

  /** Closes the interval since the last cycle. Never rejects. */
  async cycle(): Promise<void> {
    this.#cycle ??= this.#close()
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#cycle = null
      })
    await this.#cycle
  }

  /** Seconds that the clock has been trusted and has not leapt. */
  steadySeconds(): number {
    const { clock } = this.#options
    return clock.trusted() ? (clock.monotonic() - this.#steadySince) / 1000 : 0
  }

  plugTrouble(): Problem | null {
    return this.#power.trouble()
  }

  /** What the kit needs for being there, by its model. */
  idlePower(): PowerFigure {
    return this.#power.idle(this.#at())
  }

  /** Figures for a page: no plug is asked for them. */
  figures(): LiveFigures {
    const load = this.#load(this.#cpu)
    const at = this.#at()
    return { power: this.#power.lately(load.utilisation, at), ...this.#rest(load.utilisation, at) }
  }

  /** A stream's own view of the moment: each call gives the mean since the call before. */
  stream(): () => Promise<LiveFigures> {
    let before = this.#cpu
    const power = this.#power.follow()
    return async () => {
      const load = this.#load(before)
      before = load.cpu
      const at = this.#at()
      return { power: await power(load.utilisation, at), ...this.#rest(load.utilisation, at) }
    }
  }

  async #close(): Promise<void> {
    const { clock, ledger, onLeap } = this.#options
    if (this.#laps.elapsed() < shortestMs) return
    const load = this.#load(this.#cpu)
    const busy = Math.max(0, load.cpu.busy - this.#cpu.busy) / ticksPerSecond
    this.#cpu = load.cpu
    this.#utilisation = load.utilisation
    const { interval, step } = this.#laps.lap()
    if (!interval.trusted || step !== 0) this.#steadySince = clock.monotonic()
    ledger.add([{ interval, quantities: { ...this.#serviceTimes(busy), written: this.#written.advance() } }])
    ledger.add(this.#traffic.settle(interval))
    ledger.add(await this.#power.settle(interval, load.utilisation))
    if (clock.monotonic() - this.#flushedAt >= flushMs) {
      this.#flushedAt = clock.monotonic()
      ledger.flush()
    }
    if (step !== 0) onLeap()
  }

  #serviceTimes(busy: number): Partial<Quantities> {
    const times = this.#services.advance(busy)
    if (!times) return {}
    const { server, web, dashboard, agent, system } = times
    return { cpuServer: server, cpuWeb: web, cpuDashboard: dashboard, cpuAgent: agent, cpuSystem: system }
  }

  #load(before: CpuTimes): { cpu: CpuTimes; utilisation: number } {
    const cpu = readCpuTimes(this.#options.trees.proc) ?? before
    return { cpu, utilisation: utilisation(before, cpu) ?? this.#utilisation }
  }

  #rest(load: number, at: string): Omit<LiveFigures, 'power'> {
    const cpu: Figure = { value: load, low: load, high: load, unit: '1', source: 'procfs', at }
    return {
      cpu,
      memory: readMemory(this.#options.trees.proc),
      temperature: readTemperature(this.#sensor, at),
    }
  }

  #at(): string {
    return new Date(this.#options.clock.now()).toISOString()
  }
}

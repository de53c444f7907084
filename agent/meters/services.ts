import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import type { MeteredService } from '../api.ts'
import { readText } from './files.ts'

/**
 * What the kit runs, and the units that do it; a plain server's agent has a name of its own. `system` has none: it is all
 * the rest, with the kernel and what runs for a moment only.
 */
export const meteredUnits: Record<Exclude<MeteredService, 'system'>, readonly string[]> = {
  server: ['snac2.service'],
  web: ['nginx.service'],
  dashboard: ['hearth-dashboard.service'],
  agent: ['hearth-agent.service', 'hearth-ledger-agent.service', 'hearth-publish.service'],
}

interface UnitTime {
  /** The kernel's number of the unit's control group: another one counts from zero. */
  group: number
  microseconds: number
}

/**
 * Processor time of the kit's services, as differences, from the control groups that systemd puts them in: a small file
 * each. A unit that started since the last call has counted from zero; what one did between the last call and its end is
 * lost to it and falls to `system`.
 */
export class ServiceMeter {
  readonly #folder: string
  #last: Map<string, UnitTime>

  constructor(sys: string) {
    this.#folder = path.join(sys, 'fs/cgroup/system.slice')
    this.#last = this.#read()
  }

  /**
   * Processor seconds of each service since the last call; null where there are no control groups of systemd's.
   * @param busySeconds of everything on the machine since then, all processors together
   */
  advance(busySeconds: number): Record<MeteredService, number> | null {
    const before = this.#last
    this.#last = this.#read()
    if (!existsSync(this.#folder)) return null
    const seconds = (units: readonly string[]) =>
      units.reduce((sum, unit) => sum + difference(before.get(unit), this.#last.get(unit)), 0) / 1e6
    const { server, web, dashboard, agent } = meteredUnits
    const named = {
      server: seconds(server),
      web: seconds(web),
      dashboard: seconds(dashboard),
      agent: seconds(agent),
    }
    // /proc/stat counts in ticks, the groups exactly: of a nearly idle minute they may know more than all there was.
    const sum = named.server + named.web + named.dashboard + named.agent
    return { ...named, system: Math.max(0, busySeconds - sum) }
  }

  #read(): Map<string, UnitTime> {
    const times = new Map<string, UnitTime>()
    for (const unit of Object.values(meteredUnits).flat()) {
      const folder = path.join(this.#folder, unit)
      const microseconds = /^usage_usec (\d{1,15})$/m.exec(readText(path.join(folder, 'cpu.stat')) ?? '')?.[1]
      const group = statSync(folder, { throwIfNoEntry: false })?.ino
      if (microseconds === undefined || group === undefined) continue // it does not run
      times.set(unit, { group, microseconds: Number(microseconds) })
    }
    return times
  }
}

function difference(before: UnitTime | undefined, now: UnitTime | undefined): number {
  if (!now) return 0
  const same = before?.group === now.group && before.microseconds <= now.microseconds
  return now.microseconds - (same ? before.microseconds : 0)
}

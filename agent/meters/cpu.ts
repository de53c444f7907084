import path from 'node:path'
import { readText } from './files.ts'

/** Processor time since the boot, in ticks, summed over all processors. */
export interface CpuTimes {
  busy: number
  total: number
}

/** Reads the first line of /proc/stat; null if it is not there or not as the kernel writes it. */
export function readCpuTimes(proc: string): CpuTimes | null {
  const line = readText(path.join(proc, 'stat'))?.split('\n', 1)[0]
  if (!line?.startsWith('cpu ')) return null
  // Guest time (the last two columns) is part of user time already.
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number)
  if (ticks.length < 4 || ticks.some((tick) => !Number.isFinite(tick) || tick < 0)) return null
  const total = ticks.reduce((sum, tick) => sum + tick, 0)
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0)
  return { busy: total - idle, total }
}

/** Mean utilisation between two readings, 0..1; null if no time passed or the counters ran backwards. */
export function utilisation(before: CpuTimes, after: CpuTimes): number | null {
  const total = after.total - before.total
  if (total <= 0) return null
  return Math.min(1, Math.max(0, (after.busy - before.busy) / total))
}

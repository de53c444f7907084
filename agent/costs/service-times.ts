import type { MeteredService } from '../api.ts'
import { type HourEntry, hourMs } from '../ledger/hours.ts'
import type { Period } from './calendar.ts'

const columns = {
  server: 'cpuServer',
  web: 'cpuWeb',
  dashboard: 'cpuDashboard',
  agent: 'cpuAgent',
  system: 'cpuSystem',
} as const satisfies Record<MeteredService, keyof HourEntry>

/** Hours of processor time by service. */
export type ServiceHours = Pick<HourEntry, 'hour' | (typeof columns)[MeteredService]>

/** Processor time of each service within a period; of an hour that is only partly in it, as much of its time. */
export function serviceTimes(
  readings: readonly ServiceHours[],
  { start, end }: Period,
): { id: MeteredService; cpuSeconds: number }[] {
  return (Object.keys(columns) as MeteredService[]).map((id) => ({
    id,
    cpuSeconds: readings.reduce((sum, reading) => {
      const inside = Math.min(end, reading.hour + hourMs) - Math.max(start, reading.hour)
      return inside > 0 ? sum + (reading[columns[id]] * inside) / hourMs : sum
    }, 0),
  }))
}

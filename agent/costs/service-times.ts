import type { MeteredService } from '../api.ts'
import type { HourEntry } from '../ledger/hours.ts'
import type { Period } from './calendar.ts'
import { partWithin } from './hours-within.ts'

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
  period: Period,
): { id: MeteredService; cpuSeconds: number }[] {
  return (Object.keys(columns) as MeteredService[]).map((id) => ({
    id,
    cpuSeconds: readings.reduce((sum, reading) => sum + reading[columns[id]] * partWithin(reading.hour, period), 0),
  }))
}

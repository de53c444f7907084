import { mustRun } from '../setup/run.ts'
import { type DashboardVerbs, type ServiceName, serviceUnits } from './protocol.ts'
import type { World } from './world.ts'

type Services = DashboardVerbs['service.list']['result']['services']

export const serviceNames = Object.keys(serviceUnits) as ServiceName[]

/** Leaves room in the answer's line for what JSON adds to it. */
const mostLogBytes = 32 * 1024
const longestLogLine = 500

/** The services the dashboard shows, as systemd sees them now. */
export async function listServices({ run }: World): Promise<{ services: Services }> {
  const properties = '--property=Id,ActiveState,ActiveEnterTimestamp,MemoryCurrent'
  const units = serviceNames.map((name) => serviceUnits[name])
  const text = await mustRun(run, 'systemctl', ['show', '--timestamp=unix', properties, ...units])
  const shown = new Map(text.split('\n\n').map((block) => [field(block, 'Id'), block]))
  const services = serviceNames.map((name) => {
    const block = shown.get(serviceUnits[name]) ?? ''
    const seconds = /^@(\d+)$/.exec(field(block, 'ActiveEnterTimestamp'))?.[1]
    const active = field(block, 'ActiveState') === 'active'
    const memory = Number(field(block, 'MemoryCurrent') || Number.NaN)
    return {
      name,
      active,
      since: active && seconds !== undefined ? new Date(Number(seconds) * 1000).toISOString() : null,
      // Without accounting systemd says `[not set]`, or the largest number there is.
      memory: Number.isSafeInteger(memory) ? memory : null,
    }
  })
  return { services }
}

/** @throws CommandError when the service does not come up */
export async function restartService({ run }: World, { name }: { name: ServiceName }): Promise<Record<never, never>> {
  await mustRun(run, 'systemctl', ['restart', serviceUnits[name]])
  return {}
}

/** The service's newest lines since the kit was switched on, newest last; fewer than asked for when they are long. */
export async function serviceLog(
  { run }: World,
  { name, lines }: { name: ServiceName; lines: number },
): Promise<{ lines: string[] }> {
  const options = ['--boot', '--no-pager', '--quiet', '--output=short-iso']
  const text = await mustRun(run, 'journalctl', [...options, `--lines=${lines}`, `--unit=${serviceUnits[name]}`])
  const kept: string[] = []
  let bytes = 0
  for (const line of text.split('\n').filter(Boolean).reverse()) {
    const short = line.replace(/\p{Cc}/gu, ' ').slice(0, longestLogLine)
    bytes += Buffer.byteLength(JSON.stringify(short)) + 1
    if (bytes > mostLogBytes) break
    kept.unshift(short)
  }
  return { lines: kept }
}

function field(block: string, name: string): string {
  const start = `${name}=`
  const line = block.split('\n').find((candidate) => candidate.startsWith(start))
  return line?.slice(start.length) ?? ''
}

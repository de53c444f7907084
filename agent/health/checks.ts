import { connect } from 'node:net'
import type { BootFacts, CheckState, Figure, HealthCheck, KitFacts, NetworkFacts, Problem } from '../api.ts'
import { get } from '../node-http.ts'

const timeoutMs = 3000

/** Everything the checks look at; nothing in it lies outside the kit. */
export interface Vitals {
  /** Null: there is none that could be asked. */
  server: { answers: boolean; reason: string } | null
  web: { answers: boolean; reason: string } | null
  /** Why the agent could not write a file on the data partition, or null; a full disk is not a reason. */
  dataWriteError: string | null
  boot: BootFacts
  kit: KitFacts
  space: { size: number; free: number }
  memory: { total: number; available: number }
  clockTrusted: boolean
  temperature: Figure | null
  network: NetworkFacts
  problems: Problem[]
}

/**
 * The named checks. Only what a bad release could break decides whether its slot is kept (`keepsSlot`): that the server
 * and the web listeners answer and that the data can be used. Full disks, wrong seeds, a clock without network or no
 * network at all are shown, but another slot would not cure them.
 */
export function judge(vitals: Vitals): HealthCheck[] {
  const { server, web, boot, kit, space, memory, temperature, network, problems } = vitals
  const dataWell = boot.data === 'ok' && vitals.dataWriteError === null
  const freeShare = space.free / Math.max(1, space.size)
  const availableShare = memory.available / Math.max(1, memory.total)
  const checks: HealthCheck[] = [
    ...answering('server', server),
    ...answering('web', web),
    check('data', dataWell ? 'well' : 'unwell', { data: boot.data, reason: vitals.dataWriteError ?? '' }, true),
    check('space', below(freeShare, 0.1, 0.03), { free: space.free, size: space.size }),
    check('memory', below(availableShare, 0.1, 0.04), { available: memory.available, total: memory.total }),
    check('clock', vitals.clockTrusted ? 'well' : 'attention', {}),
    check('setup', kit.claimed && problems.length === 0 ? 'well' : 'attention', {
      claimed: String(kit.claimed),
      problems: problems.length,
      rescue: String(boot.rescue),
    }),
    check('network', network.addresses.length > 0 ? 'well' : 'unwell', { addresses: network.addresses.length }),
  ]
  // Without a sensor nothing was checked, and nothing is said.
  if (temperature) {
    checks.push(check('temperature', above(temperature.value, 75, 85), { celsius: Math.round(temperature.value) }))
  }
  return checks
}

/** Whether nothing speaks against keeping the slot that runs. */
export function slotIsWell(checks: HealthCheck[]): boolean {
  return checks.every(({ keepsSlot, state }) => !keepsSlot || state === 'well')
}

/** Whether nginx answers: a page on the plain listener, and a connection on the dashboard's (which is not woken). */
export async function checkWeb(plainPort: number, homePort: number): Promise<NonNullable<Vitals['web']>> {
  const [plain, home] = await Promise.all([answersHttp(plainPort), accepts(homePort)])
  const silent = [...(plain ? [] : [plainPort]), ...(home ? [] : [homePort])]
  return { answers: silent.length === 0, reason: silent.length > 0 ? `no answer on port ${silent.join(', ')}` : '' }
}

function answersHttp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = get({ host: '127.0.0.1', port, agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      resolve((response.statusCode ?? 500) < 500)
      response.destroy()
    })
    call.on('error', () => resolve(false))
  })
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, signal: AbortSignal.timeout(timeoutMs) }, () => {
      resolve(true)
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
  })
}

/** What nobody can ask is not checked, and nothing is said. */
function answering(id: 'server' | 'web', vitals: { answers: boolean; reason: string } | null): HealthCheck[] {
  return vitals ? [check(id, vitals.answers ? 'well' : 'unwell', { reason: vitals.reason }, true)] : []
}

function check(id: HealthCheck['id'], state: CheckState, facts: HealthCheck['facts'], keepsSlot = false): HealthCheck {
  return { id, state, facts, keepsSlot }
}

function below(value: number, attention: number, unwell: number): CheckState {
  if (value < unwell) return 'unwell'
  return value < attention ? 'attention' : 'well'
}

function above(value: number, attention: number, unwell: number): CheckState {
  if (value >= unwell) return 'unwell'
  return value >= attention ? 'attention' : 'well'
}

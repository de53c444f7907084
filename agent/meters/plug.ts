import { BlockList, isIP } from 'node:net'
import type { NetworkFacts, PowerFigure, Problem } from '../api.ts'
import { get } from '../node-http.ts'

const timeoutMs = 3000
const maximumBytes = 16 * 1024
/** 16 A at 250 V: more than any such plug may carry. */
export const maximumWatts = 4000
const maximumTotalWh = 1e9
/** Nobody publishes the accuracy of these plugs as a class; two per cent and a fifth of a watt are what they are sold with. */
const relativeError = 0.02
const absoluteError = 0.2

/** The plug cannot be used or read, and what to do about it. `id` is stable. */
export class PlugTrouble extends Error {
  readonly problem: Problem

  constructor(id: string, what: string, next: string) {
    super(what)
    this.name = 'PlugTrouble'
    this.problem = { id: `plug.${id}`, what, next }
  }
}

export interface PlugReading {
  watts: number
  /** Energy since the plug began to count. */
  totalWh: number
}

/**
 * Refuses whatever is not the literal address of another device on the kit's own network, so that the plug's setting can
 * never be used to reach anything else. Throws `PlugTrouble`.
 */
export function checkPlugAddress(address: string, network: NetworkFacts): void {
  const family = isIP(address)
  const next =
    "Give the plug's own address on your network, for example 192.168.1.40; the plug's app or your router shows it."
  if (family === 0 || address.includes('%'))
    throw new PlugTrouble('address', `“${address}” is not an IP address.`, next)
  if (network.addresses.includes(address)) throw new PlugTrouble('address', `${address} is this kit itself.`, next)
  const onLink = new BlockList()
  for (const prefix of network.onLink) {
    const [base = '', bits = ''] = prefix.split('/')
    const version = isIP(base)
    if (version !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)) {
      onLink.addSubnet(base, Number(bits), version === 4 ? 'ipv4' : 'ipv6')
    }
  }
  if (!onLink.check(address, family === 4 ? 'ipv4' : 'ipv6')) {
    throw new PlugTrouble('address', `${address} is not on the kit's own network.`, next)
  }
}

/** A Shelly plug of the second generation or later, read over its local HTTP interface. Methods throw `PlugTrouble`. */
export class ShellyPlug {
  readonly #address: string
  readonly #network: () => NetworkFacts
  readonly #port: number

  constructor(address: string, network: () => NetworkFacts, port = 80) {
    this.#address = address
    this.#network = network
    this.#port = port
  }

  async read(): Promise<PlugReading> {
    const status = await this.#call('Switch.GetStatus?id=0')
    const watts = status.apower
    const totalWh = isObject(status.aenergy) ? status.aenergy.total : undefined
    if (!within(watts, maximumWatts) || !within(totalWh, maximumTotalWh)) {
      throw new PlugTrouble(
        'nonsense',
        `The plug at ${this.#address} answered without a believable power and energy.`,
        'Check that it is a Shelly plug of the second generation or later that measures power.',
      )
    }
    if (status.output === false) {
      throw new PlugTrouble(
        'off',
        `The plug at ${this.#address} is switched off, so it cannot be the one that feeds this kit.`,
        "Choose the plug that this kit's power supply is in.",
      )
    }
    return { watts, totalWh }
  }

  /** What the plug calls itself, for the owner to recognise it. */
  async describe(): Promise<string> {
    const info = await this.#call('Shelly.GetDeviceInfo')
    const words = [info.name, info.model, info.id].filter((word) => typeof word === 'string' && word.length <= 64)
    return words.length > 0 ? words.join(' · ') : 'Shelly'
  }

  async #call(method: string): Promise<Record<string, unknown>> {
    checkPlugAddress(this.#address, this.#network())
    const text = await this.#fetch(`/rpc/${method}`)
    let answer: unknown
    try {
      answer = JSON.parse(text)
    } catch {}
    if (isObject(answer)) return answer
    throw new PlugTrouble(
      'nonsense',
      `The device at ${this.#address} does not answer like a Shelly plug.`,
      'Check the address: something else may have it.',
    )
  }

  /** One bounded GET: no redirect is followed, and the time-out is for the whole of it. */
  #fetch(target: string): Promise<string> {
    const check = 'Check that the plug has power and is on the same network; try again.'
    return new Promise((resolve, reject) => {
      const fail = (id: string, what: string, next = check) => {
        reject(new PlugTrouble(id, `The plug at ${this.#address} ${what}.`, next))
        call.destroy()
      }
      const call = get(
        {
          host: this.#address,
          port: this.#port,
          path: target,
          agent: false,
          signal: AbortSignal.timeout(timeoutMs),
          headers: { accept: 'application/json', connection: 'close' },
        },
        (response) => {
          if (response.statusCode === 401) {
            return fail('password', 'asks for a password', 'Switch the password off in the settings of the plug.')
          }
          if (response.statusCode !== 200) return fail('nonsense', `answered with status ${response.statusCode}`)
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            text += chunk
            if (text.length > maximumBytes) fail('nonsense', 'sends far more than a plug would')
          })
          response.on('end', () => resolve(text))
          response.on('error', (error) => fail('silent', `broke off its answer (${error.message})`))
        },
      )
      call.on('error', (error) =>
        fail(
          'silent',
          error.name === 'AbortError' || error.name === 'TimeoutError'
            ? `did not answer within ${timeoutMs / 1000} s`
            : `cannot be reached (${error.message})`,
        ),
      )
    })
  }
}

/** A quantity read at the plug with its interval, in the quantity's own unit; `floor` is the smallest error in it. */
export function plugInterval(value: number, floor: number): { low: number; high: number } {
  const error = Math.max(value * relativeError, floor)
  return { low: Math.max(0, value - error), high: value + error }
}

/** The plug's reading as a figure that says where it was measured. */
export function measuredPower(reading: PlugReading, at: string): PowerFigure {
  return {
    value: reading.watts,
    ...plugInterval(reading.watts, absoluteError),
    unit: 'W',
    source: 'shelly-gen2',
    at,
    class: 'measured',
    boundary: 'wall',
  }
}

/** Smallest error of an energy in Wh measured over some seconds. */
export function energyFloor(seconds: number): number {
  return (absoluteError * seconds) / 3600
}

function within(value: unknown, maximum: number): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= maximum
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

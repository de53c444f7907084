import { BlockList, isIP } from 'node:net'
import type { NetworkFacts, PlugKind, PowerFigure, Problem } from '../api.ts'
import { get } from '../node-http.ts'
import { isObject, type JsonObject, type PlugProtocol, type PlugStatus } from './plug-protocol.ts'
import { shellyGen1, shellyGen2 } from './shelly.ts'
import { tasmota } from './tasmota.ts'

const timeoutMs = 3000
const maximumBytes = 16 * 1024
/** 16 A at 250 V: more than any such plug may carry. */
export const maximumWatts = 4000
const maximumTotalWh = 1e9
/** A plug that counts in larger steps says nothing about a small computer's day. */
const coarsestStepWh = 10
/** Nobody publishes the accuracy of these plugs as a class; two per cent are what they are sold with. */
const relativeError = 0.02

const protocols: readonly PlugProtocol[] = [shellyGen2, shellyGen1, tasmota]

/** Kinds of plug that can be read. */
export const plugKinds: readonly PlugKind[] = protocols.map(({ kind }) => kind)

/** The plug cannot be used or read, and what to do about it. `id` is stable. */
export class PlugTrouble extends Error {
  readonly problem: Problem

  constructor(id: string, what: string, next: string) {
    super(what)
    this.name = 'PlugTrouble'
    this.problem = { id: `plug.${id}`, what, next }
  }
}

/** What a plug says, checked. */
export interface PlugReading extends PlugStatus {
  /** Kind and version of the method: `shelly-gen2@1`. */
  source: string
  /** Smallest error of its power, in W. */
  wattsFloor: number
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

/** A smart plug, read over its local HTTP interface. Methods throw `PlugTrouble`. */
export class SmartPlug {
  readonly kind: PlugKind
  readonly #protocol: PlugProtocol
  readonly #address: string
  readonly #network: () => NetworkFacts
  readonly #port: number

  constructor(kind: PlugKind, address: string, network: () => NetworkFacts, port = 80) {
    this.kind = kind
    this.#protocol = protocols.find((protocol) => protocol.kind === kind) as PlugProtocol
    this.#address = address
    this.#network = network
    this.#port = port
  }

  async read(): Promise<PlugReading> {
    const { statusPath, status, label, version, wattsFloor } = this.#protocol
    const { answer, text } = await this.#call(statusPath)
    const said = status(answer, text)
    if (said === 'password') throw this.#asksForPassword()
    if (said === 'off') {
      throw new PlugTrouble(
        'off',
        `The plug at ${this.#address} is switched off, so it cannot be the one that feeds this kit.`,
        "Choose the plug that this kit's power supply is in.",
      )
    }
    if (!said || !within(said.watts, maximumWatts) || !within(said.totalWh, maximumTotalWh)) {
      throw new PlugTrouble(
        'nonsense',
        `The plug at ${this.#address} answered without a believable power and energy.`,
        `Check that it is a ${label} that measures power.`,
      )
    }
    if (said.totalStepWh > coarsestStepWh) {
      throw new PlugTrouble(
        'coarse',
        `The plug at ${this.#address} counts energy in steps of ${said.totalStepWh} Wh, too coarse for a small computer.`,
        'Enter EnergyRes 3 in the console of the plug; it then counts watt-hours.',
      )
    }
    if (said.watts < wattsFloor) {
      throw new PlugTrouble(
        'no-load',
        `The plug at ${this.#address} says that hardly anything draws power through it (${said.watts} W).`,
        "Check that it is the plug this kit's power supply is in. If it is, it cannot see so small a load.",
      )
    }
    return { ...said, source: `${this.kind}@${version}`, wattsFloor }
  }

  /** What the plug calls itself, for the owner to recognise it. */
  async describe(): Promise<string> {
    const { answer } = await this.#call(this.#protocol.aboutPath)
    const words = this.#protocol
      .about(answer)
      .filter((word): word is string => typeof word === 'string' && word !== '' && word.length <= 64)
    return words.length > 0 ? [...new Set(words)].join(' · ') : this.#protocol.label
  }

  async #call(path: string): Promise<{ answer: JsonObject; text: string }> {
    checkPlugAddress(this.#address, this.#network())
    const text = await this.#fetch(path)
    let answer: unknown
    try {
      answer = JSON.parse(text)
    } catch {}
    if (isObject(answer)) return { answer, text }
    throw new PlugTrouble(
      'nonsense',
      `The device at ${this.#address} does not answer like a ${this.#protocol.label}.`,
      'Check the address: something else may have it.',
    )
  }

  #asksForPassword(): PlugTrouble {
    return new PlugTrouble(
      'password',
      `The plug at ${this.#address} asks for a password.`,
      'Switch the password off in the settings of the plug.',
    )
  }

  /** One bounded GET: no redirect is followed, and the time-out is for the whole of it. */
  #fetch(target: string): Promise<string> {
    const check = 'Check that the plug has power and is on the same network; try again.'
    return new Promise((resolve, reject) => {
      const fail = (trouble: PlugTrouble) => {
        reject(trouble)
        call.destroy()
      }
      const trouble = (id: string, what: string) => new PlugTrouble(id, `The plug at ${this.#address} ${what}.`, check)
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
          if (response.statusCode === 401) return fail(this.#asksForPassword())
          if (response.statusCode !== 200) {
            return fail(trouble('nonsense', `answered with status ${response.statusCode}`))
          }
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            text += chunk
            if (text.length > maximumBytes) fail(trouble('nonsense', 'sends far more than a plug would'))
          })
          response.on('end', () => resolve(text))
          response.on('error', (error) => fail(trouble('silent', `broke off its answer (${error.message})`)))
        },
      )
      call.on('error', (error) =>
        fail(
          trouble(
            'silent',
            error.name === 'AbortError' || error.name === 'TimeoutError'
              ? `did not answer within ${timeoutMs / 1000} s`
              : `cannot be reached (${error.message})`,
          ),
        ),
      )
    })
  }
}

/** Asks a plug in the language of each kind until it answers in one. Rejects with `PlugTrouble`. */
export async function recognisePlug(address: string, network: () => NetworkFacts, port = 80): Promise<SmartPlug> {
  for (const kind of plugKinds) {
    const plug = new SmartPlug(kind, address, network, port)
    try {
      await plug.read()
      return plug
    } catch (error) {
      if (!(error instanceof PlugTrouble) || error.problem.id !== 'plug.nonsense') throw error
    }
  }
  throw new PlugTrouble(
    'nonsense',
    `The device at ${address} is no plug that can be read here.`,
    `Check the address. What can be read: ${protocols.map(({ label }) => label).join(', ')}; it must measure power.`,
  )
}

/** A quantity read at the plug with its interval, in the quantity's own unit; `floor` is the smallest error in it. */
export function plugInterval(value: number, floor: number): { low: number; high: number } {
  const error = Math.max(value * relativeError, floor)
  return { low: Math.max(0, value - error), high: value + error }
}

/** The plug's reading as a figure that says where it was measured. */
export function measuredPower({ watts, wattsStep, wattsFloor, source }: PlugReading, at: string): PowerFigure {
  const { low, high } = plugInterval(watts, wattsFloor)
  return {
    value: watts,
    low: Math.max(0, low - wattsStep),
    high: high + wattsStep,
    unit: 'W',
    source,
    at,
    class: 'measured',
    boundary: 'wall',
  }
}

function within(value: number, maximum: number): boolean {
  return Number.isFinite(value) && value >= 0 && value <= maximum
}

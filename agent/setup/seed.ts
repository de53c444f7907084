import type { Problem } from '../api.ts'
import { isClaimHash } from './claim-hash.ts'
import { isHostname, isTimezone, knownLanguage, type Language, languages } from './names.ts'
import {
  decodeSeed,
  type Place,
  parseSeed,
  type SeedEntry,
  type SeedFacts,
  type SeedNode,
  seedProblem,
} from './seed-text.ts'
import { publicKey } from './ssh.ts'
import { isComputedKey, type Wifi, type WifiSecurity, wifiSecurities } from './wifi.ts'

/** What a seed may say; everything is optional. */
export interface SeedValues {
  /** Host name without `.local`. */
  name?: string
  wifi?: Wifi
  language?: Language
  timezone?: string
  /** Public keys of OpenSSH. */
  sshKeys?: string[]
  claimHash?: string
}

export interface Seed {
  values: SeedValues
  problems: Problem[]
  /** What was left out on purpose, in words for the note on the medium. */
  ignored: string[]
}

const keys = ['name', 'wifi', 'language', 'timezone', 'ssh-key', 'claim-hash'] as const
const wifiKeys = ['country', 'ssid', 'password', 'security'] as const

/** What other systems call the same thing. */
const otherNames: Record<string, string> = {
  hostname: 'name',
  host: 'name',
  wlan: 'wifi',
  lang: 'language',
  locale: 'language',
  tz: 'timezone',
  'time-zone': 'timezone',
  ssh: 'ssh-key',
  'ssh-keys': 'ssh-key',
  ssh_authorized_keys: 'ssh-key',
  claim: 'claim-hash',
  psk: 'password',
  passphrase: 'password',
  key: 'password',
  network: 'ssid',
  'regulatory-domain': 'country',
}

/** Reads `hearth.yaml`. Never throws for what is in the file: what can be used is, the rest is a problem with its place. */
export function readSeed(bytes: Buffer, file = 'hearth.yaml'): Seed {
  const text = decodeSeed(bytes, file)
  if (typeof text !== 'string') return { values: {}, problems: [text], ignored: [] }
  const { entries, problems } = parseSeed(text, file)
  const checks = new SeedChecks(file, problems)
  const values: SeedValues = {}
  for (const { key, value } of checks.known(entries, keys)) {
    switch (key) {
      case 'name':
        assign(values, 'name', checks.hostname(value))
        break
      case 'wifi':
        assign(values, 'wifi', checks.wifi(value))
        break
      case 'language':
        assign(values, 'language', checks.language(value))
        break
      case 'timezone':
        assign(values, 'timezone', checks.timezone(value))
        break
      case 'ssh-key':
        assign(values, 'sshKeys', checks.sshKeys(value))
        break
      case 'claim-hash':
        assign(values, 'claimHash', checks.claimHash(value))
        break
    }
  }
  return { values, problems, ignored: [] }
}

/** What becomes of the rest of a seed that came after the first start. */
const laterAdvice: Record<Exclude<(typeof keys)[number], 'wifi'>, string> = {
  name: 'Change it on the dashboard, under Settings.',
  language: 'Change it on the dashboard, under Settings.',
  timezone: 'Change it on the dashboard, under Settings.',
  'ssh-key': 'SSH keys are taken at the first start only.',
  'claim-hash': 'The kit keeps the claim code it has.',
}

/**
 * Reads a `hearth.yaml` that came after the first start, in the same way: its Wi-Fi is taken and nothing else, least of all
 * what opens the kit to somebody.
 */
export function readLaterSeed(bytes: Buffer, file = 'hearth.yaml'): Seed {
  const text = decodeSeed(bytes, file)
  if (typeof text !== 'string') return { values: {}, problems: [text], ignored: [] }
  const { entries, problems } = parseSeed(text, file)
  const checks = new SeedChecks(file, problems)
  const seed: Seed = { values: {}, problems, ignored: [] }
  for (const { key, keyPlace, value } of checks.known(entries, keys)) {
    if (key === 'wifi') assign(seed.values, 'wifi', checks.wifi(value))
    else {
      const what = `“${key}” was not taken: after the first start a kit takes only its Wi-Fi from here.`
      checks.problem('not-taken', keyPlace, what, laterAdvice[key], { key })
      seed.ignored.push(`${key}: only the Wi-Fi is taken after the first start. ${laterAdvice[key]}`)
    }
  }
  return seed
}

function assign<K extends keyof SeedValues>(values: SeedValues, key: K, value: SeedValues[K] | null): void {
  if (value !== null && value !== undefined) values[key] = value
}

/** Turns what stands in a file into values, or into problems with their places. */
export class SeedChecks {
  readonly #file: string
  readonly #problems: Problem[]

  constructor(file: string, problems: Problem[]) {
    this.#file = file
    this.#problems = problems
  }

  /** Records a problem and returns null, to be returned in turn. */
  problem(id: string, place: Place, what: string, next: string, facts: SeedFacts = {}): null {
    this.#problems.push(seedProblem(id, this.#file, place, what, next, facts))
    return null
  }

  /** The entries with a known key, each once; others become problems. */
  known<K extends string>(entries: readonly SeedEntry[], allowed: readonly K[]): (SeedEntry & { key: K })[] {
    const found = new Map<K, SeedEntry & { key: K }>()
    for (const entry of entries) {
      const key = allowed.find((name) => name === entry.key)
      if (key === undefined) this.#unknown(entry, allowed)
      else if (found.has(key))
        this.problem(
          'duplicate',
          entry.keyPlace,
          `“${key}” is there twice. The first one is used.`,
          'Remove one of them.',
          { key },
        )
      else found.set(key, { ...entry, key })
    }
    return [...found.values()]
  }

  #unknown({ key, keyPlace }: SeedEntry, allowed: readonly string[]): void {
    const shown = key.slice(0, 40)
    const meant = closest(key, allowed)
    const known = allowed.join(', ')
    const next = meant ? `Did you mean “${meant}”?` : `What can stand here: ${known}.`
    const facts = { key: shown, meant: meant ?? '', known }
    this.problem('unknown-key', keyPlace, `The kit does not know “${shown}”.`, next, facts)
  }

  /** One line of text, or null with a problem. */
  text(node: SeedNode, name: string): string | null {
    if (node.kind === 'refused') return null
    if (node.kind === 'empty')
      return this.problem('empty', node.place, `“${name}” has no value.`, `Write one, or put a # before the line.`, {
        name,
      })
    if (node.kind !== 'text')
      return this.problem(
        'not-text',
        node.place,
        `“${name}” must be one value.`,
        'Compare it with hearth-example.yaml.',
        { name },
      )
    if (/\p{Cc}/u.test(node.text.trimEnd()))
      return this.problem(
        'control',
        node.place,
        `“${name}” contains a line break or another invisible character.`,
        'Write it on one line.',
        { name },
      )
    return node.text.trim()
  }

  hostname(node: SeedNode): string | null {
    const text = this.text(node, 'name')
    if (text === null) return null
    const name = text.toLowerCase().replace(/\.local$/, '')
    if (isHostname(name) && name !== 'localhost') return name
    return this.problem(
      'name',
      node.place,
      `“${text.slice(0, 40)}” cannot be the name of a kit.`,
      'Use letters, digits and hyphens, at most 63.',
      { text: text.slice(0, 40) },
    )
  }

  language(node: SeedNode): Language | null {
    const text = this.text(node, 'language')
    if (text === null) return null
    return (
      knownLanguage(text) ??
      this.problem(
        'language',
        node.place,
        `The kit does not speak “${text.slice(0, 40)}” yet.`,
        `Use one of: ${languages.join(', ')}.`,
        { text: text.slice(0, 40), known: languages.join(', ') },
      )
    )
  }

  timezone(node: SeedNode): string | null {
    const text = this.text(node, 'timezone')
    if (text === null || isTimezone(text)) return text
    const meant = closest(text, Intl.supportedValuesOf('timeZone'))
    const next = meant ? `Did you mean “${meant}”?` : 'Write it like Europe/Berlin.'
    const shown = text.slice(0, 40)
    const facts = { text: shown, meant: meant ?? '' }
    return this.problem('timezone', node.place, `“${shown}” is no time zone.`, next, facts)
  }

  sshKeys(node: SeedNode): string[] | null {
    const nodes = node.kind === 'list' ? node.items : [node]
    const found = nodes.map((item) => {
      const text = this.text(item, 'ssh-key')
      if (text === null) return null
      if (text.includes('PRIVATE KEY'))
        return this.problem(
          'private-key',
          item.place,
          'This is a private key. It has been on this medium now.',
          'Make a new pair of keys, and put the line of the .pub file here.',
        )
      return (
        publicKey(text) ??
        this.problem(
          'ssh-key',
          item.place,
          'This is not a public key of OpenSSH.',
          'Copy the whole line of the .pub file: ssh-ed25519 AAAA… name.',
        )
      )
    })
    const good = found.filter((key) => key !== null)
    return good.length > 0 ? [...new Set(good)] : null
  }

  claimHash(node: SeedNode): string | null {
    const text = this.text(node, 'claim-hash')
    if (text === null || isClaimHash(text)) return text
    return this.problem(
      'claim-hash',
      node.place,
      'This is not the hash of a claim code. The kit has made a code of its own.',
      'Make the hash with: hearth claim-hash.',
    )
  }

  wifi(node: SeedNode): Wifi | null {
    if (node.kind === 'refused') return null
    if (node.kind !== 'map')
      return this.problem(
        'wifi',
        node.place,
        '“wifi” needs the lines country, ssid and password below it.',
        'Compare it with hearth-example.yaml: two spaces before each of them.',
      )
    const entries = new Map(this.known(node.entries, wifiKeys).map((entry) => [entry.key, entry.value]))
    const before = this.#problems.length
    const countryNode = entries.get('country')
    const ssidNode = entries.get('ssid')
    const passwordNode = entries.get('password')
    if (!countryNode)
      this.problem(
        'wifi-no-country',
        node.place,
        '“wifi” has no country.',
        'Add the country the kit stands in, e.g. country: DE. Without it, radio is not allowed.',
      )
    if (!ssidNode)
      this.problem('wifi-no-ssid', node.place, '“wifi” has no ssid.', 'Add the name of your Wi-Fi: ssid: …')
    const country = countryNode ? this.country(countryNode) : null
    const ssid = ssidNode ? this.ssid(ssidNode) : null
    const security = this.#security(entries.get('security'), passwordNode !== undefined, node.place)
    const password = passwordNode && security !== 'open' ? this.password(passwordNode, security) : null
    if (country === null || ssid === null || security === null) return null
    if (security !== 'open' && password === null) {
      if (this.#problems.length === before) this.#noPassword(node.place)
      return null
    }
    return { country, ssid, password, security }
  }

  country(node: SeedNode): string | null {
    const text = this.text(node, 'country')?.toUpperCase() ?? null
    if (text === null) return null
    const known = /^[A-Z]{2}$/.test(text) && new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of(text)
    if (known && text !== 'ZZ') return text === 'UK' ? 'GB' : text
    return this.problem(
      'wifi-country',
      node.place,
      `“${text.slice(0, 20)}” is no country.`,
      'Write its two letters, e.g. DE, FR, GB.',
      { text: text.slice(0, 20) },
    )
  }

  ssid(node: SeedNode): string | null {
    const text = this.text(node, 'ssid')
    if (text === null || Buffer.byteLength(text) <= 32) return text
    return this.problem(
      'wifi-ssid',
      node.place,
      'The name of the Wi-Fi is longer than a Wi-Fi allows (32 bytes).',
      'Copy it from another device.',
    )
  }

  password(node: SeedNode, security: WifiSecurity | null): string | null {
    const text = this.text(node, 'password')
    if (text === null) return null
    if (isComputedKey(text)) {
      if (security !== 'wpa3') return text
      return this.problem(
        'wifi-computed',
        node.place,
        'WPA3 needs the password itself, not a computed key.',
        'Write the password of the Wi-Fi.',
      )
    }
    if (/^[\x20-\x7e]{8,63}$/.test(text)) return text
    const next = 'Copy it from the router. If it contains # or :, put it in quotation marks.'
    const { length } = text
    if (/^[\x20-\x7e]*$/.test(text)) {
      const what = `The password has ${length} characters; a Wi-Fi password has 8 to 63.`
      return this.problem('wifi-length', node.place, what, next, { length })
    }
    const what = 'The password contains a character that Wi-Fi passwords cannot.'
    return this.problem('wifi-character', node.place, what, next)
  }

  #noPassword(place: Place): null {
    return this.problem('wifi-no-password', place, '“wifi” has no password.', 'Add it, or security: open.')
  }

  #security(node: SeedNode | undefined, hasPassword: boolean, place: Place): WifiSecurity | null {
    if (!node) return hasPassword ? 'wpa2/wpa3' : this.#noPassword(place)
    const text = this.text(node, 'security')
    if (text === null) return null
    const found = wifiSecurities.find((name) => name === text.toLowerCase())
    return (
      found ??
      this.problem(
        'wifi-security',
        node.place,
        `“${text.slice(0, 20)}” is no kind of Wi-Fi security.`,
        `Use one of: ${wifiSecurities.join(', ')}.`,
        { text: text.slice(0, 20), known: wifiSecurities.join(', ') },
      )
    )
  }
}

/** The nearest of the names, if one is near enough to be meant. */
function closest(word: string, names: readonly string[]): string | null {
  const lower = word.toLowerCase()
  const other = otherNames[lower] ?? otherNames[lower.replaceAll('_', '-')]
  if (other && names.includes(other)) return other
  const ranked = names
    .map((name) => ({ name, distance: distance(lower.slice(0, 64), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.max(1, Math.floor(best.name.length / 4)) ? best.name : null
}

/** Levenshtein's distance, two neighbours in the wrong order counted once. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : changed
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, changed, swapped))
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}

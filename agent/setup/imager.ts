import type { Problem } from '../api.ts'
import { type Seed, SeedChecks, type SeedValues } from './seed.ts'
import { decodeSeed, parseSeed, type SeedEntry, type SeedNode } from './seed-text.ts'

/** The files Raspberry Pi Imager writes for `init_format: cloudinit`, and the kernel's line it appends to. */
export interface ImagerFiles {
  'user-data'?: Buffer
  'network-config'?: Buffer
  'meta-data'?: Buffer
  'cmdline.txt'?: Buffer
}

/** Says nothing by itself, so it is not worth a word in the note. */
const silent = new Set(['manage_etc_hosts', 'version', 'network', 'wifis'])

/** What the kit does anyway, and is not worth a word either. */
const asAsked: Record<string, string> = {
  renderer: 'networkd',
  dhcp4: 'true',
  dhcp6: 'true',
  optional: 'true',
  hidden: 'true',
}

/**
 * Reads what Raspberry Pi Imager asked its user for: host name, SSH keys, time zone, language and Wi-Fi. Everything else
 * in these files is listed as ignored: the kit has no accounts with passwords and runs no commands from a medium.
 */
export function readImager(files: ImagerFiles): Seed {
  const seed: Seed = { values: {}, problems: [], ignored: [] }
  const userData = entriesOf(files, 'user-data', seed.problems)
  const network = entriesOf(files, 'network-config', seed.problems)
  readUserData(userData, seed)
  readNetwork(network, regulatoryDomain(files['cmdline.txt']), seed)
  return seed
}

function entriesOf(files: ImagerFiles, name: 'user-data' | 'network-config', problems: Problem[]): SeedEntry[] {
  const bytes = files[name]
  if (bytes === undefined) return []
  const text = decodeSeed(bytes, name)
  if (typeof text !== 'string') {
    problems.push(text)
    return []
  }
  const read = parseSeed(text, name)
  problems.push(...read.problems)
  return read.entries
}

function readUserData(entries: readonly SeedEntry[], { values, problems, ignored }: Seed): void {
  const checks = new SeedChecks('user-data', problems)
  const sshKeys: string[] = []
  for (const { key, value } of entries) {
    switch (key) {
      case 'hostname':
        set(values, 'name', checks.hostname(value))
        break
      case 'timezone':
        set(values, 'timezone', checks.timezone(value))
        break
      case 'locale':
        set(values, 'language', checks.language(value))
        break
      case 'ssh_authorized_keys':
        sshKeys.push(...(checks.sshKeys(value) ?? []))
        break
      case 'users':
        for (const user of value.kind === 'list' ? value.items : [value]) {
          const fields = mapOf(user)
          const authorized = fields.get('ssh_authorized_keys')
          if (authorized) sshKeys.push(...(checks.sshKeys(authorized) ?? []))
          const account =
            fields.has('passwd') || fields.has('plain_text_passwd') ? 'the account with a password' : 'the account'
          ignored.push(`user-data: ${account} (a kit has none; an SSH key lets you in as root)`)
        }
        break
      default:
        if (!silent.has(key)) ignored.push(`user-data: ${key.slice(0, 40)}`)
    }
  }
  if (sshKeys.length > 0) values.sshKeys = [...new Set(sshKeys)]
}

function readNetwork(
  entries: readonly SeedEntry[],
  bootCountry: SeedNode | null,
  { values, problems, ignored }: Seed,
): void {
  const checks = new SeedChecks('network-config', problems)
  const top = new Map(entries.map((entry) => [entry.key, entry.value]))
  const settings = top.has('network') ? mapOf(top.get('network')) : top
  const ignore = (fields: Map<string, SeedNode>, read: readonly string[], where: string) => {
    for (const [key, value] of fields) {
      const said = value.kind === 'text' ? value.text : null
      if (!silent.has(key) && !read.includes(key) && (said === null || said !== asAsked[key]))
        ignored.push(`network-config: ${key.slice(0, 40)}${where}`)
    }
  }
  ignore(settings, [], '')
  for (const [name, card] of mapOf(settings.get('wifis'))) {
    if (card.kind !== 'map') {
      ignore(new Map([[name, card]]), [], ' of the Wi-Fi')
      continue
    }
    const fields = mapOf(card)
    ignore(fields, ['access-points', 'regulatory-domain'], ` of ${name.slice(0, 20)}`)
    const [first, ...others] = [...mapOf(fields.get('access-points'))]
    if (!first) continue
    if (others.length > 0 || values.wifi) ignored.push(`network-config: more than one Wi-Fi (${name.slice(0, 20)})`)
    if (values.wifi) continue
    const [ssid, point] = first
    ignore(mapOf(point), ['password'], ' of the Wi-Fi')
    const countryNode = fields.get('regulatory-domain') ?? bootCountry
    if (!countryNode) {
      checks.problem(
        'imager-no-country',
        point.place,
        'The Wi-Fi has no country.',
        'Choose it in Raspberry Pi Imager beside the Wi-Fi, and write the card again.',
      )
      continue
    }
    const country = checks.country(countryNode)
    const passwordNode = mapOf(point).get('password')
    const password = passwordNode ? checks.password(passwordNode, null) : null
    const name32 = checks.ssid({ kind: 'text', text: ssid, place: point.place })
    if (country === null || name32 === null || (passwordNode && password === null)) continue
    values.wifi = { country, ssid: name32, password, security: passwordNode ? 'wpa2/wpa3' : 'open' }
  }
}

/** The country that Imager writes to the kernel's line. */
function regulatoryDomain(cmdline: Buffer | undefined): SeedNode | null {
  const text = /(?:^|\s)cfg80211\.ieee80211_regdom=([A-Za-z]{2})(?:\s|$)/.exec(cmdline?.toString('latin1') ?? '')?.[1]
  return text ? { kind: 'text', text, place: { line: 1, column: 1 } } : null
}

function mapOf(node: SeedNode | undefined): Map<string, SeedNode> {
  return new Map(node?.kind === 'map' ? node.entries.map((entry) => [entry.key, entry.value]) : [])
}

function set<K extends keyof SeedValues>(values: SeedValues, key: K, value: SeedValues[K] | null): void {
  if (value !== null && value !== undefined) values[key] = value
}

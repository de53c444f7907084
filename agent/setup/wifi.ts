import { pbkdf2Sync } from 'node:crypto'
import path from 'node:path'
import type { KitPaths } from '../paths.ts'
import { readText, writeDurably } from './files.ts'
import { networkInterfaces } from './interfaces.ts'
import { mustRun, type Run } from './run.ts'

export interface Wifi {
  /** ISO 3166, two capital letters: which channels and powers are allowed. */
  country: string
  /** 1 to 32 bytes. */
  ssid: string
  /** 8 to 63 printable ASCII characters, or the 64 hex digits of a computed key; null for an open network. */
  password: string | null
  security: WifiSecurity
}

export const wifiSecurities = ['wpa2', 'wpa3', 'wpa2/wpa3', 'open'] as const
export type WifiSecurity = (typeof wifiSecurities)[number]

/** Writes what wpa_supplicant and networkd need; the configuration with the password is root's alone. */
export async function writeWifi(paths: KitPaths, wifi: Wifi): Promise<void> {
  await writeDurably(path.join(paths.etc, 'network', '70-wireless.network'), networkText)
  await writeDurably(path.join(paths.etc, 'wpa', 'wpa_supplicant.conf'), supplicantText(wifi), { mode: 0o600 })
}

/** Has a kit that runs go over to the Wi-Fi that was written last. */
export async function useWifi(paths: KitPaths, run: Run): Promise<void> {
  // networkd looks for files it did not find at its start only when told.
  await mustRun(run, 'networkctl', ['reload'])
  for (const { name, wireless } of await networkInterfaces(paths))
    if (wireless) await mustRun(run, 'systemctl', ['restart', `hearth-wifi@${name}.service`])
}

/** The name of the Wi-Fi that the kit was given; null when it was given none. */
export async function keptSsid(paths: KitPaths): Promise<string | null> {
  const text = await readText(path.join(paths.etc, 'wpa', 'wpa_supplicant.conf'))
  const hexSsid = /^\tssid=([0-9a-f]+)$/m.exec(text ?? '')?.[1]
  return hexSsid === undefined ? null : Buffer.from(hexSsid, 'hex').toString('utf8')
}

/**
 * wpa_supplicant's configuration. Names and passwords are in hex, so that nothing in them is read as anything else: it ends
 * a quoted password with `"#` in it too early.
 */
export function supplicantText({ country, ssid, password, security }: Wifi): string {
  const lines = [`ssid=${hex(ssid)}`, 'scan_ssid=1', ...keyLines(password, ssid, security)]
  return `ctrl_interface=/run/wpa_supplicant
update_config=0
country=${country}
network={
${lines.map((line) => `\t${line}`).join('\n')}
}
`
}

function keyLines(password: string | null, ssid: string, security: WifiSecurity): string[] {
  if (security === 'open' || password === null) return ['key_mgmt=NONE']
  const computed = isComputedKey(password)
  const psk = `psk=${computed ? password.toLowerCase() : pbkdf2Sync(password, ssid, 4096, 32, 'sha1').toString('hex')}`
  // A computed key fits WPA2 only: WPA3 needs the words themselves.
  if (computed || security === 'wpa2') return ['key_mgmt=WPA-PSK WPA-PSK-SHA256', 'ieee80211w=1', psk]
  const words = `sae_password=${hex(password)}`
  if (security === 'wpa3') return ['key_mgmt=SAE', 'ieee80211w=2', words]
  return ['key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE', 'ieee80211w=1', psk, words]
}

function hex(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex')
}

/** Whether a password is the 64 hex digits that Raspberry Pi Imager computes from one. */
export function isComputedKey(password: string): boolean {
  return /^[0-9a-f]{64}$/i.test(password)
}

// A cable is preferred where both are there.
const networkText = `[Match]
Type=wlan

[Network]
DHCP=yes
IPv6AcceptRA=yes
LinkLocalAddressing=yes

[DHCPv4]
SendHostname=yes
UseDNS=yes
UseNTP=yes
UseHostname=no
RouteMetric=2048

[IPv6AcceptRA]
RouteMetric=2048
`

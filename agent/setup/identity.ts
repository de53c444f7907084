import { randomBytes } from 'node:crypto'
import { rename, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { KitFacts } from '../api.ts'
import type { KitPaths } from '../paths.ts'
import { makeFolder, readJson, readText, removeDurably, syncFolder, writeDurably } from './files.ts'
import { networkInterfaces } from './interfaces.ts'
import { isHostname, isTimezone } from './names.ts'

/** What the board says of itself. */
export type Board = KitFacts['board']

/** Serials that makers leave in when they mean none. */
const noSerial =
  /^(?:0+|1?2?3?4?5?6?7?8?9?0?|f+|none|n\/?a|unknown|default string|not (?:specified|applicable|available)|to be filled.*|(?:system )?serial number|o\.?e\.?m\.?|invalid|empty)$/i

/** Model and serial of the board from device tree or DMI; architecture from the release. */
export async function readBoard(paths: KitPaths): Promise<Board> {
  const architecture = await readJson(paths.release, (value) => {
    const named = (value as { architecture?: unknown } | null)?.architecture
    if (named !== 'x86_64' && named !== 'aarch64') throw new Error('has no architecture')
    return named
  })
  if (architecture === null) throw new Error(`${paths.release} is missing: this is not a kit's system`)
  const tree = (name: string) => sysText(paths, 'firmware/devicetree/base', name)
  const dmi = (name: string) => sysText(paths, 'class/dmi/id', name)
  const [maker, product] = [await dmi('sys_vendor'), await dmi('product_name')]
  const dmiModel = product && maker && !product.startsWith(maker) ? `${maker} ${product}` : product
  const serials = [await tree('serial-number'), await dmi('product_serial'), await dmi('board_serial')]
  return {
    model: (await tree('model')) || dmiModel || 'Unknown board',
    serial: serials.find((serial) => serial !== '' && !noSerial.test(serial)) ?? null,
    architecture,
  }
}

/**
 * `hearth-` and four characters: the end of the board's serial, or of its first network address, or random ones where a
 * board has neither.
 */
export async function proposeHostname(paths: KitPaths, board: Board): Promise<string> {
  for (const origin of [board.serial ?? '', await networkAddress(paths)]) {
    const letters = origin.toLowerCase().replace(/[^a-z0-9]/g, '')
    if (letters.length >= 4) return `hearth-${letters.slice(-4)}`
  }
  return `hearth-${randomBytes(2).toString('hex')}`
}

/** The name the kit has kept, or null. */
export async function keptHostname(paths: KitPaths): Promise<string | null> {
  const name = (await readText(path.join(paths.etc, 'hostname')))?.trim() ?? ''
  return isHostname(name) ? name : null
}

/** Sets the host name, for this boot and the next ones. */
export async function setHostname(paths: KitPaths, hostname: string, serverName: string | null): Promise<void> {
  await writeDurably(path.join(paths.etc, 'hosts'), hostsText(hostname, serverName))
  await writeDurably(path.join(paths.etc, 'hostname'), `${hostname}\n`)
  await writeFile(path.join(paths.proc, 'sys/kernel/hostname'), hostname)
}

/**
 * /etc/hosts: the kit finds itself without asking the network. The server's name belongs to it, as the server delivers
 * between its own people by its own address, and a router rarely lets a home reach itself from outside.
 */
export function hostsText(hostname: string, serverName: string | null): string {
  const own = [`${hostname}.local`, hostname, ...(serverName === null ? [] : [serverName])]
  return `127.0.0.1\tlocalhost\n127.0.1.1\t${own.join(' ')}\n::1\tlocalhost ip6-localhost ip6-loopback\n`
}

/** The initramfs makes the machine id; where it could not, it is made here. Returns it. */
export async function ensureMachineId(paths: KitPaths): Promise<string> {
  const file = path.join(paths.etc, 'machine-id')
  const kept = (await readText(file))?.trim() ?? ''
  if (/^[0-9a-f]{32}$/.test(kept)) return kept
  const made = randomBytes(16).toString('hex')
  await writeDurably(file, `${made}\n`)
  return made
}

/** Points /data/etc/localtime, which the slot's /etc/localtime links to, at a zone. */
export async function setTimezone(paths: KitPaths, timezone: string): Promise<void> {
  if (!isTimezone(timezone)) throw new Error(`'${timezone}' is no time zone`)
  const link = path.join(paths.etc, 'localtime')
  await makeFolder(paths.etc)
  await removeDurably(`${link}.new`)
  await symlink(`/usr/share/zoneinfo/${timezone}`, `${link}.new`)
  await rename(`${link}.new`, link)
  await syncFolder(paths.etc)
}

/** The address of the first real interface, wired before wireless. */
async function networkAddress(paths: KitPaths): Promise<string> {
  const candidates: { wireless: boolean; address: string }[] = []
  for (const { name, wireless } of await networkInterfaces(paths)) {
    const address = await sysText(paths, 'class/net', name, 'address')
    if (!/^(?:00:)+00$|^$/.test(address)) candidates.push({ wireless, address })
  }
  return candidates.sort((a, b) => Number(a.wireless) - Number(b.wireless))[0]?.address ?? ''
}

/** Printable text of a file below /sys; empty when there is none. Device tree strings end with a zero byte. */
async function sysText(paths: KitPaths, ...parts: string[]): Promise<string> {
  const text = await readText(path.join(paths.sys, ...parts)).catch(() => null)
  return (text ?? '')
    .replace(/\p{Cc}/gu, '')
    .trim()
    .slice(0, 128)
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { BootFacts, CountersFile, KitFacts, NetworkFacts, Problem, ReleaseFacts } from '../api.ts'
import { type KitPaths, kitPaths } from '../paths.ts'

export interface KitRootOptions {
  kit?: Partial<KitFacts>
  release?: Partial<ReleaseFacts>
  boot?: Partial<BootFacts>
  network?: Partial<NetworkFacts>
  /** `null` leaves the file out. */
  counters?: CountersFile | null
  problems?: Problem[]
  clockTrusted?: boolean
}

export interface KitRoot {
  root: string
  paths: KitPaths
  /** Writes a file below the root, as `write('proc/stat', text)`; folders are made. */
  write(relative: string, content: string | object): Promise<void>
  /** Deletes everything below the root. */
  remove(): Promise<void>
}

/**
 * Makes a temporary folder that looks like a claimed Raspberry Pi 4 to everything that takes `kitPaths(root)`: the facts,
 * the run files, and small /proc and /sys trees that a test may change. For tests and for trying pages by hand.
 */
export async function makeKitRoot(options: KitRootOptions = {}): Promise<KitRoot> {
  const root = await mkdtemp(path.join(tmpdir(), 'kit-'))
  const paths = kitPaths(root)
  const write = async (relative: string, content: string | object) => {
    const file = path.join(root, relative)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`)
  }

  const kit: KitFacts = {
    hostname: 'hearth-7f3a',
    claimed: true,
    serverName: null,
    timezone: 'Europe/Berlin',
    currency: 'EUR',
    language: 'en',
    caFingerprint: '1f'.repeat(32),
    caWords: 'amber canoe lilac tower',
    board: { model: 'Raspberry Pi 4 Model B Rev 1.4', serial: '100000001c2d7f3a', architecture: 'aarch64' },
    ...options.kit,
  }
  const release: ReleaseFacts = {
    version: '0.1.0',
    recipe: 'kit-rpi',
    architecture: 'aarch64',
    builtAt: '2026-10-01T00:00:00Z',
    ...options.release,
  }
  const boot: BootFacts = { slot: 'A', data: 'ok', rescue: false, problems: [], ...options.boot }
  const network: NetworkFacts = {
    addresses: ['192.168.1.20', 'fd00::20'],
    onLink: ['192.168.1.0/24', 'fd00::/64'],
    resolvers: ['192.168.1.1'],
    ...options.network,
  }
  const none = { bytes: 0, packets: 0 }
  const counters: CountersFile = {
    at: '2026-11-01T00:00:00Z',
    epoch: 'first',
    counters: { lan_in: none, lan_out: none, wan_in: none, wan_out: none },
  }

  await write('data/hearth/kit.json', kit)
  await write('usr/lib/hearth/release.json', release)
  await write('run/hearth/boot.json', boot)
  await write('run/hearth/network.json', network)
  await write('run/hearth/problems.json', options.problems ?? [])
  if (options.counters !== null) await write('run/hearth/counters.json', options.counters ?? counters)
  if (options.clockTrusted !== false) await write('run/systemd/timesync/synchronized', '')
  await mkdir(paths.agentData, { recursive: true })
  await mkdir(paths.dashboardData, { recursive: true })
  await writeSystemTrees(write)

  return { root, paths, write, remove: () => rm(root, { recursive: true, force: true }) }
}

async function writeSystemTrees(write: KitRoot['write']): Promise<void> {
  await write('proc/stat', 'cpu  1000 0 500 98000 500 0 0 0 0 0\ncpu0 1000 0 500 98000 500 0 0 0 0 0\n')
  await write('proc/uptime', '1000.00 3900.00\n')
  await write('proc/meminfo', 'MemTotal:         949444 kB\nMemFree:          400000 kB\nMemAvailable:     700000 kB\n')
  await write('proc/cpuinfo', 'processor\t: 0\nBogoMIPS\t: 108.00\n')
  await write('sys/firmware/devicetree/base/model', 'Raspberry Pi 4 Model B Rev 1.4\0')
  await write('sys/class/thermal/thermal_zone0/type', 'cpu-thermal\n')
  await write('sys/class/thermal/thermal_zone0/temp', '48312\n')
  for (const [name, received, sent] of [
    ['lo', 5_000, 5_000],
    ['eth0', 1_000_000, 400_000],
  ] as const) {
    await write(`sys/class/net/${name}/statistics/rx_bytes`, `${received}\n`)
    await write(`sys/class/net/${name}/statistics/tx_bytes`, `${sent}\n`)
    await write(`sys/class/net/${name}/ifindex`, name === 'lo' ? '1\n' : '2\n')
  }
  await write('sys/class/net/eth0/device/uevent', 'DRIVER=bcmgenet\n')
}

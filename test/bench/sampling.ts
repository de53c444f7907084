import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { CountersFile } from '#agent/api.ts'
import { Ledger } from '#agent/ledger/ledger.ts'
import { readInteger } from '#agent/meters/files.ts'
import { meteredUnits } from '#agent/meters/services.ts'
import { Recorder } from '#agent/service/recorder.ts'

/** Enough for the compiler to have seen what there is to see, as in a kit that runs for months. */
const warmUps = 50
const rounds = 200
/** The firewall's counters are written every ten minutes, and the ledger with them. */
const cyclesPerRound = 10

/** Where the kernel shows the processor time of all there is, by its control groups. */
const groups = ['/sys/fs/cgroup/cpu.stat', '/sys/fs/cgroup/unified/cpu.stat']

/**
 * Processor milliseconds of one cycle, without a plug, on this machine's own /proc and /sys, with what a kit has and this
 * machine lacks: the file of the firewall's counters, new every ten cycles and with all that the kit's firewall counts; and
 * the control groups of all services, whose times are the kernel's own file where there is one. Writing the counters is a
 * root timer's and not counted; all else is, the write to the database every ten cycles as well.
 * @param repo for the names of the firewall's counters
 */
export async function samplingMs(repo: string): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'hearth-bench-'))
  const book = new Ledger(folder, Date.now)
  const countersFile = path.join(folder, 'counters.json')
  const firewall = new StandInFirewall(repo, countersFile)
  let wall = Date.now()
  let steady = 0
  firewall.write(wall)
  const start = wall
  const recorder = new Recorder({
    trees: { proc: '/proc', sys: sysWithServices(path.join(folder, 'sys')) },
    countersFile,
    dataFolder: folder,
    clock: { now: () => wall, monotonic: () => steady, trusted: () => true },
    ledger: book,
    onLeap: () => {},
    onFailure: (error) => {
      throw error
    },
  })
  /** @returns processor microseconds of ten cycles */
  const round = async () => {
    firewall.write(wall)
    const before = process.cpuUsage()
    for (let turn = 0; turn < cyclesPerRound; turn++) {
      wall += 60_000
      steady += 60_000
      await recorder.cycle()
    }
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  try {
    for (let turn = 0; turn < warmUps; turn++) await round()
    let microseconds = 0
    for (let turn = 0; turn < rounds; turn++) microseconds += await round()
    const entries = book.entries(start - 3_600_000, wall)
    const unsplit = entries.reduce((sum, { unknownIn, unknownOut }) => sum + unknownIn + unknownOut, 0)
    if (unsplit > 0 || !entries.some(({ cpuServer }) => cpuServer > 0))
      throw new Error('The cycles that were measured did not split the traffic, or did not see the services.')
    return microseconds / 1000 / rounds / cyclesPerRound
  } finally {
    book.stop()
    rmSync(folder, { recursive: true })
  }
}

/** The machine's /sys with the control groups of all services that a kit may run. */
function sysWithServices(folder: string): string {
  mkdirSync(path.join(folder, 'fs/cgroup'), { recursive: true })
  for (const name of readdirSync('/sys').filter((each) => each !== 'fs'))
    symlinkSync(path.join('/sys', name), path.join(folder, name))
  const kernels = groups.find((file) => existsSync(file))
  if (!kernels)
    throw new Error(`None of ${groups.join(' and ')} is there: this kernel counts no processor time by group.`)
  for (const unit of Object.values(meteredUnits).flat()) {
    const group = path.join(folder, 'fs/cgroup/system.slice', unit)
    mkdirSync(group, { recursive: true })
    symlinkSync(kernels, path.join(group, 'cpu.stat'))
  }
  return folder
}

/** Writes the counters as the kit's counters.awk does: the interfaces' own totals, and half of what came since for each. */
class StandInFirewall {
  readonly #file: string
  readonly #counters: CountersFile['counters']

  constructor(repo: string, file: string) {
    this.#file = file
    const rules = readFileSync(path.join(repo, 'images/layers/kit/files/etc/nftables.conf'), 'utf8')
    const names = [...rules.matchAll(/^\tcounter (\w+) \{\}$/gm)].map(([, name]) => name as string)
    if (!names.includes('wan_merged6_out') || !names.includes('publish_out'))
      throw new Error('The names of the counters are not found in nftables.conf.')
    this.#counters = Object.fromEntries(names.map((name) => [name, { bytes: 0, packets: 0 }]))
  }

  write(at: number): void {
    for (const counter of Object.values(this.#counters)) {
      counter.bytes += 1_234_567
      counter.packets += 1234
    }
    const totals = (name: string, way: string) => readInteger(`/sys/class/net/${name}/statistics/${way}_bytes`) ?? 0
    const content: CountersFile = {
      at: new Date(at).toISOString(),
      epoch: 'bench',
      interfaces: Object.fromEntries(
        readdirSync('/sys/class/net')
          .filter((name) => name !== 'lo')
          .map((name) => [name, { in: totals(name, 'rx'), out: totals(name, 'tx') }]),
      ),
      counters: this.#counters,
    }
    writeFileSync(this.#file, JSON.stringify(content))
  }
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Files below a folder, by relative path. */
export type Tree = Record<string, string>

/** A folder of /sys that a test may change. */
export interface SysTree {
  sys: string
  write(relative: string, text: string): void
  remove(): void
}

/** Writes trees below a temporary folder, for tests. */
export function makeSysTree(...trees: Tree[]): SysTree {
  const sys = mkdtempSync(path.join(tmpdir(), 'sys-'))
  const write = (relative: string, text: string) => {
    const file = path.join(sys, relative)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  for (const tree of trees) for (const [relative, text] of Object.entries(tree)) write(relative, text)
  return { sys, write, remove: () => rmSync(sys, { recursive: true, force: true }) }
}

/** A zone below class/powercap as the kernel's powercap driver shows it. */
export function raplZone(zone: string, name: string, energy: number, range = 262_143_328_850): Tree {
  const folder = `class/powercap/${zone}`
  return {
    [`${folder}/name`]: `${name}\n`,
    [`${folder}/energy_uj`]: `${energy}\n`,
    [`${folder}/max_energy_range_uj`]: `${range}\n`,
    [`${folder}/enabled`]: '1\n',
  }
}

/** A chip below class/hwmon. */
export function hwmonChip(number: number, name: string, files: Record<string, number> = {}): Tree {
  const folder = `class/hwmon/hwmon${number}`
  const entries = Object.entries(files).map(([file, value]) => [`${folder}/${file}`, `${value}\n`])
  return { [`${folder}/name`]: `${name}\n`, ...Object.fromEntries(entries) }
}

/**
 * A laptop (one package, memory, and psys above everything), after the kernel's documentation of powercap; not recorded
 * from a device. Package and memory appear a second time by their memory-mapped registers.
 */
export const laptopRapl: Tree = {
  'class/powercap/intel-rapl/enabled': '1\n',
  ...raplZone('intel-rapl:0', 'package-0', 1_000_000),
  ...raplZone('intel-rapl:0:0', 'core', 500_000),
  ...raplZone('intel-rapl:0:1', 'uncore', 100_000),
  ...raplZone('intel-rapl:0:2', 'dram', 200_000),
  ...raplZone('intel-rapl:1', 'psys', 5_000_000),
  'class/powercap/intel-rapl-mmio/enabled': '0\n',
  ...raplZone('intel-rapl-mmio:0', 'package-0', 1_000_000),
  ...raplZone('intel-rapl-mmio:0:0', 'dram', 200_000),
}

/** A server with two sockets and memory at each, after the same documentation; its counters begin anew at 65 kJ. */
export const serverRapl: Tree = {
  'class/powercap/intel-rapl/enabled': '1\n',
  ...raplZone('intel-rapl:0', 'package-0', 10_000_000, 65_532_610_987),
  ...raplZone('intel-rapl:0:0', 'dram', 20_000_000, 65_532_610_987),
  ...raplZone('intel-rapl:1', 'package-1', 30_000_000, 65_532_610_987),
  ...raplZone('intel-rapl:1:0', 'dram', 40_000_000, 65_532_610_987),
}

/** A board with an INA219 in its supply line, after the kernel's documentation of the ina2xx driver. */
export const inputIna219: Tree = {
  ...hwmonChip(0, 'cpu_thermal', { temp1_input: 48_312 }),
  ...hwmonChip(1, 'ina219', {
    in0_input: 3,
    in1_input: 5080,
    curr1_input: 590,
    power1_input: 3_000_000,
    shunt_resistor: 10_000,
  }),
}

import path from 'node:path'
import type { PowerFigure } from '../api.ts'
import { readText, type SystemTrees } from './files.ts'

/** Watts with their interval. */
interface Watts {
  low: number
  value: number
  high: number
}

export interface PowerModel {
  /** `rpi-4b@1`: the number rises when the figures change. */
  id: string
  /** What people call the machine. */
  label: string
  idle: Watts
  full: Watts
}

/** What a machine says about itself. */
export interface Hardware {
  deviceTree: string
  product: string
  cpu: string
  virtual: boolean
  architecture: string
}

interface Entry extends PowerModel {
  matches: (hardware: Hardware) => boolean
}

const deviceTree = (pattern: RegExp) => (hardware: Hardware) => pattern.test(hardware.deviceTree)
const cpu = (pattern: RegExp) => (hardware: Hardware) => pattern.test(hardware.cpu)

/** A board of which only one measurement was published: other boards show that such figures are good to about 30 %. */
function single(value: number): Watts {
  return { low: round(value * 0.7), value, high: round(value * 1.3) }
}

/**
 * Published measurements of whole boards, idle and at full load: the interval spans all sources known for a board, the
 * value is their middle. Sources differ in what hangs at the board and in whether the power supply is included, so the
 * interval covers both. The first match counts.
 */
const table: Entry[] = [
  {
    id: 'rpi-zero-2-w@1',
    label: 'Raspberry Pi Zero 2 W',
    matches: deviceTree(/^Raspberry Pi Zero 2 W/),
    idle: single(0.6),
    full: single(2.1),
  },
  {
    id: 'rpi-3b-plus@1',
    label: 'Raspberry Pi 3 Model B+',
    matches: deviceTree(/^Raspberry Pi 3 Model B Plus/),
    idle: { low: 1.9, value: 2.3, high: 3.1 },
    full: { low: 5.1, value: 5.3, high: 5.6 },
  },
  {
    // No measurement of its own: the B+ with a wider interval.
    id: 'rpi-3@1',
    label: 'Raspberry Pi 3',
    matches: deviceTree(/^Raspberry Pi (3|Compute Module 3)/),
    idle: { low: 1.1, value: 2.0, high: 3.1 },
    full: { low: 3.0, value: 4.7, high: 5.9 },
  },
  {
    id: 'rpi-400@1',
    label: 'Raspberry Pi 400',
    matches: deviceTree(/^Raspberry Pi 400/),
    idle: { low: 1.8, value: 2.3, high: 2.7 },
    full: { low: 5.2, value: 6.0, high: 6.9 },
  },
  {
    id: 'rpi-4b@1',
    label: 'Raspberry Pi 4 Model B',
    matches: deviceTree(/^Raspberry Pi (4|Compute Module 4)/),
    idle: { low: 1.6, value: 2.5, high: 3.1 },
    full: { low: 5.0, value: 5.9, high: 6.8 },
  },
  {
    id: 'rpi-5@1',
    label: 'Raspberry Pi 5',
    matches: deviceTree(/^Raspberry Pi 5/),
    idle: { low: 2.8, value: 3.6, high: 4.4 },
    full: { low: 7.9, value: 8.8, high: 9.7 },
  },
  { id: 'intel-n100@1', label: 'Intel N100', matches: cpu(/\bN100\b/), idle: single(5.5), full: single(22.1) },
  { id: 'intel-n150@1', label: 'Intel N150', matches: cpu(/\bN150\b/), idle: single(9.3), full: single(25) },
  {
    // A guest's share of its host cannot be known from inside; this is what a small board of its own would draw.
    id: 'virtual-machine@1',
    label: 'virtual machine',
    matches: (hardware) => hardware.virtual,
    idle: { low: 0.5, value: 5, high: 30 },
    full: { low: 2, value: 20, high: 100 },
  },
  {
    id: 'unknown-x86@1',
    label: 'computer of unknown type',
    matches: (hardware) => hardware.architecture === 'x64',
    idle: { low: 4, value: 12, high: 50 },
    full: { low: 10, value: 40, high: 150 },
  },
  {
    // The span of all the boards above.
    id: 'unknown-arm@1',
    label: 'board of unknown type',
    matches: () => true,
    idle: { low: 0.4, value: 2.3, high: 6 },
    full: { low: 1.5, value: 6, high: 13 },
  },
]

/** What the machine says it is: device tree, DMI, processor name, and whether a hypervisor is below. */
export function readHardware({ proc, sys }: SystemTrees): Hardware {
  const text = (file: string) => (readText(file) ?? '').replaceAll('\0', '').trim()
  const cpuinfo = text(path.join(proc, 'cpuinfo'))
  const product = text(path.join(sys, 'class/dmi/id/product_name'))
  const vendor = text(path.join(sys, 'class/dmi/id/sys_vendor'))
  return {
    deviceTree: text(path.join(sys, 'firmware/devicetree/base/model')),
    product: `${vendor} ${product}`.trim(),
    cpu: /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1] ?? '',
    virtual: /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo) || /^(QEMU|KVM|innotek|VMware)\b/.test(`${vendor}`),
    architecture: process.arch,
  }
}

/** The model for a machine; an unknown one gets a wide interval, never none. */
export function powerModelFor(hardware: Hardware): PowerModel {
  const { id, label, idle, full } = table.find((entry) => entry.matches(hardware)) as Entry
  return { id, label, idle, full }
}

/** Watts of the model at a mean utilisation of 0..1: straight between idle and full load. */
export function modelledPower(model: PowerModel, utilisation: number, at: string): PowerFigure {
  const between = (key: keyof Watts) => round(model.idle[key] + (model.full[key] - model.idle[key]) * utilisation)
  return {
    value: between('value'),
    low: between('low'),
    high: between('high'),
    unit: 'W',
    source: `model:${model.id}`,
    at,
    class: 'modelled',
    boundary: 'wall',
    model: model.label,
  }
}

function round(watts: number): number {
  return Math.round(watts * 1000) / 1000
}

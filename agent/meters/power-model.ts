import path from 'node:path'
import type { PowerFigure } from '../api.ts'
import { readText, type SystemTrees } from './files.ts'
import { byType, type MachineType, powerPairs } from './power-pairs.ts'
import { mapRange, mean, median, predictNextFactor, type Range } from './prediction.ts'

/** Power at the wall as a function of how busy the processors are. */
export interface PowerModel {
  /** `model:rpi-4b@1`, `calibrated:rpi-4b@1`: the number rises when the figures change. */
  source: string
  /** What people call the machine. */
  label: string
  /** Watts at a mean utilisation of 0..1. */
  watts(utilisation: number): Range
}

/** What a machine says about itself. */
export interface Hardware {
  deviceTree: string
  product: string
  cpu: string
  virtual: boolean
  architecture: string
}

/** What a machine was recognised as. */
export interface Machine {
  /** `rpi-4b`, `unknown-arm`. */
  id: string
  label: string
  /** The type whose published pairs are its own; null where there are none. */
  type: MachineType | null
  idle: Range
  full: Range
}

interface Entry extends Omit<Machine, 'type'> {
  type?: MachineType
  matches: (hardware: Hardware) => boolean
}

/** Boards of the same type differ by so much between sources that no narrower interval of theirs can be believed. */
const publishedError = 0.3

const deviceTree = (pattern: RegExp) => (hardware: Hardware) => pattern.test(hardware.deviceTree)
const cpu = (pattern: RegExp) => (hardware: Hardware) => pattern.test(hardware.cpu)

/** The span of all sources of a type, and never less than 30 per cent around their middle. */
function published(type: MachineType): Pick<Machine, 'idle' | 'full'> & { type: MachineType } {
  const pairs = powerPairs.filter((pair) => pair.type === type)
  const span = (values: number[]): Range => {
    const value = median(values)
    return {
      low: Math.min(...values, value * (1 - publishedError)),
      value,
      high: Math.max(...values, value * (1 + publishedError)),
    }
  }
  return { type, idle: span(pairs.map(({ idle }) => idle)), full: span(pairs.map(({ full }) => full)) }
}

/** What one more board is expected to draw, judged by all types of board. */
function expectedOfBoards(): Pick<Machine, 'idle' | 'full'> {
  const boards = [...byType(powerPairs.filter(({ type }) => type.startsWith('rpi-'))).values()]
  const expected = (part: 'idle' | 'full') =>
    predictNextFactor(boards.map((pairs) => mean(pairs.map((pair) => pair[part])))) as Range
  return { idle: expected('idle'), full: expected('full') }
}

/** The first match counts. */
const machines: Entry[] = [
  {
    id: 'rpi-zero-2-w',
    label: 'Raspberry Pi Zero 2 W',
    matches: deviceTree(/^Raspberry Pi Zero 2 W/),
    ...published('rpi-zero-2-w'),
  },
  {
    id: 'rpi-cm0',
    label: 'Raspberry Pi Compute Module 0',
    matches: deviceTree(/^Raspberry Pi Compute Module (0|Zero)/),
    ...published('rpi-cm0'),
  },
  {
    id: 'rpi-3b-plus',
    label: 'Raspberry Pi 3 Model B+',
    matches: deviceTree(/^Raspberry Pi 3 Model B Plus/),
    ...published('rpi-3b-plus'),
  },
  {
    // No measurement of its own: the B+ with a wider interval.
    id: 'rpi-3',
    label: 'Raspberry Pi 3',
    matches: deviceTree(/^Raspberry Pi (3|Compute Module 3)/),
    idle: { low: 1.1, value: 2.0, high: 3.1 },
    full: { low: 3.0, value: 4.7, high: 5.9 },
  },
  {
    id: 'rpi-400',
    label: 'Raspberry Pi 400',
    matches: deviceTree(/^Raspberry Pi 400/),
    ...published('rpi-400'),
  },
  {
    id: 'rpi-4b',
    label: 'Raspberry Pi 4 Model B',
    matches: deviceTree(/^Raspberry Pi (4|Compute Module 4)/),
    ...published('rpi-4b'),
  },
  {
    id: 'rpi-5',
    label: 'Raspberry Pi 5',
    matches: deviceTree(/^Raspberry Pi 5/),
    ...published('rpi-5'),
  },
  { id: 'intel-n100', label: 'Intel N100', matches: cpu(/\bN100\b/), ...published('intel-n100') },
  { id: 'intel-n150', label: 'Intel N150', matches: cpu(/\bN150\b/), ...published('intel-n150') },
  {
    // A guest's share of its host cannot be known from inside; this is what a small board of its own would draw.
    id: 'virtual-machine',
    label: 'virtual machine',
    matches: (hardware) => hardware.virtual,
    idle: { low: 0.5, value: 5, high: 30 },
    full: { low: 2, value: 20, high: 100 },
  },
  {
    // Two published types say little about all that a household may have: from a thin client to a tower.
    id: 'unknown-x86',
    label: 'computer of unknown type',
    matches: (hardware) => hardware.architecture === 'x64',
    idle: { low: 4, value: 12, high: 50 },
    full: { low: 10, value: 40, high: 150 },
  },
  { id: 'unknown-arm', label: 'board of unknown type', matches: () => true, ...expectedOfBoards() },
]

/** Rises when the figures of any machine change. */
const tableVersion = 1

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

/** Recognises the machine; an unknown one gets a wide interval, never none. */
export function machineOf(hardware: Hardware): Machine {
  const { id, label, type = null, idle, full } = machines.find((entry) => entry.matches(hardware)) as Entry
  return { id, label, type, idle, full }
}

/** The model by published figures: straight between idle and full load. */
export function publishedModel({ id, label, idle, full }: Machine): PowerModel {
  return {
    source: `model:${id}@${tableVersion}`,
    label,
    watts: (utilisation) => between(idle, full, utilisation),
  }
}

/** The point so far on the way from one range to another; 0 is the first, 1 the second. */
export function between(from: Range, to: Range, part: number): Range {
  const at = (key: keyof Range) => from[key] + (to[key] - from[key]) * part
  return { low: at('low'), value: at('value'), high: at('high') }
}

/** The model's figure at a mean utilisation of 0..1. */
export function modelledPower(model: PowerModel, utilisation: number, at: string): PowerFigure {
  return {
    ...mapRange(model.watts(utilisation), toMilliwatts),
    unit: 'W',
    source: model.source,
    at,
    class: 'modelled',
    boundary: 'wall',
    model: model.label,
  }
}

/** Rounds watts to what is worth showing and keeping. */
export function toMilliwatts(watts: number): number {
  return Math.round(watts * 1000) / 1000
}

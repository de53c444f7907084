import { realpathSync } from 'node:fs'
import path from 'node:path'
import type { DiskWear } from '../api.ts'
import { readText } from './files.ts'
import { folderNames } from './folder-names.ts'
import type { Range } from './prediction.ts'
import { readSmartReply, type SmartReply, type TellsWear } from './smartctl.ts'

/** A card or disk, and what it tells. */
export interface Disk extends Pick<DiskWear, 'name' | 'model' | 'kind'> {
  /** Its folder in /sys. */
  device: string
  /** Tells it from others that were in its place before. */
  id: string
  wear: TellsWear | null
  /** Bytes ever written, as the disk counts them. */
  writtenByDevice: number | null
}

const diskNames = /^(mmcblk\d+|nvme\d+n\d+|sd[a-z]+|vd[a-z]+)$/

/**
 * Cards and disks of the machine. eMMC tells its wear in /sys; what NVMe and SATA tell, root asks for once a day
 * (/usr/lib/hearth/wear) and writes to `wearFile`. SD cards and most sticks tell nothing.
 */
export function readDisks(sys: string, wearFile: string): Disk[] {
  const replies = readReplies(wearFile)
  return folderNames(path.join(sys, 'block'))
    .filter((name) => diskNames.test(name))
    .flatMap((name) => readDisk(path.join(sys, 'block', name), name, replies[name] ?? null) ?? [])
}

function readDisk(link: string, name: string, reply: SmartReply | null): Disk | null {
  let device: string
  try {
    device = realpathSync(link)
  } catch {
    return null // it was unplugged while we looked
  }
  const text = (file: string) => readText(path.join(device, file))?.trim() || null
  const kind = kindOf(name, device, text('device/type'), reply)
  return {
    name,
    kind,
    device,
    model: text(kind === 'sd' || kind === 'emmc' ? 'device/name' : 'device/model') ?? reply?.model ?? '',
    id: text('device/cid') ?? text('wwid') ?? text('device/wwid') ?? text('device/serial') ?? text('serial') ?? name,
    wear: kind === 'emmc' ? lifeTime(text('device/life_time')) : (reply?.wear ?? null),
    writtenByDevice: reply?.written ?? null,
  }
}

function kindOf(name: string, device: string, type: string | null, reply: SmartReply | null): Disk['kind'] {
  if (name.startsWith('mmcblk')) return type === 'MMC' ? 'emmc' : 'sd'
  if (name.startsWith('nvme')) return 'nvme'
  if (name.startsWith('vd')) return 'virtual'
  if (reply?.isRotating) return 'hdd'
  return /\/usb\d+\//.test(device) ? 'usb' : 'ssd'
}

/**
 * eMMC's own estimate (JESD84-B51, DEVICE_LIFE_TIME_EST_TYP_A and _B), one of each kind of its cells: 1 is up to ten per
 * cent of its life used, 2 up to twenty, 11 more than all; 0 is not told. The worse counts.
 */
function lifeTime(text: string | null): TellsWear | null {
  const steps = /^0x([0-9a-f]{2}) 0x([0-9a-f]{2})$/i
    .exec(text ?? '')
    ?.slice(1)
    .map((each) => Number.parseInt(each, 16))
  const tenth = Math.max(0, ...(steps ?? []).filter((each) => each >= 1 && each <= 11))
  if (tenth === 0) return null
  const used: Range =
    tenth === 11
      ? { low: 1, value: 1, high: 1.1 }
      : { low: (tenth - 1) / 10, value: (tenth - 0.5) / 10, high: tenth / 10 }
  return { used, source: 'emmc:life-time@1' }
}

/** What root wrote: a reply a disk, by name. */
function readReplies(file: string): Record<string, SmartReply | null> {
  try {
    const { disks } = JSON.parse(readText(file) ?? '{}') as { disks?: Record<string, unknown> }
    const known = Object.entries(disks ?? {}).filter(([name]) => diskNames.test(name))
    return Object.fromEntries(known.map(([name, reply]) => [name, readSmartReply(reply)]))
  } catch {
    return {}
  }
}

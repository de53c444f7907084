import path from 'node:path'
import { mustRun } from '../setup/run.ts'
import { usedBytes } from './media.ts'
import { kitFacts } from './names.ts'
import type { DashboardVerbs, Disk } from './protocol.ts'
import { Refusal } from './refusal.ts'
import type { World } from './world.ts'

/** Room for the kit's own partitions and a few years of a household's posts. */
const smallestDisk = 8_000_000_000
/** Partitions before the data, and what ext4 keeps for itself. */
const roomForKit = 2_500_000_000
/** Everything on the medium, the boot environment included, is laid out in sectors of this size. */
const sectorBytes = 512

/**
 * Internal disks that hold nothing in use, when this kit runs on x86 from a removable medium; else none.
 * @throws CommandError when the kernel's list cannot be read
 */
export async function listDisks(world: World): Promise<DashboardVerbs['disk.list']['result']> {
  return { disks: (await findChoice(world)).disks }
}

/**
 * Starts to copy the running kit to an internal disk.
 * @throws Refusal when the disk is not one of those offered, is not confirmed by its name, or a copy runs already
 */
export async function moveToDisk(
  world: World,
  { name, confirm }: DashboardVerbs['disk.move']['args'],
): Promise<Record<never, never>> {
  await world.move.assertDataMayChange()
  const { from, disks } = await findChoice(world)
  const chosen = disks.find((disk) => disk.name === name)
  if (from === null || chosen === undefined)
    throw new Refusal({
      code: 'disk.unsuitable',
      message: `'${name}' is not a disk the kit can move to.`,
      next: 'Choose one of the disks offered; one that is in use, removable or smaller than 8 GB is not.',
      facts: { name },
    })
  if (chosen.size < roomForKit + (await usedBytes(path.join(world.paths.root, 'data'))))
    throw new Refusal({
      code: 'disk.small',
      message: `What is on the kit does not fit on '${name}'.`,
      next: 'Choose a larger disk.',
      facts: { name },
    })
  if (confirm !== name)
    throw new Refusal({
      code: 'disk.unconfirmed',
      message: `Moving erases everything on '${name}', and the name typed is another.`,
      next: `Type ${name} to confirm.`,
      facts: { name },
    })
  world.move.start(from, name)
  return {}
}

/** `from` is the medium the kit runs from, null where there is no choice. */
async function findChoice(world: World): Promise<{ from: string | null; disks: Disk[] }> {
  const { board } = await kitFacts(world)
  if (board.architecture !== 'x86_64') return { from: null, disks: [] }
  const columns = 'NAME,TYPE,SIZE,RO,RM,TRAN,MODEL,SERIAL,FSTYPE,LABEL,LOG-SEC,MOUNTPOINTS'
  const listing = await mustRun(world.run, 'lsblk', ['--json', '--bytes', '--output', columns])
  const { blockdevices } = JSON.parse(listing) as { blockdevices: Device[] }
  const system = blockdevices.find(holdsSystem)
  if (system === undefined || !isRemovable(system)) return { from: null, disks: [] }
  return {
    from: system.name,
    disks: blockdevices.filter((device) => device !== system && isFree(device)).map(describe),
  }
}

interface Device {
  name: string
  type: string
  size: number
  ro: boolean
  rm: boolean
  tran: string | null
  model: string | null
  serial: string | null
  fstype: string | null
  label: string | null
  'log-sec': number
  mountpoints: (string | null)[]
  children?: Device[]
}

function holdsSystem(device: Device): boolean {
  return withChildren(device).some(({ mountpoints }) => mountpoints.includes('/') || mountpoints.includes('/data'))
}

/** USB disks often say that they are fixed. */
function isRemovable({ rm, tran }: Device): boolean {
  return rm || tran === 'usb'
}

function isFree(device: Device): boolean {
  const { name, type, size, ro } = device
  return (
    type === 'disk' &&
    /^(?:sd[a-z]{1,3}|vd[a-z]{1,3}|nvme\d{1,3}n\d{1,3}|mmcblk\d{1,3})$/.test(name) &&
    !ro &&
    !isRemovable(device) &&
    size >= smallestDisk &&
    device['log-sec'] === sectorBytes &&
    withChildren(device).every(isUnused)
  )
}

/** Mounted, swap, or part of something else that is running (RAID, LVM, encryption): not ours to overwrite. */
function isUnused({ type, mountpoints }: Device): boolean {
  return (type === 'disk' || type === 'part') && mountpoints.every((mountpoint) => mountpoint === null)
}

function withChildren(device: Device): Device[] {
  return [device, ...(device.children ?? []).flatMap(withChildren)]
}

function describe(device: Device): Disk {
  const parts = device.children ?? (device.fstype === null ? [] : [device])
  return {
    name: device.name,
    model: tidy(device.model),
    serial: tidy(device.serial),
    size: device.size,
    content: parts
      .slice(0, 64)
      .map(({ fstype, label, size }) => ({ fileSystem: tidy(fstype), label: tidy(label), size })),
  }
}

/** What a disk says of itself is not to be trusted with a terminal or a page. */
function tidy(text: string | null): string {
  return (text ?? '')
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 80)
}

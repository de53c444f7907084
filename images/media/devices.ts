import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** What the decision is made from, as the machine tells it. Recorded ones stand in testdata/machines. */
export interface Machine {
  /** The `blockdevices` of `lsblk -J -b -o` with `lsblkColumns`, children nested. */
  readonly blockDevices: readonly BlockDevice[]
  /** Text of /proc/self/mountinfo. */
  readonly mountinfo: string
  /** Text of /proc/swaps. */
  readonly swaps: string
  /** Backing file of each loop device in use, by kernel name. */
  readonly loops: Readonly<Record<string, string>>
}

export interface BlockDevice {
  readonly kname: string
  readonly path: string
  readonly type: string
  /** Bytes. */
  readonly size: number
  readonly model: string | null
  readonly serial: string | null
  readonly tran: string | null
  readonly rm: boolean
  readonly ro: boolean
  readonly fstype: string | null
  readonly label: string | null
  readonly 'maj:min': string
  readonly subsystems: string | null
  readonly children?: readonly BlockDevice[]
}

/**
 * `offered`: a medium to flash. `internal`: only with `--internal` and its serial number typed. `refused`: never, because
 * something on it is in use.
 */
export type Verdict = 'offered' | 'internal' | 'refused'

export interface Medium {
  /** Kernel name, e.g. `sdb`. */
  readonly name: string
  readonly path: string
  readonly model: string
  /** What stands for a serial number of a loop device is the path of its file. Null: there is none to type. */
  readonly serial: string | null
  /** Bytes. */
  readonly size: number
  readonly content: readonly { readonly fileSystem: string; readonly label: string; readonly size: number }[]
  readonly verdict: Verdict
  /** Why it is not simply offered, one sentence each; empty when it is. */
  readonly reasons: readonly string[]
}

/** The reason that no other step than another medium helps against. */
export const runningSystem = 'holds the running system'

const lsblkColumns = 'KNAME,PATH,TYPE,SIZE,MODEL,SERIAL,TRAN,RM,RO,FSTYPE,LABEL,MAJ:MIN,SUBSYSTEMS'

/** Asks the machine it runs on. Throws with the reason when `lsblk` cannot. */
export async function readMachine(): Promise<Machine> {
  const { stdout } = await promisify(execFile)('lsblk', ['-J', '-b', '-o', lsblkColumns], {
    maxBuffer: 16 * 1024 * 1024,
  })
  const blockDevices = (JSON.parse(stdout) as { blockdevices: BlockDevice[] }).blockdevices
  const loops: Record<string, string> = {}
  for (const { kname, type } of blockDevices.flatMap(withDescendants)) {
    if (type !== 'loop') continue
    const file = await readFile(`/sys/block/${kname}/loop/backing_file`, 'utf8').catch(() => '')
    if (file) loops[kname] = file.trimEnd()
  }
  const [mountinfo, swaps] = await Promise.all([
    readFile('/proc/self/mountinfo', 'utf8'),
    readFile('/proc/swaps', 'utf8'),
  ])
  return { blockDevices, mountinfo, swaps, loops }
}

/** Every whole disk of a machine with what may be done to it. */
export function judgeMedia(machine: Machine): Medium[] {
  const mounts = readMounts(machine.mountinfo)
  const swaps = new Set(
    machine.swaps
      .split('\n')
      .slice(1)
      .map((line) => unescapeOctal(line.split(/\s+/)[0] ?? '')),
  )
  return machine.blockDevices.filter(isWholeDisk).map((disk) => {
    const parts = withDescendants(disk)
    const inUse = [
      ...parts.flatMap((part) => usesOf(part, disk, mounts, swaps)),
      ...parts.flatMap((part) => loopUses(part, machine.loops)),
      ...(disk.ro ? ['is write-protected; a card may have a small slider'] : []),
      ...(disk.size > 0 ? [] : ['has no medium in it']),
    ]
    const doubts = [...attachment(disk), ...parts.flatMap(marksOf)]
    return {
      name: disk.kname,
      path: disk.path,
      model: disk.model?.trim() || (disk.type === 'loop' ? 'loop device' : 'unknown model'),
      serial: disk.serial?.trim() || (disk.type === 'loop' ? (machine.loops[disk.kname] ?? null) : null),
      size: disk.size,
      content: parts
        .filter(({ fstype }) => fstype)
        .map(({ fstype, label, size }) => ({ fileSystem: fstype ?? '', label: label ?? '', size })),
      verdict: inUse.length ? 'refused' : doubts.length ? 'internal' : 'offered',
      reasons: [...new Set([...inUse, ...doubts])],
    }
  })
}

/** Not partitions, not mappings, and none of the areas of an eMMC that are no storage. */
function isWholeDisk({ kname, type }: BlockDevice): boolean {
  if (type !== 'disk' && type !== 'loop') return false
  return !/^(zram|ram|dm-|md|nbd|mmcblk\d+(boot\d+|rpmb|gp\d+))/.test(kname)
}

function attachment({ type, tran, rm, kname, subsystems }: BlockDevice): string[] {
  if (type === 'loop') return ['is a loop device']
  const bus = `${subsystems ?? ''}:${tran ?? ''}`.split(':')
  // Built-in card readers and USB SSDs say removable=0, so the bus counts first.
  if (rm || bus.includes('usb') || bus.includes('mmc') || kname.startsWith('mmcblk')) return []
  return [`is an internal disk${tran ? ` (${tran})` : ''}`]
}

function usesOf(part: BlockDevice, disk: BlockDevice, mounts: readonly Mount[], swaps: ReadonlySet<string>): string[] {
  const names = [part.path, `/dev/${part.kname}`]
  const uses = mounts
    .filter(({ device, source }) => device === part['maj:min'] || names.includes(source))
    .map(({ target }) => (target === '/' ? runningSystem : `${part.kname} is mounted on ${printable(target)}`))
  if (names.some((name) => swaps.has(name))) uses.push(`${part.kname} is in use as swap`)
  if (part !== disk && part.type !== 'part') uses.push(`${part.kname} (${kindWords(part.type)}) is open on it`)
  return uses
}

/** A loop device may lie straight on a disk or partition, which lsblk does not show as its child. */
function loopUses(part: BlockDevice, loops: Readonly<Record<string, string>>): string[] {
  return Object.entries(loops)
    .filter(([, file]) => file === part.path || file === `/dev/${part.kname}`)
    .map(([loop]) => `${part.kname} is open as ${loop}`)
}

/** Signs of something that may be part of a larger whole although it is not open now. */
function marksOf({ kname, fstype }: BlockDevice): string[] {
  const words: Record<string, string> = {
    linux_raid_member: 'part of a RAID',
    isw_raid_member: 'part of a RAID',
    ddf_raid_member: 'part of a RAID',
    LVM2_member: 'part of an LVM volume group',
    zfs_member: 'part of a ZFS pool',
    bcache: 'part of a bcache',
    swap: 'swap space',
  }
  const word = words[fstype ?? '']
  return word ? [`${kname} is marked as ${word}`] : []
}

function kindWords(type: string): string {
  if (type.startsWith('raid')) return 'RAID'
  return { lvm: 'LVM', crypt: 'encrypted', dm: 'device mapper', mpath: 'multipath' }[type] ?? type
}

interface Mount {
  device: string
  target: string
  source: string
}

function readMounts(mountinfo: string): Mount[] {
  return mountinfo
    .split('\n')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ')
      const fields = before.split(' ')
      return {
        device: fields[2] ?? '',
        target: unescapeOctal(fields[4] ?? ''),
        source: unescapeOctal(after.split(' ')[1] ?? ''),
      }
    })
    .filter(({ device }) => device !== '')
}

/** /proc writes a space in a path as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

function withDescendants(device: BlockDevice): BlockDevice[] {
  return [device, ...(device.children ?? []).flatMap(withDescendants)]
}

/** Names from a medium reach the terminal only without control characters. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}

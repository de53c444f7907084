/** The partition table of a recipe, and where each partition lies. */

export const MiB = 1024 * 1024

export type TableKind = 'gpt' | 'mbr'
export const partitionTypes = [
  'bios-boot',
  'esp',
  'linux-reserved',
  'basic-data',
  'linux-root',
  'linux',
  'fat32-lba',
  'non-fs',
  'extended',
] as const
export type PartitionType = (typeof partitionTypes)[number]
export const partitionContents = ['grub-bios', 'boot', 'reserved', 'seed', 'env', 'slot', 'empty', 'data'] as const
export type PartitionContent = (typeof partitionContents)[number]

export interface Partition {
  /** As the kernel counts: from 1; logical partitions of an MBR from 5. */
  readonly number: number
  readonly name: string
  readonly type: PartitionType
  /** Null only for the extended partition, which holds nothing itself. */
  readonly content: PartitionContent | null
  readonly label: string | null
  /** True for the data partition: the kit grows it to the end of the medium at first boot. */
  readonly grows: boolean
  /** Bytes from the start of the disk; a multiple of 1 MiB. */
  readonly start: number
  /** Bytes. */
  readonly size: number
}

export interface Disk {
  readonly table: TableKind
  readonly partitions: readonly Partition[]
  /** Bytes of the whole image, room for the backup of a GPT included. */
  readonly size: number
}

/** What stands in the table for a type. `guid` depends on the architecture only for the root of a Linux system. */
export function tableCode(
  type: PartitionType,
  architecture: 'amd64' | 'arm64',
): { guid: string | null; mbr: number | null } {
  if (type === 'linux-root') return { guid: rootGuids[architecture], mbr: null }
  return codes[type]
}

const rootGuids = {
  amd64: '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709',
  arm64: 'B921B045-1DF0-41C3-AF44-4C6F280D3FAE',
}
const codes: Record<Exclude<PartitionType, 'linux-root'>, { guid: string | null; mbr: number | null }> = {
  'bios-boot': { guid: '21686148-6449-6E6F-744E-656564454649', mbr: null },
  esp: { guid: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B', mbr: null },
  'linux-reserved': { guid: '8DA63339-0007-60C0-C436-083AC8230908', mbr: null },
  'basic-data': { guid: 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7', mbr: null },
  linux: { guid: '0FC63DAF-8483-4772-8E79-3D69D8477DE4', mbr: 0x83 },
  'fat32-lba': { guid: null, mbr: 0x0c },
  'non-fs': { guid: null, mbr: 0xda },
  extended: { guid: null, mbr: 0x0f },
}

/** Bytes of a size such as `64MiB` or `1GiB`; null when it is not one. */
export function parseSize(size: string): number | null {
  const match = /^([1-9][0-9]{0,6})(MiB|GiB)$/.exec(size)
  if (!match) return null
  return Number(match[1]) * (match[2] === 'GiB' ? 1024 * MiB : MiB)
}

export interface PartitionRequest {
  name: string
  type: PartitionType
  content: PartitionContent | null
  label: string | null
  grows: boolean
  /** Bytes; null for an extended partition that is to be as large as what it holds. */
  size: number | null
}

/**
 * Lays partitions out one after the other on 1 MiB bounds. A logical partition has 1 MiB before it for its table entry.
 * An extended partition without a size ends where the last logical one does.
 */
export function layOut(table: TableKind, requests: readonly PartitionRequest[]): Disk {
  const partitions: Partition[] = []
  const extendedAt = requests.findIndex(({ type }) => type === 'extended')
  let position = MiB
  requests.forEach((request, index) => {
    const { name, type, content, label, grows } = request
    const logical = extendedAt >= 0 && index > extendedAt
    if (logical) position += MiB
    const number = logical ? index - extendedAt + 4 : index + 1
    partitions.push({ number, name, type, content, label, grows, start: position, size: request.size ?? 0 })
    if (type !== 'extended') position += request.size ?? 0
  })
  const extended = partitions[extendedAt]
  if (extended) {
    const size = requests[extendedAt]?.size ?? position - extended.start
    partitions[extendedAt] = { ...extended, size }
    position = Math.max(position, extended.start + size)
  }
  return { table, partitions, size: position + (table === 'gpt' ? MiB : 0) }
}

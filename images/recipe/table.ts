import { MiB, type PartitionContent, type PartitionRequest, type PartitionType, type TableKind } from './disk.ts'
import type { Recipe } from './recipe.ts'
import type { Path } from './source.ts'

/** Something that does not fit in a partition table; `path` leads to it in the recipe. */
export interface Misfit {
  path: Path
  message: string
  next: string
}

const typesOf: Record<TableKind, readonly PartitionType[]> = {
  gpt: ['bios-boot', 'esp', 'linux-reserved', 'basic-data', 'linux-root', 'linux'],
  mbr: ['fat32-lba', 'non-fs', 'linux', 'extended'],
}

/** In which types of partition a content may lie. */
const typesFor: Record<PartitionContent, readonly PartitionType[]> = {
  'grub-bios': ['bios-boot'],
  boot: ['esp', 'fat32-lba'],
  reserved: ['linux-reserved', 'non-fs'],
  seed: ['basic-data'],
  env: ['linux-reserved', 'non-fs'],
  slot: ['linux-root', 'linux'],
  empty: ['linux-root', 'linux'],
  data: ['linux'],
}
const once: readonly PartitionContent[] = ['grub-bios', 'boot', 'seed', 'env', 'slot', 'data']
const isFat = (content: PartitionContent | null) => content === 'boot' || content === 'seed'

/** Whether partitions can stand together in a table at all: types, sizes, names, numbers, order. */
export function checkPartitions(table: TableKind, partitions: readonly PartitionRequest[]): Misfit[] {
  const misfits: Misfit[] = []
  const report = (index: number, key: string, message: string, next: string) =>
    misfits.push({ path: ['disk', 'partitions', index, key], message, next })

  const extendedAt = partitions.findIndex(({ type }) => type === 'extended')
  partitions.forEach((partition, index) => {
    const { name, type, content, label, size } = partition
    if (!typesOf[table].includes(type))
      report(
        index,
        'type',
        `a ${table.toUpperCase()} has no type "${type}"`,
        `write one of ${typesOf[table].join(', ')}`,
      )
    if (partitions.findIndex((other) => other.name === name) < index)
      report(index, 'name', `the partition name "${name}" stands here twice`, 'give each partition a name of its own')
    if (label && isFat(content) && !/^[A-Z0-9_-]{1,11}$/.test(label))
      report(
        index,
        'label',
        `"${label}" cannot be the label of a FAT file system`,
        'write up to 11 capitals and digits',
      )
    if (label && partitions.findIndex((other) => other.label === label) < index)
      report(index, 'label', `the label "${label}" stands here twice`, 'give each file system a label of its own')
    if (partition.grows && content !== 'data')
      report(index, 'grows', 'only the data partition may grow', 'remove "grows"')

    if (type === 'extended') {
      if (content) report(index, 'content', 'an extended partition holds only other partitions', 'remove "content"')
      if (index !== extendedAt) report(index, 'type', 'an MBR has one extended partition at most', 'remove this one')
      return
    }
    if (size === null) report(index, 'size', `the partition "${name}" has no size`, 'add "size:", e.g. 64MiB')
    if (content === null)
      report(index, 'content', `the partition "${name}" does not say what it holds`, 'add "content:"')
    else if (typesOf[table].includes(type) && !typesFor[content].includes(type))
      report(
        index,
        'content',
        `"${content}" cannot lie in a partition of type "${type}"`,
        `give it the type ${typesFor[content].join(' or ')}`,
      )
    if (content && once.includes(content) && partitions.findIndex((other) => other.content === content) < index)
      report(index, 'content', `a second partition holds "${content}"`, 'one disk has one of it')
  })

  if (table === 'mbr') {
    if (extendedAt < 0 && partitions.length > 4)
      report(
        4,
        'name',
        'an MBR has room for four partitions',
        'put a partition of type "extended" fourth or earlier; those after it lie inside',
      )
    else if (extendedAt > 3)
      report(extendedAt, 'type', 'the extended partition must be one of the first four', 'move it up')
    else if (extendedAt === partitions.length - 1)
      report(extendedAt, 'type', 'the extended partition is empty', 'list the partitions that lie inside after it')
    const extended = partitions[extendedAt]
    const inside = partitions.slice(extendedAt + 1).reduce((sum, { size }) => sum + (size ?? 0) + MiB, 0)
    if (extended && extended.size !== null && extended.size < inside)
      report(
        extendedAt,
        'size',
        `what lies inside reaches ${(inside - extended.size) / MiB} MiB past the extended partition's end`,
        'leave its size out',
      )
  }

  const last = partitions.at(-1)
  const dataAt = partitions.findIndex(({ content }) => content === 'data')
  if (last && last.content !== 'data')
    report(
      dataAt >= 0 ? dataAt : partitions.length - 1,
      'content',
      dataAt >= 0 ? 'the data partition is not the last one, so it could not grow' : 'there is no data partition',
      'put the data partition at the end',
    )
  else if (last && !last.grows)
    report(partitions.length - 1, 'name', 'the data partition does not grow', 'add "grows: true"')
  return misfits
}

/**
 * The rules of each family of machines that no emulator would notice broken. Raspberry Pi (arm64): an MBR whose first
 * partition is FAT32 of type 0x0C, because older boot ROMs read nothing else. PC (amd64): a GPT with a BIOS boot partition,
 * an EFI system partition, and a seed partition of type Microsoft basic data, because Windows gives no other a letter.
 * Both: a boot environment, and two slots of one size.
 */
export function checkTable(recipe: Pick<Recipe, 'architecture' | 'disk' | 'boards'>): Misfit[] {
  const { table, partitions } = recipe.disk
  const misfits: Misfit[] = []
  const report = (message: string, next: string, ...at: (string | number)[]) =>
    misfits.push({ path: ['disk', ...at], message, next })
  const holds = (content: PartitionContent) => partitions.find((each) => each.content === content)

  if (recipe.architecture === 'arm64') {
    if (table !== 'mbr') report('the boot ROM of older Raspberry Pis reads only an MBR', 'write "table: mbr"', 'table')
    else if (partitions[0]?.type !== 'fat32-lba' || partitions[0].content !== 'boot')
      report(
        'a Raspberry Pi starts from a first partition in FAT32',
        'make the first partition "type: fat32-lba", "content: boot"',
        'partitions',
        0,
      )
    if (recipe.boards.length === 0) report('no board is named', 'list under "boards:" what the image starts on')
  } else {
    if (table !== 'gpt') report('a PC image has a GPT', 'write "table: gpt"', 'table')
    if (!holds('grub-bios'))
      report('there is no BIOS boot partition', 'add one of "type: bios-boot", "content: grub-bios"', 'partitions')
    if (holds('boot')?.type !== 'esp')
      report('there is no EFI system partition', 'add one of "type: esp", "content: boot"', 'partitions')
    if (!holds('seed'))
      report('there is no seed partition', 'add one of "type: basic-data", "content: seed"', 'partitions')
    if (recipe.boards.length > 0)
      misfits.push({ path: ['boards'], message: 'boards are for Raspberry Pi images', next: 'remove "boards"' })
  }

  if (!holds('env'))
    report('there is no partition for the boot environment', 'add one of "content: env", 1MiB', 'partitions')
  const seedPartition = holds(recipe.architecture === 'arm64' ? 'boot' : 'seed')
  if (seedPartition && seedPartition.label !== 'HEARTH')
    report(
      'people find the seed by the label HEARTH',
      `add "label: HEARTH" to "${seedPartition.name}"`,
      'partitions',
      partitions.indexOf(seedPartition),
    )
  const slots = partitions.filter(({ content }) => content === 'slot' || content === 'empty')
  if (slots.length !== 2 || !holds('slot'))
    report('a kit has two slots', 'give one partition "content: slot" and one "content: empty"', 'partitions')
  else if (slots[0]?.size !== slots[1]?.size || slots[0]?.type !== slots[1]?.type)
    report(
      'the two slots differ in size or type',
      'make them the same',
      'partitions',
      partitions.indexOf(slots[1] as (typeof slots)[0]),
    )
  return misfits
}

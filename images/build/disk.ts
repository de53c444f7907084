import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { MiB, type Partition, tableCode } from '../recipe/disk.ts'
import { type Recipe, substitute } from '../recipe/index.ts'
import { type BuildContext, ensureFolder, hashTree, sha256 } from './context.ts'
import { stage } from './stage.ts'
import { type Tools, toolsId } from './tools.ts'

/** Where a stage finds what it puts on the disk. */
export interface DiskParts {
  recipe: Recipe
  slot: string
  /** Extra files for the boot partition, path there → file here (firmware, U-Boot). */
  firmware: Record<string, string>
  /** GRUB's platforms → folder of the modules, from packages of the lock. */
  grub: Record<string, string>
}

/** Fixed ids of a recipe, so that the same inputs give the same bytes. */
function fixedId(recipe: Recipe, what: string): string {
  const hex = sha256(`commonhearth ${recipe.name} ${what}`)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The whole image: table, boot files, seed, boot environment, slot A, an empty slot B and data. */
export async function diskImage(context: BuildContext, tools: Tools, parts: DiskParts): Promise<string> {
  const { recipe } = parts
  const inputs = {
    code: hashTree(import.meta.filename),
    tools: toolsId(tools),
    slot: parts.slot,
    disk: recipe.disk,
    variables: recipe.variables,
    boot: hashTree(path.join(bootLayer(recipe).folder, 'boot')),
    example: hashTree(seedExample(context)),
    firmware: Object.entries(parts.firmware).map(([name, file]) => [name, hashTree(file)]),
    grub: Object.entries(parts.grub).map(([platform, folder]) => [platform, hashTree(folder)]),
    epoch: context.epoch,
  }
  return stage(context, `disk-${recipe.name}`, inputs, async (output) => {
    writeFileSync(output, '')
    truncateSync(output, recipe.disk.size)
    await tools.run('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', output], { input: tableScript(recipe) })
    const work = ensureFolder(`${output}.work`)
    try {
      for (const partition of recipe.disk.partitions) {
        const file = await partitionImage(context, tools, parts, partition, output, work)
        if (!file) continue
        const size = statSync(file).size
        const limit = partition.content === 'slot' ? partition.size / 1.3 : partition.size
        if (size > limit) {
          throw new Error(
            `${partition.name} holds ${Math.ceil(size / MiB)} MiB, more than the ${Math.floor(limit / MiB)} MiB that leave 30 % spare. Take something out of the layers.`,
          )
        }
        writeSparse(file, output, partition.start)
      }
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  })
}

export function tableScript(recipe: Recipe): string {
  const { disk } = recipe
  const head =
    disk.table === 'gpt'
      ? ['label: gpt', `label-id: ${fixedId(recipe, 'disk')}`, 'first-lba: 34']
      : ['label: dos', `label-id: 0x${sha256(`commonhearth ${recipe.name} disk`).slice(0, 8)}`]
  const lines = disk.partitions.map((partition) => {
    const code = tableCode(partition.type, recipe.architecture)
    const type = disk.table === 'gpt' ? code.guid : code.mbr?.toString(16)
    const extra = disk.table === 'gpt' ? `, uuid=${fixedId(recipe, partition.name)}, name="${partition.name}"` : ''
    return `${partition.number} : start=${partition.start / 512}, size=${partition.size / 512}, type=${type}${extra}`
  })
  return `${[...head, 'unit: sectors', '', ...lines].join('\n')}\n`
}

async function partitionImage(
  context: BuildContext,
  tools: Tools,
  parts: DiskParts,
  partition: Partition,
  image: string,
  work: string,
): Promise<string | null> {
  const file = path.join(work, partition.name)
  const { recipe } = parts
  switch (partition.content) {
    case 'slot':
      return parts.slot
    case 'grub-bios':
      await installGrubBios(tools, recipe, partition, grubFolder(parts, 'i386-pc'), image, work)
      return null
    case 'boot':
      await makeFat(
        context,
        tools,
        recipe,
        partition,
        file,
        {
          ...(await bootFiles(context, tools, parts, work)),
          ...parts.firmware,
          ...(recipe.disk.partitions.some((p) => p.content === 'seed') ? {} : seedFiles(context)),
        },
        work,
      )
      return file
    case 'seed':
      await makeFat(context, tools, recipe, partition, file, seedFiles(context), work)
      return file
    case 'env':
      await makeEnv(tools, recipe, partition, file, work)
      return file
    case 'data':
      // An id for the file system and its hashes, and no time of now: the same bytes each time.
      writeFileSync(file, '')
      truncateSync(file, partition.size)
      await tools.run('mke2fs', [
        '-q',
        '-t',
        'ext4',
        // For what it grows to: by its size in the image it would be made like a floppy disk, in groups of 8 MiB.
        '-b',
        '4096',
        '-i',
        '16384',
        '-L',
        partition.label ?? 'hearth-data',
        '-U',
        fixedId(recipe, 'data-fs'),
        '-E',
        `hash_seed=${fixedId(recipe, 'data-hash')},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0,resize=${256 * 1024 * 1024}`,
        '-m',
        '1',
        '-O',
        '^metadata_csum_seed',
        file,
      ])
      return file
    default:
      return null
  }
}

function seedExample(context: BuildContext): string {
  return path.join(context.repo, 'agent/setup/hearth-example.yaml')
}

function seedFiles(context: BuildContext): Record<string, string> {
  const example = seedExample(context)
  return existsSync(example) ? { 'hearth-example.yaml': example } : {}
}

async function makeFat(
  context: BuildContext,
  tools: Tools,
  recipe: Recipe,
  partition: Partition,
  file: string,
  files: Record<string, string>,
  work: string,
): Promise<void> {
  writeFileSync(file, '')
  truncateSync(file, partition.size)
  // FAT32 needs 65,525 clusters: one sector a cluster below 64 MiB is what the Pi's and PCs' firmware still read.
  const type = partition.size > 33 * MiB ? ['-F', '32', '-s', '1'] : ['-F', '16']
  const label = partition.label ?? partition.name.toUpperCase()
  await tools.run('mkfs.vfat', [
    '--invariant',
    ...type,
    '-i',
    sha256(`${recipe.name} ${partition.name}`).slice(0, 8),
    '-n',
    label,
    file,
  ])
  const folders = new Set<string>()
  for (const name of Object.keys(files).sort()) {
    const parents = name.split('/').slice(0, -1)
    for (const index of parents.keys()) folders.add(parents.slice(0, index + 1).join('/'))
  }
  for (const folder of [...folders].sort()) await tools.run('mmd', ['-i', file, `::${folder}`])
  for (const name of Object.keys(files).sort()) {
    const copy = path.join(work, 'one-file')
    copyFileSync(files[name] as string, copy)
    await tools.run('touch', ['-d', `@${context.epoch}`, copy])
    await tools.run('mcopy', ['-m', '-i', file, copy, `::${name}`])
  }
}

/** What our grub.cfg uses, on every platform. */
const commonGrubModules = [
  'part_gpt',
  'fat',
  'squash4',
  'gzio',
  'xzio',
  'normal',
  'configfile',
  'linux',
  'loadenv',
  'test',
  'echo',
  'probe',
  'sleep',
  'reboot',
  'true',
  'regexp',
  'minicmd',
  'terminal',
  'halt',
]

const grubModules = {
  'x86_64-efi': [...commonGrubModules, 'serial', 'efi_gop', 'all_video'],
  'i386-pc': [...commonGrubModules, 'serial', 'biosdisk', 'vbe', 'vga'],
  'arm64-efi': [...commonGrubModules, 'part_msdos', 'fdt'],
}
export type GrubPlatform = keyof typeof grubModules

/**
 * Makes GRUB with everything it needs built in. `early` is run first, by a parser that knows no comments: it hands over
 * to grub.cfg on the partition GRUB was loaded from and never ends at a prompt.
 */
export async function makeGrub(
  tools: Tools,
  platform: GrubPlatform,
  early: string,
  output: string,
  options: { prefix: string; modules?: string; more?: string[] },
): Promise<void> {
  const folder = options.modules ? ['-d', options.modules] : []
  await tools.run('grub-mkimage', [
    ...folder,
    '-O',
    platform,
    '-c',
    early,
    '-p',
    options.prefix,
    '-o',
    output,
    ...grubModules[platform],
    ...(options.more ?? []),
  ])
}

function grubFolder({ recipe, grub }: DiskParts, platform: GrubPlatform): string {
  const folder = grub[platform]
  if (!folder)
    throw new Error(
      `No package of recipe ${recipe.name} brings GRUB for ${platform}. Name one under “unpack” of a layer, and run hearth lock ${recipe.name}.`,
    )
  return folder
}

const efiOf = {
  amd64: ['x86_64-efi', 'EFI/BOOT/BOOTX64.EFI'],
  arm64: ['arm64-efi', 'EFI/BOOT/BOOTAA64.EFI'],
} as const

async function bootFiles(
  context: BuildContext,
  tools: Tools,
  parts: DiskParts,
  work: string,
): Promise<Record<string, string>> {
  const { recipe } = parts
  const source = path.join(bootLayer(recipe).folder, 'boot')
  const config = path.join(work, 'grub.cfg')
  const template = path.join(source, 'grub.cfg.in')
  writeFileSync(config, substitute(readFileSync(template, 'utf8'), recipe.variables, template))
  const files: Record<string, string> = { 'EFI/hearth/grub.cfg': config }
  const [platform, name] = efiOf[recipe.architecture]
  const efi = path.join(work, path.basename(name))
  const modules = grubFolder(parts, platform)
  await makeGrub(tools, platform, path.join(source, 'early.cfg'), efi, { prefix: '/EFI/hearth', modules })
  files[name] = efi
  context.log(`boot: ${Object.keys(files).length} files`)
  return files
}

/**
 * Two copies of the boot environment on a FAT12 file system with clusters of 4 KiB, so that each copy has a block of its
 * own; GRUB reaches them by name, Linux by the offsets that `envOffsets` finds.
 */
async function makeEnv(tools: Tools, recipe: Recipe, partition: Partition, file: string, work: string): Promise<void> {
  writeFileSync(file, '')
  truncateSync(file, partition.size)
  await tools.run('mkfs.vfat', [
    '--invariant',
    '-F',
    '12',
    '-s',
    '8',
    '-r',
    '16',
    '-a',
    '-i',
    sha256(`${recipe.name} env`).slice(0, 8),
    '-n',
    'ENV',
    file,
  ])
  const env = path.join(work, 'env-file')
  writeFileSync(env, environment({ ORDER: 'A B', A_OK: '1', A_TRY: '0', B_OK: '0', B_TRY: '0' }))
  await tools.run('touch', ['-d', '@315532800', env])
  for (const name of ['env1', 'env2']) await tools.run('mcopy', ['-m', '-i', file, env, `::${name}`])
  const bytes = readFileSync(file)
  for (const offset of envOffsets) {
    if (!bytes.subarray(offset, offset + 24).equals(Buffer.from('# GRUB Environment Block'))) {
      throw new Error(
        `The boot environment is not at byte ${offset} of its partition: mkfs.vfat lays it out differently. Correct envOffsets.`,
      )
    }
  }
}

export const envSize = 512
/** Bytes from the start of the env partition to the two copies: behind reserved sector, two FATs and the root folder. */
export const envOffsets = [2048, 6144] as const

/** A GRUB environment block of 512 bytes: one sector, so that a write is whole or not at all. */
export function environment(variables: Record<string, string>): Buffer {
  const text = `# GRUB Environment Block\n${Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')}`
  return Buffer.concat([Buffer.from(text), Buffer.alloc(envSize - text.length, '#')])
}

/** Copies a file into the image at an offset, leaving out what is zero there already. */
function writeSparse(source: string, image: string, offset: number): void {
  const from = openSync(source, 'r')
  const to = openSync(image, 'r+')
  const buffer = Buffer.alloc(MiB)
  const zero = Buffer.alloc(MiB)
  try {
    for (let position = 0; ; ) {
      const length = readSync(from, buffer, 0, MiB, position)
      if (length === 0) break
      const chunk = buffer.subarray(0, length)
      if (!chunk.equals(zero.subarray(0, length))) writeSync(to, chunk, 0, length, offset + position)
      position += length
    }
  } finally {
    closeSync(from)
    closeSync(to)
  }
}

/**
 * Puts GRUB for legacy BIOS into the MBR's boot code and the bios partition, as grub-bios-setup would on a device:
 * boot.img learns the first sector of core.img, core.img's first sector where the rest is.
 */
async function installGrubBios(
  tools: Tools,
  recipe: Recipe,
  partition: Partition,
  modules: string,
  image: string,
  work: string,
): Promise<void> {
  const esp = recipe.disk.partitions.find((entry) => entry.content === 'boot')
  const file = path.join(work, 'core.img')
  await makeGrub(tools, 'i386-pc', path.join(bootLayer(recipe).folder, 'boot/early.cfg'), file, {
    prefix: `(,gpt${esp?.number})/EFI/hearth`,
    modules,
  })
  const boot = readFileSync(path.join(modules, 'boot.img'))
  const core = readFileSync(file)
  const first = BigInt(partition.start / 512)
  boot.writeBigUInt64LE(first, 0x5c)
  // Skip the check of the drive number, as grub-bios-setup does for hard disks.
  boot.writeUInt16LE(0x9090, 0x66)
  core.writeBigUInt64LE(first + 1n, 512 - 12)
  const fd = openSync(image, 'r+')
  try {
    writeSync(fd, boot, 0, 440, 0)
    writeSync(fd, core, 0, core.length, partition.start)
  } finally {
    closeSync(fd)
  }
}

function bootLayer(recipe: Recipe): Recipe['layers'][number] {
  const layer = recipe.layers.find((entry) => entry.name === 'boot')
  if (!layer) throw new Error(`Recipe ${recipe.name} has a boot partition but no layer “boot”. Add it to its layers.`)
  return layer
}

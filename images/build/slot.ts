import path from 'node:path'
import type { Recipe } from '../recipe/index.ts'
import { type BuildContext, hashTree } from './context.ts'
import { layOver, type RootParts, rootInputs, seal, withRoot } from './root.ts'
import { stage } from './stage.ts'
import { type Tools, toolsId } from './tools.ts'

/**
 * The slot's squashfs: base, layers and programs as one read-only file system from which GRUB can load the kernel
 * (2.12 reads gzip and xz, not zstd).
 */
export async function slotImage(
  context: BuildContext,
  tools: Tools,
  base: string,
  boot: string,
  parts: RootParts,
): Promise<string> {
  const { recipe } = parts
  const inputs = {
    ...rootInputs(parts, base, boot),
    slotCode: hashTree(import.meta.filename),
    slot: recipe.slot,
    tools: toolsId(tools),
    epoch: context.epoch,
  }
  return stage(context, `slot-${recipe.name}`, inputs, async (output) => {
    await withRoot(context, tools, base, async (root) => {
      await layOver(tools, root, recipe)
      await seal(root, parts, boot)
      await pack(context, tools, root, output, recipe)
    })
  })
}

async function pack(context: BuildContext, tools: Tools, root: string, output: string, recipe: Recipe): Promise<void> {
  const level =
    recipe.slot.compression === 'gzip' && recipe.slot.level ? ['-Xcompression-level', String(recipe.slot.level)] : []
  await tools.run('env', [
    // It takes either this or the two options below, which also set the times of all files.
    '-u',
    'SOURCE_DATE_EPOCH',
    'mksquashfs',
    root,
    output,
    '-noappend',
    '-quiet',
    '-no-progress',
    '-comp',
    recipe.slot.compression,
    ...level,
    '-b',
    '131072',
    '-mkfs-time',
    String(context.epoch),
    '-all-time',
    String(context.epoch),
    // Compressed already; GRUB loads them sooner as they are.
    '-action',
    'uncompressed@name(vmlinuz) || name(initrd.img)',
    '-no-xattrs',
    '-reproducible',
  ])
  context.log(`slot: ${path.basename(output).slice(0, 8)} packed with ${recipe.slot.compression}`)
}

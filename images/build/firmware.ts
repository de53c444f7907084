import { existsSync, globSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { Recipe } from '../recipe/index.ts'
import { type BuildContext, hashTree } from './context.ts'
import type { PackageFolder } from './packages.ts'
import { stage } from './stage.ts'
import type { Tools } from './tools.ts'

export interface FirmwareFiles {
  /** Path on the boot partition → file here. */
  boot: Record<string, string>
  /** Path in the slot → file here. */
  root: Record<string, string>
  /** GRUB's platforms that layers unpack → folder of its modules. */
  grub: Record<string, string>
  /** Each package that was unpacked, and where. */
  packages: { name: string; folder: string }[]
}

/**
 * Files that reach the image without their packages being installed (firmware, U-Boot, GRUB),
 * those of the root that the boot partition has too (device trees), and what layers keep in `firmware/`.
 */
export async function firmwareFiles(
  context: BuildContext,
  tools: Tools,
  recipe: Recipe,
  pool: PackageFolder,
  base: string,
): Promise<FirmwareFiles> {
  const files: FirmwareFiles = { boot: {}, root: {}, grub: {}, packages: [] }
  for (const layer of recipe.layers) {
    for (const entry of layer.unpack) {
      const folder = await unpacked(context, tools, pool, entry.package)
      files.packages.push({ name: entry.package, folder })
      for (const [name, from] of Object.entries(entry.boot)) files.boot[name] = one(folder, from, entry.package)
      for (const pattern of entry.root) {
        const found = globSync(pattern, { cwd: folder })
        if (found.length === 0) throw new Error(`Layer ${layer.name}: ${entry.package} has no ${pattern}.`)
        for (const name of found) files.root[name] = path.join(folder, name)
      }
      for (const modules of globSync('usr/lib/grub/*/moddep.lst', { cwd: folder })) {
        const platform = path.dirname(modules)
        files.grub[path.basename(platform)] = path.join(folder, platform)
      }
    }
    for (const [name, from] of Object.entries(layer.boot)) files.boot[name] = one(base, from, 'the root')
    const own = path.join(layer.folder, 'firmware')
    for (const name of existsSync(own) ? readdirSync(own) : []) files.boot[name] = path.join(own, name)
  }
  return files
}

/** The one file that a path or glob names. @throws when there is none, or more than one */
function one(folder: string, pattern: string, what: string): string {
  const found = globSync(pattern, { cwd: folder })
  if (found.length !== 1)
    throw new Error(`${what} has ${found.length || 'no'} files ${pattern}; one is needed for the boot partition.`)
  return path.join(folder, found[0] as string)
}

async function unpacked(context: BuildContext, tools: Tools, pool: PackageFolder, name: string): Promise<string> {
  const entry = pool.lock.packages.find((each) => each.name === name)
  if (!entry) throw new Error(`The lock file has no ${name}. Run hearth lock.`)
  const deb = path.join(context.cache, 'debs', entry.sha256)
  return stage(
    context,
    `unpacked-${name}`,
    { code: hashTree(import.meta.filename), deb: entry.sha256 },
    async (output) => {
      mkdirSync(output, { recursive: true })
      await tools.run('dpkg-deb', ['-x', deb, output])
    },
  )
}

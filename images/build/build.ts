import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { $ } from 'zx'
import { type Lock, readLock } from '../lock/lock.ts'
import { syncContent, syncFolder } from '../publish/files.ts'
import { loadRecipe, type Recipe } from '../recipe/index.ts'
import { type BuildContext, cacheFolder, ensureFolder, repoRoot, sourceDateEpoch } from './context.ts'
import { diskImage } from './disk.ts'
import { type FirmwareFiles, firmwareFiles } from './firmware.ts'
import { withRunner } from './foreign.ts'
import { type PackageFolder, recipePackages } from './packages.ts'
import { programsFolder } from './programs.ts'
import { baseRoot, bootFiles, selection } from './root.ts'
import { slotImage } from './slot.ts'
import { builderMirrors, prepareTools, type Tools } from './tools.ts'

export interface BuildOptions {
  recipe: string
  /** Folder of kept .debs to build from instead of the mirror. */
  packages?: string
  log: (line: string) => void
}

export interface Built {
  recipe: Recipe
  /** The raw image, in the cache. */
  image: string
  slot: string
  base: string
  programs: string
  version: string
  pool: PackageFolder
  /** Packages of the pool that were only unpacked, and where. */
  unpacked: FirmwareFiles['packages']
  context: BuildContext
  tools: Tools
}

export async function buildContext(log: (line: string) => void): Promise<BuildContext> {
  const commit = await $({ cwd: repoRoot })`git log -1 --format=%ct -- agent dashboard images package-lock.json`
    .quiet()
    .nothrow()
  const cache = ensureFolder(cacheFolder())
  return {
    repo: repoRoot,
    cache,
    out: path.join(repoRoot, 'out'),
    epoch: sourceDateEpoch(commit.exitCode === 0 ? commit.stdout : null),
    mirrors: await builderMirrors(),
    log,
  }
}

export function recipeFile(name: string): string {
  return path.join(repoRoot, 'images/recipes', `${name}.yaml`)
}

/** resolve → base → layers → seal → slot → disk: from a recipe to a raw image that boots. */
export async function buildImage(options: BuildOptions): Promise<Built> {
  const recipe = loadRecipe(recipeFile(options.recipe))
  const context = await buildContext(options.log)
  const tools = await prepareTools(context)
  const given = options.packages ?? null
  const pool = await recipePackages(context, tools, recipe.name, selection(recipe), lockOf(recipe), given)
  for (const difference of pool.differences) options.log(`lock: drifted: ${difference}`)
  if (pool.state === 'drifted')
    options.log(`lock: drifted: --packages ${pool.folder} builds from the same packages again`)
  const { base, boot } = await withRunner(context, tools, pool.lock, async (runner) => {
    const base = await baseRoot(context, tools, recipe, pool, runner)
    return { base, boot: await bootFiles(context, tools, base, recipe, runner) }
  })
  const firmware = await firmwareFiles(context, tools, recipe, pool, base)
  const programs = await programsFolder(
    context,
    tools,
    recipe.architecture,
    recipe.layers.flatMap((layer) => layer.programs),
  )
  const release = {
    version: versionOf(context),
    recipe: recipe.name,
    architecture: recipe.architecture === 'amd64' ? 'x86_64' : 'aarch64',
    builtAt: new Date(context.epoch * 1000).toISOString(),
  }
  const slot = await slotImage(context, tools, base, boot, { recipe, programs, release, firmware: firmware.root })
  const image = await diskImage(context, tools, { recipe, slot, firmware: firmware.boot, grub: firmware.grub })
  return {
    recipe,
    image,
    slot,
    base,
    programs,
    version: release.version,
    pool,
    unpacked: firmware.packages,
    context,
    tools,
  }
}

function versionOf(context: BuildContext): string {
  return JSON.parse(readFileSync(path.join(context.repo, 'package.json'), 'utf8')).version
}

export function lockFile(recipe: string): string {
  return path.join(repoRoot, 'images/recipes', `${recipe}.lock.json`)
}

function lockOf(recipe: Recipe): Lock | null {
  const file = lockFile(recipe.name)
  return existsSync(file) ? readLock(file) : null
}

/** Puts a finished file in the place a person looks for it, as a sparse copy: all of it, or what was there before. */
export async function deliver(source: string, target: string): Promise<void> {
  mkdirSync(path.dirname(target), { recursive: true })
  const partial = `${target}.partial`
  rmSync(partial, { force: true })
  try {
    await $`cp --sparse=always --reflink=auto ${source} ${partial}`.quiet()
    await syncContent(partial)
    renameSync(partial, target)
  } finally {
    rmSync(partial, { force: true })
  }
  await syncFolder(path.dirname(target))
}

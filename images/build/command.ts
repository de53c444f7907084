import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { writeLock } from '../lock/lock.ts'
import { developmentKey, publish } from '../publish/index.ts'
import { loadRecipe } from '../recipe/index.ts'
import { buildContext, buildImage, deliver, lockFile, recipeFile } from './build.ts'
import { providePackages } from './packages.ts'
import { selection } from './root.ts'
import { prepareTools, toolVersions } from './tools.ts'

type Log = (line: string) => void

/** `hearth build RECIPE [--packages DIR] [--url URL] [--raw]`, `hearth build agent` */
export async function build(args: string[], log: Log): Promise<number> {
  const { recipe, packages, baseUrl, raw } = buildOptions(args)
  if (recipe === 'agent') return (await import('./deb.ts')).buildAgentPackages(log)
  if (baseUrl && loadRecipe(recipeFile(recipe)).boards.length === 0)
    throw new Error(`--url stands in the list for Raspberry Pi Imager, which ${recipe} does not have. Leave it out.`)
  const built = await buildImage({ recipe, log, ...(packages ? { packages } : {}) })
  const { context, tools } = built
  if (raw) {
    const target = path.join(context.out, `${recipe}.img`)
    await deliver(built.image, target)
    log(`build: ${path.relative(process.cwd(), target)}`)
    return 0
  }
  const out = path.join(context.out, recipe)
  await publish({
    image: built.image,
    root: built.base,
    unpacked: built.unpacked,
    recipe: built.recipe,
    version: built.version,
    lock: built.pool.lock,
    lockState: built.pool.state,
    tools: toolVersions(tools.root),
    repository: context.repo,
    bundled: JSON.parse(readFileSync(path.join(built.programs, 'bundled.json'), 'utf8')),
    out,
    epoch: context.epoch,
    key: developmentKey(context.repo),
    baseUrl,
    run: (program, words) => tools.run(program, words),
    log,
  })
  log(`build: ${path.relative(process.cwd(), out)}/`)
  return 0
}

export interface BuildCommand {
  recipe: string
  /** Folder of kept .debs; null: the mirror. */
  packages: string | null
  /** Where the files will be offered, ending in a slash; empty: nowhere yet. */
  baseUrl: string
  raw: boolean
}

/** @throws with what is wrong */
export function buildOptions(args: string[]): BuildCommand {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { packages: { type: 'string' }, url: { type: 'string' }, raw: { type: 'boolean' } },
  })
  const [recipe, ...more] = positionals
  if (!recipe || more.length > 0) throw new Error('Say which one recipe to build, e.g. hearth build kit-x86.')
  if (values.raw && values.url !== undefined)
    throw new Error('--url stands in the list for Raspberry Pi Imager, which --raw leaves out. Give one of the two.')
  return {
    recipe,
    packages: values.packages ?? null,
    baseUrl: values.url === undefined ? '' : folderUrl(values.url),
    raw: values.raw ?? false,
  }
}

/** The address of a folder on the web, ending in a slash. */
function folderUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username)
    throw new Error(
      `--url is the address of the folder the files will lie in, such as https://example.org/kits/, not “${text}”.`,
    )
  return url.href.replace(/\/*$/, '/')
}

/** `hearth lock RECIPE`: resolves anew and writes the lock file. */
export async function lock(args: string[], log: Log): Promise<number> {
  const [name = ''] = args
  const recipe = loadRecipe(recipeFile(name))
  const context = await buildContext(log)
  const tools = await prepareTools(context)
  const pool = await providePackages(context, tools, selection(recipe), null)
  writeLock(lockFile(name), pool.lock)
  log(`lock: ${pool.lock.packages.length} packages in ${path.relative(process.cwd(), lockFile(name))}`)
  return 0
}

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { writeLock } from '../lock/lock.ts'
import { developmentKey, publish } from '../publish/index.ts'
import { loadRecipe } from '../recipe/index.ts'
import { buildContext, buildImage, deliver, lockFile, recipeFile } from './build.ts'
import { providePackages } from './packages.ts'
import { selection } from './root.ts'
import { prepareTools } from './tools.ts'

/** Packages of the tools root whose code is on the boot partition. */
const bootLoaderPackages = { amd64: ['grub-efi-amd64-bin', 'grub-pc-bin'], arm64: [] }

type Log = (line: string) => void

/** `hearth build RECIPE [--packages DIR] [--raw]`, `hearth build agent` */
export async function build(args: string[], log: Log): Promise<number> {
  const recipe = args.find((word) => !word.startsWith('--'))
  if (!recipe) throw new Error('Say which recipe to build, e.g. hearth build kit-x86.')
  if (recipe === 'agent') return (await import('./deb.ts')).buildAgentPackages(log)
  const packages = option(args, '--packages')
  const built = await buildImage({ recipe, log, ...(packages ? { packages } : {}) })
  const { context, tools } = built
  if (args.includes('--raw')) {
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
    borrowed: [{ root: tools.root, packages: bootLoaderPackages[built.recipe.architecture] }],
    recipe: built.recipe,
    version: built.version,
    lock: built.pool.lock,
    lockState: built.pool.state,
    repository: context.repo,
    bundled: JSON.parse(readFileSync(path.join(built.programs, 'bundled.json'), 'utf8')),
    out,
    epoch: context.epoch,
    key: developmentKey(context.repo),
    baseUrl: '',
    run: (program, words) => tools.run(program, words),
    log,
  })
  log(`build: ${path.relative(process.cwd(), out)}/`)
  return 0
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

function option(args: string[], name: string): string | undefined {
  const index = args.indexOf(name)
  return index < 0 ? undefined : args[index + 1]
}

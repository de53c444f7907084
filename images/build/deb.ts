import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { licencesText } from '../publish/licences.ts'
import { readNpm } from '../publish/npm.ts'
import { buildContext, deliver } from './build.ts'
import { type BuildContext, hashTree } from './context.ts'
import { bundle, nodeBinary, writeBeside } from './programs.ts'
import { stage } from './stage.ts'
import { prepareTools, type Tools, toolsId } from './tools.ts'

export type Architecture = 'amd64' | 'arm64'
export const architectures: readonly Architecture[] = ['amd64', 'arm64']

const name = 'hearth-ledger-agent'

/** Programs of the package, in /usr/lib/hearth. */
const programs: Record<string, string> = {
  'ledger-agent.js': 'agent/host/main.ts',
  'count-storage.js': 'agent/host/count-storage.ts',
  'hearth.js': 'agent/ledger/command/main.ts',
}

/** What a kit has in the same place, below the layer's files. */
const sharedFiles = [
  'usr/bin/hearth',
  'usr/lib/hearth/counters.awk',
  'usr/lib/hearth/network.awk',
  'usr/lib/udev/rules.d/90-hearth-energy.rules',
]

/** Documentation, from the repository to /usr/share/doc. */
const documents: Record<string, string> = {
  'README.md': 'docs/debian.md',
  'ledger.md': 'docs/ledger.md',
  'openapi.json': 'docs/openapi.json',
}

/** `hearth build agent`: the ledger agent as a Debian package, for servers that are no kits. */
export async function buildAgentPackages(log: (line: string) => void): Promise<number> {
  const context = await buildContext(log)
  const tools = await prepareTools(context)
  for (const architecture of architectures) {
    const { file, version } = await agentPackage(context, tools, architecture)
    const target = path.join(context.out, 'agent', `${name}_${version}_${architecture}.deb`)
    await deliver(file, target)
    log(`build: ${path.relative(process.cwd(), target)}`)
  }
  return 0
}

/** The package for an architecture, in the cache: the same bytes from the same sources. */
export async function agentPackage(
  context: BuildContext,
  tools: Tools,
  architecture: Architecture,
): Promise<{ file: string; version: string }> {
  const { version } = JSON.parse(readFileSync(path.join(context.repo, 'package.json'), 'utf8'))
  const node = await nodeBinary(context, tools, architecture)
  const layer = path.join(context.repo, 'images/layers/kit/files')
  const sources = [
    'agent',
    'images/packages',
    'package-lock.json',
    'LICENSE',
    'images/build/programs.ts',
    ...Object.values(documents),
  ]
  const inputs = {
    code: hashTree(import.meta.filename),
    sources: sources.map((each) => hashTree(path.join(context.repo, each))),
    shared: sharedFiles.map((each) => hashTree(path.join(layer, each))),
    tools: toolsId(tools),
    node,
    version,
    epoch: context.epoch,
  }
  const file = await stage(context, `deb-agent-${architecture}`, inputs, async (output) => {
    const root = `${output}.root`
    rmSync(root, { recursive: true, force: true })
    try {
      await lay(context, root, { architecture, version, node, layer })
      // One thread: how many there are shows in the bytes.
      await tools.run('dpkg-deb', ['--root-owner-group', '--threads-max=1', '-Zxz', '--build', root, output])
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })
  return { file, version }
}

interface Parts {
  architecture: Architecture
  version: string
  node: string
  layer: string
}

/** The package's tree, with the control files in DEBIAN. */
async function lay(context: BuildContext, root: string, { architecture, version, node, layer }: Parts): Promise<void> {
  const sources = path.join(context.repo, 'images/packages', name)
  cpSync(path.join(sources, 'files'), root, { recursive: true })
  for (const file of sharedFiles) copy(path.join(layer, file), path.join(root, file))
  const lib = path.join(root, 'usr/lib/hearth')
  copy(node, path.join(lib, 'node'))
  const bundled = new Set<string>()
  for (const [program, entry] of Object.entries(programs))
    for (const each of await bundle(context, entry, path.join(lib, program))) bundled.add(each)
  writeBeside(context, lib)
  const release = {
    version,
    recipe: 'agent',
    architecture: architecture === 'amd64' ? 'x86_64' : 'aarch64',
    builtAt: new Date(context.epoch * 1000).toISOString(),
  }
  writeFileSync(path.join(lib, 'release.json'), `${JSON.stringify(release, null, 2)}\n`)

  const docs = path.join(root, 'usr/share/doc', name)
  for (const [target, source] of Object.entries(documents))
    copy(path.join(context.repo, source), path.join(docs, target))
  copy(path.join(sources, 'debian/copyright'), path.join(docs, 'copyright'))
  writeCompressed(
    path.join(root, 'usr/share/man/man1/hearth.1.gz'),
    readFileSync(path.join(sources, 'debian/hearth.1'), 'utf8'),
  )
  const npm = readNpm(context.repo, architecture, [...bundled]).map((each) => withText(context, each))
  writeCompressed(path.join(docs, 'licences.txt.gz'), licencesText(`${name} ${version}`, [], npm, root))
  writeCompressed(path.join(docs, 'LICENSE.gz'), readFileSync(path.join(context.repo, 'LICENSE'), 'utf8'))
  writeCompressed(path.join(docs, 'changelog.gz'), changelog(version, context.epoch))

  const control = path.join(root, 'DEBIAN')
  mkdirSync(control, { recursive: true })
  for (const script of ['postinst', 'prerm', 'postrm', 'conffiles'])
    copy(path.join(sources, 'debian', script), path.join(control, script))
  const files = filesBelow(root).filter((file) => !file.startsWith('DEBIAN/'))
  const sums = files.map((file) => `${md5(path.join(root, file))}  ${file}\n`)
  writeFileSync(path.join(control, 'md5sums'), sums.join(''))
  const kilobytes = files.reduce((sum, file) => sum + Math.ceil(lstatSync(path.join(root, file)).size / 1024), 0)
  const facts: Record<string, string> = {
    VERSION: version,
    ARCHITECTURE: architecture,
    INSTALLED_SIZE: String(kilobytes),
  }
  const template = readFileSync(path.join(sources, 'debian/control.in'), 'utf8')
  writeFileSync(
    path.join(control, 'control'),
    template.replace(/@([A-Z_]+)@/g, (_, key) => facts[key] ?? ''),
  )
  plainModes(root)
}

/** The binaries of Node.js for the two architectures have the same licence; only this machine's is installed. */
function withText<Package extends { name: string; text: string | null }>(context: BuildContext, npm: Package): Package {
  if (npm.text !== null || !npm.name.startsWith('node-linux-')) return npm
  const folder = path.join(context.repo, 'node_modules')
  const installed = readdirSync(folder).find((each) => each.startsWith('node-linux-'))
  return installed ? { ...npm, text: readFileSync(path.join(folder, installed, 'LICENSE'), 'utf8') } : npm
}

function changelog(version: string, epoch: number): string {
  const day = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000')
  return `${name} (${version}) stable; urgency=medium\n\n  * What changed stands in the repository's history.\n\n -- Commonhearth <commonhearth@localhost>  ${day}\n`
}

function copy(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true })
  copyFileSync(from, to)
}

/** Without a time in its header. */
function writeCompressed(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, gzipSync(text, { level: 9 }))
}

/** Whether a file can be run is all that git keeps of its mode; the rest is the umask of who cloned. */
function plainModes(root: string): void {
  for (const entry of ['', ...readdirSync(root, { recursive: true, encoding: 'utf8' })]) {
    const file = path.join(root, entry)
    const stat = lstatSync(file)
    chmodSync(file, stat.isDirectory() || stat.mode & 0o100 ? 0o755 : 0o644)
  }
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((entry) => lstatSync(path.join(root, entry)).isFile())
    .sort()
}

function md5(file: string): string {
  return createHash('md5').update(readFileSync(file)).digest('hex')
}

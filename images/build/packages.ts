import { createHash } from 'node:crypto'
import {
  copyFileSync,
  createReadStream,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { compareLock, type Lock, type LockedPackage, readLock, writeLock } from '../lock/lock.ts'
import { syncFileSystem, writeWhole } from '../publish/files.ts'
import { type BuildContext, ensureFolder, type Mirrors } from './context.ts'
import type { Tools } from './tools.ts'

export interface Selection {
  suite: string
  architecture: 'amd64' | 'arm64'
  packages: string[]
  /** Taken, with what they need, from SUITE-backports. */
  backports: string[]
  /** Fetched and locked without what they need, as they are not installed. */
  unpacked: string[]
}

export interface ResolvedPackage extends LockedPackage {
  uri: string
  file: string
}

export interface PackageFolder {
  /** A flat Debian repository with exactly these packages. */
  folder: string
  lock: Lock
  state: 'exact' | 'drifted'
  differences: string[]
}

/**
 * The packages of a recipe, as its committed lock has them. A build that drifted from it leaves the lock of what it took
 * beside its packages, so that `--packages` with that folder repeats it; it stays `drifted`.
 *
 * @param given folder of kept .debs (`--packages DIR`) used instead of the mirror
 */
export async function recipePackages(
  context: BuildContext,
  tools: Tools,
  recipe: string,
  selection: Selection,
  committed: Lock | null,
  given: string | null,
): Promise<PackageFolder> {
  const beside = given && keptLock(given, recipe)
  const kept = beside && existsSync(beside) ? readLock(beside) : null
  const pool = await providePackages(context, tools, selection, kept ?? committed, given)
  const judged = kept ? { ...pool, ...drift(committed, pool.lock) } : pool
  if (judged.state === 'drifted') writeLock(keptLock(pool.folder, recipe), pool.lock)
  return judged
}

/** The lock of a drifted build, in the folder of its packages. */
export function keptLock(folder: string, recipe: string): string {
  return path.join(folder, `${recipe}.lock.json`)
}

/**
 * Brings every package of the lock into one folder that is a repository by itself; the image is then built from that
 * folder alone, without network.
 *
 * - all of them kept from an earlier build: no network is used;
 * - the mirror no longer has one (Debian's keeps one version of most): everything is resolved anew, the difference is
 *   returned, and the result counts as `drifted`.
 *
 * @param given folder of kept .debs (`--packages DIR`) used instead of the mirror
 */
export async function providePackages(
  context: BuildContext,
  tools: Tools,
  selection: Selection,
  lock: Lock | null,
  given: string | null = null,
): Promise<PackageFolder> {
  const store = ensureFolder(path.join(context.cache, 'debs'))
  if (given) await keepGiven(given, store)
  const missing = lock?.packages.filter((entry) => !existsSync(path.join(store, entry.sha256))) ?? []
  const unlocked = notIn(lock, selection)
  if (lock && missing.length === 0 && unlocked.length === 0) {
    return { folder: await repository(context, tools, lock, store), lock, state: 'exact', differences: [] }
  }
  if (given && unlocked.length > 0)
    throw new Error(
      `The lock file has no ${unlocked.join(', ')}, which the recipe asks for. Run hearth lock, or build without --packages.`,
    )
  if (given) {
    const names = missing.map((entry) => `${entry.name} ${entry.version}`).join(', ')
    throw new Error(
      `${given} lacks packages of the lock file: ${names}. Add their .deb files, or build without --packages.`,
    )
  }
  context.log(`packages: asking the mirror (${selection.packages.length} named)`)
  const apt = await aptFolder(context, tools, selection)
  const resolved = await resolve(tools, apt, selection)
  const absent = resolved.filter((entry) => !existsSync(path.join(store, entry.sha256)))
  if (absent.length > 0) {
    const megabytes = absent.reduce((sum, entry) => sum + entry.size, 0) / 1e6
    context.log(`packages: fetching ${absent.length} (${megabytes.toFixed(0)} MB)`)
    await fetchPackages(tools, apt, selection)
    await keepFetched(path.join(apt.folder, 'cache/archives'), absent, store)
  }
  rmSync(apt.folder, { recursive: true, force: true })
  const packages = resolved.map(({ name, version, architecture, sha256, size }) => ({
    name,
    version,
    architecture,
    sha256,
    size,
  }))
  const fresh: Lock = { suite: selection.suite, architecture: selection.architecture, packages }
  return { folder: await repository(context, tools, fresh, store), lock: fresh, ...drift(lock, fresh) }
}

function drift(lock: Lock | null, taken: Lock): Pick<PackageFolder, 'state' | 'differences'> {
  const { exact, differences } = lock ? compareLock(lock, taken) : { exact: false, differences: [] }
  return {
    state: exact ? 'exact' : 'drifted',
    differences: differences.map((d) => `${d.name}: ${d.locked ?? 'not locked'} → ${d.resolved ?? 'no longer needed'}`),
  }
}

/** Packages that are asked for by name and that the lock does not have. */
function notIn(lock: Lock | null, selection: Selection): string[] {
  const names = new Set(lock?.packages.map((entry) => entry.name))
  return [...selection.packages, ...selection.backports, ...selection.unpacked].filter((name) => !names.has(name))
}

interface Apt {
  folder: string
  options: string[]
}

/** An apt of its own with the kit's architecture and an empty status, so that nothing of this machine plays a part. */
async function aptFolder(context: BuildContext, tools: Tools, selection: Selection): Promise<Apt> {
  const folder = path.join(context.cache, `apt-${selection.architecture}-${process.pid}`)
  for (const part of [
    'etc/preferences.d',
    'etc/apt.conf.d',
    'etc/sources.list.d',
    'state/lists/partial',
    'cache/archives/partial',
  ]) {
    mkdirSync(path.join(folder, part), { recursive: true })
  }
  const { main, security, unsigned } = context.mirrors.main ? context.mirrors : toolsMirrors(tools)
  const signed = unsigned ? '[trusted=yes]' : '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
  const suites = [selection.suite, `${selection.suite}-updates`, `${selection.suite}-backports`]
  const components = 'main non-free-firmware'
  const lines = suites.map((suite) => `deb ${signed} ${main} ${suite} ${components}`)
  if (security) lines.push(`deb ${signed} ${security} ${selection.suite}-security ${components}`)
  writeFileSync(path.join(folder, 'etc/sources.list'), `${lines.join('\n')}\n`)
  writeFileSync(path.join(folder, 'status'), '')
  if (selection.backports.length > 0) {
    const pin = `Package: ${selection.backports.join(' ')}\nPin: release n=${selection.suite}-backports\nPin-Priority: 990\n`
    writeFileSync(path.join(folder, 'etc/preferences'), pin)
  }
  const set = (key: string, value: string) => ['-o', `${key}=${value}`]
  const options = [
    set('Dir', '/nonexistent'),
    set('Dir::Etc', path.join(folder, 'etc')),
    set('Dir::State', path.join(folder, 'state')),
    set('Dir::State::status', path.join(folder, 'status')),
    set('Dir::Cache', path.join(folder, 'cache')),
    set('Dir::Bin::methods', '/usr/lib/apt/methods'),
    set('Dir::Bin::solvers::', '/usr/lib/apt/solvers'),
    set('APT::Architecture', selection.architecture),
    set('APT::Architectures', selection.architecture),
    set('APT::Install-Recommends', 'false'),
    set('APT::Sandbox::User', 'root'),
    set('Acquire::ForceHash', 'SHA256'),
    set('Acquire::Languages', 'none'),
    set('Acquire::Retries', '3'),
  ].flat()
  await tools.run('apt-get', [...options, '-qq', 'update'])
  return { folder, options }
}

/** The mirrors mmdebstrap chose by itself for the tools root, where this machine's apt names none of Debian. */
function toolsMirrors(tools: Tools): Mirrors {
  const sources = readFileSync(path.join(tools.root, 'etc/apt/sources.list'), 'utf8')
  const find = (suite: string) =>
    new RegExp(`^deb (?:\\[[^\\]]*\\] )?(\\S+) ${suite} `, 'm').exec(sources)?.[1]?.replace(/\/$/, '') ?? null
  const main = find('trixie')
  if (!main)
    throw new Error(
      'No Debian mirror is known: neither this machine’s apt nor the tools root names one. Set HEARTH_MIRROR to one.',
    )
  return { main, security: find('trixie-security') }
}

function wanted(selection: Selection): string[] {
  return [`?narrow(?codename(^${selection.suite}$),?essential)`, ...selection.packages, ...selection.backports]
}

async function resolve(tools: Tools, apt: Apt, selection: Selection): Promise<ResolvedPackage[]> {
  const installed = await tools.run('apt-get', [...apt.options, '-y', '--print-uris', 'install', ...wanted(selection)])
  const unpacked =
    selection.unpacked.length > 0
      ? await tools.run('apt-get', [...apt.options, '--print-uris', 'download', ...selection.unpacked])
      : null
  const named = new Map<string, ResolvedPackage>()
  for (const entry of [...printedPackages(installed.stdout), ...printedPackages(unpacked?.stdout ?? '')])
    named.set(entry.name, entry)
  return [...named.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** Packages of apt's `--print-uris`. */
function printedPackages(printed: string): ResolvedPackage[] {
  return printed
    .split('\n')
    .filter((line) => line.startsWith("'"))
    .map((line) => {
      const match = /^'([^']+)' (\S+?)_([^_]+)_([^_]+)\.deb (\d+) SHA256:([0-9a-f]{64})$/.exec(line)
      if (!match) throw new Error(`apt printed a line that names no package with a SHA-256: ${line}`)
      const [, uri = '', name = '', version = '', architecture = '', size = '', sha256 = ''] = match
      const plain = decodeURIComponent(version)
      return {
        uri,
        file: `${name}_${version}_${architecture}.deb`,
        name,
        version: plain,
        architecture,
        sha256,
        size: Number(size),
      }
    })
}

async function fetchPackages(tools: Tools, apt: Apt, selection: Selection): Promise<void> {
  await tools.run('apt-get', [...apt.options, '-y', '-qq', '--download-only', 'install', ...wanted(selection)])
  if (selection.unpacked.length > 0) await download(tools, apt, selection.unpacked)
}

/** Fetches packages without what they need. */
async function download(tools: Tools, apt: Apt, names: string[]): Promise<void> {
  const archives = path.join(apt.folder, 'cache/archives')
  await tools.run('env', ['--chdir', archives, 'apt-get', ...apt.options, '-qq', 'download', ...names])
}

/** Moves what apt fetched into the store, each under the hash that the signed index names. */
async function keepFetched(archives: string, absent: readonly ResolvedPackage[], store: string): Promise<void> {
  const files = new Map<string, string>()
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
    files.set(await fileSha256(path.join(archives, name)), path.join(archives, name))
  }
  for (const entry of absent) {
    const file = files.get(entry.sha256)
    if (!file)
      throw new Error(
        `apt did not bring ${entry.name} ${entry.version} with the hash its index names. Run the build again.`,
      )
    renameSync(file, path.join(store, entry.sha256))
  }
}

/**
 * Brings packages of another architecture than the image's in the versions given into the store. A rebuild for one
 * architecture alone (`+b1`) counts as the same version.
 * @returns the files; packages that the mirror does not have in that version are left out
 */
export async function fetchVersions(
  context: BuildContext,
  tools: Tools,
  suite: string,
  architecture: 'amd64' | 'arm64',
  versions: readonly { name: string; version: string }[],
): Promise<string[]> {
  const store = ensureFolder(path.join(context.cache, 'debs'))
  const apt = await aptFolder(context, tools, { suite, architecture, packages: [], backports: [], unpacked: [] })
  try {
    const names = versions.map(({ name }) => name)
    const listed = await tools.run('apt-cache', [...apt.options, 'madison', ...names])
    const offered = listed.stdout.split('\n').map((line) => line.split('|').map((part) => part.trim()))
    const source = (version: string) => version.replace(/\+b\d+$/, '')
    const exact = versions.flatMap(({ name, version }) => {
      const found = offered.find(([n, v = '']) => n === name && source(v) === source(version))
      return found ? [`${name}=${found[1]}`] : []
    })
    const printed = await tools.run('apt-get', [...apt.options, '--print-uris', 'download', ...exact])
    const resolved = printedPackages(printed.stdout)
    const absent = resolved.filter((entry) => !existsSync(path.join(store, entry.sha256)))
    if (absent.length > 0) {
      await download(
        tools,
        apt,
        absent.map(({ name, version }) => `${name}=${version}`),
      )
      await keepFetched(path.join(apt.folder, 'cache/archives'), absent, store)
    }
    return resolved.map((entry) => path.join(store, entry.sha256))
  } finally {
    rmSync(apt.folder, { recursive: true, force: true })
  }
}

/** Takes every .deb of a folder into the store under its hash. */
async function keepGiven(given: string, store: string): Promise<void> {
  for (const name of readdirSync(given).filter((file) => file.endsWith('.deb'))) {
    const file = path.join(given, name)
    const target = path.join(store, await fileSha256(file))
    if (existsSync(target)) continue
    const partial = `${target}.partial-${process.pid}`
    try {
      copyFileSync(file, partial)
      renameSync(partial, target)
    } finally {
      rmSync(partial, { force: true })
    }
  }
}

/** A folder of links into the store with an index, for mmdebstrap; made anew each time, as it takes a second. */
async function repository(
  context: BuildContext,
  tools: Tools,
  { packages, suite }: Lock,
  store: string,
): Promise<string> {
  const id = createHash('sha256')
    .update(
      packages
        .map((entry) => entry.sha256)
        .sort()
        .join(),
    )
    .digest('hex')
    .slice(0, 24)
  const folder = path.join(context.cache, 'pools', id)
  if (existsSync(path.join(folder, 'Release'))) return folder
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const entry of packages) {
    const source = path.join(store, entry.sha256)
    if ((await fileSha256(source)) !== entry.sha256) {
      rmSync(source)
      throw new Error(
        `The kept copy of ${entry.name} ${entry.version} is damaged; it was deleted. Run the build again to fetch it.`,
      )
    }
    linkSync(source, path.join(folder, `${entry.name}_${entry.version.replace(':', '%3a')}_${entry.architecture}.deb`))
  }
  const index = await tools.run('sh', ['-c', 'cd "$1" && apt-ftparchive packages .', 'sh', folder])
  writeFileSync(path.join(folder, 'Packages'), index.stdout)
  // mmdebstrap finds the essential packages by the code name, which a flat repository has only by its Release file.
  const codename = `APT::FTPArchive::Release::Codename=${suite}`
  const release = await tools.run('sh', ['-c', 'cd "$1" && apt-ftparchive -o "$2" release .', 'sh', folder, codename])
  // The folder counts once it has this file, and its packages are not looked at again.
  await syncFileSystem(folder)
  await writeWhole(path.join(folder, 'Release'), release.stdout)
  return folder
}

export async function fileSha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

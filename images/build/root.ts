import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { $ } from 'zx'
import { type Layer, type Recipe, substitute } from '../recipe/index.ts'
import { type BuildContext, hashTree, sha256 } from './context.ts'
import type { Runner } from './foreign.ts'
import { pruneModules } from './modules.ts'
import type { PackageFolder } from './packages.ts'
import { stage } from './stage.ts'
import { type Tools, toolsId } from './tools.ts'

const code = sourceHash('root.ts')

function sourceHash(...names: string[]): string {
  return names.map((name) => hashTree(path.join(import.meta.dirname, name))).join()
}

function moduleNames(recipe: Recipe): string[] {
  return recipe.layers.flatMap((layer) => layer.modules.flatMap((entry) => entry.modules))
}

/**
 * SOURCE_DATE_EPOCH of the packages' stages. Fixed, so that a commit does not install everything anew: the slot gets its
 * times when it is packed.
 */
const packagesEpoch = 1_767_225_600

/** Every package the layers name, in one selection. */
export function selection(recipe: Recipe) {
  const all = (pick: (layer: Layer) => readonly string[]) => [...new Set(recipe.layers.flatMap(pick))].sort()
  return {
    suite: recipe.suite,
    architecture: recipe.architecture,
    packages: all((layer) => layer.packages),
    backports: all((layer) => layer.backports),
    unpacked: all((layer) => layer.unpack.map((entry) => entry.package)),
  }
}

/** Documentation is not unpacked at all; copyright files stay for licences.txt. */
const unpackOptions = [
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  ...['man', 'info', 'locale', 'lintian', 'bug', 'doc-base'].map((name) => `path-exclude=/usr/share/${name}/*`),
]

/**
 * The packages of a recipe, installed from the package folder alone, without initramfs. Users whose files outlive a slot
 * get their fixed ids before any package could choose one.
 */
export async function baseRoot(
  context: BuildContext,
  tools: Tools,
  recipe: Recipe,
  pool: PackageFolder,
  runner: Runner,
): Promise<string> {
  const users = recipe.layers.flatMap((layer) => layer.users)
  const modules = moduleNames(recipe)
  const { unpacked } = selection(recipe)
  const installed = pool.lock.packages.filter((entry) => !unpacked.includes(entry.name))
  const inputs = {
    code: sourceHash('root.ts', 'modules.ts'),
    modules,
    tools: toolsId(tools),
    packages: installed.map((entry) => entry.sha256),
    users,
  }
  return stage(context, `base-${recipe.architecture}`, inputs, async (output) => {
    const accounts = users.map(({ name, uid, home }) => [
      `${name}:x:${uid}:${uid}::${home}:/usr/sbin/nologin`,
      `${name}:x:${uid}:`,
      `${name}:!:${Math.floor(packagesEpoch / 86400)}::::::`,
    ])
    const lists = ['passwd', 'group', 'shadow'].map((file, index) => [
      file,
      accounts.map((lines) => lines[index]).join('\n'),
    ])
    const hooks = lists.map(([file, text]) => `--essential-hook=printf '%s\\n' '${text}' >> "$1/etc/${file}"`)
    const names = installed.map((entry) => entry.name).join(',')
    await tools.run(
      // What the hooks mount is gone when it ends, however it ends.
      'unshare',
      [
        '--mount',
        '--propagation=unchanged',
        'mmdebstrap',
        '--mode=root',
        '--variant=essential',
        '--format=directory',
        `--architectures=${recipe.architecture}`,
        `--include=${names}`,
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Languages "none"',
        ...unpackOptions.map((option) => `--dpkgopt=${option}`),
        ...hooks,
        ...runner.mmdebstrapOptions,
        '--skip=cleanup/apt,check/empty',
        recipe.suite,
        output,
        `deb [trusted=yes] copy://${pool.folder} ./`,
      ],
      { env: { INITRD: 'No', DEBIAN_FRONTEND: 'noninteractive', SOURCE_DATE_EPOCH: String(packagesEpoch) } },
    )
    runner.check(output, 'The root')
    const missing = await pruneModules(tools, output, modules)
    if (missing.length > 0) context.log(`base: this kernel has no module ${missing.join(', ')}`)
  })
}

/** What a root is made of after its packages, so that stages can name their inputs. */
export interface RootParts {
  recipe: Recipe
  /** Folder of /usr/lib/hearth: node and the bundles. */
  programs: string
  release: Record<string, string>
  /** Path in the slot → file here, from packages that are not installed. */
  firmware: Record<string, string>
}

/**
 * Runs `work` on the base with the layers' files and settings laid over it. The base itself is not changed: an overlay
 * mount takes the changes, or a copy where overlays cannot be mounted.
 */
export async function withRoot<T>(
  context: BuildContext,
  tools: Tools,
  base: string,
  work: (root: string) => Promise<T>,
): Promise<T> {
  const folder = path.join(context.cache, `work-${process.pid}`)
  rmSync(folder, { recursive: true, force: true })
  for (const part of ['upper', 'work', 'root']) mkdirSync(path.join(folder, part), { recursive: true })
  const root = path.join(folder, 'root')
  const options = `lowerdir=${base},upperdir=${folder}/upper,workdir=${folder}/work`
  const mounted = (await $`mount -t overlay -o ${options} overlay ${root}`.quiet().nothrow()).exitCode === 0
  if (!mounted) await $`cp -a ${base}/. ${root}`.quiet()
  // The tools see the cache as it was mounted before; what is mounted now has to be shown to them.
  const shown = path.join(tools.root, root)
  if (mounted) await $`mount --bind ${root} ${shown}`.quiet()
  try {
    return await work(root)
  } finally {
    if (mounted) await $`umount ${shown} ${root}`.quiet()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Lays files, variables and unit settings of the layers over a root. */
export async function layOver(tools: Tools, root: string, recipe: Recipe): Promise<void> {
  for (const layer of recipe.layers) {
    if (layer.files) copyFiles(layer.files, root, recipe)
    for (const unit of layer.units.mask) link(path.join(root, 'etc/systemd/system', unit), '/dev/null')
  }
  const enable = recipe.layers.flatMap((layer) => layer.units.enable)
  const disable = recipe.layers.flatMap((layer) => layer.units.disable)
  // systemctl of the tools root, so that an arm64 root is set up natively; it would call the root's own update-rc.d.
  const env = { SYSTEMCTL_SKIP_SYSV: '1' }
  if (disable.length > 0) await tools.run('systemctl', [`--root=${root}`, '--quiet', 'disable', ...disable], { env })
  if (enable.length > 0) await tools.run('systemctl', [`--root=${root}`, '--quiet', 'enable', ...enable], { env })
}

function copyFiles(source: string, target: string, recipe: Recipe): void {
  for (const name of readdirSync(source)) {
    const from = path.join(source, name)
    const stat = lstatSync(from)
    if (stat.isDirectory()) {
      // Through links of the root, e.g. /lib → usr/lib.
      const into = path.join(target, name)
      if (!existsSync(into)) mkdirSync(into, { mode: 0o755 })
      copyFiles(from, into, recipe)
    } else if (stat.isSymbolicLink()) {
      link(path.join(target, name), readlinkSync(from))
    } else if (!name.endsWith('.in')) {
      const into = path.join(target, name)
      rmSync(into, { force: true, recursive: true })
      copyFileSync(from, into)
      chmodSync(into, plainMode(stat.mode))
    } else {
      const into = path.join(target, name.slice(0, -3))
      rmSync(into, { force: true })
      writeFileSync(into, substitute(readFileSync(from, 'utf8'), recipe.variables, from))
      chmodSync(into, plainMode(stat.mode))
    }
  }
}

/** Whether a file can be run is all that git keeps of its mode; the rest is the umask of who cloned. */
function plainMode(mode: number): number {
  return mode & 0o100 ? 0o755 : 0o644
}

function link(file: string, target: string): void {
  rmSync(file, { force: true, recursive: true })
  symlinkSync(target, file)
}

/** Kernel and initramfs of the slot; kept apart, as it takes longer than all the rest and seldom changes. */
export async function bootFiles(
  context: BuildContext,
  tools: Tools,
  base: string,
  recipe: Recipe,
  runner: Runner,
): Promise<string> {
  const sources = recipe.layers.flatMap(({ files }) =>
    files ? ['etc/initramfs-tools', 'etc/modprobe.d'].map((folder) => hashTree(path.join(files, folder))) : [],
  )
  const inputs = { code, base, sources, variables: recipe.variables }
  return stage(context, `initramfs-${recipe.architecture}`, inputs, async (output) => {
    mkdirSync(output, { recursive: true })
    await withRoot(context, tools, base, async (root) => {
      await layOver(tools, root, {
        ...recipe,
        layers: recipe.layers.map((layer) => ({ ...layer, units: { enable: [], disable: [], mask: [] } })),
      })
      const version = kernelVersion(root)
      const modules = (early: 'always' | 'when-present', file: string) =>
        writeFileSync(path.join(root, 'etc/initramfs-tools', file), `${earlyModules(recipe, early).join('\n')}\n`)
      modules('always', 'modules')
      modules('when-present', 'modules-when-present')
      await $`mount -t proc proc ${root}/proc`.quiet()
      try {
        const env = {
          ...process.env,
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          SOURCE_DATE_EPOCH: String(packagesEpoch),
          LC_ALL: 'C.UTF-8',
        }
        await runner.around(root, async () => {
          await $({ env })`/usr/sbin/chroot ${root} update-initramfs -c -k ${version}`.quiet()
          // What is copied in by its scripts may come from the builder.
          await $({ env })`/usr/sbin/chroot ${root} unmkinitramfs /boot/initrd.img-${version} /tmp/initramfs`.quiet()
        })
        runner.check(path.join(root, 'tmp/initramfs'), 'The initramfs')
      } finally {
        await $`umount ${root}/proc`.quiet()
      }
      const initramfs = path.join(root, 'boot', `initrd.img-${version}`)
      copyFileSync(initramfs, path.join(output, 'initrd.img'))
      copyFileSync(kernelFile(root, version), path.join(output, 'vmlinuz'))
    })
  })
}

export function kernelVersion(root: string): string {
  const versions = readdirSync(path.join(root, 'usr/lib/modules'))
  if (versions.length !== 1)
    throw new Error(`A slot has one kernel, this root has ${versions.length}: ${versions.join(', ')}.`)
  return versions[0] as string
}

/** The kernel itself: newer packages of Debian's bring it beside its modules. */
function kernelFile(root: string, version: string): string {
  const beside = path.join(root, 'usr/lib/modules', version, 'vmlinuz')
  return existsSync(beside) ? beside : path.join(root, 'boot', `vmlinuz-${version}`)
}

/** Of a recipe's modules, those that must be there before the slot can be mounted. */
function earlyModules(recipe: Recipe, early: 'always' | 'when-present'): string[] {
  return recipe.layers.flatMap((layer) =>
    layer.modules.filter((entry) => entry.early === early).flatMap((entry) => entry.modules),
  )
}

/**
 * Takes out what a running kit does not need and puts in what only a finished image has: programs, kernel, release
 * facts, links of /etc to files that persist.
 */
export async function seal(root: string, parts: RootParts, boot: string): Promise<void> {
  const { recipe } = parts
  for (const { path: pattern } of recipe.layers.flatMap((layer) => layer.remove)) removeGlob(root, pattern)
  for (const name of ['vmlinuz', 'initrd.img']) {
    // The kernel's package leaves links to /boot there.
    rmSync(path.join(root, name), { force: true })
    copyFileSync(path.join(boot, name), path.join(root, name))
  }
  for (const [name, file] of Object.entries(parts.firmware)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    cpSync(file, path.join(root, name), { verbatimSymlinks: true })
  }
  const hearth = path.join(root, 'usr/lib/hearth')
  mkdirSync(hearth, { recursive: true })
  cpSync(parts.programs, hearth, { recursive: true })
  writeFileSync(path.join(hearth, 'release.json'), `${JSON.stringify(parts.release, null, 2)}\n`)
  writeFileSync(path.join(root, 'usr/lib/clock-epoch'), '')
  // The server's own words, which the set-up hands to it: their folder becomes a link to /data below.
  const words = path.join(root, 'var/lib/snac2/lang')
  if (existsSync(words)) cpSync(words, path.join(hearth, 'server-languages'), { recursive: true })
  mkdirSync(path.join(root, 'data'), { recursive: true })
  const persist: Record<string, string> = {
    'etc/hostname': '/data/etc/hostname',
    'etc/machine-id': '/data/etc/machine-id',
    'etc/localtime': '/data/etc/localtime',
    'etc/hosts': '/data/etc/hosts',
    'etc/resolv.conf': '/run/hearth/resolv.conf',
    'var/lib/snac2': '/data/snac',
    'var/lib/dbus/machine-id': '/data/etc/machine-id',
  }
  for (const [file, target] of Object.entries(persist)) {
    rmSync(path.join(root, file), { recursive: true, force: true })
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    symlinkSync(target, path.join(root, file))
  }
  for (const folder of ['tmp', 'run', 'dev', 'proc', 'sys', 'var/tmp', 'var/lib/systemd'])
    mkdirSync(path.join(root, folder), { recursive: true })
  for (const folder of ['tmp', 'run', 'var/tmp'])
    for (const name of readdirSync(path.join(root, folder)))
      rmSync(path.join(root, folder, name), { recursive: true, force: true })
}

/** Removes what a glob of an absolute path names: `*` within a name, `**` for everything below. */
function removeGlob(root: string, pattern: string): void {
  const parts = pattern.split('/').filter(Boolean)
  const visit = (folder: string, index: number): void => {
    const part = parts[index] as string
    const last = index === parts.length - 1
    if (!existsSync(folder) || !lstatSync(folder).isDirectory()) return
    const like = new RegExp(
      `^${
        part === '**'
          ? '.*'
          : part
              .replace(/[.+^$()|]/g, '\\$&')
              .replace(/\[!/g, '[^')
              .replace(/\*/g, '.*')
              .replace(/\?/g, '.')
      }$`,
    )
    for (const name of readdirSync(folder).filter((entry) => like.test(entry))) {
      if (last) rmSync(path.join(folder, name), { recursive: true, force: true })
      else visit(path.join(folder, name), index + 1)
    }
  }
  visit(root, 0)
}

export function rootInputs(parts: RootParts, base: string, boot: string): Record<string, unknown> {
  const { recipe } = parts
  return {
    code,
    base,
    boot,
    programs: parts.programs,
    release: parts.release,
    firmware: Object.entries(parts.firmware).map(([name, file]) => [name, hashTree(file)]),
    layers: recipe.layers.map((layer) => [
      layer.name,
      sha256(JSON.stringify({ ...layer, folder: '', files: '' })),
      layer.files ? hashTree(layer.files) : '',
    ]),
    variables: recipe.variables,
  }
}

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { $, type ProcessPromise } from 'zx'
import { parseControl } from '../publish/control.ts'
import { type BuildContext, ensureFolder, type Mirrors, sha256 } from './context.ts'
import { stage } from './stage.ts'

/** Packages of the tools root: everything a build, the emulator and the tests run, in Debian 13's versions. */
const toolPackages = [
  'apt-utils',
  'binutils',
  'binutils-aarch64-linux-gnu',
  'bmap-tools',
  'ca-certificates',
  'cpio',
  'debian-archive-keyring',
  'dosfstools',
  'e2fsprogs',
  'fdisk',
  'grub-common',
  'grub-efi-amd64-bin',
  'grub-pc-bin',
  'ipxe-qemu',
  'kmod',
  'mmdebstrap',
  'mtools',
  'openssl',
  'ovmf',
  'qemu-efi-aarch64',
  'qemu-system-arm',
  'qemu-system-x86',
  'qemu-user',
  'qemu-utils',
  'seabios',
  'squashfs-tools',
  'systemd',
  'tcc',
  'util-linux',
  'xz-utils',
  'zstd',
]

/** Those of them, and of the libraries they use, on whose versions the bytes of an image depend. */
const shapingPackages = [
  'binutils',
  'binutils-aarch64-linux-gnu',
  'dosfstools',
  'e2fsprogs',
  'fdisk',
  'grub-common',
  'kmod',
  'liblzma5',
  'libzstd1',
  'mmdebstrap',
  'mtools',
  'qemu-user',
  'squashfs-tools',
  'systemd',
  'xz-utils',
  'zlib1g',
  'zstd',
]

/** A command inside the tools root; the same absolute paths of cache, repository and /tmp are there as outside. */
export interface Tools {
  root: string
  run: (
    command: string,
    args: string[],
    options?: { env?: Record<string, string>; quiet?: boolean; input?: string },
  ) => ProcessPromise
}

/**
 * Makes (once) the Debian 13 folder whose programs build and emulate, and enters it by chroot. The caller must be in a
 * mount namespace of its own (`hearth` sees to that), so that nothing mounted here outlives the build.
 */
export async function prepareTools(context: BuildContext): Promise<Tools> {
  const root = await debianRoot(context, 'tools', toolPackages)
  await enterRoot(context, root)
  return {
    root,
    run: (command, args, options = {}) => {
      const env = {
        ...process.env,
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C.UTF-8',
        SOURCE_DATE_EPOCH: String(context.epoch),
        ...options.env,
      }
      const shell = $({
        env,
        quiet: options.quiet ?? true,
        ...(options.input === undefined ? {} : { input: options.input }),
      })
      return shell`/usr/sbin/chroot ${root} ${command} ${args}`
    },
  }
}

/** A folder with Debian 13 and these packages, by this machine's mmdebstrap, made once and kept. */
export async function debianRoot(context: BuildContext, name: string, packages: string[]): Promise<string> {
  return stage(context, name, { packages, revision: 1 }, async (output) => {
    context.log(`${name}: installing ${packages.length} packages and what they need (over 1 GB, once)`)
    const mirror = context.mirrors.main ? [context.mirrors.main] : []
    const include = `--include=${packages.join(',')}`
    const exclude = ['man', 'doc', 'info', 'locale'].map((part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`)
    const aptopt = '--aptopt=Apt::Install-Recommends "false"'
    await $`mmdebstrap --mode=root --variant=apt --format=directory ${aptopt} ${exclude} ${include} trixie ${output} ${mirror}`.quiet()
  })
}

/** Shows a root what its programs need of this machine: devices, processes, cache, repository, /tmp. */
export async function enterRoot(context: BuildContext, root: string): Promise<void> {
  // As a mount of its own: unshare and ip netns inside change how it is shared.
  await bindOnce(root, root)
  for (const folder of ['/dev', '/proc', '/sys']) await bindOnce(folder, path.join(root, folder))
  for (const folder of [context.cache, context.repo, ensureFolder('/tmp')]) {
    await bindOnce(folder, ensureFolder(path.join(root, folder)))
  }
  if (existsSync('/etc/resolv.conf')) {
    await $`cp -L /etc/resolv.conf ${path.join(root, 'etc/resolv.conf')}`.quiet().nothrow()
  }
}

async function bindOnce(source: string, target: string): Promise<void> {
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === target)
  if (!mounted) await $`mount --rbind ${source} ${target}`.quiet()
}

/** The Debian mirrors this machine's own apt uses, so that no address is written here; Ubuntu's are of no use. */
export async function builderMirrors(): Promise<Mirrors> {
  if (process.env.HEARTH_MIRROR) {
    return { main: process.env.HEARTH_MIRROR, security: process.env.HEARTH_MIRROR_SECURITY ?? null }
  }
  const format = '$(REPO_URI) $(CODENAME) $(ORIGIN)'
  const listed = await $`apt-get indextargets --format ${format}`.quiet().nothrow()
  const targets = listed.stdout
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , origin]) => origin === 'Debian')
  const find = (test: (codename: string) => boolean) =>
    targets.find(([, codename = '']) => test(codename))?.[0]?.replace(/\/$/, '') ?? null
  return { main: find((name) => !name.includes('-')), security: find((name) => name.endsWith('-security')) }
}

/** Package → version, for the manifest. @param root of the tools */
export function toolVersions(root: string): Record<string, string> {
  const status = parseControl(readFileSync(path.join(root, 'var/lib/dpkg/status'), 'utf8'))
  const version = new Map(status.map((each) => [each.get('package'), each.get('version')]))
  return Object.fromEntries(
    shapingPackages.map((name) => {
      const found = version.get(name)
      if (!found) throw new Error(`The tools root has no ${name}. Delete ${root}, and run the command again.`)
      return [name, found]
    }),
  )
}

/** Identifies the programs of the tools root where a stage's output depends on their versions. */
export function toolsId(tools: Tools): string {
  return sha256(readFileSync(path.join(tools.root, 'var/lib/dpkg/status'))).slice(0, 16)
}

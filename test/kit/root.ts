import { existsSync } from 'node:fs'
import path from 'node:path'
import { $ } from 'zx'
import { buildContext, lockFile, recipeFile } from '#images/build/build.ts'
import { providePackages } from '#images/build/packages.ts'
import { selection } from '#images/build/root.ts'
import { debianRoot, enterRoot, prepareTools } from '#images/build/tools.ts'
import { readLock } from '#images/lock/lock.ts'
import { loadRecipe } from '#images/recipe/index.ts'

/** What tests run beside the code under test: a browser, and the real programs that units are tried against. */
const packages = [
  'adduser',
  'avahi-daemon',
  'avahi-utils',
  'beancount',
  'binutils',
  'bmap-tools',
  'bsdextrautils',
  'ca-certificates',
  'chromium',
  'curl',
  'dbus',
  'dosfstools',
  'e2fsprogs',
  'fdisk',
  'fonts-dejavu-core',
  'git',
  'golang-go',
  'grub-common',
  'hledger',
  'iproute2',
  'iputils-ping',
  'kmod',
  'ledger',
  'libcurl4t64',
  'mtools',
  'nftables',
  'nginx-light',
  'openssh-client',
  'openssh-server',
  'openssl',
  'parted',
  'procps',
  'shellcheck',
  'systemd',
  'tzdata',
  'udev',
  'util-linux',
  'wpasupplicant',
  'xz-utils',
  'zstd',
]

let root: Promise<string> | null = null

/**
 * A Debian 13 folder with Chromium, the kit's own snac2 and the rest, made once and kept; its /dev, /proc, cache and
 * repository are this machine's. Tests run in it, so that they find the same programs everywhere.
 */
export function testRoot(): Promise<string> {
  root ??= make()
  return root
}

async function make(): Promise<string> {
  const context = await buildContext((line) => console.error(line))
  const folder = await debianRoot(context, 'test-root', packages)
  await enterRoot(context, folder)
  if (!existsSync(path.join(folder, 'usr/bin/snac'))) {
    const recipe = loadRecipe(recipeFile('kit-x86'))
    const tools = await prepareTools(context)
    const pool = await providePackages(context, tools, selection(recipe), readLock(lockFile(recipe.name)))
    const snac = pool.lock.packages.find(({ name }) => name === 'snac2')
    if (!snac) throw new Error('The lock file of kit-x86 has no snac2.')
    const file = path.join(context.cache, 'debs', snac.sha256)
    await $`/usr/sbin/chroot ${folder} dpkg --install ${file}`.quiet()
  }
  return folder
}

import { buildContext } from '#images/build/build.ts'
import { debianRoot, enterRoot } from '#images/build/tools.ts'

/** What tests run beside the code under test: a browser, and the real programs that units are tried against. */
const packages = [
  'binutils',
  'bmap-tools',
  'ca-certificates',
  'chromium',
  'curl',
  'dosfstools',
  'e2fsprogs',
  'fdisk',
  'fonts-dejavu-core',
  'git',
  'grub-common',
  'iproute2',
  'kmod',
  'mtools',
  'nftables',
  'nginx-light',
  'openssl',
  'procps',
  'shellcheck',
  'udev',
  'util-linux',
  'xz-utils',
  'zstd',
]

let root: Promise<string> | null = null

/** A Debian 13 folder with Chromium and the rest, made once and kept; its /dev, /proc, cache and repository are this machine's. */
export function testRoot(): Promise<string> {
  root ??= make()
  return root
}

async function make(): Promise<string> {
  const context = await buildContext((line) => console.log(line))
  const folder = await debianRoot(context, 'test-root', packages)
  await enterRoot(context, folder)
  return folder
}

import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { $ } from 'zx'
import type { Built } from '#images/build/build.ts'
import { hashTree } from '#images/build/context.ts'
import { makeGrub } from '#images/build/disk.ts'
import { stage } from '#images/build/stage.ts'

/** What the kit is compared with: the same server on Debian as it installs itself, from the kit's own package pool. */
const packages = [
  'systemd-sysv',
  'udev',
  'dbus',
  'initramfs-tools',
  'zstd',
  'linux-image-amd64',
  'iproute2',
  'snac2',
  'nginx',
  'avahi-daemon',
  'nftables',
  'openssh-server',
]

/**
 * The bare floor: Debian, snac2, nginx, avahi, sshd with their packages' own settings, a network by DHCP, on ext4 behind
 * GRUB. Only what an installer would do is done: fstab, a network file, GRUB's configuration.
 * @returns a raw image for UEFI machines
 */
export async function floorImage({ context, tools, pool }: Built): Promise<string> {
  const inputs = { code: hashTree(import.meta.filename), packages: pool.lock.packages.map((entry) => entry.sha256) }
  return stage(context, 'floor-x86', inputs, async (output) => {
    const work = `${output}.work`
    const root = path.join(work, 'root')
    mkdirSync(work, { recursive: true })
    try {
      await tools.run('mmdebstrap', [
        '--mode=root',
        '--variant=essential',
        '--format=directory',
        `--include=${packages.join(',')}`,
        '--aptopt=APT::Install-Recommends "false"',
        '--skip=cleanup/apt,check/empty',
        'trixie',
        root,
        `deb [trusted=yes] copy://${pool.folder} ./`,
      ])
      writeFileSync(path.join(root, 'etc/fstab'), 'LABEL=floor / ext4 defaults 0 1\n')
      writeFileSync(path.join(root, 'etc/hostname'), 'floor\n')
      writeFileSync(path.join(root, 'etc/systemd/network/lan.network'), '[Match]\nType=ether\n[Network]\nDHCP=yes\n')
      await tools.run('systemctl', [`--root=${root}`, '--quiet', 'enable', 'systemd-networkd.service'])
      rmSync(path.join(root, 'vmlinuz'), { force: true })
      rmSync(path.join(root, 'initrd.img'), { force: true })
      for (const kind of ['vmlinuz', 'initrd.img']) {
        const file = readdirSync(path.join(root, 'boot')).find((name) => name.startsWith(`${kind}-`))
        if (!file) throw new Error(`The floor has no ${kind}.`)
        symlinkSync(`boot/${file}`, path.join(root, kind))
      }
      await disk(output, work, root)
    } finally {
      await $`rm -rf ${work}`.quiet()
    }
  })

  async function disk(output: string, work: string, root: string): Promise<void> {
    const early = path.join(work, 'early.cfg')
    writeFileSync(early, 'configfile $prefix/grub.cfg\n')
    const config = path.join(work, 'grub.cfg')
    writeFileSync(
      config,
      'regexp --set=1:disk "^([^,]+)," "$root"\nlinux ($disk,gpt2)/vmlinuz root=LABEL=floor ro quiet console=tty0 console=ttyS0,115200\ninitrd ($disk,gpt2)/initrd.img\nboot\n',
    )
    const grub = path.join(work, 'bootx64.efi')
    await makeGrub(tools, 'x86_64-efi', early, grub, { prefix: '/EFI/hearth', more: ['ext2'] })
    const esp = path.join(work, 'esp')
    const system = path.join(work, 'system')
    for (const [file, size] of [
      [esp, 64],
      [system, 1500],
      [output, 1570],
    ] as const) {
      writeFileSync(file, '')
      truncateSync(file, size * 1024 ** 2)
    }
    await tools.run('mkfs.vfat', ['-F', '32', '-s', '1', esp])
    await tools.run('mmd', ['-i', esp, '::EFI', '::EFI/BOOT', '::EFI/hearth'])
    await tools.run('mcopy', ['-i', esp, grub, '::EFI/BOOT/BOOTX64.EFI'])
    await tools.run('mcopy', ['-i', esp, config, '::EFI/hearth/grub.cfg'])
    await tools.run('mke2fs', ['-q', '-t', 'ext4', '-L', 'floor', '-d', root, system])
    const table = 'label: gpt\nstart=2048, size=131072, type=uefi\nstart=133120, size=3072000, type=linux\n'
    await tools.run('sfdisk', ['--quiet', '--no-reread', output], { input: table })
    await $`dd if=${esp} of=${output} bs=1M seek=1 conv=notrunc,sparse status=none`
    await $`dd if=${system} of=${output} bs=1M seek=65 conv=notrunc,sparse status=none`
  }
}

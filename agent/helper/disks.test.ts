import { afterEach, expect, test } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { listDisks, moveToDisk } from './disks.ts'
import { makeWorld, type TestWorld } from './testing/world.ts'

let kit: KitRoot
afterEach(() => kit.remove())

const device = (name: string, more: object = {}) => ({
  name,
  type: 'disk',
  size: 64_000_000_000,
  ro: false,
  rm: false,
  tran: 'sata',
  model: null,
  serial: null,
  fstype: null,
  label: null,
  'log-sec': 512,
  mountpoints: [null],
  ...more,
})
const part = (name: string, more: object = {}) => device(name, { type: 'part', tran: null, ...more })

/** As lsblk of util-linux 2.41 prints a kit on a USB stick in a mini PC that has Windows on its disk. */
const stick = device('sda', {
  rm: true,
  tran: 'usb',
  children: [
    part('sda4', { fstype: 'vfat', label: 'HEARTH' }),
    part('sda6', { fstype: 'squashfs', mountpoints: ['/'] }),
    part('sda8', { fstype: 'ext4', label: 'hearth-data', mountpoints: ['/data'] }),
  ],
})
const internal = device('nvme0n1', {
  tran: 'nvme',
  model: 'ACME\u0007 SSD 256GB  ',
  serial: 'S3R1AL',
  size: 256_060_514_304,
  children: [part('nvme0n1p1', { fstype: 'ntfs', label: 'Windows', size: 255_000_000_000 })],
})

async function worldOf(blockdevices: object[], architecture: 'x86_64' | 'aarch64' = 'x86_64'): Promise<TestWorld> {
  kit = await makeKitRoot({ kit: { board: { model: 'Mini PC', serial: null, architecture } } })
  return makeWorld(kit.paths, () => JSON.stringify({ blockdevices }))
}

test('offers an internal disk, with what is on it', async () => {
  const { disks } = await listDisks(await worldOf([device('zram0', { 'log-sec': 4096 }), stick, internal]))
  expect(disks).toEqual([
    {
      name: 'nvme0n1',
      model: 'ACME  SSD 256GB',
      serial: 'S3R1AL',
      size: 256_060_514_304,
      content: [{ fileSystem: 'ntfs', label: 'Windows', size: 255_000_000_000 }],
    },
  ])
})

test.each([
  ['the running system', stick],
  ['another stick', device('sdb', { tran: 'usb' })],
  ['a card', device('mmcblk0', { rm: true, tran: 'mmc' })],
  ['a read-only disk', device('sdb', { ro: true })],
  ['a disk too small for a household', device('sdb', { size: 4_000_000_000 })],
  ['a disk with other sectors', device('sdb', { 'log-sec': 4096 })],
  ['a mounted disk', device('sdb', { children: [part('sdb1', { mountpoints: ['/mnt'] })] })],
  ['swap', device('sdb', { children: [part('sdb1', { fstype: 'swap', mountpoints: ['[SWAP]'] })] })],
  ['RAID', device('sdb', { children: [part('sdb1', { children: [device('md0', { type: 'raid1' })] })] })],
  ['LVM', device('sdb', { children: [device('vg-root', { type: 'lvm' })] })],
  [
    'an encrypted disk in use',
    device('sdb', { children: [part('sdb1', { children: [device('x', { type: 'crypt' })] })] }),
  ],
  ['a loop device', device('loop0', { type: 'loop' })],
  ['compressed memory', device('zram0')],
  ['a name that is not a disk of ours', device('../sda')],
])('does not offer %s', async (_, other) => {
  const world = await worldOf(other === stick ? [stick] : [stick, other])
  expect(await listDisks(world)).toEqual({ disks: [] })
  await expect(moveToDisk(world, { name: other.name, confirm: other.name })).rejects.toMatchObject({
    code: 'disk.unsuitable',
  })
})

test.each([
  ['when the kit runs from an internal disk', 'x86_64', [{ ...stick, rm: false, tran: 'sata' }, internal]],
  ['on a Raspberry Pi', 'aarch64', [stick, internal]],
  ['when it is not known where the kit runs from', 'x86_64', [device('sdc'), internal]],
] as const)('offers nothing %s', async (_, architecture, devices) => {
  expect(await listDisks(await worldOf([...devices], architecture))).toEqual({ disks: [] })
})

test('a move needs the name typed, and room', async () => {
  const world = await worldOf([stick, internal, device('sdb', { size: 8_000_000_000 })])
  const refused = moveToDisk(world, { name: 'nvme0n1', confirm: 'nvme0n' })
  await expect(refused).rejects.toMatchObject({ code: 'disk.unconfirmed', next: 'Type nvme0n1 to confirm.' })
  expect(world.commands.every((line) => line.startsWith('lsblk '))).toBe(true)
  expect(world.move.running).toBe(false)
})

import { statSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { blockDeviceOf } from './block-device.ts'
import { WrittenMeter } from './written.ts'

let kit: KitRoot
beforeEach(async () => {
  kit = await makeKitRoot()
})
afterEach(() => kit.remove())

const device = 'sys/devices/platform/soc/mmc0/mmc0:aaaa/block/mmcblk0'
const at = (relative: string) => path.join(kit.root, relative)
const sectors = (written: number | string) =>
  kit.write(`${device}/stat`, `  900  10 88000 700  512 99 ${written} 4000 0 0 0\n`)
/** Lets the device number that the data folder really has lead to a folder of this tree. */
const holdsData = async (folder: string) => {
  const { dev } = statSync(kit.paths.agentData)
  const number = `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | ((dev >>> 12) & 0xfff00)}`
  await mkdir(at('sys/dev/block'), { recursive: true })
  await symlink(at(folder), at(`sys/dev/block/${number}`))
}
const found = () => blockDeviceOf(kit.paths.sys, kit.paths.agentData)

describe('the disk that holds the data', () => {
  it('is the whole one, not the partition', async () => {
    await kit.write(`${device}/mmcblk0p7/partition`, '7\n')
    await holdsData(`${device}/mmcblk0p7`)
    expect(found()).toBe(at(device))
  })

  it('is found below encryption and volumes', async () => {
    await kit.write(`${device}/mmcblk0p7/partition`, '7\n')
    for (const [above, below] of [
      ['dm-0', `${device}/mmcblk0p7`],
      ['dm-1', 'sys/devices/virtual/block/dm-0'],
    ] as const) {
      await mkdir(at(`sys/devices/virtual/block/${above}/slaves`), { recursive: true })
      await symlink(at(below), at(`sys/devices/virtual/block/${above}/slaves/${path.basename(below)}`))
    }
    await holdsData('sys/devices/virtual/block/dm-1')
    expect(found()).toBe(at(device))
  })

  it('is none of an array, and none where the kernel has no such device', async () => {
    expect(found()).toBeNull()
    await kit.write('sys/devices/virtual/block/md0/slaves/sda1/partition', '1\n')
    await kit.write('sys/devices/virtual/block/md0/slaves/sdb1/partition', '1\n')
    await holdsData('sys/devices/virtual/block/md0')
    expect(found()).toBeNull()
  })
})

describe('bytes written', () => {
  it('are what the kernel counted since the last time', async () => {
    await sectors(1000)
    const written = new WrittenMeter(at(device))
    await sectors(1200)
    expect(written.advance()).toBe(200 * 512)
    expect(written.advance()).toBe(0)
  })

  it('count from zero when the counter began anew, and wait while it cannot be read', async () => {
    await sectors(1000)
    const written = new WrittenMeter(at(device))
    await sectors('?')
    expect(written.advance()).toBe(0)
    await sectors(1010)
    expect(written.advance()).toBe(10 * 512)
    await sectors(5)
    expect(written.advance()).toBe(5 * 512)
  })

  it('are none where no disk is known', () => {
    expect(new WrittenMeter(null).advance()).toBe(0)
  })
})

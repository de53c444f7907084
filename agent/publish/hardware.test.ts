import { statSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { hardwareChange, readHardware } from './hardware.ts'

let kit: KitRoot
beforeEach(async () => {
  kit = await makeKitRoot()
})
afterEach(() => kit.remove())

/** Makes the agent's folder stand on a device with these files, in a tree as the kernel shows it. */
async function device(folder: string, files: Record<string, string>): Promise<void> {
  const { dev } = statSync(kit.paths.agentData)
  const number = `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | ((dev >>> 12) & 0xfff00)}`
  await mkdir(path.join(kit.paths.sys, folder), { recursive: true })
  for (const [file, content] of Object.entries(files)) await kit.write(path.join('sys', file), `${content}\n`)
  await mkdir(path.join(kit.paths.sys, 'dev/block'), { recursive: true })
  await symlink(path.join(kit.paths.sys, folder), path.join(kit.paths.sys, 'dev/block', number))
}
const medium = () => readHardware(kit.paths, null).medium

describe('hardware', () => {
  it('is known by the card’s register', async () => {
    const card = 'devices/mmc0/mmc0:0001/block/mmcblk0'
    await device(`${card}/mmcblk0p7`, { [`${card}/device/cid`]: 'aabbcc', [`${card}/device/serial`]: '0x1' })
    expect(readHardware(kit.paths, ' 1000 ')).toEqual({ board: '1000', medium: 'aabbcc' })
  })

  it('is known by the name of an NVMe or SATA disk, or the serial of a virtual one', async () => {
    const disk = 'devices/pci0/nvme/nvme0/nvme0n1'
    await device(`${disk}/nvme0n1p8`, { [`${disk}/wwid`]: 'eui.0025385b', [`${disk}/serial`]: 'other' })
    expect(medium()).toBe('eui.0025385b')
  })

  it('is known by the serial of the stick, never by that of a hub or controller', async () => {
    const stick = 'devices/pci0/usb1/1-1'
    await device(`${stick}/1-1:1.0/host0/block/sda/sda8`, { [`${stick}/serial`]: 'STICK7' })
    expect(medium()).toBe('STICK7')
  })

  it('is not known where nothing tells it', async () => {
    expect(medium()).toBeNull()
    await device('devices/pci0/usb1/1-1/host0/block/sda/sda8', {
      'devices/pci0/usb1/serial': '0000:00:14.0',
      'devices/pci0/usb1/1-1/host0/block/sda/device/serial': '0000000',
    })
    expect(medium()).toBeNull()
    expect(readHardware(kit.paths, '0').board).toBeNull()
  })

  it('changed in all that can be compared, or in a part', () => {
    const was = { board: 'a', medium: 'b' }
    const changes: [string | null, string | null, string][] = [
      ['a', 'b', 'none'],
      ['x', 'b', 'part'],
      ['a', 'x', 'part'],
      ['x', 'x', 'all'],
      [null, 'x', 'all'],
      [null, 'b', 'none'],
      [null, null, 'none'],
    ]
    for (const [board, id, change] of changes)
      expect([board, id, hardwareChange(was, { board, medium: id })]).toEqual([board, id, change])
    expect(hardwareChange({ board: null, medium: 'b' }, { board: 'x', medium: 'c' })).toBe('all')
  })
})

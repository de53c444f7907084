import { readFileSync } from 'node:fs'
import { mkdir, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { wearPerYear, yearsLeft } from './life.ts'
import { readDisks } from './wear.ts'

let kit: KitRoot
beforeEach(async () => {
  kit = await makeKitRoot()
  await mkdir(path.join(kit.root, 'sys/block'), { recursive: true })
})
afterEach(() => kit.remove())

/** Trees as kernel 6.12 has them: /sys/block/NAME leads to the device. */
const disk = async (name: string, folder: string, files: Record<string, string>) => {
  for (const [file, text] of Object.entries(files))
    await kit.write(`sys/devices/${folder}/block/${name}/${file}`, `${text}\n`)
  await symlink(`../devices/${folder}/block/${name}`, path.join(kit.root, 'sys/block', name))
}
const emmc = (life: string) =>
  disk('mmcblk0', 'platform/soc/mmc0/mmc0:0001', {
    'device/type': 'MMC',
    'device/name': 'DG4016',
    'device/cid': '45010044473430313601',
    'device/life_time': life,
    'device/pre_eol_info': '0x01',
  })
const reply = (name: string) =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, 'testdata/smartctl', `${name}.json`), 'utf8'))
const asked = (disks: Record<string, unknown>) =>
  kit.write('run/hearth/wear.json', { at: '2026-11-24T03:00:00Z', disks })
const disks = () => readDisks(kit.paths.sys, kit.paths.wear)

describe('cards and disks', () => {
  it.each([
    ['0x01 0x01', { low: 0, value: 0.05, high: 0.1 }],
    ['0x02 0x04', { low: 0.3, value: 0.35, high: 0.4 }],
    ['0x00 0x0a', { low: 0.9, value: 0.95, high: 1 }],
    ['0x0b 0x01', { low: 1, value: 1, high: 1.1 }],
  ])('eMMC that says %s has used up so much', async (life, used) => {
    await emmc(life)
    const [found] = disks()
    expect(found).toMatchObject({ name: 'mmcblk0', kind: 'emmc', model: 'DG4016', id: '45010044473430313601' })
    expect(found?.wear?.source).toBe('emmc:life-time@1')
    for (const bound of ['low', 'value', 'high'] as const) expect(found?.wear?.used[bound]).toBeCloseTo(used[bound], 9)
  })

  it.each(['0x00 0x00', '', '0x0c 0xff', 'nonsense'])('eMMC that says %j does not tell', async (life) => {
    await emmc(life)
    expect(disks()[0]?.wear).toBeNull()
  })

  it('an SD card tells nothing but its name', async () => {
    await disk('mmcblk0', 'platform/soc/mmc0/mmc0:aaaa', {
      'device/type': 'SD',
      'device/name': 'SR64G',
      'device/cid': '035344',
    })
    expect(disks()).toMatchObject([{ kind: 'sd', model: 'SR64G', id: '035344', wear: null, writtenByDevice: null }])
  })

  it('disks tell what root asked of them', async () => {
    await disk('nvme0n1', 'pci0000:00/0000:01:00.0/nvme/nvme0', {
      wwid: 'eui.01',
      'device/model': 'KXG60ZNV512G TOSHIBA ',
    })
    await disk('sda', 'pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0', { 'device/model': 'WDC WD20EFRX-68E' })
    await disk('sdb', 'pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host4/target4:0:0/4:0:0:0', {
      'device/model': 'Ultra Fit',
    })
    await disk('sdc', 'pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0', { 'device/model': 'SAMSUNG MZ7WD240' })
    await disk('vda', 'pci0000:00/0000:00:04.0/virtio1', { size: '8388608' })
    await disk('loop0', 'virtual', { size: '8' })
    await asked({
      nvme0n1: reply('nvme'),
      sda: reply('sata-hdd'),
      sdb: reply('usb-unknown'),
      sdc: reply('sata-samsung'),
    })
    expect(
      disks().map(({ name, kind, wear, writtenByDevice }) => [name, kind, wear?.used.value, writtenByDevice]),
    ).toEqual([
      ['nvme0n1', 'nvme', 0.04, 5_578_530 * 512_000],
      ['sda', 'hdd', undefined, null],
      ['sdb', 'usb', undefined, null],
      ['sdc', 'ssd', 0.09, 216_456_537_880 * 512],
      ['vda', 'virtual', undefined, null],
    ])
  })

  it.each(['', '{ "at": "2026', '[]', '{ "disks": { "nvme0n1": [] } }', '{ "disks": 7 }'])(
    'tell nothing while root’s file says %j',
    async (text) => {
      await disk('nvme0n1', 'pci0000:00/0000:01:00.0/nvme/nvme0', { wwid: 'eui.01' })
      await kit.write('run/hearth/wear.json', text)
      expect(disks()).toMatchObject([{ name: 'nvme0n1', wear: null }])
    },
  )

  it('that are unplugged meanwhile are left out', async () => {
    await emmc('0x01 0x01')
    await rm(path.join(kit.root, 'sys/devices/platform/soc/mmc0'), { recursive: true })
    expect(disks()).toEqual([])
  })
})

describe('a life', () => {
  const used = { low: 0.03, value: 0.04, high: 0.05 }

  it('lasts as long as what is left does at the present pace', () => {
    const perYear = wearPerYear({ used, bytes: 4e12, bytesPerDay: 1e10 })
    expect(perYear?.value).toBeCloseTo(0.036525, 9) // a share of 0.01 in 1e12 bytes, 3.6525e12 a year
    const left = yearsLeft(used, perYear ?? used)
    expect(left?.low).toBeCloseTo(0.95 / 0.04565625, 6)
    expect(left?.value).toBeCloseTo(0.96 / 0.036525, 6)
    expect(left?.high).toBeCloseTo(0.97 / 0.02739375, 6)
  })

  it('of a disk like new has a lower bound alone', () => {
    const fresh = { low: 0, value: 0, high: 0.01 }
    const perYear = wearPerYear({ used: fresh, bytes: 1e12, bytesPerDay: 1e10 })
    expect(yearsLeft(fresh, perYear ?? fresh)).toEqual({ low: expect.closeTo(27.105, 2), value: null, high: null })
  })

  it('is not told where nothing was written, and is over when it is used up', () => {
    expect(wearPerYear({ used, bytes: 0, bytesPerDay: 5 })).toBeNull()
    expect(yearsLeft(used, { low: 0, value: 0, high: 0 })).toBeNull()
    expect(yearsLeft({ low: 1, value: 1.02, high: 1.03 }, used)).toMatchObject({ low: 0, value: 0, high: 0 })
  })

  it('never has bounds in disorder', () => {
    const share = fc.double({ min: 0, max: 2.6, noNaN: true })
    const shares = fc.tuple(share, share, share).map((all) => all.toSorted((a, b) => a - b) as [number, number, number])
    fc.assert(
      fc.property(
        shares,
        fc.integer({ min: 1, max: 1e15 }),
        fc.integer({ min: 0, max: 1e13 }),
        ([low, value, high], bytes, bytesPerDay) => {
          const range = { low, value, high }
          const left = yearsLeft(range, wearPerYear({ used: range, bytes, bytesPerDay }) ?? range)
          if (left?.value != null) expect(left.low).toBeLessThanOrEqual(left.value)
          if (left?.value != null && left.high !== null) expect(left.value).toBeLessThanOrEqual(left.high)
        },
      ),
    )
  })
})

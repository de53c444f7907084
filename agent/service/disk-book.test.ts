import { statSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tariffsWith } from '../costs/testing/household.ts'
import { hourMs } from '../ledger/hours.ts'
import { Ledger } from '../ledger/ledger.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { DiskBook } from './disk-book.ts'

const start = Date.parse('2026-11-01T00:00:00Z')
const dayMs = 24 * hourMs
let kit: KitRoot
let ledger: Ledger
let now: number
let book: DiskBook

beforeEach(async () => {
  kit = await makeKitRoot()
  now = start
  await mkdir(path.join(kit.root, 'sys/block'), { recursive: true })
  await mkdir(path.join(kit.root, 'sys/dev/block'), { recursive: true })
  open()
})
afterEach(() => kit.remove())

function open() {
  ledger = new Ledger(kit.paths.agentData, () => now)
  const { sys, wear: wearFile, agentData: dataFolder } = kit.paths
  book = new DiskBook({ sys, wearFile, dataFolder, ledger, now: () => now })
}

/** Puts a disk into the tree, with the kit's data on its partition. */
async function disk(name: string, files: Record<string, string>) {
  const folder = `sys/devices/platform/block/${name}`
  for (const [file, text] of Object.entries({ ...files, 'part7/partition': '7' }))
    await kit.write(`${folder}/${file}`, `${text}\n`)
  await symlink(path.join(kit.root, folder), path.join(kit.root, 'sys/block', name))
  const { dev } = statSync(kit.paths.agentData)
  const number = `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | ((dev >>> 12) & 0xfff00)}`
  await symlink(path.join(kit.root, folder, 'part7'), path.join(kit.root, 'sys/dev/block', number))
}
const emmc = (life: string) =>
  disk('mmcblk0', { 'device/type': 'MMC', 'device/name': 'DG4016', 'device/cid': 'card-1', 'device/life_time': life })
const nvme = async () => {
  await disk('nvme0n1', { wwid: 'eui.01', 'device/model': 'A DISK' })
  const log = { percentage_used: 4, data_units_written: 7_812_500 } // 4e12 bytes
  await kit.write('run/hearth/wear.json', {
    disks: { nvme0n1: { model_name: 'A DISK', nvme_smart_health_information_log: log } },
  })
}
/** Days with so many bytes written in each. */
const pass = (days: number, bytesPerDay: number) => {
  for (let day = 0; day < days; day += 1) {
    const hours = Array.from({ length: 24 }, (_, hour) => {
      const from = now + hour * hourMs
      const interval = { start: from, end: from + hourMs, trusted: true }
      return { interval, quantities: { seconds: 3600, written: bytesPerDay / 24 } }
    })
    ledger.add(hours)
    now += dayMs
    book.count()
  }
}
const wear = (items: Parameters<typeof tariffsWith>[0] = {}) => book.wear(tariffsWith(items))[0]

describe('bytes written to the disk of the kit', () => {
  it('add up over days and restarts, each hour once', async () => {
    await emmc('0x01 0x01')
    book.count()
    pass(3, 2.4e9)
    book.count()
    ledger.stop()
    open()
    pass(2, 2.4e9)
    expect(wear()?.written).toEqual({ bytes: 12e9, since: '2026-11-01T00:00:00.000Z', perDay: 2.4e9 })
  })

  it('begin anew on another disk', async () => {
    await emmc('0x01 0x01')
    pass(3, 2.4e9)
    await kit.write('sys/devices/platform/block/mmcblk0/device/cid', 'card-2\n')
    expect(wear()?.written).toBeNull()
    book.count()
    pass(2, 1e9)
    expect(wear()?.written).toMatchObject({ bytes: expect.closeTo(2e9, -3) })
  })

  it('go on after the clock was years ahead', async () => {
    await emmc('0x01 0x01')
    book.count()
    pass(2, 2.4e9)
    const right = now
    now += 3 * 365 * dayMs
    book.count()
    now = right
    book.count()
    pass(2, 2.4e9)
    expect(wear()?.written?.bytes).toBe(4 * 2.4e9)
  })

  it('have no pace before two days', async () => {
    await emmc('0x01 0x01')
    book.count()
    pass(1, 2.4e9)
    expect(wear()).toMatchObject({ written: { perDay: null }, yearsLeft: null, cost: null })
  })
})

describe('wear', () => {
  const price = (kind: 'card' | 'disk', name?: string) =>
    ({ kind, price: '96.00', bought: '2026-01-01', years: 4, ...(name && { name }) }) as const

  it('of a disk that counts tells how long it lasts and what it costs, beside the bill', async () => {
    await nvme()
    book.count()
    pass(10, 1e10)
    const found = wear({ items: [price('disk'), price('card')] })
    expect(found).toMatchObject({ name: 'nvme0n1', kind: 'nvme', holdsData: true, writtenByDevice: 4e12 })
    expect(found?.yearsLeft?.value).toBeCloseTo(0.96 / 0.036525, 3)
    expect(Number(found?.cost?.wear.value.amount)).toBeCloseTo((96 * 0.036525) / 12, 9)
    expect(Number(found?.cost?.wear.high.amount)).toBeGreaterThan(Number(found?.cost?.wear.value.amount))
    expect(found?.cost?.billed).toEqual({ amount: '2', currency: 'EUR' })
  })

  it('costs nothing where no price, or more than one, could be meant', async () => {
    await nvme()
    book.count()
    pass(10, 1e10)
    expect(wear()?.cost).toBeNull()
    expect(wear({ items: [price('disk', 'one'), price('disk', 'two')] })?.cost).toBeNull()
    expect(wear({ items: [price('card')] })?.cost).toBeNull()
  })

  it('of a card that tells tenths follows once it moved by one', async () => {
    await emmc('0x01 0x01')
    book.count()
    pass(30, 1e10)
    expect(wear()?.yearsLeft).toBeNull()
    await kit.write('sys/devices/platform/block/mmcblk0/device/life_time', '0x02 0x01\n')
    const left = wear({ items: [price('card')] })
    // A tenth in 3e11 bytes, thirty days of them; between nothing and two tenths.
    expect(left?.yearsLeft?.value).toBeCloseTo((0.85 / 0.1) * (30 / 365.25), 6)
    expect(left?.yearsLeft?.high).toBeNull()
    expect(left?.cost?.wear.low.amount).toBe('0')
  })

  it('of a card that tells later than the kit counts follows from then on', async () => {
    await disk('mmcblk0', { 'device/type': 'MMC', 'device/name': 'DG4016', 'device/cid': 'card-1' })
    book.count()
    pass(20, 3e10)
    await kit.write('sys/devices/platform/block/mmcblk0/device/life_time', '0x01 0x01\n')
    book.count()
    pass(30, 1e10)
    expect(wear()).toMatchObject({ used: { value: 0.05 }, yearsLeft: null })
    await kit.write('sys/devices/platform/block/mmcblk0/device/life_time', '0x02 0x01\n')
    // A tenth in the 3e11 bytes since it told.
    expect(wear()?.yearsLeft?.value).toBeCloseTo((0.85 / 0.1) * (30 / 365.25), 6)
  })

  it('of a card that told from the first, noted by an older release, follows as before', async () => {
    await emmc('0x02 0x01')
    pass(30, 1e10)
    const { bytesThen, ...note } = ledger.noted<Record<string, unknown>>('disk-written') ?? {}
    ledger.note('disk-written', { ...note, bytes: 3e11, usedThen: { low: 0, value: 0.05, high: 0.1 } })
    expect(wear()?.yearsLeft?.value).toBeCloseTo((0.85 / 0.1) * (30 / 365.25), 6)
  })

  it('of a card that tells nothing is only what was written', async () => {
    await disk('mmcblk0', { 'device/type': 'SD', 'device/name': 'SR64G', 'device/cid': 'c' })
    book.count()
    pass(5, 1e9)
    expect(wear({ items: [price('card')] })).toMatchObject({
      kind: 'sd',
      used: null,
      writtenByDevice: null,
      written: { bytes: expect.closeTo(5e9, -3) },
      yearsLeft: null,
      cost: null,
    })
  })
})

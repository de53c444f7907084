import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Guest } from '#images/emulator/guest.ts'
import { raspi3bFirmware } from '#images/emulator/raspi.ts'
import { built, complaints, type Kit, settled, startKit } from './kit/kit.ts'
import { request } from './kit/web.ts'

// What no emulator has is the board's own firmware: these tests begin where it hands over to U-Boot. That the files it
// needs lie on the first partition, and that its table is right, images/recipes/kit-rpi.test.ts checks.

const guests: Guest[] = []
afterAll(() => {
  for (const guest of guests) guest.pullPlug()
})

describe('the card of a Raspberry Pi', () => {
  it('starts on a Raspberry Pi 3 through U-Boot and GRUB to the kit’s console text', { timeout: 900_000 }, async () => {
    const { image, tools, context } = await built('kit-rpi')
    const folder = path.join(context.cache, 'test/raspi3b')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const extra = await raspi3bFirmware(tools, image, folder)
    // A card has a power of two of bytes, or QEMU refuses it.
    const guest = new Guest(tools, { machine: 'raspi3b', image, folder, extra, diskSize: 4 * 1024 ** 3 })
    guests.push(guest)
    await guest.start()
    await guest.waitForSerial(/Booting: mmc 0/, 120)
    await guest.waitForSerial(/Commonhearth starts from slot A/, 120)
    await guest.waitForSerial(/Commonhearth \d+\.\d+\.\d+, slot A/, 400)
    await guest.waitForSerial(/Dashboard: https:\/\/hearth-[0-9a-z]{4}\.local:8443\//, 300)
    expect(guest.serial()).not.toMatch(/Kernel panic/)
    guest.pullPlug()
  })
})

describe('the same image on an arm64 machine', () => {
  let kit: Kit

  it('starts every unit, from slot A, with its data', { timeout: 600_000 }, async () => {
    kit = await startKit('kit-rpi', { recipe: 'kit-rpi', machine: 'arm64-virt', accelerator: 'tcg' })
    guests.push(kit.guest)
    await settled(kit.guest, 400)
    expect(await complaints(kit.guest)).toBe('')
    expect(await kit.guest.run('uname -m')).toBe('aarch64')
    expect(JSON.parse(await kit.guest.run('cat /run/hearth/boot.json'))).toMatchObject({ slot: 'A', data: 'ok' })
    expect(await kit.guest.run('cat /proc/cmdline')).toContain('rauc.slot=A')
    expect(await kit.guest.run('journalctl -b --no-pager')).not.toMatch(/ordering cycle/i)
  })

  it('has grown its data partition and the extended one around it to the end of the card', async () => {
    expect(Number(await kit.guest.run('df -B1 --output=size /data | tail -1'))).toBeGreaterThan(2 * 1024 ** 3)
    const table = await kit.guest.run('sfdisk --dump /dev/vda')
    expect(table).toMatch(/vda1 : start= +2048, size= +262144, type=c/)
    expect(table).toMatch(/vda3 : start= +526336, size= +2048, type=da/)
  })

  it('counted the try in both copies of the boot environment', async () => {
    const copy = (offset: number) => kit.guest.run(`dd if=/dev/vda3 bs=1 skip=${offset} count=512 status=none`)
    for (const offset of [2048, 6144]) expect(await copy(offset)).toMatch(/A_OK=1\nA_TRY=[01]\n/)
  })

  it('serves the plain page', async () => {
    const answer = await request('http', { port: kit.ports.plain }, '/')
    expect(answer.status).toBe(200)
    expect(answer.body).toContain('hearth-')
  })
})

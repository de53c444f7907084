import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Guest } from '#images/emulator/guest.ts'
import { raspi3bFirmware } from '#images/emulator/raspi.ts'
import { MiB } from '#images/recipe/index.ts'
import { bytesAt, fat32 } from './kit/card.ts'
import { built, complaints, type Kit, settled, startKit } from './kit/kit.ts'
import { request } from './kit/web.ts'

// What no emulator has is the board's own firmware: the boots begin where it hands over to U-Boot. So what it reads, the
// table and the files of the first partition, is looked at byte by byte.

const guests: Guest[] = []
afterAll(() => {
  for (const guest of guests) guest.pullPlug()
})

describe('what the firmware of a Raspberry Pi reads of the image', () => {
  // By the MiB where it stands: the card's own table, then the links from one logical partition to the next. An entry is
  // flag, first place, type, last place, first sector, sectors.
  const empty = '00'.repeat(16)
  const tables: Record<number, string> = {
    0: `e35c6e26 0000
      00 202100 0c 712110 00080000 00000400
      00 712210 da c22220 00080400 00000400
      00 c22320 da e30320 00080800 00080000
      00 e30420 0f c32fd4 00100800 00182c00`,
    258: `00000000 0000
      00 042421 83 9a2872 00080000 00001400
      00 9a2972 05 520ec4 00081400 00081400 ${empty} ${empty}`,
    899: `00000000 0000
      00 bb0a72 83 520ec4 00080000 00001400
      00 520fc4 05 c32fd4 00102800 00080400 ${empty} ${empty}`,
    1540: `00000000 0000
      00 722fc4 83 c32fd4 00080000 00000400 ${empty} ${empty} ${empty}`,
  }

  it('is the partition table that never changes, byte for byte', { timeout: 900_000 }, async () => {
    const { image } = await built('kit-rpi')
    // No code: nothing of a card runs before the firmware's own.
    expect(bytesAt(image, 0, 440).equals(Buffer.alloc(440))).toBe(true)
    for (const [at, table] of Object.entries(tables))
      expect(bytesAt(image, Number(at) * MiB + 440, 72).toString('hex'), `${at} MiB`).toBe(
        `${table.replace(/\s/g, '')}55aa`,
      )
  })

  it('is on the first partition, whole: every file that a board’s firmware asks for', async () => {
    const { image, recipe, tools } = await built('kit-rpi')
    const { label, files } = fat32(image, MiB)
    expect(label).toBe('HEARTH')
    expect([...files.keys()]).toContain('hearth-example.yaml')
    const folder = mkdtempSync(path.join(tmpdir(), 'hearth-card-'))
    try {
      const names = new Set(recipe.boards.flatMap(({ firmware }) => firmware))
      for (const name of names) {
        expect(files.get(name) ?? 0, name).toBeGreaterThan(100)
        const file = path.join(folder, name)
        await tools.run('mcopy', ['-n', '-i', `${image}@@${MiB}`, `::${name}`, file])
        const bytes = readFileSync(file)
        expect(bytes.length, name).toBe(files.get(name))
        if (name.endsWith('.dtb'))
          expect([bytes.readUInt32BE(0), bytes.readUInt32BE(4)]).toEqual([0xd00dfeed, bytes.length])
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
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

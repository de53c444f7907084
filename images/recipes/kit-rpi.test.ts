import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { tableScript } from '../build/disk.ts'
import { loadRecipe, MiB } from '../recipe/index.ts'

const recipe = loadRecipe(path.join(import.meta.dirname, 'kit-rpi.yaml'))

/** Paths that the layers put on the boot partition, besides what the build makes itself. */
function onBootPartition(): Set<string> {
  return new Set(
    recipe.layers.flatMap((layer) => {
      const own = path.join(layer.folder, 'firmware')
      return [
        ...layer.unpack.flatMap((entry) => Object.keys(entry.boot)),
        ...Object.keys(layer.boot),
        ...(existsSync(own) ? readdirSync(own) : []),
      ]
    }),
  )
}

describe('the recipe kit-rpi', () => {
  // No emulator reads the table as a Raspberry Pi's boot ROM does, so nothing else would notice it broken.
  it('has the partition table that is fixed for ever', () => {
    expect(recipe.disk.table).toBe('mbr')
    expect(recipe.disk.partitions.map((p) => [p.number, p.type, p.content, p.start / MiB, p.size / MiB])).toEqual([
      [1, 'fat32-lba', 'boot', 1, 128],
      [2, 'non-fs', 'reserved', 129, 128],
      [3, 'non-fs', 'env', 257, 1],
      [4, 'extended', null, 258, 1411],
      [5, 'linux', 'slot', 259, 640],
      [6, 'linux', 'empty', 900, 640],
      [7, 'linux', 'data', 1541, 128],
    ])
    expect(recipe.disk.partitions.map((p) => p.label)).toEqual(['HEARTH', null, null, null, null, null, 'hearth-data'])
    expect(tableScript(recipe)).toContain('1 : start=2048, size=262144, type=c\n')
  })

  it('tells GRUB and the initramfs the numbers of that table', () => {
    const number = (content: string) => recipe.disk.partitions.find((p) => p.content === content)?.number
    expect(recipe.variables).toMatchObject({
      TABLE: 'msdos',
      ENV_PARTITION: number('env'),
      SLOT_A: number('slot'),
      SLOT_B: number('empty'),
      DATA_PARTITION: number('data'),
    })
  })

  it('puts every file that a board’s firmware reads on the boot partition', () => {
    const there = onBootPartition()
    for (const board of recipe.boards)
      expect([...there], board.name).toEqual(expect.arrayContaining([...board.firmware]))
    const kinds = recipe.boards.flatMap(({ name, firmware }) =>
      firmware.some((file) => file.endsWith('.dtb')) ? [] : name,
    )
    expect(kinds, 'boards without a device tree').toEqual([])
  })
})

const image = path.join(import.meta.dirname, '../../out/kit-rpi.img')

describe.skipIf(!existsSync(image))('the image out/kit-rpi.img', () => {
  it('has that table, byte for byte, and a signature', () => {
    const sector = read(0, 512)
    expect(sector.readUInt16LE(510)).toBe(0xaa55)
    expect(entries(sector, 0)).toEqual([
      [0x0c, 1 * MiB, 128 * MiB],
      [0xda, 129 * MiB, 128 * MiB],
      [0xda, 257 * MiB, 1 * MiB],
      [0x0f, 258 * MiB, 1411 * MiB],
    ])
    const logical: number[][] = []
    let at = 258 * MiB
    for (;;) {
      const [own = [], following = []] = entries(read(at, 512), at)
      logical.push(own)
      if (!following[0]) break
      // The link to the next entry counts from the start of the extended partition.
      at = 258 * MiB + (following[1] as number) - at
    }
    expect(logical).toEqual([
      [0x83, 259 * MiB, 640 * MiB],
      [0x83, 900 * MiB, 640 * MiB],
      [0x83, 1541 * MiB, 128 * MiB],
    ])
  })

  it('has on its boot partition, whole, every file that a board’s firmware reads', () => {
    const files = fatRoot(1 * MiB)
    for (const board of recipe.boards) {
      for (const name of board.firmware) expect(files.get(name) ?? 0, `${board.name}: ${name}`).toBeGreaterThan(100)
    }
    expect(files.has('hearth-example.yaml')).toBe(true)
    expect(
      read(1 * MiB + 71, 11)
        .toString('latin1')
        .trimEnd(),
    ).toBe('HEARTH')
  })
})

function read(offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  const fd = openSync(image, 'r')
  try {
    readSync(fd, bytes, 0, length, offset)
  } finally {
    closeSync(fd)
  }
  return bytes
}

/** Type, start and size in bytes of a table's entries. */
function entries(sector: Buffer, from: number): number[][] {
  return [446, 462, 478, 494].map((at) => [
    sector[at + 4] as number,
    from + sector.readUInt32LE(at + 8) * 512,
    sector.readUInt32LE(at + 12) * 512,
  ])
}

/** Names and sizes in the root folder of a FAT32 file system. */
function fatRoot(start: number): Map<string, number> {
  const boot = read(start, 512)
  const [clusterSize, reserved] = [(boot[13] as number) * 512, boot.readUInt16LE(14) * 512]
  const fatSize = boot.readUInt32LE(36) * 512
  const fat = read(start + reserved, fatSize)
  const data = start + reserved + (boot[16] as number) * fatSize
  const files = new Map<string, number>()
  let long = ''
  for (
    let cluster = boot.readUInt32LE(44);
    cluster < 0x0ffffff8;
    cluster = fat.readUInt32LE(cluster * 4) & 0x0fffffff
  ) {
    const folder = read(data + (cluster - 2) * clusterSize, clusterSize)
    for (let at = 0; at < clusterSize && folder[at] !== 0; at += 32) {
      const entry = folder.subarray(at, at + 32)
      if (entry[11] === 0x0f) {
        const part = Buffer.concat([entry.subarray(1, 11), entry.subarray(14, 26), entry.subarray(28, 32)])
        long = `${part.toString('utf16le').split('\0')[0]}${long}`
        continue
      }
      const short = `${entry.toString('latin1', 0, 8).trimEnd()}.${entry.toString('latin1', 8, 11).trimEnd()}`
      // Windows' flags for a short name in small letters.
      files.set(
        long || ((entry[12] as number) & 0x18 ? short.toLowerCase() : short).replace(/\.$/, ''),
        entry.readUInt32LE(28),
      )
      long = ''
    }
  }
  return files
}

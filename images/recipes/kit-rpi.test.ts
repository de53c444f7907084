import { existsSync, readdirSync } from 'node:fs'
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
  // No emulator reads the table as a Raspberry Pi's boot ROM does. What stands in the image: test/kit-rpi.test.ts.
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

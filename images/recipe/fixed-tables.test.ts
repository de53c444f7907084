import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadRecipe, MiB, tableCode } from './index.ts'

/**
 * Kits in homes keep the table they were flashed with for ever, and slots, scripts and grub.cfg count on it. If this test
 * is red, the recipe is wrong, not the test (docs/architecture.md, "Disks, fixed for ever").
 */
const fixed = {
  'kit-x86': [
    'gpt',
    '1 bios 1+1 21686148-6449-6E6F-744E-656564454649 grub-bios',
    '2 esp 2+64 C12A7328-F81F-11D2-BA4B-00A0C93EC93B boot',
    '3 boot-2 66+64 8DA63339-0007-60C0-C436-083AC8230908 reserved',
    '4 seed 130+32 EBD0A0A2-B9E5-4433-87C0-68B6B72699C7 seed HEARTH',
    '5 env 162+1 8DA63339-0007-60C0-C436-083AC8230908 env',
    '6 slot-a 163+640 4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709 slot',
    '7 slot-b 803+640 4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709 empty',
    '8 data 1443+128 0FC63DAF-8483-4772-8E79-3D69D8477DE4 data hearth-data grows',
  ],
  'kit-rpi': [
    'mbr',
    '1 boot 1+128 0x0c boot HEARTH',
    '2 boot-2 129+128 0xda reserved',
    '3 env 257+1 0xda env',
    '4 extended 258+1411 0x0f',
    '5 slot-a 259+640 0x83 slot',
    '6 slot-b 900+640 0x83 empty',
    '7 data 1541+128 0x83 data hearth-data grows',
  ],
}

describe.each(Object.entries(fixed))('the partition table of %s', (name, [kind, ...lines]) => {
  const file = path.join(import.meta.dirname, '../recipes', `${name}.yaml`)

  it.skipIf(!existsSync(file))('is the one that never changes', () => {
    const { architecture, disk } = loadRecipe(file)
    const shown = disk.partitions.map((each) => {
      const { guid, mbr } = tableCode(each.type, architecture)
      const code = disk.table === 'gpt' ? guid : `0x${mbr?.toString(16).padStart(2, '0')}`
      const place = `${each.start / MiB}+${each.size / MiB}`
      // The label of the ESP may change: nothing looks for it.
      const label = each.content === 'boot' && disk.table === 'gpt' ? null : each.label
      const name = each.type === 'extended' ? 'extended' : each.name
      return [each.number, name, place, code, each.content, label, each.grows ? 'grows' : null]
        .filter(Boolean)
        .join(' ')
    })
    expect([disk.table, ...shown]).toEqual([kind, ...lines])
  })
})

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Tools } from '../build/tools.ts'
import { MiB } from '../recipe/disk.ts'

/**
 * Does what the board's own firmware does, which no emulator runs: takes U-Boot and the device tree from the card's first
 * partition. What the firmware itself needs there is not proved by this.
 *
 * In the device tree the node of the power manager is hidden: QEMU resets the machine the moment its watchdog is armed,
 * where the board counts down first.
 *
 * @returns arguments for QEMU's machine raspi3b
 */
export async function raspi3bFirmware(tools: Tools, image: string, folder: string): Promise<string[]> {
  const take = async (name: string) => {
    const file = path.join(folder, name)
    await tools.run('mcopy', ['-n', '-o', '-i', `${image}@@${MiB}`, `::${name}`, file])
    return file
  }
  const uboot = await take('u-boot.bin')
  const tree = await take('bcm2837-rpi-3-b.dtb')
  writeFileSync(tree, hidePowerManager(readFileSync(tree)))
  return ['-kernel', uboot, '-dtb', tree]
}

/** Gives the node a name of the same length that no driver knows. */
export function hidePowerManager(tree: Buffer): Buffer {
  const text = tree.toString('latin1')
  const hidden = text.replaceAll('brcm,bcm2835-pm', 'none,bcm2835-pm')
  if (hidden === text) throw new Error('The device tree has no brcm,bcm2835-pm: look what its watchdog is called now.')
  return Buffer.from(hidden, 'latin1')
}

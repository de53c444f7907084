import { rmSync } from 'node:fs'
import path from 'node:path'
import type { Tools } from '#images/build/tools.ts'
import type { Guest } from '#images/emulator/guest.ts'

/** Where a partition lies on its disk, in bytes. */
export interface Extent {
  offset: number
  size: number
}

/** Asks the running kit, as its table may have grown. @param partition kernel name, e.g. `vda8` */
export async function extentOf(guest: Guest, partition: string): Promise<Extent> {
  const numbers = await guest.run(`cat /sys/class/block/${partition}/start /sys/class/block/${partition}/size`)
  const [start = 0, size = 0] = numbers.split('\n').map((sectors) => Number(sectors) * 512)
  return { offset: start, size }
}

/** Overwrites parts of the disk of a kit that is off with zeros, as a dying card does. */
export async function wipe(tools: Tools, guest: Guest, extents: readonly Extent[]): Promise<void> {
  const commands = extents.flatMap(({ offset, size }) => ['-c', `write -q -z ${offset} ${size}`])
  await tools.run('qemu-io', ['-f', 'qcow2', ...commands, guest.disk])
}

/** What e2fsck finds on a partition of a kit that is off, without mending it; an empty text is a clean file system. */
export async function fileSystemFaults(tools: Tools, guest: Guest, { offset, size }: Extent): Promise<string> {
  const copy = path.join(guest.options.folder, 'partition.img')
  const source = {
    driver: 'raw',
    offset,
    size,
    file: { driver: 'qcow2', file: { driver: 'file', filename: guest.disk } },
  }
  try {
    await tools.run('qemu-img', ['convert', '-O', 'raw', `json:${JSON.stringify(source)}`, copy])
    const { exitCode, stdout } = await tools.run('e2fsck', ['-f', '-n', copy]).nothrow()
    return exitCode === 0 ? '' : stdout
  } finally {
    rmSync(copy, { force: true })
  }
}

/** Where ext4 keeps its superblock and the copies of it, in bytes from the start of the partition. */
export async function superblocks(guest: Guest, partition: string): Promise<number[]> {
  const listing = await guest.run(`dumpe2fs /dev/${partition} 2>/dev/null | grep -E "^Block size|superblock at"`)
  const blockSize = Number(/Block size: +(\d+)/.exec(listing)?.[1])
  const blocks = [...listing.matchAll(/superblock at (\d+)/g)].map((match) => Number(match[1]))
  // The first stands 1024 bytes into the partition, whatever the size of a block.
  return blocks.map((block, index) => (index === 0 ? 0 : block * blockSize))
}

import { readdir, readFile, realpath } from 'node:fs/promises'
import path from 'node:path'
import type { KitPaths } from '../paths.ts'
import { isMissing, readText } from './files.ts'

export interface Partition {
  /** Kernel name without /dev, e.g. `mmcblk0p7`. */
  name: string
  /** Kernel name of its disk, e.g. `mmcblk0`. */
  disk: string
  number: number
}

/** The partition that /data is mounted from; null when a memory file system stands in for it. */
export async function dataPartition(paths: KitPaths): Promise<Partition | null> {
  const mounts = await readFile(path.join(paths.proc, 'self/mountinfo'), 'utf8')
  // "36 25 254:8 / /data rw,noatime - ext4 /dev/vda8 rw": the device by number, as the source may be any link to it. The
  // last mount on a folder is the one that counts.
  const device = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[4] === '/data')
    .at(-1)?.[2]
  return device === undefined ? null : partitionOf(path.join(paths.sys, 'dev/block', device))
}

/** All partitions of a disk, in order of their numbers. */
export async function partitionsOf(paths: KitPaths, disk: string): Promise<Partition[]> {
  const folder = path.join(paths.sys, 'class/block', disk)
  const found: Partition[] = []
  for (const name of await readdir(folder)) {
    const partition = name.startsWith(disk) ? await partitionOf(path.join(folder, name)) : null
    if (partition) found.push(partition)
  }
  return found.sort((a, b) => a.number - b.number)
}

/** Sectors of 512 bytes, as the kernel counts them for every disk. */
export async function sectors(paths: KitPaths, device: string): Promise<number> {
  return Number(await readFile(path.join(paths.sys, 'class/block', device, 'size'), 'utf8'))
}

/** `/dev/NAME`. */
export function devicePath(paths: KitPaths, name: string): string {
  return path.join(paths.root, 'dev', name)
}

async function partitionOf(sysFolder: string): Promise<Partition | null> {
  let folder: string
  try {
    folder = await realpath(sysFolder)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
  const number = Number(await readText(path.join(folder, 'partition')))
  return number > 0 ? { name: path.basename(folder), disk: path.basename(path.dirname(folder)), number } : null
}

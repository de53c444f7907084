import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { KitPaths } from '../paths.ts'
import { dataPartition, devicePath, type Partition, sectors } from './disk.ts'
import { mustRun, type Run } from './run.ts'

/** Less is not worth a change of the table: 1 MiB. */
const worthwhileSectors = 2048
/** A GPT ends with a copy of itself. */
const gptTailSectors = 34
/** Where a partition table of the Pi's kind ends: 2 TiB. */
const mbrLimit = 2 ** 32 - 1

/**
 * Grows the data partition and its file system to the end of the disk while they are in use. Nothing moves and nothing
 * shrinks: each change of the table is one sector that is either written or not, so it can be repeated after a cut at any point.
 * (On GPT the entries and their checksum are two sectors within the same 4 KiB; the kernel's `gpt` option takes the copy
 * at the end if they ever disagree.)
 * @returns whether there is a partition to grow at all
 */
export async function growData(paths: KitPaths, run: Run): Promise<boolean> {
  const data = await dataPartition(paths)
  if (data === null) return false
  await growPartition(paths, run, data)
  await mustRun(run, 'resize2fs', [devicePath(paths, data.name)], { timeoutMs: 10 * 60_000 })
  return true
}

async function growPartition(paths: KitPaths, run: Run, data: Partition): Promise<void> {
  const disk = devicePath(paths, data.disk)
  const label = await tableLabel(run, disk)
  const end =
    label === 'dos'
      ? Math.min(await sectors(paths, data.disk), mbrLimit)
      : (await sectors(paths, data.disk)) - gptTailSectors
  if (end - (await lastSector(paths, data)) < worthwhileSectors) return

  if (label === 'gpt') {
    // The copy at the end of the image goes to the end of the disk before anything relies on it.
    await mustRun(run, 'sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', '--relocate', 'gpt-bak-std', disk])
    await stretch(run, disk, data.number)
  } else {
    // The extended partition first: a logical one may not reach beyond it.
    await stretch(run, disk, 4)
    await stretch(run, disk, data.number)
  }
  await mustRun(run, 'partx', ['--update', '--nr', String(data.number), disk])
}

async function stretch(run: Run, disk: string, number: number): Promise<void> {
  const args = ['--quiet', '--no-reread', '--no-tell-kernel', '--partno', String(number), disk]
  await mustRun(run, 'sfdisk', args, { input: ', +\n' })
}

async function tableLabel(run: Run, disk: string): Promise<'gpt' | 'dos'> {
  const table = JSON.parse(await mustRun(run, 'sfdisk', ['--json', disk])) as { partitiontable?: { label?: string } }
  const label = table.partitiontable?.label
  if (label !== 'gpt' && label !== 'dos')
    throw new Error(`${disk} has no partition table that the kit knows (${label})`)
  return label
}

/** The sector after a partition's last, as the kernel has it. */
async function lastSector(paths: KitPaths, { name }: Partition): Promise<number> {
  const start = Number(await readFile(path.join(paths.sys, 'class/block', name, 'start'), 'utf8'))
  return start + (await sectors(paths, name))
}

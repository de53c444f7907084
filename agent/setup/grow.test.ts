import { existsSync } from 'node:fs'
import { open, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { growData } from './grow.ts'
import { type Run, run as realRun } from './run.ts'
import { makeSetupRoot, type SetupRoot } from './setup-fixture.ts'

const sfdisk = ['/sbin/sfdisk', '/usr/sbin/sfdisk'].some((file) => existsSync(file))
if (!sfdisk) console.warn('sfdisk is not installed: growing the data partition is not tried (apt-get install fdisk)')

let kit: SetupRoot
beforeEach(async () => {
  if (sfdisk) kit = await makeSetupRoot()
})
afterEach(() => kit?.remove())

const disk = () => path.join(kit.root, 'dev/vda')

interface Table {
  partitions: { start: number; size: number; uuid?: string }[]
}
async function table(): Promise<Table> {
  return JSON.parse((await realRun('sfdisk', ['--json', disk()])).stdout).partitiontable
}

/** The table at the disk's start. */
async function start(): Promise<Buffer> {
  const handle = await open(disk(), 'r')
  const { buffer } = await handle.read(Buffer.alloc(65536), 0, 65536, 0)
  await handle.close()
  return buffer
}

describe.skipIf(!sfdisk)('growData', () => {
  test('GPT: the last partition reaches the end, the copy of the table too, nothing else moves', async () => {
    const before = await table()
    expect(await growData(kit.paths, kit.run)).toBe(true)
    const after = await table()
    expect(after.partitions.slice(0, -1)).toEqual(before.partitions.slice(0, -1))
    const [was, is] = [before.partitions.at(-1), after.partitions.at(-1)]
    expect(is).toMatchObject({ start: was?.start, uuid: was?.uuid })
    expect((is?.start ?? 0) + (is?.size ?? 0)).toBeGreaterThan(4194304 - 2048)
    expect((await realRun('sfdisk', ['--verify', disk()])).stderr).not.toContain('not on the end')
    expect(kit.calls).toContain(`partx --update --nr 8 ${disk()}`)
    expect(kit.calls.at(-1)).toBe(`resize2fs ${kit.root}/dev/vda8`)
  })

  test('a grown disk is left as it is', async () => {
    await growData(kit.paths, kit.run)
    const size = (await table()).partitions.at(-1)?.size
    await kit.write('sys/devices/vda/vda8/size', `${size}\n`)
    const before = await start()
    kit.calls.length = 0
    await growData(kit.paths, kit.run)
    expect(kit.calls.filter((call) => call.startsWith('sfdisk') && !call.includes('--json'))).toEqual([])
    expect((await start()).equals(before)).toBe(true)
  })

  test('MBR: the extended partition first, then the logical one', async () => {
    await writeFile(disk(), '')
    await truncate(disk(), 2 * 1024 ** 3)
    const input = `label: dos\nstart=2048, size=8192, type=c\nstart=10240, size=8192, type=da\nstart=18432, size=2048, type=da
start=20480, size=600000, type=f\nstart=22528, size=131072\nstart=155648, size=131072\nstart=288768, size=262144\n`
    await realRun('sfdisk', ['--quiet', disk()], { input })
    await kit.write('sys/devices/vda/vda8/partition', '7\n')
    await kit.write('sys/devices/vda/vda8/start', '288768\n')
    const before = await table()
    await growData(kit.paths, kit.run)
    const after = await table()
    expect(after.partitions.map(({ start }) => start)).toEqual(before.partitions.map(({ start }) => start))
    expect(after.partitions[3]).toMatchObject({ start: 20480, size: 4194304 - 20480 })
    expect(after.partitions[6]).toMatchObject({ start: 288768, size: 4194304 - 288768 })
    expect(after.partitions.slice(0, 3)).toEqual(before.partitions.slice(0, 3))
  })

  test('a cut before any command leaves a table that is valid and can be grown again', async () => {
    for (let cut = 0; ; cut++) {
      let count = 0
      const dying: Run = (command, args, options) => {
        if (count++ >= cut) throw new Error('power cut')
        return kit.run(command, args, options)
      }
      const done = await growData(kit.paths, dying).then(
        () => true,
        () => false,
      )
      expect((await table()).partitions).toHaveLength(8)
      if (done) break
    }
    expect((await table()).partitions.at(-1)?.size).toBeGreaterThan(3_000_000)
  })

  test('what stands in for the data partition is not grown', async () => {
    await kit.write('proc/self/mountinfo', '36 25 0:45 / /data rw - tmpfs hearth-data rw\n')
    expect(await growData(kit.paths, kit.run)).toBe(false)
    expect(kit.calls).toEqual([])
  })

  test('a file system that does not grow is an error, not a success', async () => {
    const failing: Run = (command, args, options) =>
      command === 'resize2fs'
        ? Promise.resolve({ stdout: '', stderr: 'Bad magic number', code: 1 })
        : kit.run(command, args, options)
    await expect(growData(kit.paths, failing)).rejects.toThrow('Bad magic number')
  })
})

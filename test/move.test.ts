import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Move } from '#agent/helper/move.ts'
import type { MoveProgress } from '#agent/helper/protocol.ts'
import { type KitPaths, kitPaths } from '#agent/paths.ts'
import { type Run, run as realRun } from '#agent/setup/run.ts'

/*
 * Moves a small kit from one loop device to another, with the real table, file system and copy. Needs root and loop
 * devices. There is no systemd here: its commands are recorded.
 */
const MiB = 1024 * 1024
const names = ['bios', 'esp', 'boot-2', 'seed', 'env', 'slot-a', 'slot-b', 'data']
const sizes = [1, 8, 2, 8, 1, 16, 16]
const writers =
  'hearth-agent.socket hearth-agent-public.socket hearth-agent.service hearth-publish.path hearth-publish.service snac2.service'

let folder: string
let paths: KitPaths
let from: string
let to: string
let commands: string[]
const run: Run = (command, args, options) => {
  commands.push([command, ...args].join(' '))
  // Where udev would make the partitions' devices; the kernel's own reader of tables may be left out, too.
  if (command === 'udevadm') return realRun('partx', ['--update', `/dev/${to}`])
  if (command === 'systemctl') return Promise.resolve({ stdout: '', stderr: '', code: 0 })
  return realRun(command, args, options)
}

beforeEach(() => {
  if (process.getuid?.() !== 0) throw new Error('test/move.test.ts needs root: run it by `hearth test`, as root')
  commands = []
  folder = mkdtempSync(path.join(tmpdir(), 'move-'))
  paths = kitPaths(path.join(folder, 'kit'))
  mkdirSync(path.join(folder, 'kit/run/hearth'), { recursive: true })
  mkdirSync(path.join(folder, 'kit/data'))
  from = attach('stick.img', 160)
  to = attach('disk.img', 400)
  const lines = sizes.map((size, index) => `size=${size}MiB, type=linux, name="${names[index]}"`)
  execFileSync('sfdisk', ['--quiet', `/dev/${from}`], {
    input: ['label: gpt', ...lines, 'type=linux, name="data"', ''].join('\n'),
  })
  execFileSync('partx', ['--update', `/dev/${from}`])
  names.slice(0, -1).forEach((_, index) => {
    overwrite(`/dev/${from}p${index + 1}`, randomBytes((sizes[index] as number) * MiB))
  })
  overwrite(`/dev/${from}`, randomBytes(440))
  execFileSync('mkfs.ext4', ['-q', `/dev/${from}p8`])
  execFileSync('mount', [`/dev/${from}p8`, paths.root.concat('/data')])
  mkdirSync(path.join(paths.snac, 'user/anna'), { recursive: true })
  writeFileSync(path.join(paths.snac, 'post'), randomBytes(3 * MiB))
  linkSync(path.join(paths.snac, 'post'), path.join(paths.snac, 'user/anna/post'))
})

afterEach(() => {
  for (const mounted of ['data', 'run/hearth/moved-data']) spawnSync('umount', [path.join(paths.root, mounted)])
  for (const name of [from, to]) {
    spawnSync('partx', ['--delete', `/dev/${name}`])
    spawnSync('losetup', ['--detach', `/dev/${name}`])
  }
  rmSync(folder, { recursive: true })
})

test('the disk holds everything the stick holds, and its data fill the rest', async () => {
  const move = new Move(paths, run, console.error)
  move.start(from, to)
  await expect(move.assertDataMayChange()).rejects.toMatchObject({ code: 'disk.moving' })
  await move.finished()
  expect(progress()).toMatchObject({ state: 'done', disk: to, problem: null })
  expect(progress().doneBytes).toBe(progress().totalBytes)

  for (let number = 1; number <= 7; number++)
    expect(sum(`/dev/${to}p${number}`), names[number - 1]).toBe(sum(`/dev/${from}p${number}`))
  expect(bootCode(to)).toEqual(bootCode(from))
  const [source, target] = [table(from), table(to)]
  expect(target.map(({ name, start }) => [name, start])).toEqual(source.map(({ name, start }) => [name, start]))
  expect(target.map(({ uuid }) => uuid)).not.toContain(source[5]?.uuid)
  expect(target.at(-1)?.size).toBeGreaterThan(300 * 2048)

  const mounted = path.join(folder, 'mounted')
  mkdirSync(mounted)
  execFileSync('mount', ['-o', 'ro', `/dev/${to}p8`, mounted])
  try {
    execFileSync('diff', ['-r', '--exclude=lost+found', path.join(paths.root, 'data'), mounted])
    expect(
      execFileSync('find', [mounted, '-samefile', path.join(mounted, 'snac/post')], { encoding: 'utf8' })
        .trim()
        .split('\n'),
    ).toHaveLength(2)
  } finally {
    execFileSync('umount', [mounted])
  }

  // The server stands still from before the copy until the kit starts from its disk.
  expect(commands.indexOf(`systemctl stop ${writers}`)).toBeGreaterThan(0)
  expect(commands.some((line) => line.startsWith('systemctl start'))).toBe(false)
  await expect(move.assertDataMayChange()).rejects.toMatchObject({ code: 'disk.moved' })
})

test('a copy that fails leaves a disk that nothing starts from, and the kit as it was', async () => {
  const move = new Move(
    paths,
    (command, ...call) =>
      command === 'cp' ? Promise.resolve({ stdout: '', stderr: 'cp: No space left', code: 1 }) : run(command, ...call),
    () => {},
  )
  move.start(from, to)
  await move.finished()
  expect(progress()).toMatchObject({ state: 'failed', problem: { code: 'disk.move-failed' } })
  expect(bootCode(to).equals(Buffer.alloc(440))).toBe(true)
  expect(spawnSync('mountpoint', ['-q', path.join(paths.root, 'run/hearth/moved-data')]).status).not.toBe(0)
  expect(commands.at(-1)).toBe(`systemctl start ${writers}`)
  await expect(move.assertDataMayChange()).resolves.toBeUndefined()
})

test('what is copied is compared with what the disk holds', async () => {
  const move = new Move(
    paths,
    async (command, args, options) => {
      const result = await run(command, args, options)
      // A disk that says it has written, and has not.
      if (command === 'cp') overwrite(path.join(String(args.at(-1)), 'snac/post'), randomBytes(MiB))
      return result
    },
    () => {},
  )
  move.start(from, to)
  await move.finished()
  expect(progress().state).toBe('failed')
})

test('after a helper that died in the middle, the services are started again', async () => {
  writeFileSync(paths.move, JSON.stringify({ state: 'copying', step: 'data' }))
  await new Move(paths, run, () => {}).recover()
  expect(progress().state).toBe('failed')
  expect(commands).toEqual([`systemctl start ${writers}`])
})

function attach(name: string, mebibytes: number): string {
  const file = path.join(folder, name)
  execFileSync('truncate', ['-s', `${mebibytes}M`, file])
  return execFileSync('losetup', ['--find', '--show', '--partscan', file], { encoding: 'utf8' })
    .trim()
    .slice('/dev/'.length)
}

function progress(): MoveProgress {
  return JSON.parse(readFileSync(paths.move, 'utf8'))
}

function table(name: string): { name: string; start: number; size: number; uuid: string }[] {
  return JSON.parse(execFileSync('sfdisk', ['--json', `/dev/${name}`], { encoding: 'utf8' })).partitiontable.partitions
}

function overwrite(file: string, bytes: Buffer) {
  const target = openSync(file, 'r+')
  writeSync(target, bytes)
  closeSync(target)
}

function sum(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

function bootCode(name: string): Buffer {
  const [file, bytes] = [openSync(`/dev/${name}`, 'r'), Buffer.alloc(440)]
  readSync(file, bytes)
  closeSync(file)
  return bytes
}

import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

// Runs the kit's script with the real grub-editenv on an image of the partition, made as the build makes it.
const script = path.resolve('images/layers/kit/files/usr/lib/hearth/boot-env')
const fresh = ['ORDER=A B', 'A_OK=1', 'A_TRY=0', 'B_OK=0', 'B_TRY=0']

let folder: string
let device: string
let offsets: [number, number]

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'boot-env-'))
  device = path.join(folder, 'env.img')
  await makePartition()
})
afterEach(() => rm(folder, { recursive: true }))

test('lists what the build put there', async () => {
  expect(await list()).toEqual(fresh)
})

test('sets variables in both copies and touches nothing else', async () => {
  const before = await readFile(device)
  await bootEnv('set', 'A_TRY=2', 'B_OK=1')
  const after = await readFile(device)
  expect(await copy(0)).toContain('A_TRY=2\n')
  expect(await copy(1)).toEqual(await copy(0))
  for (const image of [before, after]) for (const offset of offsets) image.fill(0, offset, offset + 512)
  expect(after.equals(before)).toBe(true)
  // What GRUB itself would read, through the FAT.
  execFileSync('mcopy', ['-n', '-i', device, '::env2', path.join(folder, 'read-back')])
  expect(execFileSync('grub-editenv', [path.join(folder, 'read-back'), 'list'], { encoding: 'utf8' })).toContain(
    'B_OK=1',
  )
})

test('takes values with spaces, unsets names', async () => {
  await bootEnv('set', 'ORDER=B A')
  await bootEnv('unset', 'B_TRY')
  expect(await list()).toEqual(['ORDER=B A', 'A_OK=1', 'A_TRY=0', 'B_OK=0'])
})

test('answers to the name RAUC calls', async () => {
  const link = path.join(folder, 'grub-editenv')
  await symlink(script, link)
  await call(link, ['/dev/disk/by-partlabel/env', 'set', 'B_TRY=0', 'B_OK=1'])
  const { stdout } = await call(link, ['/dev/disk/by-partlabel/env', 'list'])
  expect(stdout).toContain('B_OK=1')
})

test.each([
  ['zeros', Buffer.alloc(512)],
  ['noise behind the header', Buffer.concat([Buffer.from('# GRUB Environment Block\n'), Buffer.alloc(487, 0x9c)])],
  ['half a write', Buffer.concat([Buffer.from('# GRUB Environment Block\nORDER=A B\nA_O'), Buffer.alloc(475)])],
])('with the first copy damaged (%s) the second is used, and the next change mends both', async (_, damage) => {
  await bootEnv('set', 'A_TRY=1')
  await overwrite(0, damage)
  const { stdout, stderr } = await bootEnv('list')
  expect(stdout).toContain('A_TRY=1')
  expect(stderr).toContain('first copy')
  await bootEnv('set', 'A_TRY=0')
  expect(await copy(0)).toContain('A_TRY=0\n')
  expect(await copy(0)).toContain('ORDER=A B\n')
  expect(await copy(1)).toEqual(await copy(0))
})

test('a second copy that is behind or damaged changes nothing', async () => {
  await bootEnv('set', 'A_TRY=3')
  await overwrite(1, Buffer.alloc(512))
  expect(await list()).toContain('A_TRY=3')
})

test('with both copies damaged the running slot counts as good and the other does not', async () => {
  await overwrite(0, Buffer.alloc(512))
  await overwrite(1, Buffer.alloc(512, 0xff))
  await bootEnv('set', 'A_TRY=0')
  expect(await list()).toEqual(['ORDER=B A', 'A_OK=0', 'A_TRY=0', 'B_OK=1', 'B_TRY=0'])
})

test('with both copies damaged and no slot known it refuses to guess', async () => {
  await overwrite(0, Buffer.alloc(512))
  await overwrite(1, Buffer.alloc(512))
  await writeFile(path.join(folder, 'cmdline'), 'quiet\n')
  await expect(bootEnv('set', 'A_TRY=0')).rejects.toThrow(/running slot is not known/)
  expect(await copy(0)).toBe('\0'.repeat(512))
})

test.each([
  [['set', `LONG=${'x'.repeat(450)}`], /no longer fit/],
  [['set', `LONG=${'x'.repeat(2000)}`], /nothing was written/],
  [['set', 'A_TRY'], /no value/],
  [['set', '1=2'], /not a variable/],
  [['set', 'A_TRY=1\nB_OK=1'], /not a variable/],
  [['set'], /at least one/],
  [['unset', 'A_TRY=1'], /name only/],
  [['destroy'], /unknown/],
  [[], /usage/],
])('refuses %j and leaves both copies alone', async (args, message) => {
  const before = await readFile(device)
  await expect(bootEnv(...args)).rejects.toThrow(message)
  expect((await readFile(device)).equals(before)).toBe(true)
})

test('a configuration without offsets is refused', async () => {
  await writeFile(path.join(folder, 'boot-env.conf'), `DEVICE=${device}\nOFFSET1=17\nOFFSET2=\nSIZE=512\n`)
  await expect(bootEnv('list')).rejects.toThrow(/not a multiple of 512/)
})

test('two changes at once both arrive', async () => {
  await Promise.all([bootEnv('set', 'A_TRY=1'), bootEnv('set', 'B_TRY=2'), bootEnv('set', 'B_OK=1')])
  expect(await list()).toEqual(['ORDER=A B', 'A_OK=1', 'A_TRY=1', 'B_OK=1', 'B_TRY=2'])
})

/** FAT12 with 4 KiB clusters and two environment files of 1,024 bytes. */
async function makePartition() {
  const file = path.join(folder, 'made')
  execFileSync('grub-editenv', [file, 'create'])
  execFileSync('grub-editenv', [file, 'set', ...fresh])
  await writeFile(device, Buffer.alloc(1024 * 1024))
  execFileSync('mkfs.vfat', ['-F', '12', '-s', '8', '-i', '48454e56', device], { stdio: 'ignore' })
  for (const name of ['env1', 'env2']) execFileSync('mcopy', ['-i', device, file, `::${name}`])
  const image = await readFile(device)
  const first = image.indexOf('# GRUB Environment Block')
  offsets = [first, image.indexOf('# GRUB Environment Block', first + 1)]
  const [offset1, offset2] = offsets
  await writeFile(
    path.join(folder, 'boot-env.conf'),
    `DEVICE=${device}\nOFFSET1=${offset1}\nOFFSET2=${offset2}\nSIZE=1024\n`,
  )
  await writeFile(path.join(folder, 'cmdline'), 'root=PARTUUID=0 quiet rauc.slot=B\n')
}

function call(command: string, args: string[]) {
  const env = {
    PATH: process.env.PATH,
    BOOT_ENV_CONF: path.join(folder, 'boot-env.conf'),
    BOOT_ENV_CMDLINE: path.join(folder, 'cmdline'),
    BOOT_ENV_RUNTIME: folder,
  }
  return promisify(execFile)('dash', [command, ...args], { env })
}

const bootEnv = (...args: string[]) => call(script, args)

async function list(): Promise<string[]> {
  return (await bootEnv('list')).stdout.trim().split('\n')
}

/** The first sector of a copy, as text. */
async function copy(index: 0 | 1): Promise<string> {
  return (await readFile(device)).toString('latin1', offsets[index], offsets[index] + 512)
}

async function overwrite(index: 0 | 1, bytes: Buffer) {
  const file = await open(device, 'r+')
  await file.write(bytes, 0, bytes.length, offsets[index])
  await file.sync()
  await file.close()
}

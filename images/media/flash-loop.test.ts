import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { judgeMedia, readMachine } from './devices.ts'
import { flash } from './flash.ts'
import { confirmTarget, findTarget, openTarget } from './target.ts'
import { Bench, loopsWork, MiB } from './testdata/bench.ts'
import { verify } from './verify.ts'

let bench: Bench
let image: Buffer
beforeEach(async () => {
  bench = new Bench()
  image = await bench.publish()
})
afterEach(() => bench.clean())

/** A loop device over a new file that is full of old data. */
function card(mebibytes: number): { device: string; backing: string; permission: string[] } {
  const backing = bench.at('backing')
  writeFileSync(backing, Buffer.alloc(mebibytes * MiB, 0xee))
  const device = bench.loop(backing)
  return { device, backing, permission: ['--internal', '--serial', backing, '--yes', path.basename(device)] }
}

function readDevice(device: string, start: number, length: number): Buffer {
  const handle = openSync(device, 'r')
  const buffer = Buffer.alloc(length)
  readSync(handle, buffer, 0, length, start)
  closeSync(handle)
  return buffer
}

describe.skipIf(!loopsWork)('flashing to a real block device (root and loop devices needed)', () => {
  it('writes, reads back, clears both ends, and verifies afterwards', async () => {
    const { device, permission } = card(16)
    const io = bench.io()
    expect(await flash([bench.at('disk.img.zst'), device, ...permission], io), io.all()).toBe(0)
    expect(readDevice(device, 0, 6 * MiB).equals(image.subarray(0, 6 * MiB))).toBe(true)
    expect(readDevice(device, 8 * MiB, 4 * MiB).equals(image.subarray(8 * MiB))).toBe(true)
    expect(readDevice(device, 15 * MiB, MiB).every((byte) => byte === 0)).toBe(true)
    expect(await verify([device, '--bmap', bench.at('disk.bmap')], io)).toBe(0)
    expect(await verify([device], io)).toBe(1)
    expect(io.all()).toContain('add --bmap')
  })

  it('puts the seed on the device', async () => {
    const { device, permission } = card(16)
    writeFileSync(bench.at('seed.yaml'), 'language: de\n')
    const io = bench.io()
    expect(
      await flash([bench.at('disk.img.xz'), device, ...permission, '--seed', bench.at('seed.yaml')], io),
      io.all(),
    ).toBe(0)
    expect(execFileSync('mtype', ['-i', `${device}@@${MiB}`, '::hearth.yaml'], { encoding: 'utf8' })).toBe(
      'language: de\n',
    )
  })

  it('wants --internal, then the serial number, then the name', async () => {
    const { device, backing } = card(16)
    const name = path.basename(device)
    for (const [options, answers, said] of [
      [['--yes', name], [], 'if you mean it, add --internal'],
      [['--internal', '--yes', name], ['wrong'], '"wrong" is not what had to be typed'],
      [['--internal'], [backing, 'sda'], '"sda" is not what had to be typed'],
      [['--internal', '--serial', backing], [], 'in a script, add --yes'],
    ] as const) {
      const io = bench.io(...answers)
      expect(await flash([bench.at('disk.img'), device, ...options], io)).toBe(1)
      expect(io.all()).toContain(said)
    }
    expect(readDevice(device, 0, 512).every((byte) => byte === 0xee)).toBe(true)
  })

  it('refuses a device that is too small before it writes', async () => {
    const { device, permission } = card(11)
    const io = bench.io()
    expect(await flash([bench.at('disk.img.zst'), device, ...permission], io)).toBe(1)
    expect(io.all()).toContain('has 11 MiB, the image needs 12 MiB')
    expect(readDevice(device, 0, 512).every((byte) => byte === 0xee)).toBe(true)
  })

  it('refuses one that is mounted, and so does the kernel', async () => {
    const { device, permission } = card(16)
    const before = await findTarget(device)
    execFileSync('mkfs.ext4', ['-q', device], { stdio: 'ignore' })
    bench.mount(device, bench.at('mnt'))
    const io = bench.io()
    expect(await flash([bench.at('disk.img.zst'), device, ...permission], io)).toBe(1)
    expect(io.all()).toContain(`is mounted on ${bench.at('mnt')}`)
    // Judged before it was mounted: only the exclusive claim can notice.
    await expect(openTarget(before)).rejects.toThrow('is in use')
  })

  it('refuses one that is write-protected', async () => {
    writeFileSync(bench.at('backing'), Buffer.alloc(16 * MiB))
    const device = bench.loop(bench.at('backing'), '--read-only')
    const io = bench.io()
    expect(await flash([bench.at('disk.img.zst'), device, '--internal'], io)).toBe(1)
    expect(io.all()).toContain('write-protected')
  })

  it('refuses a medium that was exchanged after it was confirmed', async () => {
    const { device, backing } = card(16)
    const before = await findTarget(device)
    truncateSync(backing, 20 * MiB)
    execFileSync('losetup', ['-c', device])
    await expect(openTarget(before)).rejects.toThrow('is another medium now')
  })

  it('says so when the medium fails while it is written', async () => {
    // The file behind the device cannot grow past the 6 MiB of its file system, as on a card that lies about its size.
    bench.mount('tmpfs', bench.at('small'), '-t', 'tmpfs', '-o', 'size=6m')
    writeFileSync(bench.at('small/backing'), '')
    truncateSync(bench.at('small/backing'), 16 * MiB)
    const device = bench.loop(bench.at('small/backing'))
    const permission = ['--internal', '--serial', bench.at('small/backing'), '--yes', path.basename(device)]
    const io = bench.io()
    expect(await flash([bench.at('disk.img.zst'), device, ...permission], io)).toBe(1)
    expect(io.all()).toMatch(/writing failed.*\(EIO\)|there is no more room/)
    expect(io.all()).toContain('now holds a part of the image without a partition table')
  })

  it('says so when the file system of a file target is full', async () => {
    bench.mount('tmpfs', bench.at('small'), '-t', 'tmpfs', '-o', 'size=6m')
    const io = bench.io()
    expect(await flash([bench.at('disk.img.zst'), bench.at('small/card')], io)).toBe(1)
    expect(io.all()).toContain('there is no more room at')
  })

  it('finds a medium that changed since', async () => {
    const { device, permission } = card(16)
    expect(await flash([bench.at('disk.img.zst'), device, ...permission], bench.io())).toBe(0)
    const handle = openSync(device, 'r+')
    writeFileSync(handle, 'x')
    closeSync(handle)
    const io = bench.io()
    expect(await verify([device, '--bmap', bench.at('disk.bmap')], io)).toBe(1)
    expect(io.all()).toContain('differs from the image between 0 bytes and 6 MiB')
  })
})

describe('the system disk', () => {
  it('is refused whatever is typed', async (test) => {
    const running = judgeMedia(await readMachine()).filter(({ reasons }) =>
      reasons.includes('holds the running system'),
    )
    if (running.length === 0) return test.skip('the disk of this system is not visible, as in a container')
    for (const { path: device, name, serial } of running) {
      // Never `flash` itself: if this test is ever red, it must not cost the machine.
      const permission = { internal: true, serial, yes: name }
      await expect(findTarget(device).then((target) => confirmTarget(target, permission, bench.io()))).rejects.toThrow(
        'holds the running system',
      )
    }
  })
})

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { developmentKey } from '../publish/keys.ts'
import { writeSums } from '../publish/sums.ts'
import { flash } from './flash.ts'
import { Bench, MiB } from './testdata/bench.ts'
import { verify } from './verify.ts'

let bench: Bench
let image: Buffer
beforeEach(async () => {
  bench = new Bench()
  image = await bench.publish()
})
afterEach(() => bench.clean())

const clone = new URL('../..', import.meta.url).pathname

/** Flips a bit in the middle of a file. */
function alter(file: string): void {
  const bytes = readFileSync(file)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

describe('flashing to a file', () => {
  it.each(['disk.img', 'disk.img.zst', 'disk.img.xz'])('%s arrives as it was', async (name) => {
    const io = bench.io()
    expect(await flash([bench.at(name), bench.at('card')], io)).toBe(0)
    expect(readFileSync(bench.at('card')).equals(image)).toBe(true)
    expect(io.all()).toContain('card: 10 MiB written and read back')
  })

  it('keeps a larger file and clears its end, where old partition tables hide', async () => {
    writeFileSync(bench.at('card'), Buffer.alloc(20 * MiB, 0xee))
    expect(await flash([bench.at('disk.img.zst'), bench.at('card')], bench.io('card'))).toBe(0)
    const card = readFileSync(bench.at('card'))
    expect(card.length).toBe(20 * MiB)
    expect(card.subarray(0, 6 * MiB).equals(image.subarray(0, 6 * MiB))).toBe(true)
    expect(card.subarray(8 * MiB, 12 * MiB).equals(image.subarray(8 * MiB))).toBe(true)
    expect(card.subarray(19 * MiB).every((byte) => byte === 0)).toBe(true)
    // The hole is skipped, and so is what lies between image and end.
    expect(card[7 * MiB]).toBe(0xee)
    expect(card[15 * MiB]).toBe(0xee)
  })

  it('writes everything when there is no block map', async () => {
    execFileSync('rm', [bench.at('disk.bmap'), bench.at('SHA256SUMS')])
    writeFileSync(bench.at('card'), Buffer.alloc(12 * MiB, 0xee))
    const io = bench.io()
    expect(await flash([bench.at('disk.img.xz'), bench.at('card'), '--yes', 'card'], io), io.all()).toBe(0)
    expect(readFileSync(bench.at('card')).equals(image)).toBe(true)
    expect(io.all()).toContain('no block map beside the image')
    expect(io.all()).toContain('no SHA256SUMS beside the image')
  })

  it('asks before it writes over a file, and takes no other answer', async () => {
    writeFileSync(bench.at('card'), 'precious')
    for (const [answers, said] of [
      [[], 'add --yes'],
      [['yes'], '"yes" is not what had to be typed'],
    ] as const) {
      const io = bench.io(...answers)
      expect(await flash([bench.at('disk.img'), bench.at('card')], io)).toBe(1)
      expect(io.all()).toContain(said)
    }
    expect(readFileSync(bench.at('card'), 'utf8')).toBe('precious')
  })

  it('puts the seed on the FAT partition', async () => {
    writeFileSync(bench.at('my-seed.yaml'), 'hostname: hearth-test\n')
    expect(
      await flash([bench.at('disk.img.zst'), bench.at('card'), '--seed', bench.at('my-seed.yaml')], bench.io()),
    ).toBe(0)
    const seed = execFileSync('mtype', ['-i', `${bench.at('card')}@@${MiB}`, '::hearth.yaml'], { encoding: 'utf8' })
    expect(seed).toBe('hostname: hearth-test\n')
  })

  it('refuses seeds that cannot be right before it writes', async () => {
    for (const [content, said] of [
      [Buffer.from([0xff, 0xfe, 0x00]), 'not UTF-8'],
      [Buffer.alloc(70_000, 0x61), 'larger than 64 KiB'],
      [Buffer.alloc(0), 'is empty'],
    ] as const) {
      writeFileSync(bench.at('seed'), content)
      const io = bench.io()
      expect(await flash([bench.at('disk.img'), bench.at('card'), '--seed', bench.at('seed')], io)).toBe(1)
      expect(io.all()).toContain(said)
    }
    expect(existsSync(bench.at('card'))).toBe(false)
  })

  it('proves the signature by the key of this clone, or by the given one', async () => {
    const io = bench.io()
    const sums = new Map(
      readFileSync(bench.at('SHA256SUMS'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(66), line.slice(0, 64)] as const),
    )
    await writeSums(bench.folder, sums, developmentKey(clone, io.env))
    expect(await flash([bench.at('disk.img.zst'), bench.at('card')], io)).toBe(0)
    expect(io.all()).toContain('sum right, signed by the key')
    const stranger = bench.io()
    stranger.env.XDG_CONFIG_HOME = bench.at('elsewhere')
    expect(await verify([bench.at('disk.img.zst')], stranger)).toBe(0)
    expect(stranger.all()).toContain('that nothing here vouches for')
    expect(await verify([bench.at('disk.img.zst'), '--key', bench.at('SHA256SUMS.pub')], stranger)).toBe(0)
    alter(bench.at('SHA256SUMS.sig'))
    expect(await flash([bench.at('disk.img.zst'), bench.at('card2')], io)).toBe(1)
    expect(io.all()).toContain('is not what the key')
  })
})

describe('an image that is not right', () => {
  const refused = async (name: string, options: string[] = []) => {
    const io = bench.io()
    expect(await flash([bench.at(name), bench.at('card'), ...options], io)).toBe(1)
    return io.all()
  }

  it.each(['disk.img', 'disk.img.zst', 'disk.img.xz'])(
    '%s, truncated: refused by its sum before anything is written',
    async (name) => {
      truncateSync(bench.at(name), statSync(bench.at(name)).size - 1000)
      expect(await refused(name)).toContain('is not the one that SHA256SUMS names')
      expect(existsSync(bench.at('card'))).toBe(false)
    },
  )

  it.each(['disk.img.zst', 'disk.img.xz'])(
    '%s, truncated, without sums: refused while writing, and leaves no partition table',
    async (name) => {
      execFileSync('rm', [bench.at('SHA256SUMS')])
      truncateSync(bench.at(name), Math.floor(statSync(bench.at(name)).size * 0.8))
      const said = await refused(name)
      expect(said).toContain('is cut short or damaged')
      expect(said).toContain('card now holds a part of the image')
      expect(
        readFileSync(bench.at('card'))
          .subarray(0, MiB)
          .every((byte) => byte === 0),
      ).toBe(true)
    },
  )

  it.each(['disk.img.zst', 'disk.img.xz'])(
    '%s, truncated, without sums and map: refused before writing',
    async (name) => {
      execFileSync('rm', [bench.at('SHA256SUMS'), bench.at('disk.bmap')])
      truncateSync(bench.at(name), Math.floor(statSync(bench.at(name)).size * 0.8))
      expect(await refused(name)).toContain('is cut short or damaged')
      expect(existsSync(bench.at('card'))).toBe(false)
    },
  )

  it('altered inside: refused by the map even where the sums were altered too', async () => {
    const bytes = Buffer.from(image)
    bytes[10 * MiB] = (bytes[10 * MiB] ?? 0) ^ 1
    writeFileSync(bench.at('disk.img'), bytes)
    bench.sum()
    expect(await refused('disk.img')).toContain('the image was altered: its part from 8 MiB')
    expect(
      readFileSync(bench.at('card'))
        .subarray(0, MiB)
        .every((byte) => byte === 0),
    ).toBe(true)
  })

  it('raw and cut short, without sums: refused by the size in its map', async () => {
    execFileSync('rm', [bench.at('SHA256SUMS')])
    truncateSync(bench.at('disk.img'), 9 * MiB)
    expect(await refused('disk.img')).toContain('but its block map says')
  })

  it('with a block map that was altered', async () => {
    alter(bench.at('disk.bmap'))
    expect(await refused('disk.img.zst')).toContain('disk.bmap is not the one that SHA256SUMS names')
    execFileSync('rm', [bench.at('SHA256SUMS')])
    expect(await refused('disk.img.zst')).toContain('the block map')
  })

  it('with something after its end', async () => {
    execFileSync('rm', [bench.at('SHA256SUMS')])
    writeFileSync(
      bench.at('disk.img.zst'),
      Buffer.concat([readFileSync(bench.at('disk.img.zst')), Buffer.from('more')]),
    )
    expect(await refused('disk.img.zst')).toContain('is cut short or damaged')
  })

  it('not a disk, of another packing than its name says, missing, or not named by the sums', async () => {
    writeFileSync(bench.at('notes.img'), 'x'.repeat(4096))
    expect(await refused('notes.img')).toContain('does not begin with a partition table')
    execFileSync('cp', [bench.at('disk.img.xz'), bench.at('wrong.img')])
    expect(await refused('wrong.img')).toContain('rename it to end in .img.xz')
    execFileSync('cp', [bench.at('disk.img'), bench.at('wrong.img.zst')])
    expect(await refused('wrong.img.zst')).toContain('does not hold what its name says')
    expect(await refused('none.img')).toContain('ENOENT')
    writeFileSync(bench.at('disk.zip'), '')
    expect(await refused('disk.zip')).toContain('is no .img')
    execFileSync('cp', [bench.at('disk.img'), bench.at('other.img')])
    expect(await refused('other.img')).toContain('does not name other.img')
  })
})

describe('a target that is not right', () => {
  it('the image itself, also by another name; a folder; a device that is not there', async () => {
    symlinkSync(bench.at('disk.img'), bench.at('link'))
    for (const [target, said] of [
      [bench.at('link'), 'same file'],
      [bench.folder, 'neither a disk nor a regular file'],
      ['/dev/sdzzz', 'there is no device'],
      ['/dev/null', 'neither a disk nor a regular file'],
    ] as const) {
      const io = bench.io()
      expect(await flash([bench.at('disk.img'), target, '--yes', 'disk.img'], io)).toBe(1)
      expect(io.all()).toContain(said)
    }
    expect(readFileSync(bench.at('disk.img')).equals(image)).toBe(true)
  })

  it('gives the usage for wrong arguments and lists media without a device', async () => {
    const io = bench.io()
    expect(await flash([], io)).toBe(2)
    expect(await flash(['--help'], io)).toBe(0)
    expect(await flash([bench.at('disk.img'), '--force'], io)).toBe(1)
    expect(io.all()).toContain("Unknown option '--force'")
    expect(await flash([bench.at('disk.img')], io)).toBe(2)
    expect(io.all()).toMatch(/Media to flash:|No medium on USB/)
  })

  it('stops in good order on Ctrl-C', async () => {
    const interruption = new AbortController()
    interruption.abort()
    const io = { ...bench.io(), interrupted: interruption.signal }
    expect(await flash([bench.at('disk.img'), bench.at('card')], io)).toBe(1)
    expect(
      readFileSync(bench.at('card'))
        .subarray(0, MiB)
        .every((byte) => byte === 0),
    ).toBe(true)
  })
})

describe('verify', () => {
  it('finds images in order, in each packing', async () => {
    for (const name of ['disk.img', 'disk.img.zst', 'disk.img.xz']) {
      const io = bench.io()
      expect(await verify([bench.at(name)], io)).toBe(0)
      expect(io.all()).toContain('10 MiB of 12 MiB compared, all as published')
    }
  })

  it('notices what was altered, by sum or by map', async () => {
    const io = bench.io()
    alter(bench.at('disk.img.xz'))
    expect(await verify([bench.at('disk.img.xz')], io)).toBe(1)
    expect(io.all()).toContain('is not the one that SHA256SUMS names')
    const bytes = Buffer.from(image)
    bytes[2 * MiB] = (bytes[2 * MiB] ?? 0) ^ 1
    writeFileSync(bench.at('disk.img'), bytes)
    bench.sum()
    expect(await verify([bench.at('disk.img')], io)).toBe(1)
    expect(io.all()).toContain('the image was altered')
  })
})

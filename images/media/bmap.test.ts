import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { blockSize, mapImage, mappedBytes, zerosThatMatter } from './block-map.ts'
import { formatBmap, parseBmap } from './bmap.ts'

const scratch = mkdtempSync(path.join(tmpdir(), 'hearth-bmap-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** An image of 20 blocks and a half; blocks 1, 2, 9 and 20 hold something. */
function image(): string {
  const file = path.join(scratch, 'small.img')
  const bytes = Buffer.alloc(20 * blockSize + 2048)
  for (const block of [1, 2, 9, 20]) bytes.fill(block, block * blockSize, block * blockSize + 100)
  writeFileSync(file, bytes)
  return file
}

describe('mapImage', () => {
  it('maps what is not zero, the short last block included', async () => {
    const map = await mapImage(image(), [])
    expect(map.ranges.map(({ first, last }) => [first, last])).toEqual([
      [1, 2],
      [9, 9],
      [20, 20],
    ])
    expect(mappedBytes(map)).toBe(3 * blockSize + 2048)
    const bytes = readFileSync(image()).subarray(blockSize, 3 * blockSize)
    expect(map.ranges[0]?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  it('maps zeros that matter', async () => {
    const keep = [
      { start: 12 * blockSize, end: 14 * blockSize },
      { start: 0, end: 1 },
      { start: 3 * blockSize + 5, end: 3 * blockSize + 6 },
    ]
    const map = await mapImage(image(), keep)
    expect(map.ranges.map(({ first, last }) => [first, last])).toEqual([
      [0, 3],
      [9, 9],
      [12, 13],
      [20, 20],
    ])
  })

  it('maps all of a full image and nothing of an empty one', async () => {
    const file = path.join(scratch, 'full.img')
    writeFileSync(file, Buffer.alloc(600 * blockSize, 1))
    expect((await mapImage(file, [])).ranges).toMatchObject([{ first: 0, last: 599 }])
    writeFileSync(file, Buffer.alloc(600 * blockSize))
    expect((await mapImage(file, [])).ranges).toEqual([])
  })
})

describe('zerosThatMatter', () => {
  const MiB = 1024 * 1024

  it('leaves out only the inside of empty, reserved and slot partitions', () => {
    const spans = zerosThatMatter({
      size: 100 * MiB,
      partitions: [
        { content: 'boot', start: MiB, size: 9 * MiB },
        { content: 'reserved', start: 10 * MiB, size: 10 * MiB },
        { content: 'env', start: 20 * MiB, size: MiB },
        { content: 'slot', start: 21 * MiB, size: 30 * MiB },
        { content: 'empty', start: 51 * MiB, size: 30 * MiB },
        { content: 'data', start: 81 * MiB, size: 18 * MiB },
      ],
    })
    expect(spans.map(({ start, end }) => [start / MiB, end / MiB])).toEqual([
      [0, 11],
      [19, 22],
      [50, 52],
      [80, 100],
    ])
  })
})

describe('the block map file', () => {
  it('is read as it was written', async () => {
    const map = await mapImage(image(), [])
    expect(parseBmap(formatBmap(map))).toEqual(map)
  })

  it('is refused when it was altered, cut or is something else', async () => {
    const good = formatBmap(await mapImage(image(), []))
    /** What a forger would do too: alter it and make its own checksum right. */
    const forged = (from: string | RegExp, to: string) => {
      const text = good.replace(from, to).replace(/(<BmapFileChecksum> )[0-9a-f]{64}/, `$1${'0'.repeat(64)}`)
      return text.replace('0'.repeat(64), createHash('sha256').update(text).digest('hex'))
    }
    expect(() => parseBmap(good.replace('9 </Range', '8 </Range'))).toThrow('does not match its own checksum')
    for (let length = 0; length < good.trimEnd().length; length += 11)
      expect(() => parseBmap(good.slice(0, length))).toThrow(/^the block map /)
    expect(() => parseBmap(forged('> 9 <', '> 2 <'))).toThrow('out of order')
    expect(() => parseBmap(forged('> 20 <', '> 99 <'))).toThrow('outside of the image')
    expect(() => parseBmap(forged('> 9 <', '> 9-10 <'))).toThrow('counts other mapped blocks')
    expect(() => parseBmap(forged('> 9 <', '> -9 <'))).toThrow('has a range "-9"')
    expect(() => parseBmap(forged('"2.0"', '"1.3"'))).toThrow('has format "1.3"')
    expect(() => parseBmap(forged('> sha256 <', '> sha1 <'))).toThrow('type "sha1"')
    expect(() => parseBmap(forged('<BlocksCount> 21', '<BlocksCount> 1e9'))).toThrow('has "1e9" for <BlocksCount>')
    expect(() => parseBmap(forged('<BlockSize> 4096', '<BlockSize> 4095'))).toThrow('no power of two')
    expect(() => parseBmap(forged(/<ImageSize>.*\n/, ''))).toThrow('lacks <ImageSize>')
    expect(() => parseBmap(forged('<ImageSize>', '<ImageSize> 5 </ImageSize><ImageSize>'))).toThrow(
      'has <ImageSize> twice',
    )
    expect(() => parseBmap(forged('<BlockMap>', '<BlockMap><BlockMap>'))).toThrow('where it does not belong')
    expect(() => parseBmap(`<!DOCTYPE x [<!ENTITY a "b">]>${good}`)).toThrow(/^the block map /)
    expect(() => parseBmap('')).toThrow('no block map')
    expect(() => parseBmap('<'.repeat(5_000_000))).toThrow(/^the block map /)
    expect(() => parseBmap('<a '.repeat(1_000_000))).toThrow(/^the block map /)
    expect(() => parseBmap('x'.repeat(17 * 1024 * 1024))).toThrow('larger than 16 MiB')
  })
})

const bmaptool = spawnSync('bmaptool', ['--version']).status === 0
describe.skipIf(!bmaptool)('with bmaptool itself (install bmap-tools if this is skipped)', () => {
  it('ours is taken by it, and copies the image', async () => {
    const file = image()
    const map = path.join(scratch, 'ours.bmap')
    const copy = path.join(scratch, 'copy.img')
    writeFileSync(map, formatBmap(await mapImage(file, [{ start: 0, end: blockSize }])))
    execFileSync('bmaptool', ['copy', '--bmap', map, file, copy], { stdio: 'pipe' })
    expect(readFileSync(copy).equals(readFileSync(file))).toBe(true)
  })

  it('refuses a map whose checksum of a range is wrong', async () => {
    const file = image()
    const map = path.join(scratch, 'wrong.bmap')
    const made = await mapImage(file, [])
    writeFileSync(
      map,
      formatBmap({ ...made, ranges: made.ranges.map((range) => ({ ...range, sha256: '1'.repeat(64) })) }),
    )
    const { status, stderr } = spawnSync('bmaptool', ['copy', '--bmap', map, file, path.join(scratch, 'x.img')])
    expect(status).not.toBe(0)
    expect(String(stderr)).toContain('checksum mismatch')
  })

  it('its own is read by us', async () => {
    const file = path.join(scratch, 'theirs.img')
    writeFileSync(file, Buffer.alloc(64 * blockSize, 7))
    const text = execFileSync('bmaptool', ['create', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    expect(parseBmap(text)).toEqual(await mapImage(file, []))
  })
})

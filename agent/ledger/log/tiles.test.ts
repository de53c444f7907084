import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LogError } from './error.ts'
import { leafHash, treeRoot } from './merkle.ts'
import { formatBundle, parseBundle, parseHashTile, type Tile, tileLevels, tilePath, tilesSince } from './tiles.ts'

const vectors = JSON.parse(readFileSync(path.join(import.meta.dirname, 'testdata/notes.json'), 'utf8'))

describe('tiles', () => {
  it.each(vectors.tilePaths as (Tile & { path: string })[])('stand at $path', (tile) => {
    expect(tilePath(tile)).toBe(tile.path)
  })

  it('of the tree of 70,000 leaves that the specification counts', () => {
    const hashTiles = tilesSince(0, 70_000).filter(({ level }) => level !== 'entries')
    const level = (wanted: number) => hashTiles.filter((tile) => tile.level === wanted)
    expect(level(0).filter(({ width }) => width === 256).length).toBe(273)
    expect(level(0).at(-1)).toEqual({ level: 0, index: 273, width: 112 })
    expect(level(1).map(({ width }) => width)).toEqual([256, 17])
    expect(level(2).map(({ width }) => width)).toEqual([1])
    expect(hashTiles.length).toBe(277)
  })

  it('of 256 leaves are a full one and one above it', () => {
    const paths = ['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1']
    expect(tilesSince(0, 256).map(tilePath)).toEqual(paths)
    expect(tilesSince(255, 256).map(tilePath)).toEqual(paths)
    expect(tilesSince(0, 0)).toEqual([])
    expect(tilesSince(256, 256)).toEqual([])
    expect(tilesSince(256, 257).map(tilePath)).toEqual(['tile/entries/001.p/1', 'tile/0/001.p/1'])
  })

  it('that are new are those a log of the old size has not', () => {
    fc.assert(
      fc.property(fc.nat(70_000), fc.nat(1000), (oldSize, more) => {
        const old = new Set(tilesSince(0, oldSize).map(tilePath))
        const fresh = tilesSince(0, oldSize + more)
          .map(tilePath)
          .filter((each) => !old.has(each))
        expect(tilesSince(oldSize, oldSize + more).map(tilePath)).toEqual(fresh)
      }),
      { numRuns: 30 },
    )
  })

  it('hold roots of the full tiles below', () => {
    const leaves = Array.from({ length: 600 }, (_, index) => leafHash(Buffer.from(`${index}`)))
    expect(tileLevels(leaves)).toEqual([leaves, [treeRoot(leaves.slice(0, 256)), treeRoot(leaves.slice(256, 512))]])
    expect(tileLevels([])).toEqual([])
  })

  it('are read only at their exact length', () => {
    const hashes = [leafHash(Buffer.from('a')), leafHash(Buffer.from('b'))]
    expect(parseHashTile(Buffer.concat(hashes), 2, 'tile')).toEqual(hashes)
    for (const length of [0, 32, 63, 65])
      expect(() => parseHashTile(Buffer.alloc(length), 2, 'tile/0/000.p/2')).toThrow(
        `tile/0/000.p/2: has ${length} bytes`,
      )
  })
})

describe('bundles', () => {
  const entry = fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each))

  it('give back what was put in', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 256 }), (entries) => {
        expect(parseBundle(formatBundle(entries), entries.length, 'bundle')).toEqual(entries)
      }),
    )
    expect(parseBundle(formatBundle([Buffer.alloc(65_535)]), 1, 'bundle')[0]?.length).toBe(65_535)
    expect(() => formatBundle([Buffer.alloc(65_536)])).toThrow(RangeError)
  })

  it('are refused cut off, with more or with fewer entries', () => {
    const bundle = formatBundle([Buffer.from('one'), Buffer.from('two')])
    for (let length = 0; length < bundle.length; length += 1)
      expect(() => parseBundle(bundle.subarray(0, length), 2, 'bundle')).toThrow(LogError)
    expect(() => parseBundle(bundle, 1, 'bundle')).toThrow('more than 1 entries')
    expect(() => parseBundle(bundle, 3, 'bundle')).toThrow('2 entries instead of 3')
  })

  it('whatever they are, are read as written, or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(20), (bytes, width) => {
        try {
          expect(formatBundle(parseBundle(bytes, width, 'bundle')).equals(bytes)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(LogError)
        }
      }),
    )
  })
})

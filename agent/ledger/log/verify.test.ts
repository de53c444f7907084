import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { filledLog, type LogFixture, leafText, makePlaces, makeWitness, origin, signedHead } from './log-fixture.ts'
import { leafHash, treeRoot } from './merkle.ts'
import { formatNote, formatVerifierKey, makeSigner, parseNote } from './note.ts'
import { createAfterLoss, createLog, type PublicLog } from './public-log.ts'
import { readLog } from './read-log.ts'
import { type LogSource, readFolder } from './source.ts'
import { type LogReport, renderReport, type VerifyOptions, verifyLog } from './verify.ts'

let fixture: LogFixture
beforeEach(() => {
  fixture = makePlaces()
})
afterEach(() => fixture.remove())

const inFolder = (file: string) => path.join(fixture.places.folder, file)
const verify = (options: VerifyOptions = {}, folder = fixture.places.folder) => verifyLog(readFolder(folder), options)
const keyOf = (log: PublicLog) => formatVerifierKey(log.key)
const wrong = ({ problems }: LogReport) => problems.map(({ trouble, where }) => `${trouble} ${where}`)

describe('a whole log', () => {
  it.each([0, 1, 255, 256, 257, 600])('of %i leaves is found so', async (size) => {
    const log = filledLog(fixture.places, size)
    const report = await verify({ key: keyOf(log) })
    expect(report).toMatchObject({
      ok: true,
      problems: [],
      key: { vkey: keyOf(log), given: true },
      checkpoint: { origin, size, root: log.head.root.toString('base64'), closed: false },
      signed: log.checkpoint,
      files: log.filesSince(0).length - 1,
    })
    expect(report.proved).toContain(`All ${size} leaves are here and are the ones that were signed, in this order.`)
  })

  it('is read for who has none or an old copy', async () => {
    const log = filledLog(fixture.places, 300)
    const { checkpoint, hashes, leaves } = await readLog(readFolder(fixture.places.folder), log.key)
    expect(formatNote(checkpoint.note)).toBe(log.checkpoint)
    expect(hashes).toEqual(log.hashes)
    expect(leaves).toEqual(Array.from({ length: 300 }, (_, index) => leafText(index)))
  })

  it('may keep only the full tile where a narrow one was', async () => {
    const log = filledLog(fixture.places, 255)
    log.append(255, leafText(255))
    writeFileSync(
      inFolder('checkpoint'),
      signedHead(
        fixture.places,
        Array.from({ length: 255 }, (_, i) => leafText(i)),
      ),
    )
    rmSync(inFolder('tile/0/000.p'), { recursive: true })
    rmSync(inFolder('tile/entries/000.p'), { recursive: true })
    expect(await verify()).toMatchObject({ ok: true, checkpoint: { size: 255 } })
  })
})

describe('what is said', () => {
  it('names what nothing proves', async () => {
    const log = filledLog(fixture.places, 3)
    const text = renderReport(await verify())
    expect(text).toContain('kit.example/ledger at ')
    expect(text).toContain(': nothing wrong found\n3 leaves, root ')
    expect(text).toContain(
      `- Whose log it is: the key was taken from the log itself. Compare it with one you trust: ${keyOf(log)}`,
    )
    expect(text).toContain('- That nothing was rewritten before: only whoever kept an earlier checkpoint detects that.')
    expect(text).toContain('- That everybody is shown the same log: two histories are detected when their holders')
    expect(text).toContain('- Anything about what nobody kept: if it was rewritten, that is not detected.')
    expect(text).toContain('- That the reports are true: nothing here proves that the meter told the truth.')
    expect(text).not.toContain('Problems')
  })

  it('calls nothing wrong that could only not be read', async () => {
    filledLog(fixture.places, 1)
    rmSync(inFolder('checkpoint'))
    mkdirSync(inFolder('checkpoint'))
    const text = renderReport(await verify())
    expect(text).toContain(': COULD NOT BE CHECKED\n\nProblems:\n- checkpoint: is not a file. Check the folder.\n')
    expect(text).toContain('- That the leaves are whole and unchanged.')
  })

  it('steers no terminal', async () => {
    filledLog(fixture.places, 1)
    const report = await verifyLog({ name: 'a\u001b[2Jb\u202ec\n', read: readFolder(fixture.places.folder).read })
    expect(renderReport(report)).toContain('at a�[2Jb�c�: nothing')
  })
})

describe('an earlier checkpoint', () => {
  it('is found to be the beginning', async () => {
    const log = filledLog(fixture.places, 3)
    const earlier = log.checkpoint
    log.append(3, leafText(3))
    const report = await verify({ earlier })
    expect(report).toMatchObject({ ok: true, earlierSize: 3 })
    expect(renderReport(report)).toContain('- The first 3 leaves are those of the checkpoint you kept')
    expect(renderReport(report)).not.toContain('nothing was rewritten before')
  })

  it('shows a history that was rewritten or cut off', async () => {
    filledLog(fixture.places, 3)
    const other = [0, 8, 2].map(leafText)
    const forked = await verify({ earlier: signedHead(fixture.places, other) })
    expect(wrong(forked)).toEqual(['forked checkpoint'])
    expect(renderReport(forked)).toContain('SOMETHING IS WRONG')
    const longer = [0, 1, 2, 3].map(leafText)
    expect(wrong(await verify({ earlier: signedHead(fixture.places, longer) }))).toEqual(['behind checkpoint'])
  })

  it('must itself be signed by the log', async () => {
    filledLog(fixture.places, 3)
    const stranger = createLog(fixture.otherPlaces, origin)
    expect(wrong(await verify({ earlier: stranger.checkpoint }))).toEqual(['signature the earlier checkpoint'])
    expect(wrong(await verify({ earlier: 'nonsense' }))).toEqual(['malformed the earlier checkpoint'])
  })
})

describe('witnesses', () => {
  const witness = makeWitness('w.example')
  const now = Date.parse('2026-12-01T00:00:00Z')
  const sign = (log: PublicLog, seconds: number, text = parseNote(log.checkpoint, 'checkpoint').text) =>
    writeFileSync(inFolder('checkpoint'), log.checkpoint + witness.cosign(text, seconds))

  it('are named with the moment they state, if they are known', async () => {
    sign(filledLog(fixture.places, 3), now / 1000)
    const report = await verify({ witnesses: [witness.vkey], now })
    expect(report).toMatchObject({ ok: true, unknownSignatures: 0 })
    expect(report.cosignatures).toEqual([{ witness: 'w.example', at: '2026-12-01T00:00:00.000Z' }])
    expect(renderReport(report)).toContain('- w.example states that on 2026-12-01T00:00:00.000Z')
    expect(await verify({ now })).toMatchObject({ ok: true, unknownSignatures: 1, cosignatures: [] })
    const other = await verify({ now, witnesses: [makeWitness('w.example').vkey] })
    expect(other).toMatchObject({ ok: false, unknownSignatures: 1, cosignatures: [], unsigned: ['w.example'] })
    expect(wrong(other)).toEqual(['unwitnessed checkpoint'])
    expect(renderReport(other)).toContain('NOT SIGNED BY EVERY WITNESS YOU ASKED FOR')
    expect(renderReport(other)).not.toContain('nothing wrong found')
    expect(other.notProved.join(' ')).toContain('w.example saw this log')
  })

  it('with a wrong signature, or one from the future, are something wrong', async () => {
    const log = filledLog(fixture.places, 3)
    sign(log, now / 1000, 'another text\n')
    expect(wrong(await verify({ witnesses: [witness.vkey], now }))).toEqual(['signature checkpoint'])
    sign(log, now / 1000 + 90_000)
    expect(wrong(await verify({ witnesses: [witness.vkey], now }))).toEqual(['refused checkpoint'])
    expect(wrong(await verify({ witnesses: ['nonsense'], now }))).toEqual(['malformed the key of the witness'])
    expect(wrong(await verify({ witnesses: [keyOf(log)], now }))).toEqual([`malformed ${origin}`])
  })
})

describe('a log after another one', () => {
  it('says which one it continues, and the old one which continues it', async () => {
    const old = filledLog(fixture.places, 3)
    const next = await old.succeed(fixture.otherPlaces, 'kit.example/ledger-2')
    const facts = { size: 3, root: old.head.root.toString('base64'), oldKey: 'signed' }
    const closed = await verify()
    expect(closed).toMatchObject({ ok: true, checkpoint: { closed: true }, successor: { vkey: keyOf(next), ...facts } })
    const report = await verify({ key: keyOf(next) }, fixture.otherPlaces.folder)
    expect(report).toMatchObject({ ok: true, predecessor: { vkey: keyOf(old), ...facts } })
    expect(renderReport(report)).toContain(`It continues ${keyOf(old)} after 3 leaves, as both keys say.`)
  })

  it('does not call proved what only the new key says', async () => {
    const old = filledLog(fixture.places, 3)
    createAfterLoss(fixture.otherPlaces, 'kit.example/ledger-2', old.key, old.head)
    const report = await verify({}, fixture.otherPlaces.folder)
    expect(report.predecessor?.oldKey).toBe('lost')
    expect(report.notProved).toContain(`That it continues ${keyOf(old)}: only this log says so; the old key was lost.`)
  })

  it('is refused when its note is about others or unsigned', async () => {
    const old = filledLog(fixture.places, 3)
    const next = await old.succeed(fixture.otherPlaces, 'kit.example/ledger-2')
    const note = readFileSync(inFolder('succession'), 'utf8')
    const without = (name: string) =>
      formatNote({
        text: parseNote(note, '').text,
        signatures: parseNote(note, '').signatures.filter((each) => each.name !== name),
      })
    for (const [content, trouble] of [
      [without(origin), 'signature'],
      [without('kit.example/ledger-2'), 'signature'],
      [note.replace('size 3', 'size 4'), 'signature'],
      [note.replace('size 3', 'size x'), 'malformed'],
      ['nonsense', 'malformed'],
    ] as const) {
      writeFileSync(inFolder('succession'), content)
      expect(wrong(await verify())).toEqual([`${trouble} succession`])
    }
    const third = makePlaces()
    const lost = createAfterLoss(third.places, 'kit.example/third', old.key, old.head)
    writeFileSync(inFolder('succession'), lost.leaf(0))
    expect(wrong(await verify())).toEqual(['altered succession'])
    const copied = createLog({ folder: inFolder('../copy'), secret: inFolder('../copied') }, 'kit.example/copy')
    copied.append(0, next.leaf(0))
    expect(wrong(await verify({}, inFolder('../copy')))).toEqual(['signature leaf 0'])
    third.remove()
  })
})

describe('what is wrong is named with its file', () => {
  it('a file that is not there', async () => {
    const log = filledLog(fixture.places, 300)
    for (const file of log.filesSince(0)) {
      cpSync(fixture.places.folder, fixture.otherPlaces.folder, { recursive: true })
      rmSync(path.join(fixture.otherPlaces.folder, file))
      expect(wrong(await verify({}, fixture.otherPlaces.folder))).toEqual([`missing ${file}`])
      rmSync(fixture.otherPlaces.folder, { recursive: true })
    }
    expect(wrong(await verify({}, inFolder('nothing')))).toEqual(['missing key'])
  })

  it('a file cut off, longer than it may be, or a folder', async () => {
    const log = filledLog(fixture.places, 300)
    for (const file of log.filesSince(0)) {
      const good = readFileSync(inFolder(file))
      truncateSync(inFolder(file), Math.floor(good.length / 2))
      expect((await verify()).problems[0]?.where).toBe(file)
      truncateSync(inFolder(file), 2 ** 36)
      expect((await verify()).problems[0], file).toMatchObject({
        where: file,
        what: expect.stringContaining('larger than'),
      })
      rmSync(inFolder(file))
      mkdirSync(inFolder(file))
      expect(wrong(await verify())).toEqual([`unreadable ${file}`])
      rmSync(inFolder(file), { recursive: true })
      writeFileSync(inFolder(file), good)
    }
    expect(await verify()).toMatchObject({ ok: true })
  })

  it('a single bit anywhere', async () => {
    const log = filledLog(fixture.places, 300)
    const files = log.filesSince(0).filter((file) => file !== 'key')
    const bit = fc
      .constantFrom(...files)
      .chain((file) => fc.tuple(fc.constant(file), fc.nat(statSync(inFolder(file)).size * 8 - 1)))
    await fc.assert(
      fc.asyncProperty(bit, async ([file, where]) => {
        const good = readFileSync(inFolder(file))
        const bad = Buffer.from(good)
        bad[where >> 3] = (bad[where >> 3] as number) ^ (1 << (where & 7))
        writeFileSync(inFolder(file), bad)
        const { ok, problems } = await verify({ key: keyOf(log) })
        writeFileSync(inFolder(file), good)
        expect(ok).toBe(false)
        expect(problems.length).toBe(1)
      }),
      { numRuns: 40 },
    )
  })

  it('a bundle that holds another leaf', async () => {
    filledLog(fixture.places, 300)
    const file = 'tile/entries/001.p/44'
    writeFileSync(inFolder(file), readFileSync(inFolder(file), 'latin1').replace('299', '298'), 'latin1')
    const { problems } = await verify()
    expect(problems).toMatchObject([{ trouble: 'altered', where: file, what: 'holds another leaf 299 than the tree' }])
  })

  it('tiles that do not fit each other, or the checkpoint', async () => {
    const log = filledLog(fixture.places, 300)
    const leaves = Array.from({ length: 300 }, (_, index) => leafText(index))
    writeFileSync(inFolder('checkpoint'), signedHead(fixture.places, [...leaves.slice(0, 299), leafText(7)]))
    expect(wrong(await verify())).toEqual(['altered checkpoint'])
    writeFileSync(inFolder('checkpoint'), log.checkpoint)
    writeFileSync(inFolder('tile/1/000.p/1'), treeRoot([leafHash(leafText(0))]))
    const { problems } = await verify()
    expect(problems[0]?.what).toBe('does not hold the root of tile/0/000')
  })

  it('more leaves or bytes than are read', async () => {
    const log = filledLog(fixture.places, 300)
    expect(wrong(await verify({ limits: { leaves: 299 } }))).toEqual(['refused checkpoint'])
    expect(await verify({ limits: { leaves: 300 } })).toMatchObject({ ok: true })
    expect(wrong(await verify({ limits: { bytes: 5000 } }))).toEqual(['malformed tile/0/000'])
    const { bytes } = await verify()
    expect(await verify({ limits: { bytes } })).toMatchObject({ ok: true })
    await expect(readLog(readFolder(fixture.places.folder), log.key, { bytes: bytes - 200 })).rejects.toThrow(
      'larger than',
    )
  })

  it('another key', async () => {
    filledLog(fixture.places, 3)
    expect(wrong(await verify({ key: formatVerifierKey(makeSigner(origin).verifier) }))).toEqual([
      'signature checkpoint',
    ])
    expect(wrong(await verify({ key: makeWitness(origin).vkey }))).toEqual([`malformed the key`])
    expect(wrong(await verify({ key: 'nonsense' }))).toEqual(['malformed the key'])
    writeFileSync(inFolder('key'), 'nonsense')
    const report = await verify()
    expect(wrong(report)).toEqual(['malformed key'])
    expect(renderReport(report)).toContain('That the leaves are whole and unchanged.')
  })

  it('whatever the source gives, there is a report', async () => {
    const files = fc.dictionary(
      fc.constantFrom('key', 'checkpoint', 'tile/0/000.p/1', 'tile/entries/000.p/1'),
      fc.oneof(
        fc.string().map((text) => Buffer.from(text)),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      ),
    )
    const key = formatVerifierKey(makeSigner(origin).verifier)
    await fc.assert(
      fc.asyncProperty(files, fc.boolean(), async (content, given) => {
        const source: LogSource = { name: 'hostile', read: async (file) => content[file] ?? null }
        expect((await verifyLog(source, given ? { key } : {})).ok).toBe(false)
      }),
    )
  })
})

it('imports nothing of the kit but its own modules', () => {
  const imports = (file: string) =>
    [...readFileSync(path.join(import.meta.dirname, file), 'utf8').matchAll(/from '([^']+)'/g)].map(
      ([, name = '']) => name,
    )
  const seen = new Set<string>()
  const follow = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const name of imports(file)) {
      if (name.startsWith('node:')) continue
      expect(name).toMatch(/^\.\/[a-z-]+\.ts$/)
      follow(name.slice(2))
    }
  }
  follow('verify.ts')
  expect(seen.size).toBeGreaterThan(6)
  expect(readdirSync(import.meta.dirname)).toEqual(expect.arrayContaining([...seen]))
})

import fs, {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openCheckpoint } from './checkpoint.ts'
import type { LogTrouble } from './error.ts'
import { filledLog, type LogFixture, leafText, makePlaces, makeWitness, origin, signedHead } from './log-fixture.ts'
import { inclusionProof, leafHash, treeRoot, verifyInclusion } from './merkle.ts'
import { formatNote, formatVerifierKey, makeSigner, parseNote } from './note.ts'
import { createAfterLoss, createLog, openLog, type PublicLog, restoreLog } from './public-log.ts'
import { readLog } from './read-log.ts'
import { readFolder } from './source.ts'
import { openSuccession } from './succession.ts'

let fixture: LogFixture
beforeEach(() => {
  fixture = makePlaces()
})
afterEach(() => fixture.remove())

const inFolder = (file: string) => path.join(fixture.places.folder, file)
const trouble = (wanted: LogTrouble) => expect.objectContaining({ name: 'LogError', trouble: wanted })
/** What refuses, now or later. */
const refused = async (what: () => unknown, wanted: LogTrouble) =>
  expect(Promise.resolve().then(what)).rejects.toEqual(trouble(wanted))
const content = (of: PublicLog) => Array.from({ length: of.head.size }, (_, index) => of.leaf(index).toString())

describe('a log', () => {
  it('starts empty and signed, and is the same when it is opened again', async () => {
    const log = createLog(fixture.places, origin)
    expect(log.head).toMatchObject({ origin, size: 0 })
    const opened = await openLog(fixture.places)
    expect(opened.checkpoint).toBe(log.checkpoint)
    expect(readFileSync(inFolder('key'), 'utf8')).toBe(`${formatVerifierKey(log.key)}\n`)
    expect(statSync(fixture.places.secret).mode & 0o777).toBe(0o600)
  })

  it('shows its own key, whatever became of the file', async () => {
    const log = createLog(fixture.places, origin)
    for (const change of [() => rmSync(inFolder('key')), () => writeFileSync(inFolder('key'), 'another')]) {
      change()
      await openLog(fixture.places)
      expect(readFileSync(inFolder('key'), 'utf8')).toBe(`${formatVerifierKey(log.key)}\n`)
    }
  })

  it('is not started over another one', async () => {
    createLog(fixture.places, origin)
    await refused(() => createLog(fixture.places, origin), 'refused')
    await refused(() => createLog({ ...fixture.places, secret: fixture.otherPlaces.secret }, origin), 'refused')
  })

  it('takes leaves one after the other, which are there when it is opened again', async () => {
    const log = createLog(fixture.places, origin)
    for (const index of [0, 1, 2]) log.append(index, leafText(index))
    expect(log.head.root).toEqual(treeRoot([0, 1, 2].map((index) => leafHash(leafText(index)))))
    const opened = await openLog(fixture.places)
    expect(content(opened)).toEqual([0, 1, 2].map((index) => leafText(index).toString()))
    opened.append(3, leafText(3))
    const copy = await readLog(readFolder(fixture.places.folder), log.key)
    expect(copy.leaves.map(String)).toEqual([0, 1, 2, 3].map((index) => leafText(index).toString()))
    expect(() => opened.leaf(4)).toThrow(RangeError)
  })

  it('goes over from one tile to the next', async () => {
    const log = filledLog(fixture.places, 254)
    for (const index of [254, 255, 256, 257]) log.append(index, leafText(index))
    const opened = await openLog(fixture.places)
    expect(opened.head).toMatchObject({ size: 258, root: log.head.root })
    expect(opened.leaf(257)).toEqual(leafText(257))
    expect(opened.leaf(3)).toEqual(leafText(3))
    const files = opened.filesSince(254)
    expect(files).toEqual(
      ['entries/000', 'entries/001.p/2', '0/000', '0/001.p/2', '1/000.p/1']
        .map((tile) => `tile/${tile}`)
        .concat('key', 'checkpoint'),
    )
    for (const file of files) expect(existsSync(inFolder(file))).toBe(true)
    const proof = inclusionProof(opened.hashes, 256)
    const { size, root } = opened.head
    expect(verifyInclusion({ leaf: leafHash(leafText(256)), index: 256, size, root, proof })).toBe(true)
  })

  it('adds a leaf once, and only as the next one', async () => {
    const log = createLog(fixture.places, origin)
    log.append(0, leafText(0))
    const before = log.checkpoint
    log.append(0, leafText(0))
    expect(log.checkpoint).toBe(before)
    await refused(() => log.append(0, leafText(1)), 'refused')
    await refused(() => log.append(2, leafText(2)), 'refused')
    log.append(1, Buffer.alloc(65_535))
    await refused(() => log.append(2, Buffer.alloc(65_536)), 'refused')
    expect((await openLog(fixture.places)).head.size).toBe(2)
  })
})

describe('nothing is signed', () => {
  it('without the key', async () => {
    await refused(() => openLog(fixture.places), 'missing')
    createLog(fixture.places, origin)
    writeFileSync(fixture.places.secret, '{}')
    await refused(() => openLog(fixture.places), 'malformed')
    writeFileSync(fixture.places.secret, '\0')
    await refused(() => openLog(fixture.places), 'malformed')
  })

  it('when the folder is behind what is remembered', async () => {
    const log = createLog(fixture.places, origin)
    log.append(0, leafText(0))
    cpSync(fixture.places.folder, inFolder('../old'), { recursive: true })
    log.append(1, leafText(1))
    rmSync(fixture.places.folder, { recursive: true })
    await refused(() => openLog(fixture.places), 'behind')
    cpSync(inFolder('../old'), fixture.places.folder, { recursive: true })
    await refused(() => openLog(fixture.places), 'behind')
  })

  it('when a file was altered, whichever it is', async () => {
    const log = filledLog(fixture.places, 300)
    for (const file of log.filesSince(0).filter((each) => each !== 'key')) {
      const good = readFileSync(inFolder(file))
      const bad = Buffer.from(good)
      bad[Math.floor(bad.length / 2)] = (bad[Math.floor(bad.length / 2)] as number) ^ 1
      writeFileSync(inFolder(file), bad)
      await expect(openLog(fixture.places), file).rejects.toEqual(expect.objectContaining({ name: 'LogError' }))
      writeFileSync(inFolder(file), good.subarray(0, -1))
      await expect(openLog(fixture.places), file).rejects.toEqual(expect.objectContaining({ name: 'LogError' }))
      writeFileSync(inFolder(file), good)
    }
    expect((await openLog(fixture.places)).head.size).toBe(300)
  })

  it('when the same key signed another history', async () => {
    const log = createLog(fixture.places, origin)
    log.append(0, leafText(0))
    cpSync(fixture.places.secret, inFolder('../kept'))
    rmSync(fixture.places.folder, { recursive: true })
    const other = [leafText(7), leafText(8)]
    writeFileSync(fixture.places.secret, JSON.stringify({ ...secret(), head: signedHead(fixture.places, []) }))
    restoreLog(fixture.places, other, signedHead(fixture.places, other))
    cpSync(inFolder('../kept'), fixture.places.secret)
    await refused(() => openLog(fixture.places), 'forked')
  })

  it('when another program changed the folder or a bundle meanwhile', async () => {
    const log = createLog(fixture.places, origin)
    log.append(0, leafText(0))
    const other = await openLog(fixture.places)
    other.append(1, leafText(1))
    await refused(() => log.append(1, leafText(7)), 'altered')
    const bundle = inFolder('tile/entries/000.p/2')
    const bytes = readFileSync(bundle)
    bytes[5] = 0
    writeFileSync(bundle, bytes)
    await refused(() => other.append(2, leafText(2)), 'altered')
    await refused(() => other.leaf(0), 'altered')
  })
})

const secret = () => JSON.parse(readFileSync(fixture.places.secret, 'utf8'))

describe('after a restore', () => {
  const leaves = [0, 1, 2, 3, 4].map(leafText)

  it('the missing leaves are taken from the published copy', async () => {
    const full = filledLog(fixture.places, 2)
    cpSync(fixture.folder, `${fixture.folder}-kept`, { recursive: true })
    for (const index of [2, 3, 4]) full.append(index, leafText(index))
    const copy = await readLog(readFolder(fixture.places.folder), full.key)
    expect(full.compare(copy)).toBe('same')
    rmSync(fixture.folder, { recursive: true })
    renameSync(`${fixture.folder}-kept`, fixture.folder)
    const log = await openLog(fixture.places)
    expect(log.compare(copy)).toBe('behind')
    expect(full.compare(await readLog(readFolder(fixture.places.folder), log.key))).toBe('ahead')
    log.adopt(copy.leaves.slice(2), formatNote(copy.checkpoint.note))
    expect(log.compare(copy)).toBe('same')
    const opened = await openLog(fixture.places)
    expect(content(opened)).toEqual(leaves.map(String))
    opened.append(5, leafText(5))
  })

  it('leaves that do not fit are not', async () => {
    const log = filledLog(fixture.places, 2)
    const signed = signedHead(fixture.places, leaves)
    await refused(() => log.adopt(leaves.slice(3), signed), 'forked')
    await refused(() => log.adopt([leafText(9), ...leaves.slice(3)], signed), 'forked')
    await refused(() => log.adopt(leaves.slice(2), signed.replace('kit', 'cat')), 'signature')
    const other = [leafText(8), ...leaves.slice(1)]
    await refused(() => log.adopt(other.slice(2), signedHead(fixture.places, other)), 'forked')
    expect(log.head.size).toBe(2)
    expect((await openLog(fixture.places)).head.size).toBe(2)
  })

  it('a published copy of the same size changes nothing, unless it is closed', async () => {
    const log = filledLog(fixture.places, 5)
    const before = log.checkpoint
    log.adopt([], signedHead(fixture.places, leaves))
    expect(log.checkpoint).toBe(before)
    log.adopt([], signedHead(fixture.places, leaves, ['closed']))
    expect((await openLog(fixture.places)).closed).toBe(true)
    await refused(() => log.append(5, leafText(5)), 'closed')
  })

  it('the whole folder is made anew where it is lost', async () => {
    filledLog(fixture.places, 2)
    const signed = signedHead(fixture.places, leaves)
    rmSync(fixture.places.folder, { recursive: true })
    await refused(() => restoreLog(fixture.places, leaves.slice(0, 1), signed), 'forked')
    await refused(() => restoreLog(fixture.places, [leafText(9)], signedHead(fixture.places, [leafText(9)])), 'forked')
    expect(restoreLog(fixture.places, leaves, signed).head.size).toBe(5)
    expect(content(await openLog(fixture.places))).toEqual(leaves.map(String))
    expect(existsSync(inFolder('key'))).toBe(true)
  })

  it('a folder that is ahead of what is remembered is taken over', async () => {
    const log = createLog(fixture.places, origin)
    cpSync(fixture.places.secret, inFolder('../kept'))
    log.append(0, leafText(0))
    cpSync(inFolder('../kept'), fixture.places.secret)
    expect((await openLog(fixture.places)).head.size).toBe(1)
    rmSync(fixture.places.folder, { recursive: true })
    await refused(() => openLog(fixture.places), 'behind')
  })
})

describe('witnesses', () => {
  const [first, second, stranger] = [makeWitness('w1.example'), makeWitness('w2.example'), makeWitness('w3.example')]
  const witnesses = [first.vkey, second.vkey]
  const now = Date.parse('2026-12-01T00:00:00Z')
  const seconds = now / 1000

  it('are kept in the checkpoint when they signed it, each once', async () => {
    const log = filledLog(fixture.places, 2)
    const text = parseNote(log.checkpoint, 'checkpoint').text
    const lines = first.cosign(text, seconds) + second.cosign(text, seconds)
    expect(log.acceptCosignatures(lines, witnesses, now)).toEqual({
      accepted: ['w1.example', 'w2.example'],
      refused: [],
    })
    log.acceptCosignatures(first.cosign(text, seconds + 60), witnesses, null)
    const opened = await openLog(fixture.places)
    expect(parseNote(opened.checkpoint, 'checkpoint').signatures.map(({ name }) => name)).toEqual([
      origin,
      'w2.example',
      'w1.example',
    ])
    expect(opened.checkpoint).toBe(log.checkpoint)
    opened.append(2, leafText(2))
    expect(parseNote(opened.checkpoint, 'checkpoint').signatures.map(({ name }) => name)).toEqual([origin])
  })

  it('are refused with a reason', () => {
    const log = filledLog(fixture.places, 2)
    const text = parseNote(log.checkpoint, 'checkpoint').text
    const before = log.checkpoint
    const reasons = (lines: string, at: number | null = now) =>
      log.acceptCosignatures(lines, witnesses, at).refused.map(({ name, reason }) => `${name}: ${reason}`)
    expect(reasons(stranger.cosign(text, seconds))).toEqual([
      'w3.example: It is by none of the witnesses that were chosen.',
    ])
    expect(reasons(first.cosign(text.replace('2', '3'), seconds))).toEqual([
      'w1.example: It is not a signature of the current checkpoint.',
    ])
    expect(reasons(first.cosign(text, seconds + 2 * 86_400))).toEqual([
      'w1.example: Its time, 2026-12-03T00:00:00.000Z, has not come yet.',
    ])
    expect(log.checkpoint).toBe(before)
    expect(reasons(first.cosign(text, seconds).repeat(2))).toEqual([
      'w1.example: It has signed before in the same answer.',
    ])
    expect(log.checkpoint).not.toBe(before)
    expect(() => log.acceptCosignatures('nonsense', witnesses, now)).toThrow('does not end with a newline')
    expect(() => log.acceptCosignatures('nonsense\n', witnesses, now)).toThrow('is no signature')
    expect(() => log.acceptCosignatures('', [formatVerifierKey(log.key)], now)).toThrow('is no key for cosigning')
  })
})

describe('key rotation', () => {
  it('closes the old log and names its head in the new one, signed by both', async () => {
    const log = filledLog(fixture.places, 2)
    const next = await log.succeed(fixture.otherPlaces, 'kit.example/ledger-2')
    expect(log.closed).toBe(true)
    await refused(() => log.append(2, leafText(2)), 'closed')
    expect((await openLog(fixture.places)).closed).toBe(true)
    const succession = openSuccession(next.leaf(0), 'leaf 0')
    expect(succession).toMatchObject({ from: log.key, to: next.key, size: 2, root: log.head.root, oldKey: 'signed' })
    expect(readFileSync(inFolder('succession'))).toEqual(next.leaf(0))
    expect(log.filesSince(2)).toEqual(['key', 'succession', 'checkpoint'])
    next.append(1, leafText(1))
  })

  it('can be taken up again after each step', async () => {
    const log = filledLog(fixture.places, 2)
    const next = await log.succeed(fixture.otherPlaces, 'kit.example/ledger-2')
    rmSync(inFolder('succession'))
    const again = await (await openLog(fixture.places)).succeed(fixture.otherPlaces, 'kit.example/ledger-2')
    expect(again.checkpoint).toBe(next.checkpoint)
    expect(existsSync(inFolder('succession'))).toBe(true)
    rmSync(fixture.otherPlaces.secret)
    rmSync(fixture.otherPlaces.folder, { recursive: true })
    const anew = await (await openLog(fixture.places)).succeed(fixture.otherPlaces, 'kit.example/ledger-2')
    expect(anew.key).not.toEqual(next.key)
    expect(readFileSync(inFolder('succession'))).toEqual(anew.leaf(0))
  })

  it('says so when the old key was lost', async () => {
    const old = filledLog(fixture.places, 3)
    const next = createAfterLoss(fixture.otherPlaces, 'kit.example/ledger-2', old.key, old.head)
    expect(openSuccession(next.leaf(0), 'leaf 0')).toMatchObject({ from: old.key, size: 3, oldKey: 'lost' })
    expect((await openLog(fixture.otherPlaces)).head.size).toBe(1)
  })

  it('needs another name and another place', async () => {
    const log = filledLog(fixture.places, 2)
    await refused(() => log.succeed(fixture.otherPlaces, origin), 'refused')
    await refused(() => createAfterLoss(fixture.otherPlaces, origin, log.key, log.head), 'refused')
    createAfterLoss(fixture.otherPlaces, 'kit.example/other', makeSigner('stranger.example').verifier, log.head)
    await refused(() => log.succeed(fixture.otherPlaces, 'kit.example/other'), 'refused')
  })
})

/**
 * Runs `work` and cuts the power after `steps` calls that change files. With `loss`, what was not synced is lost then: a
 * file written to is cut to half, a name made or replaced is as before. Returns whether it came to the cut.
 */
function untilPowerCut(steps: number, loss: boolean, work: () => void): boolean {
  const { openSync, writeFileSync, fsyncSync, mkdirSync, renameSync } = fs
  const real = { openSync, writeFileSync, fsyncSync, mkdirSync, renameSync }
  const cut = new Error('power cut')
  let left = steps
  const open = new Map<number, string>()
  const unsynced = new Set<string>()
  /** By folder: what makes its names as they were when it was last synced. */
  const undo = new Map<string, (() => void)[]>()
  const step = () => {
    if (left === 0) throw cut
    left -= 1
  }
  const onLoss = (file: string, action: () => void) => {
    const folder = path.dirname(file)
    undo.set(folder, [action, ...(undo.get(folder) ?? [])])
  }
  const patched = {
    openSync: (file: string, flags: string, mode?: number) => {
      if (flags === 'w') step()
      const fresh = flags === 'w' && !existsSync(file)
      const descriptor = openSync(file, flags, mode)
      open.set(descriptor, file)
      if (flags === 'w') unsynced.add(file)
      if (fresh) onLoss(file, () => rmSync(file, { force: true }))
      return descriptor
    },
    writeFileSync: (descriptor: number, data: string | Buffer) => {
      step()
      writeFileSync(descriptor, data)
      unsynced.add(open.get(descriptor) ?? '')
    },
    fsyncSync: (descriptor: number) => {
      step()
      const file = open.get(descriptor) ?? ''
      unsynced.delete(file)
      undo.delete(file)
    },
    mkdirSync: (folder: string, options: { recursive: true }) => {
      if (existsSync(folder)) return
      patched.mkdirSync(path.dirname(folder), options)
      step()
      mkdirSync(folder)
      onLoss(folder, () => rmSync(folder, { recursive: true, force: true }))
    },
    renameSync: (from: string, to: string) => {
      step()
      const before = existsSync(to) ? readFileSync(to) : null
      renameSync(from, to)
      if (unsynced.delete(from)) unsynced.add(to)
      onLoss(to, () => (before ? writeFileSync(to, before) : rmSync(to, { force: true })))
    },
  }
  Object.assign(fs, patched)
  syncBuiltinESMExports()
  try {
    work()
    return false
  } catch (error) {
    if (error !== cut) throw error
  } finally {
    Object.assign(fs, real)
    syncBuiltinESMExports()
  }
  if (!loss) return true
  for (const file of unsynced) if (existsSync(file)) truncateSync(file, Math.floor(statSync(file).size / 2))
  for (const actions of undo.values()) for (const action of actions) action()
  return true
}

const outcomeOf = (work: () => void) => {
  try {
    work()
    return 'added'
  } catch (error) {
    return String(error)
  }
}

describe('a power cut at any moment', () => {
  it.each([
    { size: 0, loss: true },
    { size: 255, loss: true },
    { size: 256, loss: true },
    { size: 255, loss: false },
  ])('while leaf $size is added leaves the old state or the new one (loss: $loss)', async ({ size, loss }) => {
    filledLog(fixture.places, size)
    const start = `${fixture.folder}-start`
    cpSync(fixture.folder, start, { recursive: true })
    const outcomes = new Set<number>()
    let steps = 0
    for (let cut = true; cut; steps += 1) {
      rmSync(fixture.folder, { recursive: true })
      cpSync(start, fixture.folder, { recursive: true })
      const log = await openLog(fixture.places)
      cut = untilPowerCut(steps, loss, () => log.append(size, leafText(size)))
      // A full disk stops it at the same places; the program goes on, and may be told to open the log again.
      if (!loss) expect(outcomeOf(() => log.append(size, leafText(size)))).toMatch(/^added$|Open the log again\.$/)
      const opened = await openLog(fixture.places)
      if (loss) outcomes.add(opened.head.size)
      untilPowerCut(1000, loss, () => opened.append(size, leafText(size)))
      expect((await openLog(fixture.places)).leaf(size)).toEqual(leafText(size))
    }
    rmSync(start, { recursive: true })
    expect([...outcomes]).toEqual(loss ? [size, size + 1] : [])
    expect(steps).toBeGreaterThan(15)
  })

  it.each([true, false])('while a log is started leaves none, or a whole one (loss: %s)', async (loss) => {
    const outcomes = new Set<boolean>()
    for (let steps = 0, cut = true; cut; steps += 1) {
      fixture.remove()
      fs.mkdirSync(fixture.folder)
      cut = untilPowerCut(steps, loss, () => createLog(fixture.places, origin))
      const started = existsSync(fixture.places.secret)
      outcomes.add(started)
      const log = started ? await openLog(fixture.places) : createLog(fixture.places, origin)
      expect((await openLog(fixture.places)).checkpoint).toBe(log.checkpoint)
      expect(readFileSync(inFolder('key'), 'utf8')).toBe(`${formatVerifierKey(log.key)}\n`)
    }
    expect([...outcomes]).toEqual([false, true])
  })

  it.each([true, false])('is what this test makes it (loss: %s)', (loss) => {
    const file = path.join(fixture.folder, 'file')
    const careless = () => {
      const descriptor = fs.openSync(file, 'w')
      fs.writeFileSync(descriptor, 'content')
      fs.renameSync(file, `${file}-2`)
      fs.fsyncSync(descriptor)
      fs.closeSync(descriptor)
    }
    expect(untilPowerCut(3, loss, careless)).toBe(true)
    expect(readdirSync(fixture.folder)).toEqual(loss ? [] : ['file-2'])
    expect(untilPowerCut(9, loss, careless)).toBe(false)
    expect(readFileSync(`${file}-2`, 'utf8')).toBe('content')
  })
})

it('signs only what others can open', () => {
  const log = filledLog(fixture.places, 3)
  expect(openCheckpoint(log.checkpoint, log.key, [], 'checkpoint')).toMatchObject({ origin, size: 3 })
})

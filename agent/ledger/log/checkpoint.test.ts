import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareHead, formatCheckpoint, isClosed, openCheckpoint, parseCheckpoint } from './checkpoint.ts'
import { LogError } from './error.ts'
import { consistencyProof, leafHash, treeRoot } from './merkle.ts'
import { makeSigner, parseVerifierKey, signNote } from './note.ts'

const vectors = JSON.parse(readFileSync(path.join(import.meta.dirname, 'testdata/notes.json'), 'utf8'))
const emptyRoot = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='

interface CheckpointVector {
  text: string
  origin: string
  size: number
  extensions: string[]
}

describe('the text of a checkpoint', () => {
  it.each(vectors.checkpoints as CheckpointVector[])('published: $origin', ({ text, origin, size, extensions }) => {
    const checkpoint = parseCheckpoint(text, 'checkpoint')
    expect(checkpoint).toMatchObject({ origin, size, extensions })
    expect(formatCheckpoint(checkpoint)).toBe(text)
  })

  it.each([
    ...(vectors.refusedCheckpoints as string[]),
    '',
    'log\n',
    `\n1\n${root}\n`,
    `log\n01\n${root}\n`,
    `log\n+1\n${root}\n`,
    `log\n1 \n${root}\n`,
    `log\n9007199254740992\n${root}\n`,
    `log\n1\n${root}`,
    `log\n1\n${root}\n\n`,
    `log\n1\n${root}\nmore\n\nlast\n`,
    `log\n1\n${root.slice(0, -2)}J=\n`,
    `log\n1\n${root.slice(4)}\n`,
    `log\n0\n${root}\n`,
    `log\n1\n${root}\n${'more\n'.repeat(17)}`,
  ])('is refused: %j', (text) => {
    expect(() => parseCheckpoint(text, 'checkpoint')).toThrow(LogError)
  })

  it('reads what it writes, and writes what it reads', () => {
    const line = fc.stringMatching(/^[^\n]+$/)
    const checkpoint = fc.record({
      origin: line,
      size: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      root: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((each) => Buffer.from(each)),
      extensions: fc.array(line, { maxLength: 16 }),
    })
    fc.assert(
      fc.property(checkpoint, (each) => {
        expect(parseCheckpoint(formatCheckpoint(each), 'checkpoint')).toEqual(each)
      }),
    )
    const parts = fc.constantFrom('log', '\n', '0', '12', root, emptyRoot, 'x', '')
    fc.assert(
      fc.property(
        fc.array(parts, { maxLength: 9 }).map((each) => each.join('')),
        (text) => {
          try {
            expect(formatCheckpoint(parseCheckpoint(text, 'checkpoint'))).toBe(text)
          } catch (error) {
            expect(error).toBeInstanceOf(LogError)
          }
        },
      ),
    )
  })
})

describe('a signed checkpoint', () => {
  const signer = makeSigner('kit.example/ledger')
  const text = `kit.example/ledger\n0\n${emptyRoot}\n`
  it('is taken from its own log', () => {
    const signed = openCheckpoint(signNote(text, signer), signer.verifier, [], 'checkpoint')
    expect(signed).toMatchObject({ origin: 'kit.example/ledger', size: 0, unknownSignatures: 0 })
    expect(isClosed(signed)).toBe(false)
    expect(isClosed(openCheckpoint(signNote(`${text}closed\n`, signer), signer.verifier, [], 'checkpoint'))).toBe(true)
  })

  it('is refused when another key signed it, or this key something else', () => {
    const open =
      (note: string, key = signer.verifier) =>
      () =>
        openCheckpoint(note, key, [], 'checkpoint')
    expect(open(signNote(text, makeSigner('kit.example/ledger')))).toThrow('is not signed by kit.example/ledger')
    expect(open(signNote(text.replace('kit', 'cat'), signer))).toThrow('is of the log cat.example/ledger')
    expect(open(signNote(text, signer).replace(/^kit/, 'cat'))).toThrow('the signature of kit.example/ledger is wrong')
    expect(open(signNote('no checkpoint\n', signer))).toThrow('is not at least three whole lines')
    expect(open('', parseVerifierKey(vectors.keys[0]))).toThrow(LogError)
  })
})

describe('comparing heads', () => {
  const leaves = Array.from({ length: 40 }, (_, index) => leafHash(Buffer.from(`${index}`)))
  const other = Array.from({ length: 40 }, (_, index) => leafHash(Buffer.from(`other ${index}`)))
  const head = (size: number, of = leaves, origin = 'log') => ({ origin, size, root: treeRoot(of.slice(0, size)) })

  it('tells same, behind, ahead', () => {
    expect(compareHead(head(7), head(7))).toBe('same')
    expect(compareHead(head(7), head(40), consistencyProof(leaves, 7))).toBe('behind')
    expect(compareHead(head(40), head(7), consistencyProof(leaves, 7))).toBe('ahead')
  })

  it('knows that an empty log is the beginning of every one', () => {
    expect(compareHead(null, null)).toBe('same')
    expect(compareHead(null, head(0))).toBe('same')
    expect(compareHead(null, head(3))).toBe('behind')
    expect(compareHead(head(0), head(3))).toBe('behind')
    expect(compareHead(head(3), null)).toBe('ahead')
  })

  it('takes for forked what is not shown to be one history', () => {
    expect(compareHead(head(7), head(7, other))).toBe('forked')
    expect(compareHead(head(7), head(40, other), consistencyProof(other, 7))).toBe('forked')
    expect(compareHead(head(7), head(40), consistencyProof(leaves, 8))).toBe('forked')
    expect(compareHead(head(7), head(40))).toBe('forked')
    expect(compareHead(head(7), head(7, leaves, 'another log'))).toBe('forked')
  })
})

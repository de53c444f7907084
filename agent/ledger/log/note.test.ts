import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LogError } from './error.ts'
import { makeWitness } from './log-fixture.ts'
import {
  checkSignatures,
  formatNote,
  formatSignerKey,
  formatVerifierKey,
  isKeyName,
  makeSigner,
  maximumNoteBytes,
  openNote,
  parseLogKey,
  parseNote,
  parseSignatures,
  parseSignerKey,
  parseVerifierKey,
  parseWitnessKey,
  signNote,
  verifierOf,
} from './note.ts'

const vectors = JSON.parse(readFileSync(path.join(import.meta.dirname, 'testdata/notes.json'), 'utf8'))
const base64 = (text: string) => Buffer.from(text, 'base64')

interface NoteVector {
  name: string
  note: string
  keys: string[]
  verified: string[]
  unknown: string[]
}

describe('published vectors', () => {
  it.each(vectors.notes as NoteVector[])('takes $name', ({ note, keys, verified, unknown }) => {
    const opened = openNote(
      base64(note),
      keys.map((key) => parseLogKey(key)),
      'note',
    )
    expect(opened.verified.map(({ key }) => key.name)).toEqual(verified)
    expect(opened.unknown.map(({ name }) => name)).toEqual(unknown)
    expect(formatNote(opened.note)).toBe(base64(note).toString())
  })

  it.each(vectors.refusedNotes as NoteVector[])('refuses $name', ({ note, keys }) => {
    expect(() =>
      openNote(
        base64(note),
        keys.map((key) => parseLogKey(key)),
        'note',
      ),
    ).toThrow(LogError)
  })

  it('signs as others do', () => {
    expect(signNote(vectors.signed.text, parseSignerKey(vectors.secretKey))).toBe(vectors.signed.note)
  })

  it.each(vectors.keys as string[])('reads and writes the key %s', (vkey) => {
    expect(formatVerifierKey(parseLogKey(vkey))).toBe(vkey)
    for (let end = 1; end < vkey.length; end += 1) {
      expect(() => parseVerifierKey(vkey.slice(0, end))).toThrow(LogError)
      expect(() => parseVerifierKey(vkey.slice(end))).toThrow(LogError)
      const other = String.fromCharCode(vkey.charCodeAt(end) + 1)
      expect(() => parseVerifierKey(vkey.slice(0, end) + other + vkey.slice(end + 1))).toThrow(LogError)
    }
  })

  it.each(vectors.refusedKeys as string[])('refuses the key %s', (vkey) => {
    expect(() => parseVerifierKey(vkey)).toThrow(LogError)
  })

  it('reads the key of a witness, and takes none for the other', () => {
    const [witness] = vectors.cosignatureKeys
    expect(formatVerifierKey(parseWitnessKey(witness))).toBe(witness)
    expect(() => parseLogKey(witness)).toThrow('is the key of a witness')
    expect(() => parseWitnessKey(vectors.keys[0])).toThrow('is no key for cosigning')
  })

  it('reads and writes the secret key, and names nothing of it when it is wrong', () => {
    const secret: string = vectors.secretKey
    expect(formatSignerKey(parseSignerKey(secret))).toBe(secret)
    for (let end = 1; end < secret.length; end += 1) {
      const wrong = secret.slice(0, end)
      expect(() => parseSignerKey(wrong)).toThrow(LogError)
      expect(() => parseSignerKey(wrong)).not.toThrow('AYEKFA')
    }
  })

  it('parts a checkpoint from the signature of log and witness', () => {
    const { text, signatures } = parseNote(vectors.cosigned, 'note')
    expect(text.split('\n').length).toBe(4)
    expect(signatures.map(({ name, bytes }) => [name, bytes.length])).toEqual([
      ['example.com/behind-the-sofa', 64],
      ['witness.example.com/w1', 72],
    ])
  })
})

const text = 'kit.example/ledger\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'
const log = makeSigner('kit.example/ledger')

describe('cosignatures', () => {
  const witness = makeWitness('witness.example')
  const key = parseWitnessKey(witness.vkey)
  const signatures = (note: string, seconds: number) => [witness.signature(note, seconds)]

  it('are checked with the moment they state', () => {
    const { verified } = checkSignatures({ text, signatures: signatures(text, 1_790_000_000) }, [key], 'note')
    expect(verified.map(({ time }) => time)).toEqual([1_790_000_000])
  })

  it('are refused on another text, with another moment, without one, and cut off', () => {
    const check = (note: string, wrong: ReturnType<typeof signatures>) => () =>
      checkSignatures({ text: note, signatures: wrong }, [key], 'note')
    expect(check(`${text}more\n`, signatures(text, 5))).toThrow('the signature of witness.example is wrong')
    expect(check(text, signatures(text, 0))).toThrow('is wrong')
    const [good] = signatures(text, 5)
    if (!good) throw new Error('no signature')
    const later = Buffer.from(good.bytes)
    later.writeUInt8(6, 7)
    expect(check(text, [{ ...good, bytes: later }])).toThrow('is wrong')
    expect(check(text, [{ ...good, bytes: good.bytes.subarray(0, 71) }])).toThrow('is wrong')
  })

  it('do not count as the signature of a log with the same key', () => {
    const same = verifierOf(log.verifier.name, 'cosignature', log.verifier.publicKey)
    const opened = openNote(signNote(text, log), [same], 'note')
    expect(opened.verified).toEqual([])
    expect(opened.unknown.length).toBe(1)
  })
})

describe('limits', () => {
  const line = formatNote({ text: '', signatures: parseNote(signNote(text, log), 'note').signatures }).slice(1)
  it('a note has at most 64 signatures, and all sixteen that everybody must take', () => {
    expect(parseNote(`${text}\n${line.repeat(64)}`, 'note').signatures.length).toBe(64)
    expect(() => parseNote(`${text}\n${line.repeat(65)}`, 'note')).toThrow('more than 64 signatures')
    const large = { name: 'post.quantum', keyId: Buffer.alloc(4), bytes: Buffer.alloc(5000) }
    expect(parseNote(formatNote({ text, signatures: Array(16).fill(large) }), 'note').signatures.length).toBe(16)
  })

  it('a note is of bounded length', () => {
    expect(() => parseNote(`${'x\n'.repeat(257)}\n${line}`, 'note')).toThrow('more than 256 lines')
    expect(() => parseNote(`${'x'.repeat(maximumNoteBytes)}\n\n${line}`, 'note')).toThrow('larger than 131072 bytes')
  })

  it('a note is text in UTF-8, every sign of which counts', () => {
    const broken = Buffer.concat([Buffer.from([0xff]), Buffer.from(`${text}\n${line}`)])
    expect(() => parseNote(broken, 'note')).toThrow('is not text in UTF-8')
    expect(parseNote(`\ufeff${text}\n${line}`, 'note').text).toBe(`\ufeff${text}`)
  })

  it('two keys of one name and id are not told apart by luck', () => {
    const [one, other] = [makeSigner('kit.example'), makeSigner('kit.example')]
    const colliding = { ...other.verifier, keyId: one.verifier.keyId }
    expect(() => openNote(signNote(text, one), [one.verifier, colliding], 'note')).toThrow('two different keys')
    expect(openNote(signNote(text, one), [one.verifier, one.verifier], 'note').verified.length).toBe(1)
  })

  it.each(['', 'a b', 'a+b', 'a\u2003b', 'a\u0085b', 'a\nb', '\ud800', 'x'.repeat(256)])(
    'no key is called %j',
    (name) => {
      expect(isKeyName(name)).toBe(false)
      expect(() => makeSigner(name)).toThrow(RangeError)
    },
  )
})

describe('whatever is read', () => {
  const letters = fc.constantFrom('—', ' ', '\n', '\n\n', '+', 'a', 'é', 'x08go/ZJ', '\u0001', '\ud800', '=', '1')
  const soup = fc.array(letters, { maxLength: 40 }).map((parts) => parts.join(''))
  const own = <Result>(read: () => Result) => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      return null
    }
  }

  it('gives a note that is written as it was read, or an error that says so', () => {
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ unit: 'binary' })), (content) => {
        const note = own(() => parseNote(content, 'note'))
        if (note) expect(formatNote(note)).toBe(content)
        own(() => parseNote(Buffer.from(content, 'latin1'), 'note'))
        own(() => parseSignatures(content, 'note'))
        own(() => parseVerifierKey(content))
        own(() => parseSignerKey(content))
      }),
    )
  })

  it('reads what it writes', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isKeyName)
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 100 }).map((each) => Buffer.from(each))
    const keyId = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((each) => Buffer.from(each))
    const line = fc.string({ unit: 'grapheme' }).map((each) => each.replace(/\p{Cc}/gu, ''))
    const note = fc.record({
      text: fc.array(line, { minLength: 1, maxLength: 9 }).map((lines) => `${lines.join('\n')}\n`),
      signatures: fc.array(fc.record({ name, keyId, bytes }), { minLength: 1, maxLength: 5 }),
    })
    fc.assert(
      fc.property(note, (each) => {
        expect(parseNote(formatNote(each), 'note')).toEqual(each)
      }),
    )
  })
})

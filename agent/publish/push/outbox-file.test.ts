import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { formatVerifierKey, makeSigner } from '../../ledger/log/note.ts'
import { readOutbox } from './outbox-file.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'outbox-'))
  file = path.join(folder, 'outbox.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

const key = formatVerifierKey(makeSigner('garden.example/ledger').verifier)
const place = { kind: 'http', url: 'https://collector.example/' }
const collector = { id: 'c1', place, publicUrl: 'https://collector.example/', known: 0, grant: 1 }
const whole = {
  ...{ version: 1, number: 1, task: 'push', origin: 'garden.example/ledger', key, folder: '', size: 0, root: '' },
  ...{ period: null, collectors: [collector], witnesses: [{ url: 'https://witness.example/', key: 'w', grant: 1 }] },
}

describe('the outbox', () => {
  it('is read as it is', () => {
    expect(readOutbox(file)).toBeNull()
    writeFileSync(file, JSON.stringify(whole))
    expect(readOutbox(file)).toEqual(whole)
  })

  it.each([
    ['not JSON', '{'],
    ['nothing', null],
    ['of another version', { version: 2 }],
    ['without a number', { ...whole, number: -1 }],
    ['of an unknown task', { ...whole, task: 'delete' }],
    ['of another folder', { ...whole, folder: '../agent/' }],
    ['of another origin than its key', { ...whole, origin: 'other.example/ledger' }],
    ['without a key', { ...whole, key: 'none' }],
    ['with an id that is a path', { ...whole, collectors: [{ ...collector, id: '../x' }] }],
    ['with an unknown way to send', { ...whole, collectors: [{ ...collector, place: { kind: 'ftp' } }] }],
    ['with a place of objects', { ...whole, collectors: [{ ...collector, place: { ...place, url: {} } }] }],
    ['with a grant below nothing', { ...whole, collectors: [{ ...collector, grant: -1 }] }],
    ['with a list that is none', { ...whole, witnesses: {} }],
    ['with hundreds of collectors', { ...whole, collectors: Array(300).fill(collector) }],
    ['that is huge', { ...whole, period: 'x'.repeat(300_000) }],
  ])('%s is refused', (_, content) => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    expect(() => readOutbox(file)).toThrow()
  })
})

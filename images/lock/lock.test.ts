import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { compareLock, formatDifferences, type Lock, readLock, writeLock } from './lock.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'hearth-lock-'))
const file = path.join(folder, 'kit.lock.json')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const entry = (name: string, version = '1.0-1', sum = 'a') => ({
  name,
  version,
  architecture: 'amd64',
  sha256: sum.repeat(64),
  size: 1000,
})
const lock = (...packages: Lock['packages']): Lock => ({ suite: 'trixie', architecture: 'amd64', packages })

describe('a lock file', () => {
  it('is read as it was written, sorted, one line a package, and leaves nothing else behind', () => {
    writeLock(file, lock(entry('zlib1g', '1:1.3.dfsg+really1.3.1-1+b1'), entry('adduser')))
    expect(readLock(file)).toEqual(lock(entry('adduser'), entry('zlib1g', '1:1.3.dfsg+really1.3.1-1+b1')))
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(9)
    expect(readdirSync(folder)).toEqual(['kit.lock.json'])
  })

  it('is refused when it is not right, with the place', () => {
    writeLock(file, lock(entry('adduser'), entry('zlib1g')))
    const good = readFileSync(file, 'utf8')
    const cases: [string, string][] = [
      ['', 'is no JSON'],
      [good.slice(0, -20), 'is no JSON'],
      ['[]', 'is not a lock file'],
      ['null', 'is not a lock file'],
      [good.replace('trixie', '../x'), 'names no suite'],
      [good.replace('"amd64",\n', '"riscv64",\n'), 'names no architecture'],
      [good.replace('"adduser"', '"zlib1g"'), 'packages[1], zlib1g, is out of order or there twice'],
      [good.replace('"size":1000', '"size":"1000"'), 'packages[0] needs'],
      [good.replace('aaaa', 'xxxx'), 'packages[0] needs'],
      [good.replace('"adduser"', '"../adduser"'), 'packages[0] needs'],
      [' '.repeat(9 * 1024 * 1024), 'is larger than 8 MiB'],
    ]
    for (const [text, said] of cases) {
      writeFileSync(file, text)
      expect(() => readLock(file)).toThrow(said)
    }
    expect(() => readLock(path.join(folder, 'none'))).toThrow('ENOENT')
  })
})

describe('compareLock', () => {
  it('names what is new, gone, of another version, or of other bytes', () => {
    const before = lock(entry('apt'), entry('bash', '5.2-1'), entry('curl'), entry('dpkg'))
    const after = lock(entry('bash', '5.2-2'), entry('curl', '1.0-1', 'b'), entry('dpkg'), entry('ed'))
    const { exact, differences } = compareLock(before, after)
    expect(exact).toBe(false)
    expect(formatDifferences(differences)).toEqual([
      'apt   1.0-1 → gone',
      'bash  5.2-1 → 5.2-2',
      'curl  1.0-1 (aaaaaaaaaaaa) → 1.0-1 (bbbbbbbbbbbb)',
      'ed    new → 1.0-1',
    ])
    expect(compareLock(before, before)).toEqual({ exact: true, differences: [] })
  })
})

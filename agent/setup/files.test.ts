import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BadFileError, makeFolder, readJson, readText, removeDurably, writeDurably } from './files.ts'
import { CommandError, mustRun, run } from './run.ts'
import { fourWords, words } from './words.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'hearth-files-'))
})
afterEach(() => rm(folder, { recursive: true }))
const at = (name: string) => path.join(folder, name)

describe('files', () => {
  test('are replaced whole, with their mode, and leave nothing beside them', async () => {
    await writeDurably(at('a/b/c'), 'one', { mode: 0o600 })
    await writeDurably(at('a/b/c'), 'two', { mode: 0o640 })
    expect(await readFile(at('a/b/c'), 'utf8')).toBe('two')
    expect(((await stat(at('a/b/c'))).mode & 0o777).toString(8)).toBe('640')
    expect(await readdir(at('a/b'))).toEqual(['c'])
  })

  test('that cannot be written keep the old content', async () => {
    await writeDurably(at('c'), 'one')
    await expect(writeDurably(at('c'), 'two', { mode: 0o600, uid: -5 })).rejects.toThrow()
    expect(await readText(at('c'))).toBe('one')
    expect(await readdir(folder)).toEqual(['c'])
  })

  test('two writers at once leave one of the two', async () => {
    const texts = Array.from({ length: 8 }, (_, index) => String(index).repeat(10_000))
    await Promise.all(texts.map((text) => writeDurably(at('c'), text)))
    expect(texts).toContain(await readText(at('c')))
    expect(await readdir(folder)).toEqual(['c'])
  })

  test('a private folder does not close the folders above it', async () => {
    await makeFolder(at('a/b/private'), 0o700)
    await makeFolder(at('a/b/private'), 0o700)
    const modes = await Promise.all(
      ['a', 'a/b', 'a/b/private'].map(async (name) => (await stat(at(name))).mode & 0o777),
    )
    expect(modes.map((mode) => mode.toString(8))).toEqual(['755', '755', '700'])
  })

  test('removed twice', async () => {
    await writeDurably(at('c'), 'one')
    await removeDurably(at('c'))
    await removeDurably(at('c'))
    expect(await readText(at('c'))).toBeNull()
  })

  test('JSON: missing is null, damaged says which file', async () => {
    expect(await readJson(at('x'), () => 1)).toBeNull()
    await writeFile(at('x'), '{"a"')
    await expect(readJson(at('x'), () => 1)).rejects.toThrow(BadFileError)
    await writeFile(at('x'), '{}')
    await expect(
      readJson(at('x'), () => {
        throw new Error('has no a')
      }),
    ).rejects.toThrow(`${at('x')}: has no a`)
  })
})

describe('commands', () => {
  test('get their input and a bare environment', async () => {
    expect(await run('cat', [], { input: 'secret' })).toEqual({ stdout: 'secret', stderr: '', code: 0 })
    expect(
      (await run('env', [], { env: { A: 'b' } })).stdout
        .split('\n')
        .map((line) => line.split('=')[0])
        .filter(Boolean)
        .sort(),
    ).toEqual(['A', 'LANG', 'PATH'])
  })

  test('arguments are no shell', async () => {
    expect((await run('echo', ['$(id)', ';', '*'])).stdout).toBe('$(id) ; *\n')
  })

  test('that fail, hang, shout, or do not exist', async () => {
    expect((await run('false', [])).code).toBe(1)
    await expect(mustRun(run, 'ls', [at('nothing')])).rejects.toThrow('No such file')
    await expect(run('sleep', ['10'], { timeoutMs: 50 })).rejects.toThrow(CommandError)
    await expect(run('yes', [])).rejects.toThrow('too much output')
    await expect(run('no-such-command', [])).rejects.toThrow('could not be started')
    expect((await run('true', [], { input: 'x'.repeat(1e6) })).code).toBe(0)
  })
})

describe('words', () => {
  test('are 2048, distinct in four letters, sorted and short', () => {
    expect(words).toHaveLength(2048)
    expect(new Set(words.map((word) => word.slice(0, 4))).size).toBe(2048)
    expect(words).toEqual([...words].sort())
    expect(words.every((word) => /^[a-z]{3,8}$/.test(word))).toBe(true)
  })

  test('spell the first 44 bits', () => {
    expect(fourWords('0'.repeat(64))).toBe(Array(4).fill(words[0]).join(' '))
    expect(fourWords(`00200400801${'f'.repeat(53)}`)).toBe(
      [words[1], words[1], words[1], words[1]].join(' ').replace(/^/, ''),
    )
  })
})

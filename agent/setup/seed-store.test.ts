import { execFile } from 'node:child_process'
import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { overwriteOnMedium, writeOnMedium } from './medium.ts'
import { readMedium } from './seed-store.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'hearth-medium-'))
})
afterEach(() => rm(folder, { recursive: true }))

const put = (name: string, text: string) => writeFile(path.join(folder, name), text)

describe('readMedium', () => {
  test('an empty medium, and one with other people’s files', async () => {
    expect(await readMedium(folder)).toEqual({ values: {}, problems: [], ignored: [], files: [] })
    await put('config.txt', 'name: x')
    await put('._hearth.yaml', 'name: x')
    expect((await readMedium(folder)).files).toEqual([])
  })

  test.each(['hearth.yaml', 'HEARTH.YAM'.concat('L'), 'Hearth.yml', 'hearth.yaml.txt'])(
    'a seed called %s',
    async (name) => {
      await put(name, 'name: garden\nnope: 1\n')
      const { values, problems, files } = await readMedium(folder)
      expect(values).toEqual({ name: 'garden' })
      expect(problems[0]?.where).toBe(`${name}:2:1`)
      expect(files).toEqual([name])
    },
  )

  test('an example that was filled in is a seed; one that was not is left alone', async () => {
    await put('hearth-example.yaml', '# name: x\n')
    expect((await readMedium(folder)).files).toEqual([])
    await put('hearth-example.yaml', '# about\nname: garden\n')
    expect(await readMedium(folder)).toMatchObject({ values: { name: 'garden' }, files: ['hearth-example.yaml'] })
  })

  test('of two seeds the better name is read, and the other reported', async () => {
    await put('hearth.yml', 'name: second\n')
    await put('hearth.yaml', 'name: first\n')
    const { values, problems } = await readMedium(folder)
    expect(values).toEqual({ name: 'first' })
    expect(problems).toMatchObject([{ id: 'seed.two-files', where: 'hearth.yml' }])
  })

  test('the note of an earlier seed stands back behind what says something', async () => {
    await put('hearth.yaml', '# The kit has read this file.\r\n#\r\n# Used:\r\n')
    await put('hearth.yaml.txt', 'name: garden\n')
    expect(await readMedium(folder)).toMatchObject({
      values: { name: 'garden' },
      problems: [],
      files: ['hearth.yaml.txt'],
    })
    // A file that cannot be read says something, too.
    await writeFile(path.join(folder, 'hearth.yaml'), Buffer.from([0x23, 0xff, 0x0a]))
    expect((await readMedium(folder)).problems.map(({ id }) => id)).toEqual(['seed.encoding', 'seed.two-files'])
  })

  test('the seed goes before what Imager was told', async () => {
    await put('user-data', '#cloud-config\nhostname: imager\ntimezone: Europe/Paris\n')
    await put('hearth.yaml', 'name: garden\n')
    const { values, files } = await readMedium(folder)
    expect(values).toEqual({ name: 'garden', timezone: 'Europe/Paris' })
    expect(files).toEqual(['hearth.yaml', 'user-data'])
  })

  test('a huge file is not read whole', async () => {
    await writeFile(path.join(folder, 'hearth.yaml'), Buffer.alloc(64 * 1024 * 1024, 'a'))
    expect((await readMedium(folder)).problems).toMatchObject([{ id: 'seed.too-big' }])
  })
})

describe('writing on the medium', () => {
  test('a file is replaced where it stands, in full', async () => {
    const file = path.join(folder, 'hearth.yaml')
    await writeFile(file, `password: ${'secret'.repeat(100)}`)
    await overwriteOnMedium(file, '# note\n')
    expect(await readFile(file, 'utf8')).toBe('# note\r\n')
    await overwriteOnMedium(file, `# ${'longer '.repeat(500)}\n`)
    expect((await readFile(file, 'utf8')).length).toBe(3505 - 1)
  })

  test('a file that is larger than the memory is replaced piece by piece', async () => {
    const file = path.join(folder, 'hearth.yaml')
    const size = 64 * 1024 * 1024
    await writeFile(file, '')
    await truncate(file, size)
    const code = `import { overwriteOnMedium } from ${JSON.stringify(path.join(import.meta.dirname, 'medium.ts'))}
      const before = process.resourceUsage().maxRSS
      await overwriteOnMedium(${JSON.stringify(file)}, '# note')
      console.log((process.resourceUsage().maxRSS - before) * 1024)`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code])
    expect(stdout).toMatch(/^\d+\n$/)
    expect(Number(stdout)).toBeLessThan(size / 2)
    expect(await readFile(file, 'utf8')).toBe('# note')
  })

  test('nothing of what a large file said stays in its blocks', async () => {
    const file = path.join(folder, 'hearth.yaml')
    await writeFile(file, 'secret'.repeat(50_000))
    // What the blocks hold is seen where the file is not cut; the note is longer than a piece.
    const note = `# ${'x'.repeat(70_000)}`
    const beside = await open(file, 'r')
    try {
      const cut = vi.spyOn(Object.getPrototypeOf(beside), 'truncate').mockResolvedValue(undefined)
      await overwriteOnMedium(file, note)
      cut.mockRestore()
    } finally {
      await beside.close()
    }
    expect(await readFile(file, 'utf8')).toBe(note.padEnd(300_000, '\n'))
  })

  test('the kit’s own files are written once', async () => {
    const file = path.join(folder, 'CLAIM-CODE.txt')
    await writeOnMedium(file, 'a\nb\n')
    await writeOnMedium(file, 'a\nb\n')
    expect(await readFile(file, 'utf8')).toBe('a\r\nb\r\n')
    expect(await readdir(folder)).toEqual(['CLAIM-CODE.txt'])
  })
})

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkTable, loadRecipe, MiB, RecipeError, substitute } from './index.ts'

const recipes = path.join(import.meta.dirname, 'testdata/recipes')
const scratch = mkdtempSync(path.join(tmpdir(), 'hearth-recipe-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Loads a recipe that must be refused and gives what was said. */
function refusal(file: string, layers?: string): RecipeError {
  try {
    loadRecipe(file, layers)
  } catch (error) {
    if (error instanceof RecipeError) return error
    throw error
  }
  throw new Error(`${file} was not refused`)
}

describe('a recipe that is right', () => {
  it('is given with its layers, all variables and where each partition lies', () => {
    const recipe = loadRecipe(path.join(recipes, 'pc.yaml'))
    expect(recipe.layers.map(({ name }) => name)).toEqual(['base', 'server'])
    expect(recipe.layers[0]?.files).toMatch(/base\/files$/)
    expect(recipe.layers[1]?.files).toBeNull()
    expect(recipe.variables).toEqual({ KIT_PREFIX: 'hearth', TRIES: 5, RESCUE: true })
    expect(recipe.slot).toEqual({ compression: 'gzip', level: 9 })
    const slot = recipe.disk.partitions.find(({ name }) => name === 'slot-a')
    expect(slot).toMatchObject({
      number: 5,
      start: 99 * MiB,
      size: 640 * MiB,
      content: 'slot',
      label: null,
      grows: false,
    })
    expect(recipe.disk.size).toBe((1 + 1 + 64 + 32 + 1 + 640 + 640 + 128 + 1) * MiB)
  })

  it('counts the logical partitions of an MBR from 5 and leaves room for their entries', () => {
    const { disk, boards } = loadRecipe(path.join(recipes, 'pi.yaml'))
    expect(disk.partitions.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(disk.partitions[3]).toMatchObject({ type: 'extended', start: 258 * MiB, size: (640 + 640 + 128 + 3) * MiB })
    expect(disk.partitions[4]?.start).toBe(259 * MiB)
    expect(disk.partitions[5]?.start).toBe(900 * MiB)
    expect(boards[1]).toEqual({
      name: 'Raspberry Pi 5',
      firmware: ['config.txt'],
      experimental: true,
      media: ['sd'],
      notes: 'No NVMe',
    })
  })

  it('cannot be changed afterwards', () => {
    const recipe = loadRecipe(path.join(recipes, 'pc.yaml'))
    expect(() => (recipe.disk.partitions as unknown[]).push({})).toThrow(TypeError)
    expect(() => Object.assign(recipe.layers[0] ?? {}, { name: 'x' })).toThrow(TypeError)
  })
})

describe('a recipe that is wrong', () => {
  const invalid = readdirSync(recipes).filter((name) => name.startsWith('invalid-'))

  it.each(invalid)('%s says what its first line expects', (name) => {
    const file = path.join(recipes, name)
    const expected = /^# expect: (.+)\n/.exec(readFileSync(file, 'latin1'))?.[1] ?? 'no expectation'
    const { message, problems } = refusal(file)
    const place = expected.startsWith('layers/') ? path.dirname(recipes) : file
    expect(message).toContain(expected.startsWith('layers/') ? `${place}/${expected}` : `${place}:${expected}`)
    for (const problem of problems) expect(problem.next).not.toBe('')
  })

  it('shows every problem of recipe and layers in one run', () => {
    const file = path.join(scratch, 'several.yaml')
    const text = readFileSync(path.join(recipes, 'pc.yaml'), 'utf8')
    writeFileSync(
      file,
      text
        .replace('name: pc', 'name: several\nsise: 1')
        .replace('server]', 'bad-layer, nowhere]')
        .replace('size: 32MiB, ', ''),
    )
    const { problems } = refusal(file, path.join(recipes, '../layers'))
    expect(problems.map(({ message }) => message)).toEqual([
      'unknown key "sise"',
      'there is no layer "nowhere"',
      'the partition "seed" has no size',
      'unknown key "unit"',
      'expected the name of a Debian package, e.g. nginx-light, found "Nginx"',
    ])
  })

  it('shows the line and what to write', () => {
    const { message } = refusal(path.join(recipes, 'invalid-unknown-key.yaml'))
    expect(message).toContain('    5 | sute: trixie\n      | ^\n      → did you mean "suite"?')
  })

  it('is refused unread when it is huge, a folder or missing', () => {
    const huge = path.join(scratch, 'huge.yaml')
    writeFileSync(huge, `name: huge\ndescription: ${'x'.repeat(300 * 1024)}\n`)
    expect(refusal(huge).message).toContain('is larger than 256 KiB')
    expect(refusal(scratch).message).toContain('is not a regular file')
    expect(refusal(path.join(scratch, 'none.yaml')).message).toContain('does not exist')
  })

  it('is refused when it is nested without end', () => {
    const deep = path.join(scratch, 'deep.yaml')
    for (const text of ['['.repeat(200_000), `a: ${'['.repeat(100)}${']'.repeat(100)}\n`, '{a: '.repeat(50_000)]) {
      writeFileSync(deep, text)
      expect(refusal(deep).problems.length).toBeGreaterThan(0)
    }
  })

  it('is refused at whatever byte it was cut', () => {
    const text = readFileSync(path.join(recipes, 'pc.yaml'), 'utf8').replace('name: pc', 'name: cut')
    const file = path.join(scratch, 'cut.yaml')
    // The last cut that may pass is the one that only takes the final line feed.
    for (let length = 0; length < text.length - 1; length += 7) {
      writeFileSync(file, text.slice(0, length))
      expect(refusal(file, path.join(recipes, '../layers')).problems.length).toBeGreaterThan(0)
    }
  })
})

describe('checkTable', () => {
  const pi = loadRecipe(path.join(recipes, 'pi.yaml'))
  const pc = loadRecipe(path.join(recipes, 'pc.yaml'))
  const messages = (recipe: Parameters<typeof checkTable>[0]) => checkTable(recipe).map(({ message }) => message)
  const without = (recipe: typeof pi, content: string) => ({
    ...recipe,
    disk: { ...recipe.disk, partitions: recipe.disk.partitions.filter((each) => each.content !== content) },
  })

  it('takes the two families of kits', () => {
    expect(messages(pi)).toEqual([])
    expect(messages(pc)).toEqual([])
  })

  it('wants an MBR on a Pi and a GPT on a PC', () => {
    expect(messages({ ...pi, disk: { ...pi.disk, table: 'gpt' } })).toContain(
      'the boot ROM of older Raspberry Pis reads only an MBR',
    )
    expect(messages({ ...pc, disk: { ...pc.disk, table: 'mbr' } })).toContain('a PC image has a GPT')
  })

  it('misses each partition that a PC needs', () => {
    expect(messages(without(pc, 'grub-bios'))).toEqual(['there is no BIOS boot partition'])
    expect(messages(without(pc, 'boot'))).toEqual(['there is no EFI system partition'])
    expect(messages(without(pc, 'seed'))).toEqual(['there is no seed partition'])
    expect(messages(without(pc, 'env'))).toEqual(['there is no partition for the boot environment'])
    expect(messages(without(pc, 'empty'))).toEqual(['a kit has two slots'])
  })

  it('wants FAT32 first on a Pi, of the type its boot ROM reads', () => {
    expect(messages(without(pi, 'boot'))).toContain('a Raspberry Pi starts from a first partition in FAT32')
  })

  it('wants two slots of one size', () => {
    const partitions = pc.disk.partitions.map((each) => (each.name === 'slot-b' ? { ...each, size: MiB } : each))
    expect(messages({ ...pc, disk: { ...pc.disk, partitions } })).toEqual(['the two slots differ in size or type'])
  })
})

describe('substitute', () => {
  const variables = { KIT_PREFIX: 'hearth', TRIES: 3, RESCUE: true }

  it('puts values in and leaves other text alone', () => {
    expect(substitute('@KIT_PREFIX@ @TRIES@ @RESCUE@ a@b.example @@ root@@x', variables, 'x.in')).toBe(
      'hearth 3 true a@b.example @ root@x',
    )
  })

  it('refuses unknown and unclosed variables with line and column', () => {
    const attempt = () => substitute('first\n  @TRIS@\n@KIT_PREFIX\n', variables, 'files/x.in')
    expect(attempt).toThrow(/files\/x\.in:2:3: no layer declares the variable "TRIS"[\s\S]*did you mean "@TRIES@"/)
    expect(attempt).toThrow(/files\/x\.in:3:1: "@KIT_PREFIX" is not closed/)
  })

  it('does not take inherited properties for variables', () => {
    expect(() => substitute('@CONSTRUCTOR@', {}, 'x.in')).toThrow(/no layer declares/)
  })
})

describe('the real recipes', () => {
  const folder = path.join(import.meta.dirname, '../recipes')
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
  it.skipIf(names.length === 0)('are all right', () => {
    for (const name of names) expect(loadRecipe(path.join(folder, name)).name).toBe(path.basename(name, '.yaml'))
  })
})

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { selection } from '../build/root.ts'
import { readLock } from '../lock/lock.ts'
import { loadRecipe } from '../recipe/index.ts'

const folder = import.meta.dirname
const names = readdirSync(folder).flatMap((file) => /^(.*)\.yaml$/.exec(file)?.[1] ?? [])

describe.each(names)('the lock of %s', (name) => {
  const recipe = loadRecipe(path.join(folder, `${name}.yaml`))
  const { suite, architecture, packages } = readLock(path.join(folder, `${name}.lock.json`))
  const locked = new Set(packages.map((each) => each.name))

  it('has every package that the layers name, so that a build asks no mirror what it is', () => {
    const asked = selection(recipe)
    expect({ suite, architecture }).toEqual({ suite: asked.suite, architecture: asked.architecture })
    const all = [...asked.packages, ...asked.backports, ...asked.unpacked]
    expect(all.filter((each) => !locked.has(each))).toEqual([])
  })

  it('has the GRUB that goes into the image, for every firmware it starts from', () => {
    const grub = { amd64: ['grub-efi-amd64-bin', 'grub-pc-bin'], arm64: ['grub-efi-arm64-bin'] }[recipe.architecture]
    expect(selection(recipe).unpacked).toEqual(expect.arrayContaining(grub))
    expect([...locked]).toEqual(expect.arrayContaining(grub))
  })
})

import { execFileSync } from 'node:child_process'
import { appendFile, chmod, link, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { firstDifference } from './trees.ts'

let folder: string
let original: string
let copy: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'trees-'))
  original = path.join(folder, 'original')
  copy = path.join(folder, 'copy')
  await mkdir(path.join(original, 'user/anna'), { recursive: true })
  await writeFile(path.join(original, 'post'), Buffer.alloc(3_000_000, 'p'))
  await link(path.join(original, 'post'), path.join(original, 'user/anna/post'))
  await symlink('post', path.join(original, 'newest'))
  await writeFile(path.join(original, 'audit.log'), 'before')
  execFileSync('cp', ['--archive', `${original}/.`, copy])
})
afterEach(() => rm(folder, { recursive: true }))

const difference = () => firstDifference(original, copy, (name) => name === 'audit.log')

test('a copy that keeps everything does not differ, whatever goes on in what is left out', async () => {
  await appendFile(path.join(original, 'audit.log'), 'after')
  expect(await difference()).toBeNull()
})

test.each<[string, string, (copied: (name: string) => string) => Promise<void>]>([
  ['a byte', 'post', async (copied) => flipLast(copied('post'))],
  ['a length', 'post', async (copied) => truncate(copied('post'), 5)],
  ['a mode', 'post', async (copied) => chmod(copied('post'), 0o600)],
  ['a missing folder', 'user', async (copied) => rm(copied('user'), { recursive: true })],
  ['where a link leads', 'newest', async (copied) => relink(copied('newest'), 'pest')],
  ['a kind', 'newest', async (copied) => rewrite(copied('newest'), 'post')],
])('finds %s that differs', async (_, name, damage) => {
  await damage((file) => path.join(copy, file))
  const found = await difference()
  // Names that share a file differ together; either may be met first.
  expect(name === 'post' ? ['post', 'user/anna/post'] : [name]).toContain(found)
})

test('finds names that no longer share a file', async () => {
  await rm(path.join(copy, 'user/anna/post'))
  await writeFile(path.join(copy, 'user/anna/post'), Buffer.alloc(3_000_000, 'p'))
  expect(await difference()).toMatch(/post$/)
})

async function flipLast(file: string) {
  await truncate(file, 2_999_999)
  await appendFile(file, 'q')
}
async function relink(file: string, to: string) {
  await rm(file)
  await symlink(to, file)
}
async function rewrite(file: string, text: string) {
  await rm(file)
  await writeFile(file, text)
}

import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Tools } from './tools.ts'

/**
 * Keeps the kernel modules a recipe lists, and what they depend on, and removes all others: 80 MB of drivers that no kit
 * has hardware for. `-` and `_` are the same in a module's name.
 * @returns names of the list that this kernel neither has as a module nor built in
 */
export async function pruneModules(tools: Tools, root: string, wanted: readonly string[]): Promise<string[]> {
  const versions = readdirSync(path.join(root, 'usr/lib/modules'))
  const missing: string[] = []
  for (const version of versions) {
    const folder = path.join(root, 'usr/lib/modules', version)
    await tools.run('depmod', ['-b', root, version])
    const result = keepList(
      readFileSync(path.join(folder, 'modules.dep'), 'utf8'),
      readFileSync(path.join(folder, 'modules.softdep'), 'utf8'),
      existsSync(path.join(folder, 'modules.builtin'))
        ? readFileSync(path.join(folder, 'modules.builtin'), 'utf8')
        : '',
      wanted,
    )
    missing.push(...result.missing)
    removeOthers(folder, result.keep)
    await tools.run('depmod', ['-b', root, version])
  }
  return missing
}

const plain = (file: string) =>
  path
    .basename(file)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_')

/**
 * Which module files to keep.
 * @param dep text of modules.dep: `file: dependencies`, all paths below the module folder
 * @param softdep text of modules.softdep
 * @param builtin text of modules.builtin
 */
export function keepList(dep: string, softdep: string, builtin: string, wanted: readonly string[]) {
  const needs = new Map<string, string[]>()
  const byName = new Map<string, string>()
  for (const line of dep.split('\n').filter(Boolean)) {
    const [file = '', rest = ''] = line.split(':')
    needs.set(file, rest.split(' ').filter(Boolean))
    byName.set(plain(file), file)
  }
  const soft = new Map<string, string[]>()
  for (const line of softdep.split('\n').filter((entry) => entry.startsWith('softdep '))) {
    const [, name = '', ...words] = line.split(' ')
    soft.set(
      name.replaceAll('-', '_'),
      words.filter((word) => word && !word.endsWith(':')).map((word) => word.replaceAll('-', '_')),
    )
  }
  const builtins = new Set(builtin.split('\n').filter(Boolean).map(plain))
  const keep = new Set<string>()
  const add = (file: string) => {
    if (keep.has(file)) return
    keep.add(file)
    for (const other of needs.get(file) ?? []) add(other)
    for (const name of soft.get(plain(file)) ?? []) {
      const other = byName.get(name)
      if (other) add(other)
    }
  }
  const missing: string[] = []
  for (const want of wanted) {
    const name = want.replaceAll('-', '_')
    const file = byName.get(name)
    if (file) add(file)
    else if (!builtins.has(name)) missing.push(want)
  }
  return { keep, missing }
}

function removeOthers(folder: string, keep: ReadonlySet<string>): void {
  const visit = (relative: string): boolean => {
    let empty = true
    for (const entry of readdirSync(path.join(folder, relative), { withFileTypes: true })) {
      const name = path.join(relative, entry.name)
      if (entry.isDirectory()) {
        if (visit(name)) rmdirSync(path.join(folder, name))
        else empty = false
      } else if (/\.ko(\.\w+)?$/.test(entry.name) && !keep.has(name)) rmSync(path.join(folder, name))
      else empty = false
    }
    return empty
  }
  visit('')
}

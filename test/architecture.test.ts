import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
const folders = ['agent', 'dashboard', 'images', 'provision', 'test', 'bin'] as const
type Folder = (typeof folders)[number]

/** What each folder may import from the others; docs/architecture.md shows the same table. */
const allowed: Record<Folder, RegExp> = {
  agent: /^$/,
  images: /^$/,
  dashboard:
    /^agent\/(api|client|csv|node-http|paths|costs\/(calendar|money-typed|tariff|week)|ledger\/(entry|corrections|typed-entry)|helper\/(client|protocol)|setup\/names)\.ts$|^agent\/testing\//,
  provision: /^(images|agent)\//,
  test: /^(agent|dashboard|images|provision)\//,
  bin: /^(agent|dashboard|images|provision|test)\//,
}

function sources(folder: string): string[] {
  // A folder of the plan that has nothing in it yet is not in a clone.
  if (!existsSync(path.join(root, folder))) return []
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file))
}

function imports(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8')
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string)
  return found.flatMap((target) => {
    if (/^#(agent|dashboard|images|provision)\//.test(target)) return [target.slice(1)]
    if (target.startsWith('.')) return [path.relative(root, path.resolve(root, path.dirname(file), target))]
    return []
  })
}

describe.each(folders)('%s', (folder) => {
  it('imports from other folders only what the plan of the house allows', () => {
    const foreign = sources(folder).flatMap((file) =>
      imports(file)
        .filter((target) => !target.startsWith(`${folder}/`) && target.includes('/') && !allowed[folder].test(target))
        .map((target) => `${file} → ${target}`),
    )
    expect(foreign).toEqual([])
  })
})

it('sees imports at all', () => {
  expect(imports('bin/hearth.ts')).toContain('images/build/command.ts')
})

import path from 'node:path'
import type { Problem } from '../api.ts'
import type { KitPaths } from '../paths.ts'
import { readJson, removeDurably, writeDurably } from './files.ts'
import { readImager } from './imager.ts'
import { overwriteOnMedium, readMediumFiles, removeFromMedium, withMedium, writeOnMedium } from './medium.ts'
import { type Run, run as realRun } from './run.ts'
import { readSeed, type Seed, type SeedValues } from './seed.ts'
import { parseSeed, seedProblem } from './seed-text.ts'

/** Names under which editors and file systems save `hearth.yaml`, best first. */
const seedNames = ['hearth.yaml', 'hearth.yml', 'hearth.yaml.txt', 'hearth.txt'] as const
const exampleName = 'hearth-example.yaml'
const imagerNames = ['user-data', 'network-config', 'meta-data', 'cmdline.txt'] as const
/** Files that carry secrets and are replaced by the note. */
const readOnce = ['user-data', 'network-config'] as const

const problemsName = 'PROBLEMS.txt'
const claimName = 'CLAIM-CODE.txt'

/** `setup/seed.json`: what the medium said at the first start. It is never read again. */
export interface StoredSeed extends Seed {
  /** Names of the files on the medium that were read, as they are written there. */
  files: string[]
}

/** The seed as kept on the data partition; null before it was read. */
export function storedSeed(paths: KitPaths): Promise<StoredSeed | null> {
  return readJson(seedFile(paths), (value) => {
    const stored = value as StoredSeed
    const whole = typeof stored?.values === 'object' && Array.isArray(stored.problems) && Array.isArray(stored.files)
    if (!whole || stored.values === null || !Array.isArray(stored.ignored)) throw new Error('is not a stored seed')
    return stored
  })
}

/** Reads the seed from the medium, once: what is stored already stays. */
export async function takeSeed(paths: KitPaths, run: Run): Promise<void> {
  if ((await storedSeed(paths).catch(() => null)) !== null) return
  const seed = (await withMedium(paths, run, readMedium)) ?? { values: {}, problems: [], ignored: [], files: [] }
  await writeDurably(seedFile(paths), `${JSON.stringify(seed, null, 2)}\n`, { mode: 0o600 })
}

/**
 * Leaves the medium as people should find it: a note in place of the seed, CLAIM-CODE.txt if the kit made a code,
 * PROBLEMS.txt if there are any.
 */
export async function writeMedium(
  paths: KitPaths,
  run: Run,
  claimCode: string | null,
  problems: readonly Problem[],
): Promise<void> {
  const seed = await storedSeed(paths)
  await withMedium(paths, run, async (folder) => {
    const note = seedNote(seed?.values ?? {}, seed?.ignored ?? [])
    for (const name of seed?.files ?? []) await overwriteOnMedium(path.join(folder, name), note)
    if (claimCode !== null) await writeOnMedium(path.join(folder, claimName), claimText(claimCode))
    if (problems.length > 0) await writeOnMedium(path.join(folder, problemsName), problemsText(problems))
    else await removeFromMedium(folder, [problemsName])
  })
}

/** After the claim: the code on the medium is good for nothing, and what was wrong with the seed is history. */
export async function removeClaimFile(paths: KitPaths, run: Run = realRun): Promise<void> {
  await withMedium(paths, run, (folder) => removeFromMedium(folder, [claimName, problemsName]))
  await removeDurably(path.join(paths.setup, 'problems.json'))
}

/** Reads what is on a mounted medium. */
export async function readMedium(folder: string): Promise<StoredSeed> {
  const found = await readMediumFiles(folder, [...seedNames, exampleName, ...imagerNames])
  const bytesOf = (name: string) => found.get(name)?.bytes
  const imagerFiles = Object.fromEntries(
    imagerNames.flatMap((name) => {
      const bytes = bytesOf(name)
      return bytes === undefined ? [] : [[name, bytes]]
    }),
  )
  const imager = readImager(imagerFiles)

  // Who fills in the example itself means it.
  const example = bytesOf(exampleName)
  const exampleUsed = example !== undefined && saysSomething(example)
  const candidates = [...seedNames, ...(exampleUsed ? [exampleName] : [])].filter((name) => found.has(name))
  const [chosen, ...others] = candidates.map((name) => found.get(name) as { name: string; bytes: Buffer })
  const own: Seed = chosen ? readSeed(chosen.bytes, chosen.name) : { values: {}, problems: [], ignored: [] }
  for (const { name } of others) {
    const what = `There is another seed file beside ${chosen?.name}. It was not read.`
    own.problems.push(seedProblem('two-files', name, null, what, 'Keep one of them.'))
  }
  const files = [...(chosen ? [chosen.name] : []), ...readOnce.flatMap((name) => found.get(name)?.name ?? [])]
  return {
    values: { ...imager.values, ...own.values },
    problems: [...own.problems, ...imager.problems],
    ignored: imager.ignored,
    files: files.filter((name) => !isBlank(bytesOf(name.toLowerCase()))),
  }
}

/** Whether anything but comments is in a file. */
function saysSomething(bytes: Buffer): boolean {
  return bytes.length > 0 && parseSeed(bytes.toString('utf8'), exampleName).entries.length > 0
}

function isBlank(bytes: Buffer | undefined): boolean {
  return bytes === undefined || bytes.length === 0
}

/** What was applied, without secrets. Comments only, so that it reads as an empty seed. */
function seedNote(values: SeedValues, ignored: readonly string[]): string {
  const { name, wifi, language, timezone, sshKeys, claimHash } = values
  const used = [
    name && `name: ${name}`,
    wifi && `wifi: ${wifi.ssid} (${wifi.country}, ${wifi.security})`,
    language && `language: ${language}`,
    timezone && `timezone: ${timezone}`,
    sshKeys && `ssh-key: ${sshKeys.length}`,
    claimHash && 'claim-hash: taken',
  ].filter((line) => line !== undefined)
  const lines = [
    'The kit has read this file at its first start. It is not read again: change settings on the dashboard.',
    '',
    'Used:',
    ...(used.length > 0 ? used : ['nothing']).map((line) => `  ${line}`),
    ...(ignored.length > 0 ? ['', 'Ignored:', ...ignored.map((line) => `  ${line}`)] : []),
  ]
  return lines
    .map((line) => `# ${line}`.trimEnd())
    .join('\n')
    .concat('\n')
}

function claimText(code: string): string {
  return `The claim code of this kit:

    ${code}

Enter it on the kit's dashboard. It works once; this file is removed when the kit is claimed.
`
}

function problemsText(problems: readonly Problem[]): string {
  const parts = problems.map(({ where, what, next }) => `${where ? `${where}\n` : ''}  ${what}\n  ${next}\n`)
  return `The kit has started with what it could use. What is wrong:\n\n${parts.join('\n')}`
}

function seedFile(paths: KitPaths): string {
  return path.join(paths.setup, 'seed.json')
}

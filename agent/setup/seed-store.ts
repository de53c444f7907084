import path from 'node:path'
import type { Problem } from '../api.ts'
import type { KitPaths } from '../paths.ts'
import { readJson, removeDurably, writeDurably } from './files.ts'
import { readImager } from './imager.ts'
import {
  type MediumFile,
  overwriteOnMedium,
  readMediumFiles,
  removeFromMedium,
  withMedium,
  writeOnMedium,
} from './medium.ts'
import { type Run, run as realRun } from './run.ts'
import { readLaterSeed, readSeed, type Seed } from './seed.ts'
import { decodeSeed, parseSeed, seedProblem } from './seed-text.ts'
import { writeWifi } from './wifi.ts'

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
    const note = seedNote('first', seed ?? { values: {}, ignored: [] })
    for (const name of seed?.files ?? []) await overwriteOnMedium(path.join(folder, name), note)
    if (claimCode !== null) await writeOnMedium(path.join(folder, claimName), claimText(claimCode))
    await tellProblems(folder, problems)
  })
}

/** Brings PROBLEMS.txt up to date. */
export async function writeMediumProblems(paths: KitPaths, run: Run, problems: readonly Problem[]): Promise<void> {
  await withMedium(paths, run, (folder) => tellProblems(folder, problems))
}

async function tellProblems(folder: string, problems: readonly Problem[]): Promise<void> {
  if (problems.length > 0) await writeOnMedium(path.join(folder, problemsName), problemsText(problems))
  else await removeFromMedium(folder, [problemsName])
}

/**
 * Takes the Wi-Fi, and nothing else, of a seed that came after the first start, and leaves a note in its place.
 * @returns what was in it; null when there is none
 */
export async function takeLaterSeed(paths: KitPaths, run: Run): Promise<Seed | null> {
  return withMedium(paths, run, async (folder) => {
    const { chosen, others } = chooseSeed(await readMediumFiles(folder, [...seedNames, exampleName]))
    if (chosen === undefined || onlyComments(chosen)) return null
    const seed = readLaterSeed(chosen.bytes, chosen.name)
    seed.problems.push(...others.map((other) => secondSeed(other, chosen)))
    // Kept before it goes from the medium.
    if (seed.values.wifi) await writeWifi(paths, seed.values.wifi)
    await overwriteOnMedium(path.join(folder, chosen.name), seedNote('later', seed))
    return seed
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

  const { chosen, others } = chooseSeed(found)
  const own: Seed = chosen ? readSeed(chosen.bytes, chosen.name) : { values: {}, problems: [], ignored: [] }
  if (chosen) own.problems.push(...others.map((other) => secondSeed(other, chosen)))
  const files = [...(chosen ? [chosen.name] : []), ...readOnce.flatMap((name) => found.get(name)?.name ?? [])]
  return {
    values: { ...imager.values, ...own.values },
    problems: [...own.problems, ...imager.problems],
    ignored: imager.ignored,
    files: files.filter((name) => !isBlank(bytesOf(name.toLowerCase()))),
  }
}

/**
 * The file that is the seed, and others that could be. The note that an earlier seed was replaced by stands back behind
 * whatever says something: editors save beside it under another name.
 */
function chooseSeed(found: ReadonlyMap<string, MediumFile>): { chosen: MediumFile | undefined; others: MediumFile[] } {
  // Who fills in the example itself means it.
  const names = [...seedNames, ...(saysSomething(found.get(exampleName)?.bytes) ? [exampleName] : [])]
  const present = names.flatMap((name) => found.get(name) ?? [])
  const speaking = present.filter((file) => !onlyComments(file))
  const [chosen, ...others] = speaking.length > 0 ? speaking : present.slice(0, 1)
  return { chosen, others }
}

function secondSeed({ name }: MediumFile, chosen: MediumFile): Problem {
  const what = `There is another seed file beside ${chosen.name}. It was not read.`
  return seedProblem('two-files', name, null, what, 'Keep one of them.', { read: chosen.name })
}

function onlyComments({ bytes, name }: MediumFile): boolean {
  const text = decodeSeed(bytes, name)
  return typeof text === 'string' && text.split('\n').every((line) => /^\s*(?:#|$)/.test(line))
}

/** Whether anything but comments is in a file. */
function saysSomething(bytes: Buffer | undefined): boolean {
  return bytes !== undefined && bytes.length > 0 && parseSeed(bytes.toString('utf8'), exampleName).entries.length > 0
}

function isBlank(bytes: Buffer | undefined): boolean {
  return bytes === undefined || bytes.length === 0
}

const noteBegins = {
  first: 'The kit has read this file at its first start.',
  later: 'The kit had no network and has read this file for its Wi-Fi.',
}

/** What was applied, without secrets. Comments only, so that it reads as an empty seed. */
function seedNote(when: keyof typeof noteBegins, { values, ignored }: Pick<Seed, 'values' | 'ignored'>): string {
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
    noteBegins[when],
    'Change settings on the dashboard. From here the kit takes one thing more: a new Wi-Fi, two minutes after a start',
    'without a network. Write in place of this note, without the #:',
    '',
    'wifi:',
    '  country: DE',
    '  ssid: Name of your Wi-Fi',
    "  password: 'its password'",
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

import path from 'node:path'
import type { Problem } from '../api.ts'
import type { KitPaths } from '../paths.ts'
import { readJson, readText, writeDurably } from './files.ts'

/**
 * Shows what is wrong with seed and set-up, on console and dashboard: for this boot beside what others have found, and
 * kept for the next ones until the claim (`setup/problems.json`).
 */
export async function showProblems(paths: KitPaths, problems: readonly Problem[]): Promise<void> {
  const others = (await readProblems(paths.problems)).filter(({ id }) => !/^(?:seed|setup)\./.test(id))
  await write(paths.problems, [...others, ...problems])
  await write(keptFile(paths), problems)
}

/**
 * Shows what is wrong with the network and, where a seed came after the first start, in that seed: what was wrong in the
 * one before it is past.
 * @returns what belongs on the medium, and of that what is there at every start until the claim
 */
export async function showOffline(
  paths: KitPaths,
  network: Problem | null,
  seed: readonly Problem[] | null,
): Promise<{ problems: Problem[]; kept: Problem[] }> {
  const past = ({ id }: Problem) => id.startsWith('network.') || (seed !== null && id.startsWith('seed.'))
  const without = async (file: string) => (await readProblems(file)).filter((problem) => !past(problem))
  const others = [...(await without(paths.problems)), ...(seed ?? [])]
  const shown = [...others, ...(network === null ? [] : [network])]
  // Written only where it differs: network-changed follows each change.
  if (JSON.stringify(shown) !== JSON.stringify(await readProblems(paths.problems))) await write(paths.problems, shown)
  const unclaimed = (await readText(keptFile(paths))) !== null
  if (unclaimed && seed !== null) await write(keptFile(paths), [...(await without(keptFile(paths))), ...seed])
  const problems = shown.filter(({ id }) => /^(?:seed|setup|network)\./.test(id))
  return { problems, kept: await readProblems(keptFile(paths)) }
}

function write(file: string, problems: readonly Problem[]): Promise<void> {
  return writeDurably(file, `${JSON.stringify(problems, null, 2)}\n`)
}

function keptFile(paths: KitPaths): string {
  return path.join(paths.setup, 'problems.json')
}

async function readProblems(file: string): Promise<Problem[]> {
  const listed = await readJson(file, (value) => (Array.isArray(value) ? (value as Problem[]) : [])).catch(() => null)
  return listed ?? []
}

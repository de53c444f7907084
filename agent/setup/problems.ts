import path from 'node:path'
import type { Problem } from '../api.ts'
import type { KitPaths } from '../paths.ts'
import { readJson, writeDurably } from './files.ts'

/**
 * Shows what is wrong with seed and set-up, on console and dashboard: for this boot beside what others have found, and
 * kept for the next ones until the claim (`setup/problems.json`).
 */
export async function showProblems(paths: KitPaths, problems: readonly Problem[]): Promise<void> {
  const others = (await readProblems(paths.problems)).filter(({ id }) => !/^(?:seed|setup)\./.test(id))
  await writeDurably(paths.problems, `${JSON.stringify([...others, ...problems], null, 2)}\n`)
  await writeDurably(path.join(paths.setup, 'problems.json'), `${JSON.stringify(problems, null, 2)}\n`)
}

async function readProblems(file: string): Promise<Problem[]> {
  const listed = await readJson(file, (value) => (Array.isArray(value) ? (value as Problem[]) : [])).catch(() => null)
  return listed ?? []
}

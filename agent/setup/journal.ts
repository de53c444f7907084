import path from 'node:path'
import type { KitPaths } from '../paths.ts'
import { readJson, writeDurably } from './files.ts'

export interface Step {
  /** Stands in the journal: never renamed. */
  name: string
  /** What does not work while it is not done, and what to do, for the page and the console. */
  trouble: { what: string; next: string }
  /** While that step is not done, this one is run at each start and not written down. */
  dependsOn?: string
  /** May be cut short at any point and is then run again from its beginning. */
  run(): Promise<void>
}

export interface FailedStep {
  step: Step
  error: unknown
}

/**
 * Runs the steps that the journal does not know as done, in order, and writes each down when it is. A step that fails is
 * left for the next start; the following ones are tried all the same.
 */
export async function runSteps(paths: KitPaths, steps: readonly Step[]): Promise<FailedStep[]> {
  const done = new Set(await readJournal(paths))
  const failed: FailedStep[] = []
  for (const step of steps) {
    if (done.has(step.name)) continue
    try {
      await step.run()
      if (step.dependsOn !== undefined && !done.has(step.dependsOn)) continue
      done.add(step.name)
      await writeDurably(journalFile(paths), `${JSON.stringify({ done: [...done] })}\n`, { mode: 0o600 })
    } catch (error) {
      failed.push({ step, error })
    }
  }
  return failed
}

/** Names of the steps that are done. A damaged journal is an empty one: every step can be repeated. */
export async function readJournal(paths: KitPaths): Promise<string[]> {
  const read = readJson(journalFile(paths), (value) => {
    const { done } = (value ?? {}) as { done?: unknown }
    return Array.isArray(done) ? done.filter((name) => typeof name === 'string') : []
  })
  return (await read.catch(() => null)) ?? []
}

function journalFile(paths: KitPaths): string {
  return path.join(paths.setup, 'journal.json')
}

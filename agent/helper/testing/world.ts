import type { KitPaths } from '../../paths.ts'
import type { Run, RunResult } from '../../setup/run.ts'
import { Move } from '../move.ts'
import type { World } from '../world.ts'

/** What a recorded command says: its output, or how it fails. */
type Answer = string | Partial<RunResult>

export interface TestWorld extends World {
  /** Commands that were run, as they would be typed. */
  commands: string[]
  /** What would stand in the journal. */
  journal: string[]
}

/**
 * A world for tests: files are real, below the kit's root; commands are answered by `answer`, or run by what it returns.
 */
export function makeWorld(
  paths: KitPaths,
  answer: (line: string, ...call: Parameters<Run>) => Answer | Promise<RunResult> = () => '',
): TestWorld {
  const commands: string[] = []
  const journal: string[] = []
  const run: Run = async (command, args, options) => {
    const line = [command, ...args].join(' ')
    commands.push(line)
    const said = await answer(line, command, args, options)
    return { stdout: '', stderr: '', code: 0, ...(typeof said === 'string' ? { stdout: said } : said) }
  }
  const log = (line: string) => void journal.push(line)
  const move = new Move(paths, run, log)
  return { paths, run, move, log, busy: () => move.running, commands, journal }
}

import type { KitPaths } from '../paths.ts'
import type { Run } from '../setup/run.ts'
import type { Move } from './move.ts'

/** What the verbs work on: the kit's files and commands, and the one piece of work that outlives its call. */
export interface World {
  readonly paths: KitPaths
  readonly run: Run
  readonly move: Move
  /** For the journal; never for callers. */
  log(line: string): void
  /** Whether work goes on that must not be cut off by ending when idle. */
  busy(): boolean
}

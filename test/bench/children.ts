import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

/** The shortest program takes a few to start. */
const lookMs = 3

/**
 * Counts the processes that another one starts, in two ways: it looks at the children of all its threads every few
 * milliseconds; and at what the kernel sums up of children that are over. That sum (of their page faults) grows by every
 * child that was waited for, however short it lived, so that none is missed between two looks.
 */
export class ChildrenWatch {
  readonly #folder: string
  readonly #seen = new Set<string>()
  readonly #faultsBefore: number
  readonly #timer: NodeJS.Timeout

  /** Begins to watch. @param pid of this user's, or of anybody's for root */
  constructor(pid: number) {
    this.#folder = `/proc/${pid}`
    this.#faultsBefore = this.#faults()
    this.#look()
    this.#timer = setInterval(() => this.#look(), lookMs)
  }

  /** Ends watching. @returns processes that were started, at least @throws Error where the process is gone */
  stop(): number {
    clearInterval(this.#timer)
    this.#look()
    const unseen = this.#faults() > this.#faultsBefore ? 1 : 0
    return Math.max(this.#seen.size, unseen)
  }

  #look(): void {
    for (const thread of readdirSync(path.join(this.#folder, 'task')))
      for (const child of this.#childrenOf(thread)) this.#seen.add(child)
  }

  #childrenOf(thread: string): string[] {
    try {
      return readFileSync(path.join(this.#folder, 'task', thread, 'children'), 'utf8')
        .split(' ')
        .filter(Boolean)
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
      return [] // the thread ended
    }
  }

  /** Page faults of all children that are over, minor and major: the 11th and 13th number (proc_pid_stat(5)). */
  #faults(): number {
    const text = readFileSync(path.join(this.#folder, 'stat'), 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return Number(fields[8]) + Number(fields[10])
  }
}

/** Starts a process on purpose. @throws Error where it is not counted: then a count of 0 would mean nothing */
export async function proveCounting(): Promise<void> {
  const watch = new ChildrenWatch(process.pid)
  await promisify(execFile)('true')
  if (watch.stop() === 0) throw new Error('A process that was started on purpose was not counted.')
}

import { type ScheduledTask, schedule } from 'node-cron'

export interface Job {
  name: string
  /** Cron expression, in the kit's local time. */
  at: string
  /** Seconds between two runs; a run that is overdue by this much is caught up. */
  every: number
  run(): Promise<void> | void
}

/** Where the last runs are remembered; the ledger's notes. */
export interface RunMemory {
  note(name: string, value: unknown): void
  noted<Value>(name: string): Value | null
}

/**
 * Runs jobs by cron expression and remembers when each last succeeded, so that what a power cut or a leap of the clock
 * skipped is caught up by `catchUp`. A job that fails is reported and tried again the next time.
 */
export class Schedules {
  readonly #jobs: Job[]
  readonly #memory: RunMemory
  readonly #now: () => number
  readonly #report: (job: string, error: unknown) => void
  #tasks: ScheduledTask[] = []
  #running = new Set<string>()

  constructor(jobs: Job[], memory: RunMemory, now: () => number, report: (job: string, error: unknown) => void) {
    this.#jobs = jobs
    this.#memory = memory
    this.#now = now
    this.#report = report
  }

  start(): void {
    this.#tasks = this.#jobs.map((job) => schedule(job.at, () => this.#run(job), { name: job.name }))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#tasks.map((task) => task.destroy()))
    this.#tasks = []
  }

  /** Runs each job whose last run is too long ago, or lies in the future because the clock was wrong then. */
  async catchUp(): Promise<void> {
    for (const job of this.#jobs) {
      const last = this.#memory.noted<number>(`ran:${job.name}`)
      const now = this.#now()
      if (last === null || now - last >= job.every * 1000 || last > now) await this.#run(job)
    }
  }

  async #run(job: Job): Promise<void> {
    if (this.#running.has(job.name)) return
    this.#running.add(job.name)
    try {
      await job.run()
      this.#memory.note(`ran:${job.name}`, this.#now())
    } catch (error) {
      this.#report(job.name, error)
    } finally {
      this.#running.delete(job.name)
    }
  }
}

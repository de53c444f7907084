import { type ScheduledTask, schedule } from 'node-cron'

export interface Job {
  name: string
  /** Cron expression, in the kit's local time. */
  at: string
  /** Seconds between two runs; a run that is overdue by this much is caught up. */
  every: number
  /** False: it has to wait, as for the clock, and is tried again every ten minutes. */
  ready?(): boolean
  /** May run twice: after a power cut nobody may remember that it ran. */
  run(): Promise<void> | void
}

const againAt = '*/10 * * * *'

/** Where the last runs are remembered; the ledger's notes. */
export interface RunMemory {
  note(name: string, value: unknown): void
  noted<Value>(name: string): Value | null
}

/**
 * Runs jobs by cron expression and remembers when each last succeeded, so that what a power cut or a leap of the clock
 * skipped is caught up by `catchUp`. A job that fails is reported and tried again the next time; one that is due and not
 * ready waits.
 */
export class Schedules {
  readonly #jobs: Job[]
  readonly #memory: RunMemory
  readonly #now: () => number
  readonly #report: (job: string, error: unknown) => void
  #tasks: ScheduledTask[] = []
  #running = new Set<string>()
  #waiting = new Set<Job>()

  constructor(jobs: Job[], memory: RunMemory, now: () => number, report: (job: string, error: unknown) => void) {
    this.#jobs = jobs
    this.#memory = memory
    this.#now = now
    this.#report = report
  }

  start(): void {
    const tasks = this.#jobs.map((job) => schedule(job.at, () => this.#run(job), { name: job.name }))
    this.#tasks = [...tasks, schedule(againAt, () => this.runWaiting(), { name: 'waiting' })]
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

  /** Runs what was due and had to wait, as far as it is ready now. */
  async runWaiting(): Promise<void> {
    for (const job of [...this.#waiting]) await this.#run(job)
  }

  async #run(job: Job): Promise<void> {
    if (this.#running.has(job.name)) return
    if (job.ready && !job.ready()) {
      this.#waiting.add(job)
      return
    }
    this.#waiting.delete(job)
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

import { createInterface } from 'node:readline/promises'

/** How a command speaks with whoever runs it; tests give their own. */
export interface Io {
  /** One line of result. */
  print(line: string): void
  /** One line about what went wrong or deserves attention. */
  complain(line: string): void
  /** Replaces the line of progress; nothing where no person watches. */
  progress(line: string): void
  /** Null when nobody is there to answer. */
  ask(question: string): Promise<string | null>
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal
  readonly env: NodeJS.ProcessEnv
}

/** Why a command stopped, and the next step, in words for the person who ran it. */
export class MediaError extends Error {
  override name = 'MediaError'
  readonly next: string

  constructor(message: string, next: string) {
    super(message)
    this.next = next
  }
}

/** The terminal of this process. The first Ctrl-C asks the command to stop in good order, the second ends the process. */
export function terminalIo(): Io {
  const interruption = new AbortController()
  process.once('SIGINT', () => interruption.abort())
  const watched = process.stderr.isTTY
  const clear = () => watched && process.stderr.write('\r\x1b[K')
  return {
    interrupted: interruption.signal,
    env: process.env,
    print(line) {
      clear()
      process.stdout.write(`${line}\n`)
    },
    complain(line) {
      clear()
      process.stderr.write(`${line}\n`)
    },
    progress(line) {
      if (watched) process.stderr.write(`\r\x1b[K${line}`)
    },
    async ask(question) {
      if (!process.stdin.isTTY) return null
      const lines = createInterface({ input: process.stdin, output: process.stderr })
      try {
        return (await lines.question(question, { signal: interruption.signal })).trim()
      } catch {
        return null
      } finally {
        lines.close()
      }
    },
  }
}

/** Runs a command's body; a failure becomes its message, the next step and exit status 1. */
export async function guarded(io: Io, verb: string, body: () => Promise<number>): Promise<number> {
  try {
    return await body()
  } catch (error) {
    io.complain(`hearth ${verb}: ${error instanceof Error ? error.message : String(error)}`)
    if (error instanceof MediaError && error.next) io.complain(`→ ${error.next}`)
    return 1
  }
}

/** `1.4 GiB`, `312 MiB`, `512 bytes`. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1024 * 1024) return `${bytes} bytes`
  const mebibytes = bytes / (1024 * 1024)
  return mebibytes < 1024 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`
}

/** Tells how far a long step is, at most five times a second: share, rate, time left. */
export class Progress {
  readonly #io: Io
  readonly #what: string
  readonly #total: number
  readonly #began = performance.now()
  #done = 0
  #shown = 0

  /** @param total bytes */
  constructor(io: Io, what: string, total: number) {
    this.#io = io
    this.#what = what
    this.#total = total
  }

  /** Throws when the person asked to stop. */
  add(bytes: number): void {
    if (this.#io.interrupted.aborted) throw new MediaError('stopped', '')
    this.#done += bytes
    const now = performance.now()
    if (now - this.#shown < 200) return
    this.#shown = now
    const rate = this.#done / Math.max((now - this.#began) / 1000, 0.001)
    const left = Math.max(0, Math.ceil((this.#total - this.#done) / rate))
    const share = this.#total ? Math.min(100, Math.floor((100 * this.#done) / this.#total)) : 100
    const time = left >= 90 ? `${Math.ceil(left / 60)} min` : `${left} s`
    this.#io.progress(`${this.#what}: ${share} %, ${bytesInWords(rate)}/s, ${time} left`)
  }
}

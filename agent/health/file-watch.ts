import { type FSWatcher, watch } from 'node:fs'
import path from 'node:path'

/** Addresses come and go in bursts; the certificate is made anew once they have settled. */
const settleMs = 5000

/** Calls back when a file is replaced, once things have been quiet for a while. Costs nothing while nothing changes. */
export class FileWatch {
  readonly #file: string
  readonly #changed: () => void
  readonly #settleMs: number
  #watcher: FSWatcher | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(file: string, changed: () => void, quietMs = settleMs) {
    this.#file = file
    this.#changed = changed
    this.#settleMs = quietMs
  }

  /** Watches the folder, since the file is replaced by renaming; throws if there is no such folder. */
  start(): void {
    this.#watcher = watch(path.dirname(this.#file), (_event, name) => {
      if (name !== path.basename(this.#file)) return
      clearTimeout(this.#timer)
      this.#timer = setTimeout(this.#changed, this.#settleMs)
    })
  }

  stop(): void {
    this.#watcher?.close()
    clearTimeout(this.#timer)
  }
}

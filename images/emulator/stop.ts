import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

/** A guest that can be asked to shut down; with none running, `powerOff` does nothing. */
export interface Stoppable {
  powerOff: () => Promise<void>
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Ctrl-C for someone who runs a guest by hand: the first shuts it down in good order, also while it still starts; the
 * second ends this process, and with it the guest.
 */
export class Stop {
  #guest: Stoppable
  #log: (line: string) => void
  #asked: PromiseWithResolvers<void> = Promise.withResolvers()
  #isAsked = false

  constructor(guest: Stoppable, log: (line: string) => void) {
    this.#guest = guest
    this.#log = log
    for (const signal of signals) process.on(signal, () => this.#press(signal))
  }

  #press(signal: (typeof signals)[number]): void {
    if (!this.#isAsked) {
      this.#isAsked = true
      this.#log('up: shutting the kit down … (Ctrl-C again cuts its power)')
      this.#asked.resolve()
      void this.#guest.powerOff()
    } else if (signal === 'SIGINT') {
      // Others come twice where a whole group is ended.
      this.#log('up: cutting the kit’s power')
      process.exit(130)
    }
  }

  /**
   * Runs what leads up to the guest being of use. After Ctrl-C it is not waited for, and what it says of a guest that went
   * is nothing new.
   * @returns whether it came to its end; if not, the guest is off
   */
  async unlessAsked(work: () => Promise<void>): Promise<boolean> {
    let ended = false
    const done = work().finally(() => {
      ended = true
    })
    try {
      await Promise.race([done, this.#asked.promise])
    } catch (error) {
      if (!this.#isAsked) throw error
    }
    if (!this.#isAsked) return true
    // The guest may have been about to start.
    done.catch(() => undefined)
    for (; !ended; await sleep(50)) await this.#guest.powerOff()
    await this.#guest.powerOff()
    return false
  }
}

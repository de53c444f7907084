import type { HealthCheck } from '../api.ts'
import { slotIsWell } from './checks.ts'

/** Once the start is over: until then people wait for their first page, and what fails may still recover. */
const firstLookMs = 30_000
const lookAgainMs = 60_000

export interface SlotKeeperOptions {
  /** The slot this boot runs from; null outside of a kit. */
  slot: () => 'A' | 'B' | null
  health: () => Promise<HealthCheck[]>
  /** Says once that the slot is good. */
  confirm: () => Promise<void>
  report: (error: unknown) => void
}

/** Looks until the kit is well for the first time after a boot, confirms the slot, and then rests. */
export class SlotKeeper {
  readonly #options: SlotKeeperOptions
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: SlotKeeperOptions) {
    this.#options = options
  }

  start(firstLook = firstLookMs): void {
    this.#timer = setTimeout(() => this.#look(), firstLook)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    const { slot, health, confirm, report } = this.#options
    if (slot() === null) return
    try {
      if (slotIsWell(await health())) return await confirm()
    } catch (error) {
      report(error)
    }
    if (!this.#stopped) this.start(lookAgainMs)
  }
}

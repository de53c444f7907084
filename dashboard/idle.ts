/** Calls back once nothing has happened for a while and nothing is under way. */
export class Idle {
  readonly #milliseconds: number
  readonly #leave: () => void
  #underWay = 0
  #timer: NodeJS.Timeout | undefined

  constructor(milliseconds: number, leave: () => void) {
    this.#milliseconds = milliseconds
    this.#leave = leave
  }

  start(): void {
    this.#timer = setTimeout(() => {
      if (this.#underWay === 0) this.#leave()
    }, this.#milliseconds)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  begin(): void {
    this.#underWay++
  }

  end(): void {
    this.#underWay--
    this.#timer?.refresh()
  }
}

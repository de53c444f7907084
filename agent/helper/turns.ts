/** Lets the tasks of one group run one after the other, in the order they came; groups do not wait for each other. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Settles as `task` does, once everything before it in the group is done. */
  take<T>(group: string, task: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(group) ?? Promise.resolve()).then(task)
    this.#last.set(
      group,
      turn.catch(() => {}),
    )
    return turn
  }
}

/** Why an image could not be published, and what to do. */
export class PublishError extends Error {
  override name = 'PublishError'
  readonly next: string

  constructor(message: string, next: string) {
    super(`${message}; ${next}`)
    this.next = next
  }
}

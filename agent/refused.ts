/** Something given that cannot be taken: `field` names the place, the message says what is wrong, `next` what to write. */
export class FieldRefused extends Error {
  /** What the API calls it. */
  readonly code: string = 'field'
  readonly field: string
  readonly next: string

  constructor(field: string, message: string, next: string) {
    super(message)
    this.field = field
    this.next = next
  }
}

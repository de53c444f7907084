/** Something given that cannot be taken: `field` names the place, the message says what is wrong, `next` what to write. */
export class FieldRefused extends Error {
  /** What the API calls it. */
  readonly code: string = 'field'
  readonly field: string
  readonly next: string
  /** Whether there is no such field here; another release may have it. */
  isUnknown = false

  constructor(field: string, message: string, next: string) {
    super(message)
    this.field = field
    this.next = next
  }

  asUnknown(isUnknown = true): this {
    this.isUnknown = isUnknown
    return this
  }
}

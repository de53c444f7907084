import type { HelperError } from './protocol.ts'

/** Why a call is refused, in words for the caller. Everything else that is thrown is a fault of ours and stays in the journal. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: string
  readonly next: string
  readonly facts: NonNullable<HelperError['facts']>

  constructor({ code, message, next, facts = {} }: HelperError, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.next = next
    this.facts = facts
  }
}

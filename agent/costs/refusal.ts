/** A price or a tariff that cannot be used; `field` names it, `next` says what to write instead. */
export class TariffRefused extends Error {
  readonly field: string
  readonly next: string

  constructor(field: string, what: string, next: string) {
    super(what)
    this.name = 'TariffRefused'
    this.field = field
    this.next = next
  }
}

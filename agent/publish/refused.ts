import { FieldRefused } from '../refused.ts'

/** What cannot be done about publishing, or not yet. */
export class PublishingRefused extends FieldRefused {
  override name = 'PublishingRefused'
  override readonly code: string

  /** @param reason `trial` becomes the code `publishing.trial` */
  constructor(reason: string, field: string, message: string, next: string) {
    super(field, message, next)
    this.code = `publishing.${reason}`
  }
}

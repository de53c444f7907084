/**
 * - `malformed`: it has not the form it must have, or is larger than it may be
 * - `missing`: it is not there
 * - `unreadable`: it could not be read or fetched
 * - `signature`: nobody who is known signed it, or a signature is wrong
 * - `altered`: files do not agree with the signed checkpoint
 * - `behind`: there is a later checkpoint than the files have leaves for
 * - `forked`: two signed checkpoints that cannot both be of one history
 * - `closed`: the log was closed, nothing is added any more
 * - `refused`: it was asked for what must not be
 * - `unwitnessed`: a witness that somebody relies on has not signed it
 */
export type LogTrouble =
  | 'malformed'
  | 'missing'
  | 'unreadable'
  | 'signature'
  | 'altered'
  | 'behind'
  | 'forked'
  | 'closed'
  | 'refused'
  | 'unwitnessed'

/** What is wrong with a public log: `where` names the file or note, `next` says what to do. */
export class LogError extends Error {
  override name = 'LogError'
  readonly trouble: LogTrouble
  readonly where: string
  readonly what: string
  readonly next: string
  /** What a web server answered, where that is what is wrong. */
  readonly status: number | null

  constructor(trouble: LogTrouble, where: string, what: string, next: string, status: number | null = null) {
    super(`${where}: ${what}. ${next}`)
    this.trouble = trouble
    this.where = where
    this.what = what
    this.next = next
    this.status = status
  }
}

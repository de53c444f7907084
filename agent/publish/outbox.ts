/**
 * The contract between the agent, which may not reach the internet, and `hearth-publish`, which may and holds nothing
 * else: two files in `kitPaths().publish`. The agent writes `outbox.json`; hearth-publish answers in
 * `answer/inbox.json`. Each is replaced as a whole, so a power cut leaves the one before.
 *
 * Writing the outbox starts hearth-publish (hearth-publish.path); a start of the kit does not, so the agent writes it
 * again, under a new number, where an answer has not come within the hour. Who or what has grant 0 is not asked, and not
 * in the answer. Cosignatures become part of the checkpoint: ask the witnesses first, then send.
 *
 * What the files of a log are called at a collector says agent/publish/log-address.ts; what a grant must be at least,
 * agent/publish/wire.ts.
 */

import type { Trouble } from '../api.ts'

/** Where a collector takes files: any static host. agent/publish/reach.ts says which may be named. */
export type CollectorPlace =
  | { kind: 'http'; url: string; user?: string; password?: string }
  /** The kit's own key is used; `hostKey` is the server's, as in known_hosts. */
  | { kind: 'sftp'; host: string; port: number; user: string; path: string; hostKey: string }
  | { kind: 's3'; endpoint: string; region: string; bucket: string; prefix: string; keyId: string; secret: string }

export interface Collector {
  /** Made by the kit; never changes. */
  id: string
  place: CollectorPlace
  /** Where everybody can read what the collector has, for the page's link and the answer 429; https. */
  publicUrl: string
}

export interface Witness {
  /** Where cosignatures are asked for, as in C2SP tlog-witness: `https://…` without `/add-checkpoint`. */
  url: string
  /** Verifier key (vkey). */
  key: string
}

export interface Outbox {
  version: 1
  /** Goes up with every change; the answer repeats it. */
  number: number
  /** `push`: send what each lacks. `compare`: only bring the checkpoint, and leaves the kit lacks, that each has. */
  task: 'push' | 'compare'
  /** Name of the log, and its verifier key. */
  origin: string
  key: string
  /**
   * Folder of the log below `kitPaths().publicLog`, and in the same way at the kit's own address: empty for the first,
   * `2/` for the one after it. A collector holds many kits' logs, each in a folder named after its origin (log-address.ts).
   */
  folder: string
  /** Head of the log in that folder. */
  size: number
  root: string
  /** The last period reported; null: none yet. */
  period: { from: string; to: string } | null
  collectors: (Collector & {
    /** Leaves that it is known to have. */
    known: number
    /** Bytes that may be sent to it for this; 0: not now. Already taken off the budget. */
    grant: number
  })[]
  witnesses: (Witness & {
    grant: number
    /** Leaves of the last checkpoint that it cosigned; left out: it is asked for, by one request more. */
    known?: number
  })[]
}

export interface Inbox {
  version: 1
  /** The outbox that it answers. */
  number: number
  /** RFC 3339, UTC. */
  at: string
  collectors: {
    id: string
    /** `conflict`: it has leaves that the log here lacks, or other ones; nothing was sent, look at `checkpoint`. */
    outcome: 'sent' | 'compared' | 'failed' | 'over-grant' | 'conflict'
    /** Bytes sent, by the estimate of wire.ts, at most the grant; the rest goes back to the budget. */
    bytes: number
    /** What happened, and what to do next, where it failed. */
    problem?: Trouble
    /** Leaves it has now, where known. */
    size?: number
    /** Its signed checkpoint as it was before anything was sent; absent: it had none, or could not be asked. */
    checkpoint?: string
    /** `compare`: folder below `answer/` that holds the whole log as the collector has it. */
    copy?: string
  }[]
  witnesses: {
    key: string
    bytes: number
    /** Signature lines of the answer. */
    block?: string
    /** It knows another history of this log, or a longer one: so many leaves. */
    seen?: number
    problem?: Trouble
  }[]
  /** The kit's public key for SFTP, in the form of authorized_keys; there as soon as an outbox names such a collector. */
  sshKey?: string
}

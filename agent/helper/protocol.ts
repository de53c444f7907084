/**
 * The closed list of what may be asked of the privileged helper, one list for each caller. A call is one line of JSON
 * `{ "verb": V, "args": {…} }` on the caller's own socket; the answer is one line
 * `{ "ok": true, "result": … }` or `{ "ok": false, "error": { code, message, next } }`. Lines are at most 64 KiB.
 * There are no paths, commands or free-form arguments: what a verb takes is checked in `verbs.ts`.
 */
export interface DashboardVerbs {
  /** Compares without using the code up. Wrong codes are slowed, never locked out: `retryAfterSeconds` says how long. */
  'claim.check': { args: { code: string }; result: { right: boolean; retryAfterSeconds: number } }
  /**
   * Uses the code up and applies the household's choices as one step. Safe to repeat after a cut: the same code is
   * accepted until everything is applied. `person` is the first account; its password is shown once.
   */
  'claim.finish': {
    args: {
      code: string
      language: string
      timezone: string
      currency: string
      serverName: string | null
      person: { id: string; name: string }
    }
    result: { personPassword: string }
  }
  /** Sets the clock from the browser; refused once the clock is trusted. Seconds since 1970. */
  'clock.confirm': { args: { epochSeconds: number }; result: { clock: number } }
  'kit.settings': { args: { language?: string; timezone?: string; currency?: string }; result: Record<never, never> }
  'kit.rename': { args: { hostname: string }; result: { hostname: string } }
  'kit.restart': { args: Record<never, never>; result: Record<never, never> }
  'kit.poweroff': { args: Record<never, never>; result: Record<never, never> }
  'server.name': { args: { name: string }; result: { kept: string[]; restarted: string[] } }
  'person.list': { args: Record<never, never>; result: { people: { id: string; name: string }[] } }
  'person.add': { args: { id: string; name: string }; result: { password: string } }
  'person.reset': { args: { id: string }; result: { password: string } }
  'person.remove': { args: { id: string }; result: Record<never, never> }
  /**
   * Whose account it is; null where name and password do not fit. `tag` is another one after each change of the password,
   * and tells nothing of it. Not in the audit log, which would tell who comes when.
   */
  'person.check': {
    args: { id: string; password: string }
    result: { person: { id: string; name: string; tag: string } | null }
  }
  /** The tag of an account's password as it is now; null: there is no such account. Not in the audit log, either. */
  'person.tag': { args: { id: string }; result: { tag: string | null } }
  'service.list': {
    args: Record<never, never>
    result: { services: { name: ServiceName; active: boolean; since: string | null; memory: number | null }[] }
  }
  'service.restart': { args: { name: ServiceName }; result: Record<never, never> }
  /** Newest last. */
  'service.log': { args: { name: ServiceName; lines: number }; result: { lines: string[] } }
  /** Internal disks this kit could move to (x86 started from a removable medium); empty when there is no such choice. */
  'disk.list': { args: Record<never, never>; result: { disks: Disk[] } }
  /** Copies the running kit to the disk. `confirm` must equal the disk's `name`. Progress in `/run/hearth/move.json`. */
  'disk.move': { args: { name: string; confirm: string }; result: Record<never, never> }
}

export interface AgentVerbs {
  /** Bytes used, which only root can see. */
  'storage.use': {
    args: Record<never, never>
    result: {
      server: number
      media: number
      ledger: number
      system: number
      /** Left out where there are none. */
      backups?: number
      /** Bytes of each account's own uploads; what else the server has is shared. Absent where there are too many. */
      uploads?: Record<string, number>
    }
  }
  /** Whose hours the owner means who names somebody on the command line. */
  'person.list': DashboardVerbs['person.list']
  /** This boot is well: the slot's try counter goes back to 0. */
  'slot.good': { args: Record<never, never>; result: { slot: 'A' | 'B' } }
  /** Addresses changed: the kit's certificate is made anew if it does not name them all. */
  'tls.refresh': { args: Record<never, never>; result: { changed: boolean } }
}

export type ServiceName = 'server' | 'web' | 'agent' | 'names' | 'clock' | 'ssh'

export interface Disk {
  /** Kernel name without /dev, e.g. `nvme0n1`. */
  name: string
  model: string
  serial: string
  /** Bytes. */
  size: number
  /** What is on it, one entry a partition: file system, label, size. */
  content: { fileSystem: string; label: string; size: number }[]
}

/** How far a move is: `/run/hearth/move.json`, `kitPaths().move`. Once done, the kit waits to be started from the disk. */
export interface MoveProgress {
  state: 'copying' | 'done' | 'failed'
  step: 'table' | 'slots' | 'data' | 'check' | 'start' | 'done'
  disk: string
  doneBytes: number
  totalBytes: number
  /** Set when it failed. */
  problem: HelperError | null
}

export type VerbsOf = { dashboard: DashboardVerbs; agent: AgentVerbs }
export type Caller = keyof VerbsOf

export interface HelperError {
  code: string
  /** In English; the dashboard has its own words by the code. */
  message: string
  next: string
  /** What those words need. */
  facts?: Record<string, string | number>
}

/** What units stand behind a service's name. */
export const serviceUnits: Record<ServiceName, string> = {
  server: 'snac2.service',
  web: 'nginx.service',
  agent: 'hearth-agent.service',
  names: 'avahi-daemon.service',
  clock: 'systemd-timesyncd.service',
  ssh: 'ssh.service',
}

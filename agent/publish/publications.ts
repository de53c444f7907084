import { existsSync } from 'node:fs'
import path from 'node:path'
import { readText } from '../meters/files.ts'
import { copyAside, writeDurably } from '../service/durable.ts'
import { checkReport } from './check.ts'
import type { Commitment } from './commitment.ts'
import type { Hardware } from './hardware.ts'
import type { PublishedSums, Report, Withheld } from './report.ts'
import { hasSigned } from './signed-logs.ts'

/** A log that this kit has signed. */
export interface KnownLog {
  /** Below `kitPaths().publicLog`: empty for the first, `4821/` for one after it. */
  folder: string
  /** File of its secret key, in the agent's folder. */
  secret: string
  /** Verifier key (vkey); its name is the log's origin. */
  key: string
  /** Largest head that was signed, as far as it is known; root in base64. */
  size: number
  root: string
  /** `open`: the last one; `continued`: closed, and the one after it says so; `left`: its key or its history was lost. */
  state: 'open' | 'continued' | 'left'
}

/** A report that is in the public log, or noted to go there next. */
export interface ReportRecord {
  /** Key of the log, and the number of the leaf. */
  log: string
  index: number
  report: Report
  /** Null: published from here before this kit's memory was put back; its entries are lost. */
  sums: PublishedSums | null
  /** The entries that it commits to; null as `sums`. */
  commitment: Commitment | null
  withheld: Withheld[]
}

interface Memory {
  version: 1
  /** Hardware on which the log was signed last. */
  hardware: Hardware | null
  /** A part of the hardware changed: what is published is looked up before anything is signed. */
  mustLook: boolean
  /** A witness that knows so many leaves of the present log, and does not sign what is here; null: none is known. */
  ahead: { witness: string; size: number } | null
  /** Since when collectors are asked, milliseconds since 1970; null: nothing waits for them. */
  lookingSince: number | null
  logs: KnownLog[]
  /** A log that is being started after the present one. */
  next: Pick<KnownLog, 'folder' | 'secret'> | null
  reports: ReportRecord[]
}

const nothing: Memory = {
  version: 1,
  hardware: null,
  mustLook: false,
  ahead: null,
  lookingSince: null,
  logs: [],
  next: null,
  reports: [],
}

/**
 * What was published, with the sums behind it, in `published.json`. A report is noted here before it goes into the log,
 * so that after a power cut the same one is added, and what was told of people is never forgotten.
 */
export class Publications {
  readonly #file: string
  #memory = nothing

  constructor(folder: string) {
    this.#file = path.join(folder, 'published.json')
  }

  /** @throws Error if the file is damaged, or lost: without it nobody knows what was told already */
  start(): void {
    const content = readText(this.#file)
    if (content !== null) this.#memory = checkMemory(JSON.parse(content))
    else if (hasSigned(path.dirname(this.#file))) throw new Error('it is not there, though logs were signed here')
  }

  /** Begins anew with what the logs themselves say; the damaged file is kept beside it. */
  replace(found: Pick<Memory, 'logs' | 'reports'>): void {
    if (existsSync(this.#file)) copyAside(this.#file)
    this.#memory = nothing
    // On what it was signed is not known any more, so it is asked.
    const hardware = { board: 'unknown', medium: 'unknown' }
    this.store({ ...found, ...(found.logs.length > 0 && { mustLook: true, hardware }) })
  }

  get hardware(): Hardware | null {
    return this.#memory.hardware
  }

  get mustLook(): boolean {
    return this.#memory.mustLook
  }

  get ahead(): Memory['ahead'] {
    return this.#memory.ahead ?? null
  }

  get lookingSince(): number | null {
    return this.#memory.lookingSince
  }

  get logs(): readonly KnownLog[] {
    return this.#memory.logs
  }

  /** The log that reports go to; null: there was never one. */
  get log(): KnownLog | null {
    return this.#memory.logs.at(-1) ?? null
  }

  get next(): Memory['next'] {
    return this.#memory.next
  }

  /** In the order of their periods. */
  get reports(): readonly ReportRecord[] {
    return this.#memory.reports
  }

  /** Whether a report is in its log; else it is noted to go there next. */
  isAdded({ log, index }: ReportRecord): boolean {
    const known = this.#memory.logs.find(({ key }) => key === log)
    return known === undefined || index < known.size
  }

  /** Durable when it returns. */
  store(change: Partial<Omit<Memory, 'version'>>): void {
    const reports = [...(change.reports ?? this.#memory.reports)].sort((a, b) =>
      a.report.period.from < b.report.period.from ? -1 : 1,
    )
    const memory = { ...this.#memory, ...change, reports }
    writeDurably(this.#file, `${JSON.stringify(memory)}\n`, 0o600)
    this.#memory = memory
  }

  /** Notes the head of the present log where it is another. */
  noteHead(size: number, root: string): void {
    const { logs } = this.#memory
    const last = logs.at(-1)
    if (!last || (last.size === size && last.root === root)) return
    this.store({ logs: [...logs.slice(0, -1), { ...last, size, root }] })
  }
}

/** Reports that went into a log, from a copy of the agent's folder. @throws Error as `start` */
export function readReports(folder: string): ReportRecord[] {
  const publications = new Publications(folder)
  publications.start()
  return publications.reports.filter((each) => publications.isAdded(each))
}

function checkMemory(value: unknown): Memory {
  const memory = value as Memory
  if (memory?.version !== 1) throw new Error('its version is not known here')
  if (!Array.isArray(memory.logs) || !Array.isArray(memory.reports)) throw new Error('it has no logs and reports')
  for (const { report, index, log } of memory.reports) {
    checkReport(report)
    if (!Number.isSafeInteger(index) || typeof log !== 'string') throw new Error('a report has no place in a log')
  }
  return memory
}

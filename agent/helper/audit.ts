import { open, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { isMissing, makeFolder, syncFolder } from '../setup/files.ts'
import type { Caller } from './protocol.ts'

export interface AuditEntry {
  caller: Caller
  /** null when the caller named none of its own. */
  verb: string | null
  /** Without secrets; null when they were refused. */
  args: object | null
  /** `ok`, or the code of the error. */
  outcome: string
  milliseconds: number
}

/** The list of everything the helper was asked, one line of JSON a call. The one before it is kept as `FILE.1`. */
export class AuditLog {
  readonly #file: string
  readonly #largest: number
  #writing: Promise<void> = Promise.resolve()

  constructor(file: string, largest = 256 * 1024) {
    this.#file = file
    this.#largest = largest
  }

  /** Appends and flushes; entries keep their order. Rejects when the file cannot be written. */
  append(entry: AuditEntry): Promise<void> {
    const line = `${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`
    const written = this.#writing.then(() => this.#write(line))
    this.#writing = written.catch(() => {})
    return written
  }

  async #write(line: string): Promise<void> {
    await makeFolder(path.dirname(this.#file))
    if ((await this.#size()) + line.length > this.#largest) {
      await rename(this.#file, `${this.#file}.1`)
      await syncFolder(path.dirname(this.#file))
    }
    const file = await open(this.#file, 'a', 0o600)
    try {
      await file.write(line)
      await file.datasync()
    } finally {
      await file.close()
    }
  }

  async #size(): Promise<number> {
    try {
      return (await stat(this.#file)).size
    } catch (error) {
      if (isMissing(error)) return 0
      throw error
    }
  }
}

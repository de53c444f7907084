import path from 'node:path'
import { readText } from './files.ts'

/** The kernel counts in sectors of this size, whatever the disk's own are. */
const sectorBytes = 512

/** Bytes written to a card or disk, as differences. */
export class WrittenMeter {
  readonly #file: string | null
  #last: number | null

  /** @param device its folder in /sys; null: not known, then nothing was ever written */
  constructor(device: string | null) {
    this.#file = device && path.join(device, 'stat')
    this.#last = this.#read()
  }

  /** Bytes since the last call. A counter that fell began anew, as after the disk was unplugged. */
  advance(): number {
    const before = this.#last
    this.#last = this.#read() ?? before
    if (this.#last === null || before === null) return 0
    return (this.#last >= before ? this.#last - before : this.#last) * sectorBytes
  }

  /** Sectors written since the start; the seventh number. Documentation/block/stat.rst of the kernel. */
  #read(): number | null {
    const sectors = (this.#file && readText(this.#file))?.trim().split(/\s+/)[6]
    return sectors !== undefined && /^\d{1,15}$/.test(sectors) ? Number(sectors) : null
  }
}

import type { DiskWear, Money, Tariffs } from '../api.ts'
import { moneyRange } from '../costs/bill.ts'
import { dayMs } from '../costs/calendar.ts'
import { decimalDigits, formatDecimal, parseDecimal, scale } from '../costs/decimal.ts'
import { mapRange } from '../costs/rounding.ts'
import { hourMs } from '../ledger/hours.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { blockDeviceOf } from '../meters/block-device.ts'
import { wearPerYear, yearsLeft } from '../meters/life.ts'
import type { Range } from '../meters/prediction.ts'
import { type Disk, readDisks } from '../meters/wear.ts'

/** The present pace is that of so many days. */
const recentDays = 30
/** With less, one busy evening would be taken for a pace. */
const leastPaceMs = 2 * dayMs
const monthsPerYear = 12

/** What was written to the disk with the kit's data since it was first seen; kept over restarts. */
interface WrittenNote {
  /** Of the disk; another one begins anew. */
  id: string
  bytes: number
  /** Milliseconds since 1970: when counting began, and up to where hours are in `bytes`. */
  since: number
  through: number
  /** Share of its life used up when it first told; null: it has not yet. */
  usedThen: Range | null
  /** Of `bytes`, those from before it told; absent in older notes: none. */
  bytesThen?: number
}

export interface DiskBookOptions {
  sys: string
  wearFile: string
  /** On the disk that holds the kit's data. */
  dataFolder: string
  ledger: Ledger
  now: () => number
}

/** How worn cards and disks are, how long they last, and what that costs. */
export class DiskBook {
  readonly #options: DiskBookOptions

  constructor(options: DiskBookOptions) {
    this.#options = options
  }

  /** Adds up what was written in the hours that are over. Call once a day, while the clock can be trusted. */
  count(): void {
    const { ledger, now } = this.#options
    const disk = this.#disks().find(({ holdsData }) => holdsData)
    if (!disk) return
    const through = Math.floor(now() / hourMs) * hourMs
    const before = this.#noted(disk)
    const note = before ?? { id: disk.id, bytes: 0, since: through, through, usedThen: null }
    // The clock was ahead then: what was written meanwhile stands in hours that are counted already, or still to come.
    const from = Math.min(note.through, through)
    const bytes = note.bytes + this.#written(from, through).bytes
    // Some disks are asked by another program (hearth-wear), which may come after the first count.
    const told = note.usedThen ? {} : { usedThen: disk.wear?.used ?? null, bytesThen: bytes }
    ledger.noteLater('disk-written', { ...note, ...told, bytes, through } satisfies WrittenNote)
  }

  /** The one with the kit's data first. */
  wear(tariffs: Tariffs): DiskWear[] {
    const disks = this.#disks().sort((one, other) => Number(other.holdsData) - Number(one.holdsData))
    return disks.map(({ device, id, wear, holdsData, ...disk }) => {
      const note = holdsData ? this.#noted({ id }) : null
      const perDay = note && this.#perDay(note)
      const perYear = wear && perDay !== null ? this.#perYear({ wear, ...disk }, note, perDay) : null
      return {
        ...disk,
        holdsData,
        used: wear && { ...wear.used, source: wear.source },
        written: note && { bytes: note.bytes, since: new Date(note.since).toISOString(), perDay },
        yearsLeft: wear && perYear && yearsLeft(wear.used, perYear),
        cost: perYear && costOf(disk.kind, perYear, tariffs),
      }
    })
  }

  #disks(): (Disk & { holdsData: boolean })[] {
    const { sys, wearFile, dataFolder } = this.#options
    const data = blockDeviceOf(sys, dataFolder)
    return readDisks(sys, wearFile).map((disk) => ({ ...disk, holdsData: disk.device === data }))
  }

  #noted({ id }: Pick<Disk, 'id'>): WrittenNote | null {
    const note = this.#options.ledger.noted<WrittenNote>('disk-written')
    return note?.id === id ? note : null
  }

  /** Bytes a day of the last month, as far as it was read; null while that is too little. */
  #perDay({ since, through }: WrittenNote): number | null {
    const { bytes, readMs } = this.#written(Math.max(since, through - recentDays * dayMs), through)
    return readMs >= leastPaceMs ? (bytes / readMs) * dayMs : null
  }

  /**
   * The device's own count reaches back to its first day. Without one it is what it lost since it first told the kit: a
   * card that tells tenths of its life has to move by one first.
   */
  #perYear(
    { wear, writtenByDevice }: Pick<Disk, 'wear' | 'writtenByDevice'>,
    note: WrittenNote | null,
    bytesPerDay: number,
  ): Range | null {
    if (!wear) return null
    if (writtenByDevice !== null) return wearPerYear({ used: wear.used, bytes: writtenByDevice, bytesPerDay })
    const then = note?.usedThen
    if (!note || !then || wear.used.value <= then.value) return null
    const used = {
      low: Math.max(0, wear.used.low - then.high),
      value: wear.used.value - then.value,
      high: wear.used.high - then.low,
    }
    return wearPerYear({ used, bytes: note.bytes - (note.bytesThen ?? 0), bytesPerDay })
  }

  #written(from: number, to: number): { bytes: number; readMs: number } {
    const hours = this.#options.ledger.entries(from, to)
    return {
      bytes: Math.round(hours.reduce((sum, { written }) => sum + written, 0)),
      readMs: hours.reduce((sum, { seconds }) => sum + Math.min(seconds, 3600) * 1000, 0),
    }
  }
}

/** Of the price of the one card or disk that the household gave; null where there is none, or several. */
function costOf(kind: DiskWear['kind'], perYear: Range, { items, currency }: Tariffs): DiskWear['cost'] {
  const wanted = kind === 'sd' || kind === 'emmc' ? 'card' : 'disk'
  const [item, ...others] = items.filter((each) => each.kind === wanted)
  if (!item || others.length > 0) return null
  const price = parseDecimal(item.price)
  const one = 10n ** BigInt(decimalDigits)
  const perMonth = (share: number) => scale(price, BigInt(Math.round((share / monthsPerYear) * Number(one))), one)
  const billed: Money = {
    amount: formatDecimal(scale(price, 1n, BigInt(Math.round(item.years * monthsPerYear)))),
    currency,
  }
  return { wear: moneyRange(mapRange(perYear, perMonth), currency), billed }
}

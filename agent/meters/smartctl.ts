import type { Range } from './prediction.ts'

/** What a disk tells of its wear. */
export interface TellsWear {
  /** Share of its life that is used up: 0 new, 1 at the end of what its maker promises. */
  used: Range
  /** By whom and how: `smartctl:nvme@1`. */
  source: string
}

/** A disk as smartctl describes it; null is what it does not tell. */
export interface SmartReply {
  model: string | null
  isRotating: boolean
  wear: TellsWear | null
  /** Bytes ever written, as the disk counts them. */
  written: number | null
}

/** Makers tell wear in whole per cent. */
const step = 0.01
/** A unit of NVMe is a thousand blocks of 512 bytes, whatever the disk's own are. */
const nvmeUnit = 512_000

/**
 * Attributes whose normalised value is the share that is left, from 100 down, by their names in smartctl's database: the
 * numbers alone mean something else with each maker. The surest first.
 */
const lifeLeft: readonly [id: number, name: string][] = [
  [231, 'SSD_Life_Left'],
  [245, 'Percent_Life_Remaining'],
  [233, 'Media_Wearout_Indicator'],
  [177, 'Wear_Leveling_Count'],
]

/** Attributes that say in which unit they count. */
const writtenUnits: Readonly<Record<string, number>> = {
  Host_Writes_32MiB: 32 * 1024 ** 2,
  Host_Writes_MiB: 1024 ** 2,
  Host_Writes_GiB: 1024 ** 3,
  Lifetime_Writes_GiB: 1024 ** 3,
  Total_Writes_GiB: 1024 ** 3,
  Total_Writes_GB: 1e9,
}

/** Reads one reply of `smartctl --json --info --attributes --log=devstat`; null where it is none, or says nothing of a disk. */
export function readSmartReply(value: unknown): SmartReply | null {
  const reply = record(value)
  const model = text(reply.model_name) ?? text(reply.scsi_model_name)
  const nvme = record(reply.nvme_smart_health_information_log)
  const attributes = list(record(reply.ata_smart_attributes).table).map(record)
  const statistics = list(record(reply.ata_device_statistics).pages).flatMap((page) =>
    list(record(page).table).map(record),
  )
  if (model === null && attributes.length === 0 && Object.keys(nvme).length === 0) return null
  const block = whole(reply.logical_block_size) ?? 512
  return {
    model,
    isRotating: (whole(reply.rotation_rate) ?? 0) > 0,
    wear: nvmeWear(nvme) ?? statisticWear(statistics) ?? attributeWear(attributes),
    written: nvmeWritten(nvme) ?? statisticWritten(statistics, block) ?? attributeWritten(attributes, block),
  }
}

function nvmeWear(log: Record<string, unknown>): TellsWear | null {
  return told(percent(log.percentage_used, 255), 'smartctl:nvme@1')
}

/** The standard's own page, where the disk has it. */
function statisticWear(statistics: Record<string, unknown>[]): TellsWear | null {
  const found = statistics.find(({ name }) => name === 'Percentage Used Endurance Indicator')
  return told(percent(found?.value, 255), 'smartctl:devstat@1')
}

function attributeWear(attributes: Record<string, unknown>[]): TellsWear | null {
  for (const [id, name] of lifeLeft) {
    const found = attributes.find((attribute) => attribute.id === id && attribute.name === name)
    const left = percent(found?.value, 100)
    if (left !== null) return told(1 - left, `smartctl:${id}@1`)
  }
  return null
}

function told(used: number | null, source: string): TellsWear | null {
  if (used === null) return null
  const rounded = Math.round(used * 100) / 100
  return { used: { low: Math.max(0, rounded - step), value: rounded, high: rounded + step }, source }
}

function nvmeWritten(log: Record<string, unknown>): number | null {
  return times(whole(log.data_units_written), nvmeUnit)
}

function statisticWritten(statistics: Record<string, unknown>[], block: number): number | null {
  return times(whole(statistics.find(({ name }) => name === 'Logical Sectors Written')?.value), block)
}

function attributeWritten(attributes: Record<string, unknown>[], block: number): number | null {
  const raw = (attribute: Record<string, unknown>) => whole(record(attribute.raw).value)
  for (const attribute of attributes) {
    const unit = Object.hasOwn(writtenUnits, String(attribute.name)) ? writtenUnits[String(attribute.name)] : undefined
    const count = raw(attribute)
    if (unit !== undefined && count !== null) return count * unit
  }
  const blocks = attributes.find(({ id, name }) => id === 241 && name === 'Total_LBAs_Written')
  return blocks ? times(raw(blocks), block) : null
}

function times(count: number | null, unit: number): number | null {
  return count === null ? null : count * unit
}

function percent(value: unknown, most: number): number | null {
  const number = whole(value)
  return number !== null && number <= most ? number / 100 : null
}

function whole(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 100) : null
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

import type { PlugKind } from '../api.ts'

export type JsonObject = Record<string, unknown>

/** How one kind of plug is asked, and how its answers are read. */
export interface PlugProtocol {
  kind: PlugKind
  /** What people call such plugs. */
  label: string
  /** Rises when its figures are read or judged differently. */
  version: number
  statusPath: string
  aboutPath: string
  /** Smallest error of its power, in W, however little goes through it. */
  wattsFloor: number
  /**
   * Reads a status. Null: no plug of this kind would answer so; `off`, `password`: it would, but cannot be used like
   * that. `text` is the answer as it came.
   */
  status(answer: JsonObject, text: string): PlugStatus | 'off' | 'password' | null
  /** Whatever the plug calls itself; what is no text is left out later. */
  about(answer: JsonObject): unknown[]
}

/** A status as the plug gives it; numbers are not checked yet, NaN stands for what is none. */
export interface PlugStatus {
  watts: number
  /** Smallest change of `watts` that the plug shows. */
  wattsStep: number
  /** Energy since the plug began to count. */
  totalWh: number
  /** Smallest change of `totalWh` that the plug shows. */
  totalStepWh: number
}

/** The number, or NaN for anything else. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN
}

/** The object, or an empty one for anything else. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

/** The first element of a list, as an object; an empty one for anything else. */
export function firstOf(value: unknown): JsonObject {
  return Array.isArray(value) ? objectOf(value[0]) : {}
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

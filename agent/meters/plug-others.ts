import type { OtherLoad, PowerFigure } from '../api.ts'
import { toMilliwatts } from './power-model.ts'
import { mapRange, type Range } from './prediction.ts'

/** W of what hangs on a plug besides the server; `unknown`: nobody knows how many; null: nothing else does. */
export type OtherWatts = { low: number; high: number } | 'unknown' | null

export function otherWatts(others: OtherLoad | 'nothing' | undefined): OtherWatts {
  return others === undefined || others === 'nothing' ? null : (others.watts ?? 'unknown')
}

/**
 * The server's part of the energy, or of the power, that went through a plug in so many hours. Of what nobody knows
 * nothing can be taken off: all of it may be the server's, and as little as its model says.
 */
export function ownPart(through: Range, others: OtherWatts, hours: number, modelled: Range): Range {
  if (others === null) return through
  if (others === 'unknown') return { ...through, low: Math.min(through.low, modelled.low * hours) }
  const low = Math.max(0, through.low - others.high * hours)
  const high = Math.max(0, through.high - others.low * hours)
  const value = through.value - ((others.low + others.high) / 2) * hours
  return { low, value: Math.min(Math.max(value, low), high), high }
}

/** The same for a figure. It says how it was found, and is no longer called measured. */
export function ownPower(figure: PowerFigure, others: OtherWatts, modelled: Range): PowerFigure {
  if (others === null) return figure
  const method = others === 'unknown' ? 'with-others@1' : 'less-others@1'
  const own = mapRange(ownPart(figure, others, 1, modelled), toMilliwatts)
  return { ...figure, ...own, source: `${figure.source}/${method}`, class: 'derived' }
}

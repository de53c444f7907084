import type { BillLine } from '../api.ts'
import type { Fraction } from './fraction.ts'
import type { Range } from './rounding.ts'

/** Money as multiples of 10⁻¹² of the currency, exact. */
export type ExactMoney = Range<Fraction>

interface ExactPart {
  money: ExactMoney
  basis: BillLine['basis']
}

/** A line of a bill before anything is rounded. */
export interface ExactLine extends Pick<BillLine, 'id' | 'kind' | 'name'> {
  soFar: ExactPart
  expected: ExactPart
}

/** Gives a line its id: the first of a kind and name has no more than these, a later one also the day it begins. */
export type LineIds = (kind: BillLine['kind'], name: string | undefined, from: string) => string

export function lineIds(): LineIds {
  const taken = new Set<string>()
  return (kind, name, from) => {
    const plain = name === undefined ? kind : `${kind}/${name}`
    const id = taken.has(plain) ? `${plain}@${from}` : plain
    taken.add(id)
    return id
  }
}

import type { Bill, BillLineKind, MoneyRange, PersonShare, SharingRule } from '../api.ts'
import { moneyRange, unitOf } from './bill.ts'
import { parseDecimal } from './decimal.ts'
import { type Fraction, fraction } from './fraction.ts'
import { mapRange, type Range, settle, sumRanges, sumWholes } from './rounding.ts'

export interface Person {
  /** Opaque; of equal remainders the person whose id comes first gets the coin. */
  id: string
  /** Bytes of uploads that are this person's alone. */
  ownBytes: number
}

/** What a disk costs is divided by what is on it, where the rule says so. */
const storageKinds: readonly BillLineKind[] = ['card', 'disk']

/**
 * Divides a bill by a rule. The shares, their lows and their highs add up to the bill, in whole coins where it is in such;
 * nobody's share is a coin away from the exact one. Parts add up to the person's share. Sorted by id; empty while there
 * is nobody. Throws `RangeError` if two people have one id.
 */
export function divide(bill: Bill, rule: SharingRule, people: Person[]): PersonShare[] {
  const sorted = people.toSorted((one, other) => (one.id < other.id ? -1 : 1))
  const twice = sorted.find(({ id }, index) => sorted[index + 1]?.id === id)
  if (twice) throw new RangeError(`Two people have the id ${twice.id}. Give each person once.`)
  if (sorted.length === 0) return []

  const decimals = (range: MoneyRange) => mapRange(range, ({ amount }) => parseDecimal(amount))
  const unit = unitOf([bill.total, ...bill.lines.map(({ range }) => range)].map(decimals), bill.currency)
  const inUnits = (range: MoneyRange) => mapRange(decimals(range), (each) => each / unit)
  const inMoney = (units: Range<bigint>) =>
    moneyRange(
      mapRange(units, (each) => each * unit),
      bill.currency,
    )
  const sumOf = (lines: Bill['lines']) => sumWholes(lines.map(({ range }) => inUnits(range)))
  const isByBytes = ({ kind }: { kind: BillLineKind }) => rule.kind === 'storage' && storageKinds.includes(kind)
  const divided: Divided[] = [
    { by: 'equal', sum: sumOf(bill.lines.filter((line) => !isByBytes(line))), weights: sorted.map(() => 1n) },
  ]
  if (rule.kind === 'storage') {
    const weights = weightsByBytes(sorted, rule.sharedBytes)
    divided.push({ by: 'bytes', sum: sumOf(bill.lines.filter(isByBytes)), weights })
  }

  const exact = sorted.map(({ id }, index) => {
    const parts = divided.map(({ by, sum, weights }) => ({ id: by, range: weighted(sum, weights, index) }))
    return { id, parts, range: sumRanges(parts.map(({ range }) => range)) }
  })
  const ranges = settle(exact, inUnits(bill.total))
  return exact.map(({ id, parts }, index) => {
    const range = ranges[index] as Range<bigint>
    const amounts = settle(parts, range).map(inMoney)
    return {
      person: id,
      range: inMoney(range),
      parts: parts.map(({ id: by }, at) => ({ by, range: amounts[at] as MoneyRange })),
    }
  })
}

/** Some of the bill, and how many parts of it are whose. */
interface Divided {
  by: PersonShare['parts'][number]['by']
  sum: Range<bigint>
  weights: bigint[]
}

function weighted(sum: Range<bigint>, weights: bigint[], index: number): Range<Fraction> {
  const all = weights.reduce((total, each) => total + each, 0n)
  return mapRange(sum, (each) => fraction(each * (weights[index] as bigint), all))
}

/** Own bytes, and an equal part of the shared ones; the same for everybody where there are none. */
function weightsByBytes(people: Person[], sharedBytes: number): bigint[] {
  const count = BigInt(people.length)
  const weights = people.map(({ ownBytes }) => BigInt(Math.round(ownBytes)) * count + BigInt(Math.round(sharedBytes)))
  return weights.some((each) => each > 0n) ? weights : people.map(() => 1n)
}

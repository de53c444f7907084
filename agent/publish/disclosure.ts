/**
 * What published sums give away about single people.
 *
 * The rule: from all sums together, nothing may be derived about fewer than three people, unless each of them consents.
 * "Derived" is taken at its worst. The reader knows who is in each sum, has the sums before they were rounded, may add
 * and subtract them with any weights, and takes everybody for giving the same again in each period, as standing
 * donations do. So when a group of three becomes four, the sum of the four tells what the fourth gives, and is
 * withheld; so is the sum of three when one of four has left. A group that grows by three or more is published.
 * In terms of algebra: each sum is a row with a 1 for everybody in it, and no combination of rows may leave one or two
 * people by themselves.
 *
 * The same rule, on the sums of one report by themselves, withholds a total beside its parts where that would tell a
 * part that was withheld. Both are asked, since what somebody gives changes after all: what was known of one period
 * must not excuse another.
 */

/** A published sum: who is in it, by what was summed, such as `hours/moderation`. People are opaque keys. */
export type Sum = Readonly<Record<string, readonly string[]>>

/** Sums of fewer people need the consent of each. */
export const leastPeople = 3

/**
 * The people, one or two, of whom a further sum would reveal what cannot be derived yet, and who do not all consent;
 * null if there are none.
 * @param earlier sums that are known already
 */
export function revealedBy(earlier: readonly Sum[], sum: Sum, consents: (person: string) => boolean): string[] | null {
  const allConsent = (people: string[]) => people.every(consents)
  const own = [...new Set(Object.values(sum).flat())]
  if (own.length < leastPeople && !allConsent(own)) return own
  const sums = [...withoutRepeats(earlier), sum]
  const atoms = atomsOf(sums)
  const rows = sums.map((_, row) => atoms.map((atom) => (atom.rows.has(row) ? 1n : 0n)))
  const before = kernel(rows.slice(0, -1), atoms.length)
  const after = kernel(rows, atoms.length)
  if (after.length === before.length) return null // it can be told from the others already
  /** How many independent combinations of the rows are left with these people alone. */
  const about = (people: string[], hidden: bigint[][]) => {
    const columns = [...atoms.keys()].filter((column) => isWithin(atoms[column] as Atom, people))
    const part = columns.map((column) => hidden.map((vector) => vector[column] as bigint))
    return kernel(transposed(part), columns.length).length
  }
  const withoutConsent = (people: string[], hidden: bigint[][]) =>
    about(people, hidden) - about(people.filter(consents), hidden)
  const groups = smallGroups(atoms).filter((people) => !allConsent(people))
  return groups.find((people) => withoutConsent(people, after) > withoutConsent(people, before)) ?? null
}

/** Sums of other people than all before them. */
function withoutRepeats(sums: readonly Sum[]): Sum[] {
  const found = new Map(sums.map((sum) => [JSON.stringify(Object.entries(sum).sort()), sum]))
  return [...found.values()]
}

/** What stands in the same sums, and so can never be parted. */
interface Atom {
  people: Set<string>
  /** Indices of the sums. */
  rows: Set<number>
}

function atomsOf(sums: readonly Sum[]): Atom[] {
  const cells = new Map<string, { person: string; rows: Set<number> }>()
  for (const [row, sum] of sums.entries())
    for (const [what, people] of Object.entries(sum))
      for (const person of people) {
        const key = `${what} ${person}`
        const cell = cells.get(key) ?? { person, rows: new Set() }
        cell.rows.add(row)
        cells.set(key, cell)
      }
  const atoms = new Map<string, Atom>()
  for (const { person, rows } of cells.values()) {
    const key = [...rows].join()
    const atom = atoms.get(key) ?? { people: new Set(), rows }
    atom.people.add(person)
    atoms.set(key, atom)
  }
  return [...atoms.values()]
}

/** One or two people, of all who could be parted from the others. */
function smallGroups(atoms: Atom[]): string[][] {
  const small = atoms.filter(({ people }) => people.size < leastPeople)
  const people = [...new Set(small.flatMap((atom) => [...atom.people]))]
  return people.flatMap((one, index) => [[one], ...people.slice(index + 1).map((other) => [one, other])])
}

function isWithin({ people }: Atom, group: string[]): boolean {
  return [...people].every((person) => group.includes(person))
}

function transposed(matrix: bigint[][]): bigint[][] {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] as bigint))
}

/**
 * A basis of the vectors that every row is orthogonal to: what the rows leave open. Made by Bareiss's elimination,
 * so that whole numbers stay whole, and every division is exact.
 */
function kernel(rows: readonly bigint[][], width: number): bigint[][] {
  const matrix = rows.map((row) => [...row])
  const pivots: number[] = []
  let last = 1n
  for (let column = 0; column < width; column += 1) {
    const at = matrix.findIndex((row, index) => index >= pivots.length && row[column] !== 0n)
    if (at < 0) continue
    const top = matrix[at] as bigint[]
    matrix[at] = matrix[pivots.length] as bigint[]
    matrix[pivots.length] = top
    const pivot = top[column] as bigint
    for (const row of matrix) {
      if (row === top) continue
      const factor = row[column] as bigint
      for (let each = 0; each < width; each += 1)
        row[each] = ((row[each] as bigint) * pivot - factor * (top[each] as bigint)) / last
    }
    last = pivot
    pivots.push(column)
  }
  const open = [...Array(width).keys()].filter((column) => !pivots.includes(column))
  return open.map((column) => {
    const vector = Array<bigint>(width).fill(0n)
    vector[column] = last
    for (const [row, pivot] of pivots.entries()) vector[pivot] = -((matrix[row] as bigint[])[column] as bigint)
    return vector
  })
}

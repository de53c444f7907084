import type { Trouble } from '../api.ts'

const longest = 500
const mostFacts = 8

/**
 * A problem as hearth-publish wrote it, which speaks with strangers; null where it is none. Texts are cut, and of code and
 * facts only what has their form is taken: without them the words are the ones that came.
 */
export function readTrouble(value: unknown): Trouble | null {
  const { what, next, code, facts } = (value ?? {}) as Record<string, unknown>
  if (typeof what !== 'string' || typeof next !== 'string') return null
  const said = { what: what.slice(0, longest), next: next.slice(0, longest) }
  if (typeof code !== 'string' || !/^[a-z][a-z0-9.-]{0,59}$/.test(code)) return said
  return { ...said, code, facts: factsOf(facts) }
}

function factsOf(value: unknown): Record<string, string | number> {
  if (typeof value !== 'object' || value === null) return {}
  const taken = Object.entries(value)
    .filter(([name, fact]) => /^[a-z]{1,20}$/.test(name) && (typeof fact === 'string' || Number.isFinite(fact)))
    .slice(0, mostFacts)
  return Object.fromEntries(
    taken.map(([name, fact]) => [name, typeof fact === 'string' ? fact.slice(0, longest) : fact]),
  )
}

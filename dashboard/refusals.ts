import type { Problem, Trouble } from '#agent/api.ts'
import { AgentRefusal } from '#agent/client.ts'
import { HelperRefusal } from '#agent/helper/client.ts'
import type { HelperError } from '#agent/helper/protocol.ts'
import { attribute, html, type Part } from './html.ts'
import { Busy } from './security/owner.ts'
import type { Visit } from './visit.ts'

export interface Failure {
  status: number
  text: Part
  next: Part
}

/** Text that another program wrote, in English whatever the page's language. */
export function english(visit: Visit, text: string): Part {
  return visit.language === 'en' ? text : html`<span${attribute('lang', 'en')}>${text}</span>`
}

/** A problem in the household's language where there are words for it, else as another program wrote it. */
export function problemInWords(
  visit: Visit,
  { id, what, next, facts = {} }: Pick<Problem, 'id' | 'what' | 'next' | 'facts'>,
): { what: Part; next: Part } {
  // What a collector or witness did has words of its own, which stand within those of the problem.
  const cause = typeof facts.code === 'string' ? wordsFor(visit, facts.code, facts) : undefined
  const said = wordsFor(visit, id, cause ? { ...facts, ...cause } : facts)
  return said ?? { what: english(visit, what), next: english(visit, next) }
}

/** What is wrong with a collector or witness, likewise. */
export function troubleInWords(visit: Visit, { code, what, next, facts }: Trouble): { what: Part; next: Part } {
  return problemInWords(visit, { id: code ?? '', what, next, ...(facts && { facts }) })
}

/** Undefined where there are none, or a fact they need did not come: an older program wrote the problem. */
function wordsFor({ words: { problems } }: Visit, id: string, facts: NonNullable<Problem['facts']>) {
  if (!Object.hasOwn(problems, id)) return undefined
  let isWhole = true
  const given = new Proxy(facts, {
    get: (_, name: string) => {
      if (Object.hasOwn(facts, name)) return facts[name]
      isWhole = false
      return ''
    },
  })
  const said = problems[id]?.(given)
  return isWhole ? said : undefined
}

/** Why the helper refused or failed. */
export function refusalInWords(visit: Visit, { code, message, next, facts }: HelperError): { what: Part; next: Part } {
  return problemInWords(visit, { id: code, what: message, next, ...(facts && { facts }) })
}

/** What a failed call means to the owner; null when it is none of the known refusals and nobody's business. */
export function describeFailure(visit: Visit, error: unknown): Failure | null {
  const { errors, signIn } = visit.words
  if (error instanceof AgentRefusal) {
    if (error.status === 0 || error.status >= 500) return { status: 502, text: errors.agent, next: errors.agentNext }
    const { what, next } = problemInWords(visit, { id: error.code, what: error.message, next: error.next })
    return { status: 422, text: what, next }
  }
  if (error instanceof HelperRefusal) {
    const unanswered = ['helper.unreachable', 'helper.timeout', 'helper.nonsense'].includes(error.code)
    if (unanswered) return { status: 502, text: errors.helper, next: errors.helperNext }
    const { what, next } = refusalInWords(visit, error)
    return { status: 422, text: what, next }
  }
  if (error instanceof Busy) return { status: 503, text: signIn.busy, next: errors.internalNext }
  return null
}

export function failureNotice(failure: { text: Part; next: Part }): Part {
  return html`<div class="notice bad" role="alert"><p><strong>${failure.text}</strong></p><p>${failure.next}</p></div>`
}

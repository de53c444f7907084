import type { Problem } from '#agent/api.ts'
import { AgentRefusal } from '#agent/client.ts'
import { HelperRefusal } from '#agent/helper/client.ts'
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
  const { problems } = visit.words
  const said = Object.hasOwn(problems, id) ? problems[id]?.(facts) : undefined
  return said ?? { what: english(visit, what), next: english(visit, next) }
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
    return { status: 422, text: english(visit, error.message), next: english(visit, error.next) }
  }
  if (error instanceof Busy) return { status: 503, text: signIn.busy, next: errors.internalNext }
  return null
}

export function failureNotice(failure: { text: Part; next: Part }): Part {
  return html`<div class="notice bad" role="alert"><p><strong>${failure.text}</strong></p><p>${failure.next}</p></div>`
}

import type { Party } from '#agent/client.ts'
import { postForm } from '../forms.ts'
import { type Html, html, type Part } from '../html.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'

/** Routes of people who have an account on the server. */
export const forMembers = { config: { access: 'member' } } as const

/** The account of the member whose request it is. */
export function accountOf({ holder }: Visit): string {
  if (holder?.role === 'member') return holder.account
  throw new Error('The route of a member was not closed to others')
}

/** The member's party in the ledger; made anew if it was erased since they signed in. */
export function ownParty({ agent }: Services, visit: Visit): Promise<Party> {
  const account = accountOf(visit)
  return agent.memberParty(account, account)
}

/** A member's page, with the way out beneath: the device may be somebody else's. */
export function memberBody(visit: Visit, body: Part): Html {
  const { words } = visit
  return html`${body}
${postForm(visit, '/sign-out', html`<p class="actions"><button class="quiet">${words.common.signOut}</button></p>`)}`
}

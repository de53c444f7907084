import type { FastifyInstance } from 'fastify'
import { AgentRefusal, type Party } from '#agent/client.ts'
import { postForm } from '../forms.ts'
import { attribute, html, type Part } from '../html.ts'
import { formOf } from '../input.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'

/** People whom only the ledger knows: joined to somebody with an account, or erased. Only ever by the owner's word. */
export function addJoining(app: FastifyInstance, { agent }: Services): void {
  app.post('/people/join', async (request, reply) => {
    const form = formOf(request.body)
    const parties = await agent.parties()
    const [party, into] = ['party', 'into'].map((name) => parties.find(({ id }) => id === form.text(name)))
    if (!party || !into) return reply.callNotFound()
    await agent.joinParties(party.id, into.id)
    return reply.redirect('/people', 303)
  })

  app.get<{ Params: { id: string } }>('/people/erase/:id', async (request, reply) => {
    const { visit } = request
    const party = await find(request.params.id)
    if (!party) return reply.callNotFound()
    const { people, common } = visit.words
    const title = people.eraseTitle(party.name)
    const body = html`<h1>${title}</h1>
<p>${people.eraseText}</p>
${postForm(visit, `/people/erase/${party.id}`, html`<p class="actions"><button class="danger">${people.erase}</button> <a class="button quiet" href="/people">${common.cancel}</a></p>`)}`
    return reply.page({ title, place: 'people', body })
  })

  app.post<{ Params: { id: string } }>('/people/erase/:id', async (request, reply) => {
    const party = await find(request.params.id)
    if (!party) return reply.callNotFound()
    await agent.eraseParty(party.id)
    return reply.redirect('/people', 303)
  })

  /** Whoever has an account erases themselves. */
  async function find(id: string): Promise<Party | undefined> {
    return (await agent.parties()).find((party) => party.id === id && isKnownByNameAlone(party))
  }
}

/** Names without an account; beside each the accounts of the same name. Nothing where the agent does not answer. */
export async function joinOffers(visit: Visit, { agent }: Services): Promise<Part> {
  const parties = await agent.parties().catch((error) => {
    if (error instanceof AgentRefusal) return []
    throw error
  })
  const others = parties.filter(isKnownByNameAlone)
  if (others.length === 0) return null
  const { people } = visit.words
  const isOffered = others.some((party) => parties.some((other) => isSameName(party, other)))
  return html`<details class="line"${attribute('open', isOffered)}><summary><span>${people.ledgerOnly}</span></summary>
<p>${people.ledgerOnlyText}</p>
<ul class="cards">${others.map(
    (party) => html`<li><div><strong>${party.name}</strong>
${parties.filter((other) => isSameName(party, other)).map((other) => offer(visit, party, other))}</div>
<div class="actions"><a href="/people/erase/${party.id}">${people.erase}<span class="unseen"> (${party.name})</span></a></div></li>`,
  )}</ul></details>`
}

function offer(visit: Visit, party: Party, other: Party): Part {
  const { people } = visit.words
  return html`<p>${people.same(party.name, other.account ?? '')}</p>
${postForm(
  visit,
  '/people/join',
  html`<input type="hidden" name="party" value="${party.id}"><input type="hidden" name="into" value="${other.id}">
<button class="quiet">${people.join}</button>`,
)}`
}

function isKnownByNameAlone({ account, joined }: Party): boolean {
  return account === undefined && joined === undefined
}

function isSameName({ name }: Party, { account, name: other }: Party): boolean {
  if (account === undefined) return false
  return [account, other].some((each) => each.localeCompare(name, undefined, { sensitivity: 'base' }) === 0)
}

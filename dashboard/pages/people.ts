import type { FastifyInstance, FastifyReply } from 'fastify'
import { HelperRefusal } from '#agent/helper/client.ts'
import { type Mistakes, mistakeSummary, postForm, textField } from '../forms.ts'
import { type Html, html, type Part } from '../html.ts'
import { formOf, isPersonId, isPersonName } from '../input.ts'
import { describeFailure, failureNotice } from '../refusals.ts'
import type { Services } from '../services.ts'
import type { KitVisit, Visit } from '../visit.ts'
import { addJoining, joinOffers } from './people-join.ts'

interface Person {
  id: string
  name: string
}

export function addPeople(app: FastifyInstance, services: Services): void {
  const { helper } = services

  async function listPage(
    visit: Visit,
    reply: FastifyReply,
    parts: { notice?: Part; mistakes?: Mistakes; draft?: Person },
  ) {
    const { people } = await helper('person.list', {})
    const body = html`<h1>${visit.words.people.title}</h1>
${parts.notice}${mistakeSummary(visit, parts.mistakes ?? {})}
${peopleTable(visit as KitVisit, people)}
${await joinOffers(visit, services)}
${addForm(visit, parts.draft ?? { id: '', name: '' }, parts.mistakes ?? {})}`
    return reply.page({ title: visit.words.people.title, place: 'people', body })
  }

  addJoining(app, services)

  app.get('/people', async (request, reply) => listPage(request.visit, reply, {}))

  app.post('/people', async (request, reply) => {
    const { visit } = request
    const form = formOf(request.body)
    const person = { id: form.text('id'), name: form.text('name') }
    const mistakes = await checkPerson(visit, services, person)
    if (Object.keys(mistakes).length > 0) return listPage(visit, reply.code(422), { mistakes, draft: person })
    // The name was just seen to be free: whoever still goes by it had the account before, and is not this person.
    await endSessions(services, person.id)
    await services.agent.leaveAccount(person.id)
    try {
      const { password } = await helper('person.add', person)
      await tellCount(services)
      return reply.page({
        title: person.name,
        place: 'people',
        body: passwordBody(visit as KitVisit, person, password),
      })
    } catch (error) {
      if (!(error instanceof HelperRefusal) || error.code.startsWith('helper.')) throw error
      const failure = describeFailure(visit, error)
      if (failure === null) throw error
      const notice = failureNotice(failure)
      return listPage(visit, reply.code(422), { notice, draft: person })
    }
  })

  app.get<{ Params: { id: string } }>('/people/:id/reset', async (request, reply) => {
    const { visit } = request
    const person = await findPerson(services, request.params.id)
    if (!person) return reply.callNotFound()
    const title = visit.words.people.resetTitle(person.name)
    const body = html`<h1>${title}</h1><p>${visit.words.people.resetText}</p>
${postForm(visit, `/people/${person.id}/reset`, html`<p class="actions"><button>${visit.words.people.reset}</button> <a class="button quiet" href="/people">${visit.words.common.cancel}</a></p>`)}`
    return reply.page({ title, place: 'people', body })
  })

  app.post<{ Params: { id: string } }>('/people/:id/reset', async (request, reply) => {
    const { visit } = request
    const person = await findPerson(services, request.params.id)
    if (!person) return reply.callNotFound()
    const { password } = await helper('person.reset', { id: person.id })
    await endSessions(services, person.id)
    return reply.page({ title: person.name, place: 'people', body: passwordBody(visit as KitVisit, person, password) })
  })

  app.get<{ Params: { id: string } }>('/people/:id/remove', async (request, reply) => {
    const person = await findPerson(services, request.params.id)
    if (!person) return reply.callNotFound()
    return removePage(request.visit, reply, person, {})
  })

  app.post<{ Params: { id: string } }>('/people/:id/remove', async (request, reply) => {
    const { visit } = request
    const person = await findPerson(services, request.params.id)
    if (!person) return reply.callNotFound()
    if (formOf(request.body).text('confirm') !== person.id) {
      return removePage(visit, reply.code(422), person, { confirm: visit.words.people.removeWrong })
    }
    await helper('person.remove', { id: person.id })
    await endSessions(services, person.id)
    await tellCount(services, person.id)
    const notice = html`<p class="notice good" role="status">${visit.words.people.removed(person.name)}</p>`
    return listPage(visit, reply, { notice })
  })
}

/** At once, also for somebody who is just signing in by what counted before. */
async function endSessions({ sessions, memberPasswords }: Services, id: string): Promise<void> {
  memberPasswords.forget(id)
  await sessions.endOf(id)
}

/** Only an account that exists: what stands in the address is never passed on as it is. */
async function findPerson({ helper }: Services, id: string): Promise<Person | undefined> {
  const { people } = await helper('person.list', {})
  return people.find((person) => person.id === id)
}

/** The agent divides costs by people. Not knowing the new number at once is no reason to fail what was done. */
async function tellCount({ helper, agent }: Services, removed?: string): Promise<void> {
  try {
    const { people } = await helper('person.list', {})
    const accounts = people.map(({ id }) => id)
    await agent.tellPeople(people.length, accounts)
    if (removed !== undefined && !accounts.includes(removed)) await agent.leaveAccount(removed)
  } catch (error) {
    console.error(`The agent was not told how many people there are: ${error instanceof Error ? error.message : error}`)
  }
}

async function checkPerson({ words }: Visit, { helper }: Services, person: Person): Promise<Mistakes> {
  const mistakes: Mistakes = {}
  if (!isPersonId(person.id)) mistakes.id = words.people.idWrong
  if (!isPersonName(person.name)) mistakes.name = words.people.nameWrong
  if (mistakes.id) return mistakes
  const { people } = await helper('person.list', {})
  const taken = people.some(({ id }) => id.toLowerCase() === person.id.toLowerCase())
  return taken ? { ...mistakes, id: words.people.idTaken } : mistakes
}

/**
 * The address of the server's own web page. Null for a trial, which is called after the kit, while another device has that
 * name: a link would lead there, with a password that is for here.
 */
export function serverAddress({ kit, foundAs }: KitVisit): string | null {
  if (kit.serverName === null && foundAs !== null) return null
  return `https://${kit.serverName ?? `${kit.hostname}.local`}`
}

function peopleTable(visit: KitVisit, people: Person[]): Html {
  const { words } = visit
  const address = serverAddress(visit)
  if (people.length === 0) return html`<p>${words.people.none}</p>`
  return html`<ul class="cards">${people.map(
    (person) => html`<li>
<div><strong>${person.name}</strong> ${address === null ? html`@${person.id}` : html`<a href="${address}/${person.id}">@${person.id}</a>`}</div>
<div class="actions"><a href="/people/${person.id}/reset">${words.people.reset}<span class="unseen"> (${person.name})</span></a> <a href="/people/${person.id}/remove">${words.people.remove}<span class="unseen"> (${person.name})</span></a></div>
</li>`,
  )}</ul>`
}

function addForm(visit: Visit, draft: Person, mistakes: Mistakes): Html {
  const { words } = visit
  return html`<h2>${words.people.add}</h2>
${postForm(
  visit,
  '/people',
  html`${textField({
    name: 'id',
    label: words.people.id,
    hint: words.people.idHint,
    value: draft.id,
    mistakes,
    attributes: { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', maxlength: 30, required: true },
  })}
${textField({ name: 'name', label: words.people.name, value: draft.name, mistakes, attributes: { autocomplete: 'off', maxlength: 60, required: true } })}
<button>${words.people.addAction}</button>`,
)}`
}

/** A password that is shown this once, with what it is for. */
export function passwordBody(visit: KitVisit, person: Person, password: string, lead?: Part): Html {
  const { words } = visit
  return html`<h1>${words.people.passwordTitle(person.name)}</h1>
<p>${lead ?? words.people.passwordText}</p>
${credentials(visit, person, password)}
<p>${words.claim.signInHow}</p>
<p>${visit.kit.serverName === null ? words.claim.clientsTrial : words.claim.clientsNamed}</p>
<p><a class="button" href="/people">${words.people.title}</a></p>`
}

export function credentials(visit: KitVisit, person: Person, password: string): Html {
  const { words } = visit
  const address = serverAddress(visit)
  const page = address === null ? null : `${address}/${person.id}/admin`
  return html`<dl class="pairs secret">
<div><dt>${words.claim.address}</dt><dd>${page === null ? words.claim.addressLater : html`<a href="${page}">${page}</a>`}</dd></div>
<div><dt>${words.claim.user}</dt><dd><code id="person-user">${person.id}</code></dd></div>
<div><dt>${words.claim.password}</dt><dd><code id="person-password">${password}</code> <button type="button" class="quiet" hidden data-copy="person-password">${words.common.copy}</button></dd></div>
</dl>`
}

function removePage(visit: Visit, reply: FastifyReply, person: Person, mistakes: Mistakes) {
  const { words } = visit
  const title = words.people.removeTitle(person.name)
  const body = html`<h1>${title}</h1>
<p>${words.people.removeText}</p>
<p>${words.people.removeLedger}</p>
${mistakeSummary(visit, mistakes)}
${postForm(
  visit,
  `/people/${person.id}/remove`,
  html`${textField({ name: 'confirm', label: words.people.removeConfirm(person.id), mistakes, attributes: { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' } })}
<p class="actions"><button class="danger">${words.people.remove}</button> <a class="button quiet" href="/people">${words.common.cancel}</a></p>`,
)}`
  return reply.page({ title, place: 'people', body })
}

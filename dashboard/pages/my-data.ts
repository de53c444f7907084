import type { FastifyInstance, FastifyReply } from 'fastify'
import { AgentRefusal, type Party } from '#agent/client.ts'
import { type Mistakes, mistakeSummary, postForm, textField } from '../forms.ts'
import { html, type Part } from '../html.ts'
import { type Form, formOf } from '../input.ts'
import { signOut } from '../security/guard.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'
import { accountOf, forMembers, memberBody, ownParty } from './my-page.ts'
import { checkbox, signOutEverywhere } from './settings-forms.ts'

const formats = { csv: 'CSV', json: 'JSON' } as const

/** What the ledger has about a member: taking it along, what may be told of it, and erasing it. */
export function addMyData(app: FastifyInstance, services: Services): void {
  const { agent } = services

  async function page(visit: Visit, reply: FastifyReply, draft: DataDraft = {}) {
    const party = await ownParty(services, visit)
    const entries = await agent.entries({ party: party.id })
    const body = dataBody(visit, party, entries.length, draft)
    return reply.page({ title: visit.words.my.data.title, place: 'data', body: memberBody(visit, body) })
  }

  app.get('/my/data', forMembers, async (request, reply) => page(request.visit, reply))

  app.get<{ Querystring: { format?: string } }>('/my/data/export', forMembers, async (request, reply) => {
    const { visit, query } = request
    const { format = '' } = query
    if (!Object.hasOwn(formats, format)) return reply.callNotFound()
    const { id } = await ownParty(services, visit)
    const { text, mediaType, extension } = await agent.exportOwn(format, id)
    const name = `ledger-${accountOf(visit)}.${extension}`
    return reply.header('content-disposition', `attachment; filename="${name}"`).type(mediaType).send(text)
  })

  app.post('/my/data/consents', forMembers, async (request, reply) => {
    const { visit } = request
    const form = formOf(request.body)
    const { id } = await ownParty(services, visit)
    await agent.changeParty(id, { consents: consentsOf(form) })
    return page(visit, reply, { notice: saved(visit) })
  })

  app.post('/my/data/actor', forMembers, async (request, reply) => {
    const { visit } = request
    const actor = formOf(request.body).text('actor')
    const { id } = await ownParty(services, visit)
    try {
      await agent.changeParty(id, { actor: actor.slice(0, 200) })
    } catch (error) {
      if (!(error instanceof AgentRefusal) || error.field !== 'actor') throw error
      const mistakes = { actor: visit.words.my.data.actorWrong }
      return page(visit, reply.code(422), { mistakes, actor })
    }
    return page(visit, reply, { notice: saved(visit) })
  })

  app.get('/my/data/erase', forMembers, async (request, reply) => erasePage(request.visit, reply, {}))

  app.post('/my/data/erase', forMembers, async (request, reply) => {
    const { visit } = request
    if (formOf(request.body).text('confirm') !== accountOf(visit))
      return erasePage(visit, reply.code(422), { confirm: visit.words.my.data.eraseWrong })
    const { id } = await ownParty(services, visit)
    await agent.eraseParty(id)
    await services.sessions.endOf(accountOf(visit))
    await signOut(services, request, reply)
    return reply.redirect('/sign-in?done=erased', 303)
  })
}

interface DataDraft {
  mistakes?: Mistakes
  notice?: Part
  actor?: string
}

function consentsOf(form: Form): NonNullable<Party['consents']> {
  return (['hours', 'money'] as const).filter((consent) => form.text(`consent-${consent}`) === 'yes')
}

function saved({ words }: Visit): Part {
  return html`<p class="notice good" role="status">${words.common.saved}</p>`
}

function dataBody(visit: Visit, party: Party, entries: number, draft: DataDraft): Part {
  const { words } = visit
  const say = words.my.data
  const { consents = [] } = party
  return html`<h1>${say.title}</h1>
<p>${say.lead(entries)}</p>
${draft.notice}
${mistakeSummary(visit, draft.mistakes ?? {})}
<h2>${say.take}</h2>
<p>${say.takeText}</p>
<p class="actions">${Object.entries(formats).map(([format, name]) => html`<a href="/my/data/export?format=${format}" download>${name}</a> `)}</p>
<h2>${say.consents}</h2>
<p>${say.consentsText}</p>
${postForm(visit, '/my/data/consents', [
  checkbox('consent-hours', say.consentHours, undefined, consents.includes('hours')),
  checkbox('consent-money', say.consentMoney, undefined, consents.includes('money')),
  html`<button>${words.common.save}</button>`,
])}
<h2>${say.actor}</h2>
${postForm(visit, '/my/data/actor', [
  textField({
    name: 'actor',
    label: say.actorLabel,
    hint: say.actorHint,
    value: draft.actor ?? party.actor ?? '',
    mistakes: draft.mistakes ?? {},
    attributes: { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', inputmode: 'url', maxlength: 200 },
  }),
  html`<button>${words.common.save}</button>`,
])}
<h2>${say.erase}</h2>
<p><a class="button quiet" href="/my/data/erase">${say.erase}</a></p>
${signOutEverywhere(visit)}`
}

function erasePage(visit: Visit, reply: FastifyReply, mistakes: Mistakes) {
  const { words } = visit
  const say = words.my.data
  const body = html`<h1>${say.erase}</h1>
<p>${say.eraseText}</p>
<p>${say.eraseFirst}</p>
${mistakeSummary(visit, mistakes)}
${postForm(
  visit,
  '/my/data/erase',
  html`${textField({
    name: 'confirm',
    label: say.eraseConfirm(accountOf(visit)),
    mistakes,
    attributes: { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' },
  })}
<p class="actions"><button class="danger">${say.eraseAction}</button> <a class="button quiet" href="/my/data">${words.common.cancel}</a></p>`,
)}`
  return reply.page({ title: say.erase, place: 'data', body: memberBody(visit, body) })
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { HoursLine, MemberHours } from '#agent/api.ts'
import type { Party } from '#agent/client.ts'
import { type Answer, answerTo, confirmationOf, correctionOf } from '#agent/ledger/corrections.ts'
import type { Entry, EntryDraft } from '#agent/ledger/entry.ts'
import { typedByPerson } from '#agent/ledger/typed-entry.ts'
import { readQuantity } from '../amounts.ts'
import { formOf } from '../input.ts'
import type { Services } from '../services.ts'
import type { KitVisit, Visit } from '../visit.ts'
import { readForm } from './ledger.ts'
import { type HoursDraft, hoursBody, ownCorrectBody } from './my-hours-body.ts'
import { forMembers, memberBody, ownParty } from './my-page.ts'

const answers: readonly Answer[] = ['acceptance', 'objection']

type ById = { Params: { id: string } }

/** What a member worked: entering and correcting their own, answering what was entered for them, confirming others'. */
export function addMyHours(app: FastifyInstance, services: Services): void {
  const { agent } = services

  async function page(visit: Visit, reply: FastifyReply, draft: HoursDraft = {}) {
    const party = await ownParty(services, visit)
    const body = hoursBody(visit, await agent.memberHours(party.id), draft)
    return reply.page({ title: visit.words.my.hours.title, place: 'hours', body: memberBody(visit, body) })
  }

  /** Records what a member says by themselves. */
  async function record(draft: Omit<EntryDraft, 'instance'>, reply: FastifyReply) {
    await agent.recordEntry({ ...draft, source: typedByPerson })
    return reply.redirect('/my/hours', 303)
  }

  app.get('/my/hours', forMembers, async (request, reply) => page(request.visit, reply))

  app.post('/my/hours', forMembers, async (request, reply) => {
    const { visit } = request
    const form = formOf(request.body)
    const { draft, mistakes } = readForm(visit as KitVisit, 'work', form, { ofOneself: true })
    if (Object.keys(mistakes).length > 0) {
      const names = ['day', 'start', 'amount', 'activity', 'engagement', 'purpose', 'open']
      const values = Object.fromEntries(names.map((name) => [name, form.text(name)]))
      return page(visit, reply.code(422), { mistakes, values })
    }
    const { id } = await ownParty(services, visit)
    return record({ ...draft, party: id, audience: form.text('open') === 'yes' ? 'members' : 'party' }, reply)
  })

  app.get<ById>('/my/hours/:id', forMembers, async (request, reply) => {
    const found = await find(services, request, ownLines)
    return found ? correctPage(request.visit, reply, found.line, {}) : reply.callNotFound()
  })

  app.post<ById>('/my/hours/:id', forMembers, async (request, reply) => {
    const { visit } = request
    const found = await find(services, request, ownLines)
    if (!found) return reply.callNotFound()
    const form = formOf(request.body)
    const [amount, note] = [form.text('amount'), form.text('note')]
    if (form.text('action') === 'withdraw') return record(correctionOf(found.entry, [], note || undefined), reply)
    const { value, mistake } = readQuantity(visit, amount, 'h')
    if (mistake !== null)
      return correctPage(visit, reply.code(422), found.line, {
        mistakes: { amount: mistake },
        values: { amount, note },
      })
    return record(correctionOf(found.entry, [{ value, unit: 'h' }], note || undefined), reply)
  })

  app.post<ById>('/my/hours/:id/answer', forMembers, async (request, reply) => {
    const found =
      (await find(services, request, ({ own }) => own.filter(({ needsAnswer }) => needsAnswer))) ??
      (await find(services, request, ({ toAnswer }) => toAnswer, 'confirmation'))
    const form = formOf(request.body)
    const answer = answers.find((each) => each === form.text('answer'))
    if (!found || !answer) return reply.callNotFound()
    const note = answer === 'objection' ? form.text('note').slice(0, 500) : ''
    return record(answerTo(found.entry, answer, note || undefined), reply)
  })

  app.post<ById>('/my/hours/:id/confirm', forMembers, async (request, reply) => {
    const found = await find(services, request, ({ toConfirm }) => toConfirm)
    if (!found) return reply.callNotFound()
    return record(confirmationOf(found.entry, found.party.id), reply)
  })

  function correctPage(visit: Visit, reply: FastifyReply, line: HoursLine, draft: HoursDraft) {
    const body = memberBody(visit, ownCorrectBody(visit, line, draft))
    return reply.page({ title: visit.words.ledger.correctTitle, place: 'hours', body })
  }
}

/** What a member entered themselves is theirs to correct; what was entered for them they accept or contest. */
function ownLines({ own }: MemberHours): HoursLine[] {
  return own.filter(({ byOwner }) => !byOwner)
}

/** Hours of the address, or what was entered of them, if they are among those the member may do this with; what is not looks as if it were not there. */
async function find<Line extends { id: string }>(
  services: Services,
  { visit, params }: FastifyRequest<ById>,
  among: (hours: MemberHours) => Line[],
  kind = 'work',
): Promise<{ line: Line; entry: Entry; party: Party } | null> {
  const party = await ownParty(services, visit)
  const line = among(await services.agent.memberHours(party.id)).find(({ id }) => id === params.id)
  if (!line) return null
  const entry = (await services.agent.entries({ kind })).find(({ id }) => id === params.id)
  return entry ? { line, entry, party } : null
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PublishingChoice, PublishingState } from '#agent/api.ts'
import { AgentRefusal } from '#agent/client.ts'
import { html, type Part } from '../html.ts'
import { type Form, formOf } from '../input.ts'
import { failureNotice, problemInWords } from '../refusals.ts'
import type { Services } from '../services.ts'
import type { KitVisit, Visit } from '../visit.ts'
import {
  address,
  type CollectorKind,
  collectorFields,
  publicReportBody,
  type ReportDraft,
} from './public-report-body.ts'

interface Asked {
  every?: string
  from?: string
  household?: string
}

/** What others would see, before anything is published; the switch; and who is sent it. */
export function addPublicReport(app: FastifyInstance, { agent }: Services): void {
  async function page(visit: Visit, reply: FastifyReply, asked: PublishingChoice | null, draft: ReportDraft = {}) {
    const state = await agent.publishing()
    const choice = asked ?? state.disclosure ?? { every: 'month', from: state.beginnings[0] ?? '', household: false }
    const { preview, notice } = await previewOf(visit, choice)
    const body = publicReportBody(visit as KitVisit, { state, preview }, { ...draft, notice: [draft.notice, notice] })
    return reply.page({ title: visit.words.publicReport.title, place: 'costs', body })
  }

  /** What cannot be chosen is said in place of a preview. */
  async function previewOf(visit: Visit, choice: PublishingChoice) {
    try {
      return { preview: await agent.previewPublishing(choice), notice: null }
    } catch (error) {
      return { preview: null, notice: refusalNotice(visit, error) }
    }
  }

  /** Does something and shows the page again; what was refused comes back with the reason. */
  async function change(
    request: FastifyRequest,
    reply: FastifyReply,
    work: () => Promise<PublishingState>,
    refused: (error: AgentRefusal) => { asked?: PublishingChoice; draft?: ReportDraft } = () => ({}),
  ) {
    const { visit } = request
    try {
      await work()
    } catch (error) {
      const notice = refusalNotice(visit, error)
      const { asked = null, draft } = refused(error as AgentRefusal)
      return page(visit, reply.code(422), asked, draft ?? { notice })
    }
    return reply.redirect(address, 303)
  }

  app.get<{ Querystring: Asked }>(address, async (request, reply) => {
    const { every, from, household } = request.query
    const asked = every === undefined ? null : choiceOf({ every, from: from ?? '', household: household ?? 'no' })
    return page(request.visit, reply, asked)
  })

  app.post(`${address}/on`, async (request, reply) => {
    const form = formOf(request.body)
    const choice = choiceOf({ every: form.text('every'), from: form.text('from'), household: form.text('household') })
    const seen = form.text('seen')
    return change(
      request,
      reply,
      () => agent.publish({ ...choice, seen }),
      (error) => ({
        asked: choice,
        draft: { notice: refusalNotice(request.visit, error) },
      }),
    )
  })

  app.post(`${address}/off`, async (request, reply) => change(request, reply, () => agent.stopPublishing()))

  app.post(`${address}/collectors`, async (request, reply) => {
    const form = formOf(request.body)
    const kind = (Object.keys(collectorFields) as CollectorKind[]).find((each) => each === form.text('kind'))
    if (!kind) return reply.callNotFound()
    const collector = { place: placeOf(kind, form), publicUrl: form.text('publicUrl') }
    return change(
      request,
      reply,
      () => agent.addCollector(collector as never),
      (error) => ({
        draft: formBack(request.visit, kind, [...collectorFields[kind], 'publicUrl'], form, error),
      }),
    )
  })

  app.post(`${address}/collectors/remove`, async (request, reply) =>
    change(request, reply, () => agent.removeCollector(formOf(request.body).text('id'))),
  )

  app.post(`${address}/witnesses`, async (request, reply) => {
    const form = formOf(request.body)
    const witness = { url: form.text('url'), key: form.text('key') }
    return change(
      request,
      reply,
      () => agent.addWitness(witness),
      (error) => ({
        draft: formBack(request.visit, 'witness', ['url', 'key'], form, error),
      }),
    )
  })

  app.post(`${address}/witnesses/remove`, async (request, reply) =>
    change(request, reply, () => agent.removeWitness(formOf(request.body).text('key'))),
  )

  app.post(`${address}/hardware`, async (request, reply) => {
    const answer = formOf(request.body).text('answer') === 'copied' ? 'copied' : 'moved'
    return change(request, reply, () => agent.answerHardware(answer))
  })

  app.post(`${address}/repair`, async (request, reply) => change(request, reply, () => agent.repairPublishing()))

  app.post(`${address}/renew`, async (request, reply) => {
    const { visit } = request
    if (formOf(request.body).text('sure') !== 'yes') {
      const mistakes = { sure: visit.words.publicReport.renewUnsure }
      return page(visit, reply.code(422), null, { mistakes })
    }
    return change(request, reply, () => agent.renewLog())
  })
}

function choiceOf({ every, from, household }: { every: string; from: string; household: string }): PublishingChoice {
  return { every: every === 'week' ? 'week' : 'month', from, household: household === 'yes' }
}

/** What was typed of a place; fields that may be left out are left out where they are empty. */
function placeOf(kind: CollectorKind, form: Form): Record<string, unknown> {
  const typed = collectorFields[kind].map((name): [string, string | number] => {
    if (name === 'password' || name === 'secret') return [name, form.secret(name)]
    if (name === 'port') return [name, Number(form.text(name))]
    return [name, form.text(name)]
  })
  const isOptional = (name: string) => kind === 'http' && name !== 'url'
  return { kind, ...Object.fromEntries(typed.filter(([name, value]) => value !== '' || !isOptional(name))) }
}

/** The form again, with what was typed but the secrets, and the mistake at its field. */
function formBack(
  visit: Visit,
  form: NonNullable<ReportDraft['form']>,
  names: readonly string[],
  typed: Form,
  error: AgentRefusal,
): ReportDraft {
  const kept = names.filter((name) => name !== 'password' && name !== 'secret')
  const values = Object.fromEntries(kept.map((name) => [name, typed.text(name)]))
  const { field } = error
  if (field === undefined || !names.includes(field)) return { form, values, notice: refusalNotice(visit, error) }
  const said = visit.words.publicReport.fieldWrong
  const mistake = visit.language === 'en' ? `${error.message} ${error.next}` : said
  return { form, values, mistakes: { [`${form}-${field}`]: mistake } }
}

/** What the agent refused, in words; anything else is not for this page. */
function refusalNotice(visit: Visit, error: unknown): Part {
  if (!(error instanceof AgentRefusal) || error.status !== 422) throw error
  const { what, next } = problemInWords(visit, { id: error.code, what: error.message, next: error.next })
  return html`${failureNotice({ text: what, next })}`
}

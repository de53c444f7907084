import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Tariffs } from '#agent/api.ts'
import { AgentRefusal } from '#agent/client.ts'
import { tariffsOf } from '#agent/costs/tariff.ts'
import { html } from '../html.ts'
import { formOf } from '../input.ts'
import { english, failureNotice } from '../refusals.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'
import { previewBody, tariffsBody } from './tariffs-body.ts'
import { type TariffDraft, tariffsAddress } from './tariffs-forms.ts'
import { changeKinds, readChange, rowsOf } from './tariffs-read.ts'

/** The editor of prices: each change is looked at before it is kept. */
export function addTariffs(app: FastifyInstance, { agent }: Services): void {
  function page(visit: Visit, reply: FastifyReply, tariffs: Tariffs, draft: TariffDraft = {}) {
    const body = tariffsBody(visit, tariffs, draft)
    return reply.page({ title: visit.words.tariffs.title, place: 'costs', body })
  }

  app.get<{ Querystring: { saved?: string } }>(tariffsAddress, async (request, reply) => {
    const { visit } = request
    const saved = html`<p class="notice good" role="status">${visit.words.common.saved}</p>`
    return page(visit, reply, tariffsOf(await agent.settings()), request.query.saved ? { notice: saved } : {})
  })

  app.post(tariffsAddress, async (request, reply) => {
    const { visit } = request
    const form = formOf(request.body)
    const kind = changeKinds.find((each) => each === form.text('kind'))
    if (!kind) return reply.callNotFound()
    const settings = await agent.settings()
    const before = tariffsOf(settings)
    const values = valuesOf(request.body)
    const draft: TariffDraft = { kind, values, rows: rowsOf(form) }
    const action = form.text('action')
    if (action === 'back') return page(visit, reply, before, draft)
    if (action === 'rows') return page(visit, reply, before, { ...draft, rows: rowsOf(form, 2) })
    const { tariffs: after, mistakes } = readChange(visit, before, kind, form)
    if (Object.keys(mistakes).length > 0) return page(visit, reply.code(422), before, { ...draft, mistakes })
    try {
      if (action === 'save') {
        await agent.saveSettings({ ...settings, tariffs: after })
        return reply.redirect(`${tariffsAddress}?saved=1`, 303)
      }
      const preview = await agent.previewBill(after)
      const body = previewBody(visit, kind, values, { before, after }, preview)
      return reply.page({ title: visit.words.tariffs.previewTitle, place: 'costs', body })
    } catch (error) {
      if (!(error instanceof AgentRefusal) || error.status < 400 || error.status >= 500) throw error
      const notice = failureNotice({ text: english(visit, error.message), next: english(visit, error.next) })
      return page(visit, reply.code(422), before, { ...draft, notice })
    }
  })
}

/** What was typed, without what each form has by itself. */
function valuesOf(body: unknown): Record<string, string> {
  const form = formOf(body)
  const own = ['csrf', 'action', 'kind']
  const names = body instanceof URLSearchParams ? [...new Set(body.keys())].filter((name) => !own.includes(name)) : []
  return Object.fromEntries(names.map((name) => [name, form.text(name)]))
}

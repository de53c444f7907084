import type { FastifyInstance, FastifyReply } from 'fastify'
import { AgentRefusal } from '#agent/client.ts'
import { type CurrentEntry, confirmationOf, correctionOf, currentEntries } from '#agent/ledger/corrections.ts'
import { type EntryDraft, isTimeOfDay } from '#agent/ledger/entry.ts'
import { isByHand, isTypedKind, partyNamed, type TypedKind, typedDraft, typedKinds } from '#agent/ledger/typed-entry.ts'
import { readQuantity } from '../amounts.ts'
import type { Mistakes } from '../forms.ts'
import { type Form, formOf } from '../input.ts'
import { monthBeside, monthOf, today } from '../months.ts'
import { failureNotice } from '../refusals.ts'
import type { Services } from '../services.ts'
import type { KitVisit, Visit } from '../visit.ts'
import { type CorrectDraft, correctBody, exportFormats, type LedgerDraft, ledgerBody } from './ledger-body.ts'

type Draft = Omit<EntryDraft, 'instance'>

/** What people enter by hand, and correct: who gave, paid and worked. What was metered stands beside it. */
export function addLedger(app: FastifyInstance, services: Services): void {
  const { agent } = services

  async function page(visit: Visit, reply: FastifyReply, month: string, draft: LedgerDraft = {}) {
    // Corrections and confirmations have the period of what they refer to.
    const inMonth = { from: `${month}-01`, to: `${monthBeside(month, 1)}-01` }
    const [entries, parties, funds] = await Promise.all([agent.entries(inMonth), agent.parties(), fundsUsed()])
    const { title } = visit.words.ledger
    const body = ledgerBody(visit as KitVisit, { month, entries: currentEntries(entries), parties, funds }, draft)
    return reply.page({ title, place: 'costs', body })
  }

  /** Of all that was entered by hand, so that nobody has to write a fund in two ways. */
  async function fundsUsed(): Promise<string[]> {
    const byKind = await Promise.all(typedKinds.map((kind) => agent.entries({ kind })))
    return [...new Set(byKind.flat().flatMap(({ fund }) => fund ?? []))].sort()
  }

  app.get<{ Querystring: { month?: string } }>('/costs/ledger', async (request, reply) => {
    const { visit } = request
    return page(visit, reply, monthOf(request.query.month) ?? today(visit).slice(0, 7))
  })

  app.get<{ Querystring: { format?: string; month?: string } }>('/costs/ledger/export', async (request, reply) => {
    const { format = '', month } = request.query
    const known = exportFormats.find(([name]) => name === format)
    const asked = monthOf(month) ?? undefined
    if (!known || (month !== undefined && asked === undefined)) return reply.callNotFound()
    const { text, mediaType, extension } = await agent.exportEntries(format, asked)
    const name = ['ledger', request.visit.kit?.hostname, asked].filter(Boolean).join('-')
    return reply.header('content-disposition', `attachment; filename="${name}.${extension}"`).type(mediaType).send(text)
  })

  app.post('/costs/ledger', async (request, reply) => {
    const { visit } = request
    const form = formOf(request.body)
    const kind = form.text('kind')
    if (!isTypedKind(kind)) return reply.callNotFound()
    const { draft, mistakes } = readForm(visit as KitVisit, kind, form)
    const month = monthOf(form.text('day').slice(0, 7)) ?? today(visit).slice(0, 7)
    const values = Object.fromEntries(
      ['day', 'start', 'amount', 'who', 'fund', 'purpose', 'activity', 'engagement'].map((name) => [
        name,
        form.text(name),
      ]),
    )
    if (Object.keys(mistakes).length > 0) return page(visit, reply.code(422), month, { kind, values, mistakes })
    try {
      const party = await partyOf(services, form.text('who'))
      await agent.recordEntry({ ...draft, ...(party === null ? {} : { party }) })
    } catch (error) {
      if (!(error instanceof AgentRefusal) || error.status !== 422) throw error
      const notice = failureNotice({ text: error.message, next: error.next })
      return page(visit, reply.code(422), month, { kind, values, notice })
    }
    return reply.redirect(`/costs/ledger?month=${month}`, 303)
  })

  app.get<{ Params: { id: string } }>('/costs/ledger/:id', async (request, reply) => {
    const found = await find(services, request.params.id)
    return found ? correctPage(request.visit, reply, found) : reply.callNotFound()
  })

  app.post<{ Params: { id: string } }>('/costs/ledger/:id', async (request, reply) => {
    const { visit } = request
    const found = await find(services, request.params.id)
    if (!found) return reply.callNotFound()
    const { entry } = found.current
    const form = formOf(request.body)
    const withdraw = form.text('action') === 'withdraw'
    const unit = entry.amounts[0]?.unit ?? ''
    const { value, mistake } = readQuantity(visit, form.text('amount'), unit)
    if (!withdraw && mistake !== null)
      return correctPage(visit, reply.code(422), found, { mistakes: { amount: mistake }, value: form.text('amount') })
    const amounts = withdraw || value === null ? [] : [{ value, unit }]
    await agent.recordEntry(correctionOf(entry, amounts, form.text('note') || undefined))
    return reply.redirect(`/costs/ledger?month=${entry.period.from.slice(0, 7)}`, 303)
  })

  app.post<{ Params: { id: string } }>('/costs/ledger/:id/confirm', async (request, reply) => {
    const found = await find(services, request.params.id)
    if (found?.current.entry.kind !== 'work') return reply.callNotFound()
    await agent.recordEntry(confirmationOf(found.current.entry))
    return reply.redirect(`/costs/ledger?month=${found.current.entry.period.from.slice(0, 7)}`, 303)
  })

  function correctPage(visit: Visit, reply: FastifyReply, { current, names }: Found, draft: CorrectDraft = {}) {
    const body = correctBody(visit as KitVisit, current, names, draft)
    return reply.page({ title: visit.words.ledger.correctTitle, place: 'costs', body })
  }
}

interface Found {
  current: CurrentEntry
  names: Map<string, string>
}

/** An entry that was made by hand, as it counts now, and the names of all parties. */
async function find({ agent }: Services, id: string): Promise<Found | undefined> {
  const [entries, parties] = await Promise.all([agent.entries(), agent.parties()])
  const current = currentEntries(entries).find(({ entry }) => entry.id === id && isByHand(entry))
  return current && { current, names: new Map(parties.map(({ id, name }) => [id, name])) }
}

/** The party of a name, also of an account that never signed in; null where none was given. */
async function partyOf({ agent, helper }: Services, name: string): Promise<string | null> {
  if (name === '') return null
  const accounts = async () => (await helper('person.list', {})).people
  return partyNamed(
    {
      accounts,
      parties: () => agent.parties(),
      addParty: (given) => agent.addParty(given),
      memberParty: (account, given) => agent.memberParty(account, given),
    },
    name,
  )
}

/** What was typed into a form, and what is wrong with it. `ofOneself`: it does not ask who. */
export function readForm(
  visit: KitVisit,
  kind: TypedKind,
  form: Form,
  { ofOneself = false } = {},
): { draft: Draft; mistakes: Mistakes } {
  const { words, kit } = visit
  const mistakes: Mistakes = {}
  const day = form.text('day')
  const to = dayAfter(day)
  if (to === null) mistakes[`${kind}-day`] = words.ledger.dayWrong
  else if (day > today(visit)) mistakes[`${kind}-day`] = words.ledger.dayAhead
  const unit = kind === 'work' ? 'h' : kit.currency
  const { value, mistake } = readQuantity(visit, form.text('amount'), unit)
  if (mistake !== null) mistakes[`${kind}-amount`] = mistake
  const who = form.text('who')
  if (who.length > 100 || (kind === 'work' && who === '' && !ofOneself)) mistakes[`${kind}-who`] = words.ledger.whoWrong
  const purpose = form.text('purpose').slice(0, 200)
  const fund = ofOneself ? '' : form.text('fund').slice(0, 100)
  const draft: Draft = {
    ...typedDraft(kind),
    period: { from: day, to: to ?? '' },
    amounts: [{ value: value ?? '', unit }],
    ...(fund !== '' && { fund }),
    ...(purpose !== '' && { purpose }),
  }
  if (kind !== 'work') return { draft, mistakes }
  // Where seconds can be entered, browsers send them.
  const start = form.text('start').replace(/^(\d{2}:\d{2}):\d{2}(\.\d+)?$/, '$1')
  if (start !== '' && !isTimeOfDay(start)) mistakes[`${kind}-start`] = words.ledger.startWrong
  const activity = Object.keys(words.ledger.activities).find((each) => each === form.text('activity')) ?? 'other'
  const engagement = form.text('engagement') === 'paid' ? 'paid' : 'volunteer'
  return { draft: { ...draft, ...(start !== '' && { start }), activity, engagement }, mistakes }
}

/** The day after a day such as `2026-11-24`, or null if it is none. */
function dayAfter(day: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return null
  const start = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day) return null
  return new Date(start + 24 * 3600_000).toISOString().slice(0, 10)
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AgentSettings, OtherLoad } from '#agent/api.ts'
import { AgentRefusal } from '#agent/client.ts'
import { HelperRefusal } from '#agent/helper/client.ts'
import { type ReadAmount, readAmount } from '../amounts.ts'
import { currencyDigits, isTimezone } from '../format.ts'
import { type Mistakes, postForm } from '../forms.ts'
import { html, type Part } from '../html.ts'
import { currencies, type Form, formOf, isHostname, meantCents, parseServerName } from '../input.ts'
import { describeFailure, failureNotice } from '../refusals.ts'
import { signIn } from '../security/guard.ts'
import { checkNewPassword } from '../security/password.ts'
import type { Services } from '../services.ts'
import type { KitVisit, Visit } from '../visit.ts'
import { isLanguage } from '../words/index.ts'
import { timeFromForm } from './clock.ts'
import { type SectionName, type SettingsDraft, settingsBody } from './settings-forms.ts'

/** More than any such plug may carry. */
const mostWatts = 4000
/** A third digit would rather be one of thousands. */
const wattPlaces = 2

/** What a section does with its form: mistakes to show, or null when it is done. */
type Apply = (form: Form, request: FastifyRequest, reply: FastifyReply) => Promise<SettingsDraft | null>

export function addSettings(app: FastifyInstance, services: Services): void {
  const { agent, helper } = services

  async function show(request: FastifyRequest, reply: FastifyReply, draft: SettingsDraft) {
    const visit = request.visit as KitVisit
    const [settings, clockTrusted, otherName] = await Promise.all([
      agent.settings().catch(nullWhenSilent),
      services.isClockTrusted(),
      proposedName(),
    ])
    const notice =
      draft.notice ??
      (settings === null && failureNotice({ text: visit.words.errors.agent, next: visit.words.errors.agentNext }))
    const body = settingsBody(visit, settings, clockTrusted, otherName, { ...draft, notice })
    return reply.page({ title: visit.words.settings.title, place: 'settings', body })
  }

  /** What the kit could be called, where another device has its name. */
  async function proposedName(): Promise<string | null> {
    const summary = await agent.summary().catch(nullWhenSilent)
    const taken = summary?.problems.find(({ id }) => id === 'network.name-taken')
    return taken ? String(taken.facts?.proposed) : null
  }

  function section(name: SectionName, apply: Apply): void {
    app.post(`/settings/${name}`, async (request, reply) => {
      const form = formOf(request.body)
      const draft = await apply(form, request, reply).catch((error) => refused(request.visit, error))
      if (draft === null) return reply.redirect(`/settings?saved=${name}#${name}`, 303)
      if (draft.mistakes) reply.code(422)
      return show(request, reply, { section: name, values: valuesOf(request), ...draft })
    })
  }

  async function changeSettings(change: Partial<AgentSettings>): Promise<void> {
    await agent.saveSettings({ ...(await agent.settings()), ...change })
  }

  app.get('/settings', async (request, reply) => {
    const { saved } = request.query as { saved?: string }
    const { words } = request.visit
    const notice = saved && html`<p class="notice good" role="status">${words.common.saved}</p>`
    return show(request, reply, notice ? { notice, section: saved as SectionName } : {})
  })

  section('electricity', async (form, { visit }) => {
    const price = form.text('price')
    if (price === '') {
      await changeSettings({ pricePerKwh: null })
      return null
    }
    const { currency } = await agent.settings()
    const { value, mistake } = readPrice(visit, price, currency)
    if (mistake) return { mistakes: { price: mistake } }
    await changeSettings({ pricePerKwh: value })
    return null
  })

  section('plug', async (form, { visit }) => {
    if (form.text('action') === 'stop') {
      await changeSettings({ plug: null })
      return null
    }
    const address = form.text('plug')
    if (address === '') return { mistakes: { plug: visit.words.settings.plugEmpty } }
    const { others, mistakes } = readOthers(visit, form)
    if (others === null && form.text('action') !== 'test') return { mistakes }
    const { power, device, kind } = await agent.testPlug(address)
    if (form.text('action') === 'test') {
      const { words, format } = visit
      const range = words.power.range(...format.wattsEnds(power.low, power.high))
      const watts = `${format.watts(power.value)}, ${range}, ${words.classes[power.class]}`
      const answer = `${words.settings.plugAnswers(device, watts)} ${words.power.where(words.boundaries[power.boundary])}`
      return { notice: html`<p class="notice good" role="status">${answer}</p>` }
    }
    if (others === null) return { mistakes }
    await changeSettings({ plug: { kind, address, others } })
    return null
  })

  section('other-costs', async (form, { visit }) => {
    const mistakes: Mistakes = {}
    const coins = currencyDigits((await agent.settings()).currency)
    const amount = (name: string, places = coins): string | null => {
      const text = form.text(name)
      if (text === '') return null
      const { value, mistake } = readAmount(visit, text, places)
      if (mistake !== null) mistakes[name] = mistake
      else if (value.startsWith('-')) mistakes[name] = visit.words.tariffs.notBelowZero
      return value
    }
    const internetPerMonth = amount('internet')
    const domainPerYear = amount('domain')
    const price = amount('hardwarePrice')
    const years = price === null ? 0 : Number(amount('hardwareYears', 1) ?? Number.NaN)
    if (price !== null && !(years >= 1 && years <= 30)) mistakes.hardwareYears = visit.words.mistakes.years
    if (Object.keys(mistakes).length > 0) return { mistakes }
    await changeSettings({ internetPerMonth, domainPerYear, hardware: price === null ? null : { price, years } })
    return null
  })

  section('household', async (form, { visit }) => {
    const [language, timezone, currency] = [form.text('language'), form.text('timezone'), form.text('currency')]
    const mistakes: Mistakes = {}
    if (!isLanguage(language)) mistakes.language = visit.words.mistakes.choice
    if (!isTimezone(timezone)) mistakes.timezone = visit.words.mistakes.choice
    if (!currencies.includes(currency)) mistakes.currency = visit.words.mistakes.choice
    if (Object.keys(mistakes).length > 0) return { mistakes }
    await helper('kit.settings', { language, timezone, currency })
    await changeSettings({ timezone, currency })
    return null
  })

  section('kit-name', async (form, request, reply) => {
    const { words, kit } = request.visit as KitVisit
    const hostname = form.text('hostname').toLowerCase()
    if (!isHostname(hostname)) return { mistakes: { hostname: words.mistakes.hostname } }
    if (hostname === kit.hostname) return null
    const renamed = await helper('kit.rename', { hostname })
    const address = `https://${renamed.hostname}.local:8443/`
    reply.code(200)
    return {
      notice: html`<p class="notice good" role="status">${words.settings.renamed} <a href="${address}">${address}</a></p>`,
    }
  })

  section('server-name', async (form, { visit }) => {
    const { words } = visit
    const name = parseServerName(form.text('serverName'))
    const mistakes: Mistakes = {}
    if (name === null) mistakes.serverName = words.mistakes.serverName
    if (form.text('sure') !== 'yes') mistakes.sure = words.settings.serverNameUnsure
    if (name === null || Object.keys(mistakes).length > 0) return { mistakes }
    const { kept } = await helper('server.name', { name })
    const kit = await services.readKit()
    if (kit) visit.kit = kit
    return { notice: namedNotice(visit, name, kept) }
  })

  section('password', async (form, request, reply) => {
    const { words } = request.visit
    const mistakes = checkNewPassword(words, form.secret('password'), form.secret('again'))
    if (!(await services.owner.matches(form.secret('present')))) mistakes.present = words.mistakes.passwordWrong
    if (Object.keys(mistakes).length > 0) return { mistakes }
    await services.owner.setPassword(form.secret('password'))
    await services.sessions.endAll()
    await signIn(services, request, reply)
    return { notice: html`<p class="notice good" role="status">${words.settings.passwordDone}</p>` }
  })

  section('clock', async (form, { visit }) => {
    const seconds = timeFromForm(form, visit.format.zone)
    if (seconds === null) return { mistakes: { time: visit.words.mistakes.time } }
    await helper('clock.confirm', { epochSeconds: seconds })
    return { notice: html`<p class="notice good" role="status">${visit.words.settings.clockDone}</p>` }
  })

  addSwitch(
    app,
    '/settings/restart',
    (words) => words.restartPage,
    () => helper('kit.restart', {}),
  )
  addSwitch(
    app,
    '/settings/power-off',
    (words) => words.powerOffPage,
    () => helper('kit.poweroff', {}),
  )
}

interface SwitchWords {
  title: string
  text: string
  action: string
  doneTitle: string
  doneText: string
}

/** A page that asks once more, and the deed. */
function addSwitch(
  app: FastifyInstance,
  address: string,
  wordsOf: (settings: Visit['words']['settings']) => SwitchWords,
  act: () => Promise<unknown>,
): void {
  app.get(address, async ({ visit }, reply) => {
    const { title, text, action } = wordsOf(visit.words.settings)
    const buttons = html`<p class="actions"><button class="danger">${action}</button> <a class="button quiet" href="/settings">${visit.words.common.cancel}</a></p>`
    const body = html`<h1>${title}</h1><p>${text}</p>${postForm(visit, address, buttons)}`
    return reply.page({ title, place: 'settings', body })
  })
  app.post(address, async ({ visit }, reply) => {
    const { doneTitle, doneText } = wordsOf(visit.words.settings)
    await act()
    return reply.page({ title: doneTitle, place: 'settings', body: html`<h1>${doneTitle}</h1><p>${doneText}</p>` })
  })
}

function namedNotice({ words }: Visit, name: string, kept: string[]): Part {
  return html`<div class="notice good" role="status"><p><strong>${words.settings.serverNameDone(name)}</strong></p>
${kept.length > 0 && html`<p>${words.settings.kept}: ${kept.join(', ')}</p>`}</div>`
}

/** An exact price, or what is wrong with it. */
export function readPrice(visit: Visit, text: string, currency: string): ReadAmount {
  const { words, format } = visit
  const { value, mistake } = readAmount(visit, text)
  if (mistake !== null) return { value: null, mistake }
  if (Number(value) <= 0) return { value: null, mistake: words.mistakes.positive }
  const cents = meantCents(value, currency)
  if (cents !== null) return { value: null, mistake: words.mistakes.cents(format.price(String(cents), currency)) }
  return { value, mistake: null }
}

/** What the household says of what else hangs on a plug; null with mistakes where it cannot be used, or is missing. */
function readOthers(visit: Visit, form: Form): { others: OtherLoad | 'nothing' | null; mistakes: Mistakes } {
  const { words } = visit
  const answer = form.text('others')
  if (answer === 'nothing') return { others: answer, mistakes: {} }
  if (answer !== 'something') return { others: null, mistakes: { others: words.mistakes.choice } }
  const name = form.text('othersName').slice(0, 64)
  const typed = [form.text('othersLow'), form.text('othersHigh')]
  if (typed.every((text) => text === '')) return { others: { name, watts: null }, mistakes: {} }
  const read = typed.map((text) => readAmount(visit, text, wattPlaces, mostWatts))
  const mistake = read.find((each) => each.mistake !== null)?.mistake
  const [low, high] = read.map(({ value }) => Number(value ?? Number.NaN)) as [number, number]
  if (low >= 0 && low <= high) return { others: { name, watts: { low, high } }, mistakes: {} }
  return { others: null, mistakes: { othersLow: mistake ?? words.settings.plugOthersWrong } }
}

const secrets = new Set(['csrf', 'present', 'password', 'again'])

/** What was typed, for showing it again; never passwords. */
function valuesOf({ body }: FastifyRequest): Record<string, string> {
  const form = formOf(body)
  const names = body instanceof URLSearchParams ? [...body.keys()].filter((name) => !secrets.has(name)) : []
  return Object.fromEntries(names.map((name) => [name, form.text(name)]))
}

const fieldsOfAgent: Record<string, string> = {
  pricePerKwh: 'price',
  internetPerMonth: 'internet',
  domainPerYear: 'domain',
  'hardware.price': 'hardwarePrice',
  'hardware.years': 'hardwareYears',
  'plug.address': 'plug',
  plug: 'plug',
}

/** A refusal becomes part of the page, so that what was typed is not lost. */
function refused(visit: Visit, error: unknown): SettingsDraft {
  const failure = describeFailure(visit, error)
  if (failure === null) throw error
  const field = error instanceof AgentRefusal && error.field ? fieldsOfAgent[error.field] : undefined
  if (field && error instanceof Error) {
    const mistake = typeof failure.text === 'string' ? failure.text : error.message
    return { mistakes: { [field]: mistake } }
  }
  if (error instanceof HelperRefusal) console.error(`settings: ${error.code}: ${error.message}`)
  return { notice: failureNotice(failure), mistakes: {} }
}

function nullWhenSilent(error: unknown): null {
  if (error instanceof AgentRefusal) return null
  throw error
}

import type { FastifyInstance, FastifyReply } from 'fastify'
import type { AgentSettings, PowerFigure } from '#agent/api.ts'
import { AgentRefusal } from '#agent/client.ts'
import { readAmount } from '../amounts.ts'
import { type Mistakes, mistakeSummary, postForm, textField } from '../forms.ts'
import { type Html, html, type Part } from '../html.ts'
import { formOf } from '../input.ts'
import { describeFailure, failureNotice } from '../refusals.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'

const mostWatts = 3000
/** No meter at the wall shows more, and a third digit would rather be one of thousands. */
const wattPlaces = 2

/** A household's own readings at the wall, in three steps: put a meter between, wait, say what it shows. */
export function addCalibration(app: FastifyInstance, { agent }: Services): void {
  async function page(
    visit: Visit,
    reply: FastifyReply,
    parts: { notice?: Part; mistakes?: Mistakes; typed?: string } = {},
  ) {
    const [{ power }, settings] = await Promise.all([agent.summary(), agent.settings()])
    const { title } = visit.words.calibration
    return reply.page({ title, place: 'power', body: calibrationBody(visit, power, settings, parts) })
  }

  app.get('/power/calibrate', async (request, reply) => page(request.visit, reply))

  app.post('/power/calibrate', async (request, reply) => {
    const { visit } = request
    const form = formOf(request.body)
    const action = form.text('action')
    const settings = await agent.settings()
    const before = (await agent.summary()).power
    try {
      if (action === 'forget') await agent.saveSettings({ ...settings, calibration: [] })
      else if (action === 'plug') await agent.calibrate({ from: 'plug' })
      else {
        const typed = form.text('watts')
        const { value, mistake } = readAmount(visit, typed, wattPlaces, mostWatts)
        const isNone = value !== null && Number(value) <= 0
        if (mistake !== null || isNone) {
          const mistakes = { watts: mistake ?? visit.words.calibration.wattsWrong }
          return page(visit, reply.code(422), { mistakes, typed })
        }
        await agent.calibrate({ watts: Number(value) })
      }
    } catch (error) {
      const failure = error instanceof AgentRefusal && error.status === 422 ? describeFailure(visit, error) : null
      if (!failure) throw error
      return page(visit, reply.code(422), { notice: failureNotice(failure) })
    }
    const { power } = await agent.summary()
    const done = visit.words.calibration.done(rangeOf(visit, before), rangeOf(visit, power))
    return page(visit, reply, { notice: html`<p class="notice good" role="status">${done}</p>` })
  })
}

function calibrationBody(
  visit: Visit,
  power: PowerFigure,
  { calibration, plug }: AgentSettings,
  { notice, mistakes = {}, typed = '' }: { notice?: Part; mistakes?: Mistakes; typed?: string },
): Html {
  const { words, format } = visit
  const say = words.calibration
  return html`<h1>${say.title}</h1>
${notice}
${mistakeSummary(visit, mistakes)}
<p>${say.lead(rangeOf(visit, power))} ${words.power.where(words.boundaries[power.boundary])} ${words.classSentences[power.class]}</p>
<ol>
<li>${say.step1}</li>
<li>${say.step2}</li>
<li>${say.step3}</li>
</ol>
${postForm(visit, '/power/calibrate', [
  textField({
    name: 'watts',
    label: say.watts,
    hint: say.wattsHint,
    value: typed,
    mistakes,
    attributes: { autocomplete: 'off', inputmode: 'decimal', maxlength: 10 },
  }),
  html`<p class="actions"><button name="action" value="typed">${say.take}</button>
${plug && knowsOthers(plug) && html`<button class="quiet" name="action" value="plug">${say.takePlug}</button>`}</p>`,
])}
<p class="hint">${say.again}</p>
${
  calibration.length > 0 && [
    html`<h2>${say.present}</h2>
<ul>${calibration.map(({ watts, utilisation, at }) => html`<li>${say.reading(format.watts(watts), format.percent(utilisation), format.dayAndTime(at))}</li>`)}</ul>`,
    postForm(
      visit,
      '/power/calibrate',
      html`<button class="quiet" name="action" value="forget">${say.forget}</button>`,
    ),
  ]
}
<p><a class="button quiet" href="/power">${words.common.cancel}</a></p>`
}

/** Where nobody knows how much else hangs on a plug, it is no meter of the server. */
function knowsOthers({ others }: NonNullable<AgentSettings['plug']>): boolean {
  return typeof others !== 'object' || others.watts !== null
}

function rangeOf({ format }: Visit, { low, high }: PowerFigure): string {
  return format.wattsEnds(low, high).join('–')
}

import type { FastifyInstance } from 'fastify'
import type { HealthCheck, Summary } from '#agent/api.ts'
import { AgentRefusal } from '#agent/client.ts'
import { HelperRefusal } from '#agent/helper/client.ts'
import type { DashboardVerbs, ServiceName } from '#agent/helper/protocol.ts'
import { troublesOf } from '../figures.ts'
import { postForm } from '../forms.ts'
import { type Html, html, type Part } from '../html.ts'
import { describeFailure, failureNotice } from '../refusals.ts'
import type { Services } from '../services.ts'
import type { KitVisit, Visit } from '../visit.ts'
import { troubleNotice } from './home.ts'

const logLines = 100

type Service = DashboardVerbs['service.list']['result']['services'][number]

export function addDiagnosis(app: FastifyInstance, services: Services): void {
  const { agent, helper } = services

  /** This page is for when things are broken: each half stands without the other. */
  app.get('/diagnosis', async (request, reply) => {
    const { visit } = request
    const { words } = visit
    const [summary, running] = await Promise.all([
      agent.summary().catch(refusalOf),
      helper('service.list', {}).catch(refusalOf),
    ])
    const { restarted } = request.query as { restarted?: string }
    const body = html`<h1>${words.diagnosis.title}</h1>
${isServiceName(visit, restarted) && html`<p class="notice good" role="status">${words.diagnosis.restarted(words.services[restarted])}</p>`}
${summary instanceof Error ? failureNotice(describeFailure(visit, summary) ?? { text: '', next: '' }) : checks(visit, summary)}
<h2>${words.diagnosis.services}</h2>
${running instanceof Error ? failureNotice(describeFailure(visit, running) ?? { text: '', next: '' }) : running.services.map((service) => serviceCard(visit, service))}
${!(summary instanceof Error) && machine(visit as KitVisit, summary)}`
    return reply.page({ title: words.diagnosis.title, place: 'diagnosis', body })
  })

  app.post<{ Params: { name: string } }>('/diagnosis/:name/restart', async (request, reply) => {
    const { name } = request.params
    if (!isServiceName(request.visit, name)) return reply.callNotFound()
    await helper('service.restart', { name })
    return reply.redirect(`/diagnosis?restarted=${name}`, 303)
  })

  app.get<{ Params: { name: string } }>('/diagnosis/:name/log', async (request, reply) => {
    const { visit } = request
    const { words } = visit
    const { name } = request.params
    if (!isServiceName(visit, name)) return reply.callNotFound()
    const { lines } = await helper('service.log', { name, lines: logLines })
    const title = words.diagnosis.logOf(words.services[name])
    const text = lines.length > 0 ? lines.join('\n') : words.diagnosis.logEmpty
    const body = html`<h1>${title}</h1>
<p>${words.diagnosis.logText}</p>
<div class="scroll" tabindex="0" role="region" aria-label="${title}"><pre lang="en">${text}</pre></div>
<p><a class="button quiet" href="/diagnosis">${words.diagnosis.back}</a></p>`
    return reply.page({ title, place: 'diagnosis', body })
  })
}

function refusalOf(error: unknown): AgentRefusal | HelperRefusal {
  if (error instanceof AgentRefusal || error instanceof HelperRefusal) return error
  throw error
}

function isServiceName({ words }: Visit, name: string | undefined): name is ServiceName {
  return name !== undefined && Object.hasOwn(words.services, name)
}

function checks(visit: Visit, summary: Summary): Part {
  const { words } = visit
  const row = (check: HealthCheck) => {
    const { name, well, wrong } = words.checks[check.id]
    return html`<li class="${check.state}"><span class="state">${words.diagnosis.states[check.state]}</span> <strong>${name}</strong> <span>${check.state === 'well' ? well : wrong}</span></li>`
  }
  return html`${troublesOf(visit, summary).map((trouble) => troubleNotice(visit, trouble))}
<h2>${words.diagnosis.checks}</h2>
<ul class="checks">${summary.health.map(row)}</ul>`
}

function serviceCard(visit: Visit, service: Service): Html {
  const { words } = visit
  const { name, active } = service
  const title = words.services[name]
  const restart = html`<button class="quiet">${words.diagnosis.restart}<span class="unseen"> (${title})</span></button>`
  return html`<div class="service">
<div><strong>${title}</strong><br>${serviceState(visit, service)}</div>
<div class="actions"><a href="/diagnosis/${name}/log">${words.diagnosis.log}<span class="unseen"> (${title})</span></a>
${(active || isExpected(name)) && postForm(visit, `/diagnosis/${name}/restart`, restart)}</div>
</div>`
}

/** Remote maintenance is off unless the household put a key into the seed; everything else has to run. */
function isExpected(name: ServiceName): boolean {
  return name !== 'ssh'
}

function serviceState({ words, format }: Visit, { name, active, since, memory }: Service): Html {
  if (!active && !isExpected(name)) return html`<span>${words.diagnosis.off}</span>`
  if (!active) return html`<span class="bad">${words.diagnosis.stopped}</span>`
  return html`<span class="good">${words.diagnosis.running}</span>${since && html` ${words.diagnosis.since(format.dayAndTime(since))}`}${memory !== null && html` · ${format.bytes(memory)}`}`
}

function machine(visit: KitVisit, summary: Summary): Html {
  const { words, format } = visit
  const { kit, release, boot, uptimeSeconds, network } = summary
  return html`<h2>${words.diagnosis.machine}</h2>
<dl class="pairs">
<div><dt>${words.diagnosis.board}</dt><dd>${kit.board.model}</dd></div>
<div><dt>${words.home.addresses}</dt><dd>${network.addresses.join(', ') || '–'}</dd></div>
<div><dt>${words.home.version}</dt><dd>${release.version}${boot.slot && `, ${words.diagnosis.slotOf(boot.slot)}`}</dd></div>
<div><dt>${words.diagnosis.started}</dt><dd>${format.day(release.builtAt)}</dd></div>
<div><dt>${words.diagnosis.uptime}</dt><dd>${format.duration(uptimeSeconds)}</dd></div>
<div><dt>${words.diagnosis.time}</dt><dd>${format.dayAndTime(new Date())}</dd></div>
<div><dt>${words.diagnosis.fingerprint}</dt><dd>${kit.caWords}</dd></div>
</dl>`
}

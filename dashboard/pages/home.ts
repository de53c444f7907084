import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Summary } from '#agent/api.ts'
import { AgentRefusal } from '#agent/client.ts'
import { aboutMoney, spaceLeft, type Trouble, troublesOf } from '../figures.ts'
import { type Html, html, type Part } from '../html.ts'
import { failureNotice } from '../refusals.ts'
import type { Services } from '../services.ts'
import type { KitVisit, Visit } from '../visit.ts'
import { serverAddress } from './people.ts'

/** At power-on the dashboard may be asked before the agent listens: a moment's patience beats an error page. */
const patienceMs = 5_000

export function addHome(app: FastifyInstance, services: Services): void {
  app.get('/', async (request, reply) => {
    const { visit } = request
    const { words } = visit
    let body: Html
    try {
      body = homeBody(visit, await summaryWithPatience(services))
    } catch (error) {
      if (!(error instanceof AgentRefusal)) throw error
      body = html`<h1>${words.home.title}</h1>${failureNotice({ text: words.home.agentDown, next: words.home.agentDownNext })}`
      reply.code(503)
    }
    return reply.page({ title: words.home.title, place: 'home', body })
  })
}

async function summaryWithPatience({ agent }: Services): Promise<Summary> {
  const end = Date.now() + patienceMs
  for (;;) {
    try {
      return await agent.summary()
    } catch (error) {
      const mayStillStart = error instanceof AgentRefusal && error.code === 'agent.unreachable'
      if (!mayStillStart || Date.now() >= end) throw error
      await wait(200)
    }
  }
}

function homeBody(visit: Visit, summary: Summary): Html {
  const { words } = visit
  const troubles = troublesOf(visit, summary)
  const grave = troubles.filter((trouble) => trouble.grave).length
  const headline = grave > 0 ? words.home.problems(grave) : troubles.length > 0 ? words.home.attention : words.home.well
  return html`<h1 class="headline ${grave > 0 ? 'bad' : 'good'}">${headline}</h1>
${troubles.map((trouble) => troubleNotice(visit, trouble))}
<dl class="facts">
${facts(visit, summary).map(
  ([term, detail, address]) =>
    html`<div><dt>${term}</dt><dd>${detail}${address && html`<a class="row-link" href="${address}"><span class="unseen">${term}</span></a>`}</dd></div>`,
)}
</dl>`
}

export function troubleNotice({ words }: Visit, { what, where, next, grave }: Trouble): Html {
  return html`<section class="notice ${grave ? 'bad' : 'note'}">
<p><strong>${what}</strong>${where && html` <code>${where}</code>`}</p>
<p><span class="next">${words.common.next}</span> ${next}</p>
</section>`
}

type Fact = [term: string, detail: Part, address: string | null]

function facts(visit: Visit, summary: Summary): Fact[] {
  const { words } = visit
  const { costs, storage, network, release } = summary
  const space = spaceLeft(visit, storage, { some: words.home.spaceOf, all: words.home.spaceAll })
  const people = [
    summary.people === null ? null : words.home.peopleCount(summary.people),
    summary.posts === null ? null : words.home.postsCount(summary.posts),
  ].filter((text) => text !== null)
  return [
    [words.home.cost, costSentence(visit, costs), '/costs'],
    [words.home.space, space, '/storage'],
    [words.home.people, people.length > 0 ? people.join(', ') : words.common.unknown, '/people'],
    [words.home.addresses, addresses(visit as KitVisit, network.addresses), null],
    [words.home.version, release.version, '/diagnosis'],
  ]
}

function costSentence(visit: Visit, costs: Summary['costs']): string {
  if (costs.lines.length === 0) return visit.words.home.noPrice
  if (costs.covered === 0) return visit.words.home.costLater
  return aboutMoney(visit, costs.expected, costs.powerClass)
}

/** Where people find the server, then where it answers on the network; the first IPv4 is enough for a glance. */
function addresses(visit: KitVisit, network: string[]): Part {
  const server = serverAddress(visit)
  const first = network[0]
  if (server === null) return first ?? visit.words.common.unknown
  return html`<a href="${server}/">${new URL(server).host}</a>${first && html` · ${first}`}`
}

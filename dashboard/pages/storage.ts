import type { FastifyInstance } from 'fastify'
import type { StorageUse } from '#agent/api.ts'
import { shareBar } from '../charts.ts'
import { spaceLeft } from '../figures.ts'
import { type AskedQuery, askedOf } from '../history/asked.ts'
import { storageView } from '../history/storage.ts'
import { addHistoryCsv, defaultOf, historySection } from '../history/view.ts'
import { html, type Part } from '../html.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'
import { diskWear } from './disk-wear.ts'

export function addStorage(app: FastifyInstance, services: Services): void {
  const { agent } = services
  app.get<{ Querystring: AskedQuery }>('/storage', async (request, reply) => {
    const { visit } = request
    const { words, format } = visit
    const view = storageView(visit)
    const { step, of } = askedOf(request.query, view.steps, defaultOf(view))
    const [{ storage }, history] = await Promise.all([agent.summary(), agent.history(step, of)])
    const used = storage.size > 0 ? 1 - storage.free / storage.size : 0
    const share = words.storage.share(format.percent(used))
    const body = html`<h1>${words.storage.title}</h1>
<p class="lead">${spaceLeft(visit, storage, { some: words.storage.left, all: words.storage.leftAll })}</p>
${storage.use ? owners(visit, storage, storage.use) : html`${shareBar([used], share)}<p>${share}. ${words.storage.notCounted}</p>`}
<p>${storage.growth !== undefined && `${storage.growth > 0 ? words.storage.grows(format.bytes(storage.growth)) : words.storage.shrinks} `}${storage.fullOn ? words.storage.full(format.day(storage.fullOn)) : words.storage.notFull}</p>
${diskWear(visit, storage.wear)}
${historySection(visit, view, history)}`
    return reply.page({ title: words.storage.title, place: 'storage', body, charts: true })
  })
  addHistoryCsv(app, services, '/storage', storageView)
}

function owners(visit: Visit, storage: StorageUse, use: NonNullable<StorageUse['use']>): Part {
  const { words, format } = visit
  const named: [string, number][] = [
    [words.storage.posts, Math.max(0, use.server - use.media)],
    [words.storage.media, use.media],
    ...(use.backups === undefined ? [] : [[words.storage.backups, use.backups] as [string, number]]),
    [words.storage.ledger, use.ledger],
    [words.storage.system, use.system],
  ]
  const other = Math.max(0, storage.size - storage.free - use.server - (use.backups ?? 0) - use.ledger - use.system)
  const rows: [string, number][] = [...named, [words.storage.other, other]]
  const summary = words.storage.share(format.percent(1 - storage.free / storage.size))
  return html`${shareBar(
    rows.map(([, bytes]) => bytes / storage.size),
    summary,
  )}
<table class="wide">
<thead><tr><th scope="col">${words.storage.owner}</th><th scope="col">${words.storage.size}</th></tr></thead>
<tbody>
${rows.map(([name, bytes], series) => html`<tr><th scope="row"><span class="key series-${series}"></span>${name}</th><td>${format.bytes(bytes)}</td></tr>`)}
<tr><th scope="row"><span class="key"></span>${words.storage.free}</th><td>${format.bytes(storage.free)}</td></tr>
</tbody>
</table>
<p class="hint">${words.storage.counted(format.dayAndTime(storage.at))}</p>`
}

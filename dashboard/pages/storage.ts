import type { FastifyInstance } from 'fastify'
import type { StorageUse } from '#agent/api.ts'
import { shareBar } from '../charts.ts'
import { spaceLeft } from '../figures.ts'
import { html, type Part } from '../html.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'

export function addStorage(app: FastifyInstance, { agent }: Services): void {
  app.get('/storage', async (request, reply) => {
    const { visit } = request
    const { words, format } = visit
    const { storage } = await agent.summary()
    const used = storage.size > 0 ? 1 - storage.free / storage.size : 0
    const share = words.storage.share(format.percent(used))
    const body = html`<h1>${words.storage.title}</h1>
<p class="lead">${spaceLeft(visit, storage, { some: words.storage.left, all: words.storage.leftAll })}</p>
${storage.use ? owners(visit, storage, storage.use) : html`${shareBar([used], share)}<p>${share}. ${words.storage.notCounted}</p>`}
<p>${storage.fullOn ? words.storage.full(format.day(storage.fullOn)) : words.storage.notFull}</p>`
    return reply.page({ title: words.storage.title, place: 'storage', body })
  })
}

function owners(visit: Visit, storage: StorageUse, use: NonNullable<StorageUse['use']>): Part {
  const { words, format } = visit
  const named: [string, number][] = [
    [words.storage.posts, Math.max(0, use.server - use.media)],
    [words.storage.media, use.media],
    [words.storage.ledger, use.ledger],
    [words.storage.system, use.system],
  ]
  const other = Math.max(0, storage.size - storage.free - use.server - use.ledger - use.system)
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

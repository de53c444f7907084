import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Disk, MoveProgress } from '#agent/helper/protocol.ts'
import { readJson } from '../files.ts'
import { type Mistakes, mistakeSummary, postForm, textField } from '../forms.ts'
import { type Html, html, type Part } from '../html.ts'
import { formOf } from '../input.ts'
import { describeFailure, failureNotice, refusalInWords } from '../refusals.ts'
import type { Services } from '../services.ts'
import type { KitVisit } from '../visit.ts'

type CodeIsRight = (services: Services, request: FastifyRequest, reply: FastifyReply, code: string) => Promise<boolean>

/** Moving an x86 kit from the stick to a disk inside the computer, offered between the claim code and the questions. */
export function addMove(app: FastifyInstance, services: Services, codeIsRight: CodeIsRight): void {
  const config = { access: 'newcomer' } as const

  app.post('/claim/move', { config }, async (request, reply) => {
    const visit = request.visit as KitVisit
    const form = formOf(request.body)
    const code = form.text('code')
    if (!(await codeIsRight(services, request, reply, code))) return reply
    const disks = await disksToMoveTo(services)
    const again = (mistakes: Mistakes, notice?: Part) =>
      reply
        .code(422)
        .page({ title: visit.words.claim.moveTitle, body: moveOffer(visit, code, disks, mistakes, notice) })
    const disk = disks.find(({ name }) => name === form.text('disk'))
    const confirm = form.text('confirm')
    if (!disk || confirm !== disk.name)
      return again({ [`confirm-${disk?.name ?? disks[0]?.name}`]: visit.words.claim.moveWrong })
    try {
      await services.helper('disk.move', { name: disk.name, confirm })
    } catch (error) {
      const failure = describeFailure(visit, error)
      if (failure === null) throw error
      return again({}, failureNotice(failure))
    }
    return reply.redirect('/claim/moving', 303)
  })

  app.get('/claim/moving', { config }, async (request, reply) => {
    const { words } = request.visit
    const progress = await readJson<MoveProgress>(services.paths.move)
    if (progress === null) return reply.redirect('/claim', 303)
    const title = words.claim.movingTitle
    return reply.page({ title, ...movingParts(request.visit as KitVisit, progress) })
  })
}

/** Internal disks on offer; an answer that does not come must not stand in the way of a claim. */
export async function disksToMoveTo({ helper }: Services): Promise<Disk[]> {
  try {
    return (await helper('disk.list', {})).disks
  } catch (error) {
    console.error(`Disks cannot be listed: ${error instanceof Error ? error.message : error}`)
    return []
  }
}

export function moveOffer(visit: KitVisit, code: string, disks: Disk[], mistakes: Mistakes, notice?: Part): Html {
  const { words } = visit
  const hidden = html`<input type="hidden" name="code" value="${code}">`
  return html`<h1>${words.claim.moveTitle}</h1>
<p>${words.claim.moveText}</p>
${notice}${mistakeSummary(visit, mistakes)}
${postForm(visit, '/claim', html`${hidden}<input type="hidden" name="stay" value="yes"><button>${words.claim.moveStay}</button>`)}
${disks.map((disk) => diskCard(visit, disk, hidden, mistakes))}`
}

function diskCard(visit: KitVisit, disk: Disk, hidden: Html, mistakes: Mistakes): Html {
  const { words, format } = visit
  const content = disk.content.map(({ fileSystem, label, size }) =>
    [label && `“${label}”`, fileSystem, format.bytes(size)].filter(Boolean).join(' '),
  )
  const field = `confirm-${disk.name}`
  return html`<section class="disk"><h2>${disk.model} · ${format.bytes(disk.size)}</h2>
<p class="hint"><code>${disk.name}</code> · ${disk.serial}<br>${words.claim.moveHolds} ${content.length > 0 ? content.join(', ') : words.claim.moveEmpty}</p>
${postForm(
  visit,
  '/claim/move',
  html`${hidden}<input type="hidden" name="disk" value="${disk.name}">
${textField({
  name: 'confirm',
  id: field,
  label: words.claim.moveConfirm(disk.name),
  mistakes,
  attributes: { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' },
})}
<button class="danger">${words.claim.moveAction}</button>`,
)}</section>`
}

function movingParts(visit: KitVisit, progress: MoveProgress): { body: Html; refreshSeconds?: number } {
  const { words, format } = visit
  const { claim } = words
  const problem = progress.problem && refusalInWords(visit, progress.problem)
  const share = progress.totalBytes > 0 ? Math.min(1, progress.doneBytes / progress.totalBytes) : 0
  switch (progress.state) {
    case 'done':
      return { body: html`<h1 class="headline good">${claim.movingTitle}</h1><p class="lead">${claim.movedText}</p>` }
    case 'failed':
      return {
        body: html`<h1>${claim.movingTitle}</h1>
<div class="notice bad" role="alert"><p><strong>${claim.moveFailed}</strong></p>${problem && html`<p>${problem.what} ${problem.next}</p>`}</div>
<p><a class="button" href="/claim">${words.claim.codeNext}</a></p>`,
      }
    case 'copying':
      return {
        body: html`<h1>${claim.movingTitle}</h1>
<p class="big">${format.percent(share)}</p>
<progress max="100" value="${Math.round(share * 100)}" aria-label="${claim.movingTitle}"></progress>
<p>${claim.movingText}</p>`,
        refreshSeconds: 4,
      }
  }
}

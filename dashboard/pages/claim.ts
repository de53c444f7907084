import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { otherHostname } from '#agent/setup/names.ts'
import { type Mistakes, mistakeSummary, postForm, textField } from '../forms.ts'
import { attribute, type Html, html, type Part } from '../html.ts'
import { formOf } from '../input.ts'
import { describeFailure, failureNotice } from '../refusals.ts'
import { clientAddress } from '../security/client.ts'
import { TooMany } from '../security/fair-turns.ts'
import { signIn } from '../security/guard.ts'
import type { Services } from '../services.ts'
import { type KitVisit, makeVisit } from '../visit.ts'
import { type Language, languages } from '../words/index.ts'
import { applyClaim, type ClaimChoices, checkCode } from './claim-apply.ts'
import { claimForm, draftOf, emptyDraft, readClaim } from './claim-form.ts'
import { addMove, disksToMoveTo, moveOffer } from './move.ts'
import { credentials } from './people.ts'

/** Until some of the codes that wait from one address are checked. */
const queueSeconds = 10

/** The way from a kit that belongs to nobody to one with an owner: the code, then the questions, then the first person. */
export function addClaim(app: FastifyInstance, services: Services): void {
  const config = { access: 'newcomer' } as const

  app.get('/claim', { config }, async (request, reply) => {
    const visit = request.visit as KitVisit
    return reply.page({ title: visit.words.claim.title, body: codeBody(visit, {}) })
  })

  /** The code is right: first the disk, where there is a choice, then the questions. */
  app.post('/claim', { config }, async (request, reply) => {
    const code = formOf(request.body).text('code')
    if (!(await codeIsRight(services, request, reply, code))) return reply
    const visit = request.visit as KitVisit
    const disks = formOf(request.body).text('stay') === 'yes' ? [] : await disksToMoveTo(services)
    const [title, body] =
      disks.length > 0
        ? [visit.words.claim.moveTitle, moveOffer(visit, code, disks, {})]
        : [
            visit.words.claim.formTitle,
            claimForm(visit, code, emptyDraft(visit), { clockTrusted: await services.isClockTrusted() }),
          ]
    return reply.page({ title, body })
  })

  app.post('/claim/finish', { config, bodyLimit: 32 * 1024 }, async (request, reply) => {
    const visit = request.visit as KitVisit
    const form = formOf(request.body)
    const code = form.text('code')
    const clockTrusted = await services.isClockTrusted()
    const again = (parts: { mistakes?: Mistakes; notice?: Part }, status = 422) =>
      reply.code(status).page({
        title: visit.words.claim.formTitle,
        body: claimForm(visit, code, draftOf(form), { clockTrusted, ...parts }),
      })

    const { choices, mistakes } = readClaim(visit, form, clockTrusted)
    if (mistakes) return again({ mistakes })
    try {
      const outcome = await applyClaim(services, choices, clientAddress(request))
      if (outcome.kind === 'already-claimed') return reply.redirect('/', 303)
      if (outcome.kind === 'wrong-code') return wrongCode(request, reply, outcome.retryAfterSeconds)
      await signIn(services, request, reply)
      const owner = await ownersVisit(services, visit, choices)
      const hints = [
        outcome.agentSkipped && owner.words.claim.agentSkipped,
        outcome.clockSkipped && owner.words.claim.clockSkipped,
      ].filter((hint) => hint !== false)
      request.visit = owner
      return reply.page({
        title: owner.words.claim.doneTitle,
        body: doneBody(owner, choices, outcome.personPassword, hints),
      })
    } catch (error) {
      if (error instanceof TooMany) {
        reply.header('retry-after', String(queueSeconds))
        return again({ notice: crowdNotice(visit) }, 429)
      }
      const failure = describeFailure(visit, error)
      if (failure === null) throw error
      console.error(`POST /claim/finish: ${error instanceof Error ? error.message : error}`)
      return again({ notice: failureNotice(failure) })
    }
  })

  addMove(app, services, codeIsRight)
}

/** Asks the helper, which slows whoever guesses. When the code is wrong the answer has been sent. */
async function codeIsRight(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  code: string,
): Promise<boolean> {
  const visit = request.visit as KitVisit
  const { words } = visit
  if (code === '' || code.length > 100) {
    reply.code(422).page({
      title: words.claim.title,
      body: codeBody(visit, { code: code ? words.claim.codeWrong : words.claim.codeEmpty }),
    })
    return false
  }
  try {
    const { right, retryAfterSeconds } = await checkCode(services, code, clientAddress(request))
    if (!right) wrongCode(request, reply, retryAfterSeconds)
    return right
  } catch (error) {
    if (error instanceof TooMany) {
      reply.code(429).header('retry-after', String(queueSeconds))
      reply.page({ title: words.claim.title, body: codeBody(visit, {}, crowdNotice(visit)) })
      return false
    }
    if (describeFailure(visit, error) === null) throw error
    console.error(`POST /claim: ${error instanceof Error ? error.message : error}`)
    const notice = failureNotice({ text: words.claim.helperDown, next: words.claim.helperDownNext })
    reply.code(502).page({ title: words.claim.title, body: codeBody(visit, {}, notice) })
    return false
  }
}

function wrongCode(request: FastifyRequest, reply: FastifyReply, retryAfterSeconds: number) {
  const visit = request.visit as KitVisit
  const { words } = visit
  const text = retryAfterSeconds > 0 ? words.claim.codeWait(retryAfterSeconds) : words.claim.codeWrong
  if (retryAfterSeconds > 0) reply.code(429).header('retry-after', String(retryAfterSeconds))
  else reply.code(422)
  return reply.page({ title: words.claim.title, body: codeBody(visit, { code: text }) })
}

/** Said to whom the code was not even checked. */
function crowdNotice({ words }: KitVisit): Html {
  return html`<p class="notice bad" role="alert">${words.claim.codeCrowd}</p>`
}

function codeBody(visit: KitVisit, mistakes: Mistakes, notice?: Part): Html {
  const { words, kit } = visit
  return html`<h1>${words.claim.title}</h1>
<p class="lead">${words.claim.lead}</p>
${nameTaken(visit, words.claim.nameTakenBefore)}
${notice}${mistakeSummary(visit, mistakes)}
${postForm(
  visit,
  '/claim',
  html`${textField({
    name: 'code',
    label: words.claim.codeLabel,
    hint: words.claim.codeHint,
    mistakes,
    attributes: {
      autocomplete: 'off',
      autocapitalize: 'characters',
      spellcheck: 'false',
      required: true,
      maxlength: 100,
    },
  })}
<button>${words.claim.codeNext}</button>`,
)}
<section class="notice note"><h2>${words.claim.words}</h2>
<p class="ca-words" translate="no" lang="en">${kit.caWords}</p>
<p>${words.claim.wordsText}</p></section>
<nav class="languages" aria-label="${words.common.languageSwitch}">${(Object.keys(languages) as Language[]).map(
    (code) =>
      html`<a href="/claim?language=${code}" lang="${code}"${attribute('aria-current', code === visit.language ? 'true' : null)}>${languages[code]}</a> `,
  )}</nav>`
}

/** Said while another device has the kit's name; what to do about it depends on where in the claim somebody is. */
function nameTaken({ words, kit, foundAs }: KitVisit, next: (proposed: string) => Part): Part {
  if (foundAs === null) return null
  return html`<section class="notice note"><p><strong>${words.claim.nameTaken(kit.hostname, foundAs)}</strong></p>
<p>${next(otherHostname(kit.hostname, kit.caFingerprint))}</p></section>`
}

/** From here on the page is the owner's, in the language just chosen. */
async function ownersVisit(services: Services, visit: KitVisit, choices: ClaimChoices): Promise<KitVisit> {
  const kit = (await services.readKit()) ?? visit.kit
  const language = choices.language as Language
  const owner = await makeVisit({ kit, foundAs: visit.foundAs, language, holder: { role: 'owner' }, csrf: '' })
  return { ...owner, kit }
}

function doneBody(visit: KitVisit, choices: ClaimChoices, password: string, hints: string[]): Html {
  const { words, kit } = visit
  return html`<h1 class="headline good">${words.claim.doneTitle}</h1>
<p class="lead">${words.claim.doneText(choices.person.name)}</p>
${nameTaken(visit, (proposed) => [
  kit.serverName === null && html`${words.claim.nameTakenTrial} `,
  html`<a href="/settings#kit-name">${words.claim.nameTakenLink(proposed)}</a>`,
])}
${credentials(visit, choices.person, password)}
<p>${words.claim.signInHow}</p>
<p>${kit.serverName === null ? words.claim.clientsTrial : words.claim.clientsNamed}</p>
${hints.map((hint) => html`<p class="notice note">${hint}</p>`)}
<p><a class="button" href="/">${words.common.toHome}</a></p>`
}

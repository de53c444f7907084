import type { FastifyInstance, FastifyRequest } from 'fastify'
import { mistakeSummary, postForm, textField } from '../forms.ts'
import { type Html, html, type Part } from '../html.ts'
import { formOf, isPersonId } from '../input.ts'
import { clientAddress } from '../security/client.ts'
import { homeOf, signIn, signOut, signOutEverywhere } from '../security/guard.ts'
import { passwordLength } from '../security/password.ts'
import type { Holder } from '../security/sessions.ts'
import type { Services } from '../services.ts'
import type { KitVisit, Visit } from '../visit.ts'
import type { Words } from '../words/index.ts'
import { serverAddress } from './people.ts'

export function addSignIn(app: FastifyInstance, services: Services): void {
  const config = { access: 'guest' } as const

  app.get('/sign-in', { config }, async (request, reply) => {
    const { words, holder } = request.visit
    if (holder) return reply.redirect(homeOf(holder), 303)
    const { done } = request.query as { done?: string }
    return reply.page({
      title: words.signIn.title,
      body: signInBody(request.visit, {}, '', doneNotice(words, done)),
    })
  })

  app.post('/sign-in', { config }, async (request, reply) => {
    const { words } = request.visit
    const refusal = await tryPassword(request, services)
    if ('role' in refusal) {
      await signIn(services, request, reply, refusal)
      return reply.redirect(homeOf(refusal), 303)
    }
    if (refusal.waitSeconds > 0) reply.code(429).header('retry-after', String(refusal.waitSeconds))
    else reply.code(422)
    return reply.page({
      title: words.signIn.title,
      body: signInBody(request.visit, { password: refusal.text }, formOf(request.body).text('name')),
    })
  })

  app.post('/sign-out', { config: { access: 'person' } }, async (request, reply) => {
    await signOut(services, request, reply)
    return reply.redirect('/sign-in?done=signed-out', 303)
  })

  app.post('/sign-out/everywhere', { config: { access: 'person' } }, async (request, reply) => {
    await signOutEverywhere(services, request, reply)
    return reply.redirect('/sign-in?done=everywhere', 303)
  })
}

/** Why somebody is at the sign-in who was not before. */
function doneNotice({ signIn, my }: Words, done: string | undefined): Part {
  switch (done) {
    case 'signed-out':
      return html`<p class="notice note" role="status">${signIn.signedOut}</p>`
    case 'everywhere':
      return html`<p class="notice note" role="status">${signIn.signedOutEverywhere}</p>`
    case 'password':
      return html`<p class="notice note" role="status">${signIn.passwordChanged}</p>`
    case 'erased':
      return html`<p class="notice good" role="status">${my.erased}</p>`
    default:
      return null
  }
}

/** Who signed in; otherwise why nobody did, and how long to wait before the next try. */
async function tryPassword(
  request: FastifyRequest,
  services: Services,
): Promise<{ text: string; waitSeconds: number } | Holder> {
  const { signInThrottle } = services
  const { words } = request.visit
  const address = clientAddress(request)
  const waitSeconds = signInThrottle.waitSeconds(address)
  if (waitSeconds > 0) return { text: words.signIn.wait(waitSeconds), waitSeconds }
  const form = formOf(request.body)
  const [name, password] = [form.text('name'), form.secret('password')]
  // Counted before it is checked, so that many tries sent at once do not all slip through.
  signInThrottle.failed(address)
  const holder = await holderBy(services, name, password)
  if (holder === null) return { text: name === '' ? words.signIn.wrong : words.signIn.wrongPerson, waitSeconds: 0 }
  if (holder.role === 'owner') signInThrottle.succeeded(address)
  else signInThrottle.takeBack(address)
  return holder
}

/** Without a name it is the owner; a person's password is the Fediverse server's, which the helper checks. */
async function holderBy({ owner, helper, agent }: Services, name: string, password: string): Promise<Holder | null> {
  if (password === '' || password.length > passwordLength.most) return null
  if (name === '') return (await owner.matches(password)) ? { role: 'owner' } : null
  // People may write the whole address: @ada@our-house.example.
  const id = name.replace(/^@/, '').split('@')[0] ?? ''
  if (!isPersonId(id) || !password.isWellFormed() || /\p{Cc}/u.test(password)) return null
  const { person } = await helper('person.check', { id, password })
  if (person === null) return null
  // The name people know; where the agent does not answer, the pages ask it again.
  await agent.memberParty(person.id, person.name).catch(() => undefined)
  return { role: 'member', account: person.id, tag: person.tag }
}

function signInBody(visit: Visit, mistakes: Record<string, string>, name: string, notice?: Part): Html {
  const { words } = visit
  // Nobody signs in before there is a kit.
  const server = serverAddress(visit as KitVisit)
  return html`<h1>${words.signIn.title}</h1>
${notice}
<p>${words.signIn.lead}</p>
${mistakeSummary(visit, mistakes)}
${postForm(
  visit,
  '/sign-in',
  html`${textField({
    name: 'name',
    label: words.signIn.name,
    hint: words.signIn.nameHint,
    value: name,
    attributes: { autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', maxlength: 100 },
  })}
${textField({
  name: 'password',
  label: words.signIn.password,
  type: 'password',
  mistakes,
  attributes: { autocomplete: 'current-password', required: true, maxlength: passwordLength.most },
})}
<button>${words.signIn.action}</button>`,
)}
<details><summary>${words.signIn.forgotten}</summary><p>${words.signIn.forgottenText}</p></details>
${server !== null && html`<p class="hint">${words.signIn.serverLink} <a href="${server}/">${new URL(server).host}</a></p>`}`
}

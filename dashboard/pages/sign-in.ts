import type { FastifyInstance, FastifyRequest } from 'fastify'
import { mistakeSummary, postForm, textField } from '../forms.ts'
import { type Html, html, type Part } from '../html.ts'
import { formOf } from '../input.ts'
import { clientAddress } from '../security/client.ts'
import { signIn, signOut } from '../security/guard.ts'
import { passwordLength } from '../security/password.ts'
import type { Services } from '../services.ts'
import type { Visit } from '../visit.ts'

export function addSignIn(app: FastifyInstance, services: Services): void {
  const config = { access: 'guest' } as const

  app.get('/sign-in', { config }, async (request, reply) => {
    if (request.visit.signedIn) return reply.redirect('/', 303)
    const { words } = request.visit
    const { done } = request.query as { done?: string }
    return reply.page({
      title: words.signIn.title,
      body: signInBody(
        request.visit,
        {},
        done === 'signed-out' && html`<p class="notice note" role="status">${words.signIn.signedOut}</p>`,
      ),
    })
  })

  app.post('/sign-in', { config }, async (request, reply) => {
    const { words } = request.visit
    const refusal = await tryPassword(request, services)
    if (refusal === null) {
      await signIn(services, request, reply)
      return reply.redirect('/', 303)
    }
    if (refusal.waitSeconds > 0) reply.code(429).header('retry-after', String(refusal.waitSeconds))
    else reply.code(422)
    return reply.page({
      title: words.signIn.title,
      body: signInBody(request.visit, { password: refusal.text }),
    })
  })

  app.post('/sign-out', async (request, reply) => {
    await signOut(services, request, reply)
    return reply.redirect('/sign-in?done=signed-out', 303)
  })
}

/** Null when the password is right; otherwise why not, and how long to wait before the next try. */
async function tryPassword(
  request: FastifyRequest,
  { owner, signInThrottle }: Services,
): Promise<{ text: string; waitSeconds: number } | null> {
  const { words } = request.visit
  const address = clientAddress(request)
  const waitSeconds = signInThrottle.waitSeconds(address)
  if (waitSeconds > 0) return { text: words.signIn.wait(waitSeconds), waitSeconds }
  const password = formOf(request.body).secret('password')
  // Counted before it is checked, so that many tries sent at once do not all slip through.
  signInThrottle.failed(address)
  const right = password.length <= passwordLength.most && (await owner.matches(password))
  if (!right) return { text: words.signIn.wrong, waitSeconds: 0 }
  signInThrottle.succeeded(address)
  return null
}

function signInBody(visit: Visit, mistakes: Record<string, string>, notice?: Part): Html {
  const { words, kit } = visit
  const server = kit?.serverName ?? `${kit?.hostname}.local`
  return html`<h1>${words.signIn.title}</h1>
${notice}
<p>${words.signIn.lead}</p>
${mistakeSummary(visit, mistakes)}
${postForm(
  visit,
  '/sign-in',
  html`${textField({
    name: 'password',
    label: words.signIn.password,
    type: 'password',
    mistakes,
    attributes: { autocomplete: 'current-password', required: true, maxlength: passwordLength.most },
  })}
<button>${words.signIn.action}</button>`,
)}
<details><summary>${words.signIn.forgotten}</summary><p>${words.signIn.forgottenText}</p></details>
<p class="hint">${words.signIn.serverLink} <a href="https://${server}/">${server}</a></p>`
}

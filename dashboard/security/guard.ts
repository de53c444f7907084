import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { NetworkFacts } from '#agent/api.ts'
import { takenName } from '#agent/setup/names.ts'
import { errorBody } from '../layout.ts'
import type { Services } from '../services.ts'
import { makeVisit, type Visit } from '../visit.ts'
import { isLanguage, type Language, languageOf, preferredLanguage } from '../words/index.ts'
import { cookieHeader, readCookie } from './cookies.ts'
import { isOwnHost, ownAddress } from './host.ts'
import { type Holder, memberSeconds } from './sessions.ts'

/**
 * Who may see a route. `newcomer`: only while the kit is unclaimed; `guest`: only while claimed; `member`: a signed-in
 * person who has an account; `person`: whoever signed in. The default is the signed-in owner, so a page that forgets to
 * say is closed.
 */
export type Access = 'everybody' | 'newcomer' | 'guest' | 'person' | 'member' | 'owner'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
  interface FastifyRequest {
    visit: Visit
    sessionId: string | null
  }
}

const sessionCookie = '__Host-hearth'
const formCookie = '__Host-hearth-form'
const languageCookie = '__Host-hearth-language'
const month = 30 * 86_400

/** Begins a session for the browser that asked. Its forms belong to it from the next page on. */
export async function signIn(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  holder: Holder = { role: 'owner' },
): Promise<void> {
  const id = await services.sessions.begin(holder)
  request.sessionId = id
  reply.header('set-cookie', cookieHeader(sessionCookie, id, holder.role === 'owner' ? month : memberSeconds))
}

/** The page that somebody begins on. */
export function homeOf(holder: Holder): string {
  return holder.role === 'owner' ? '/' : '/my'
}

export async function signOut(services: Services, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.sessionId) await services.sessions.end(request.sessionId)
  reply.header('set-cookie', cookieHeader(sessionCookie, '', 0))
}

/** Ends all sessions of whoever asks, this one too. */
export async function signOutEverywhere(
  { sessions }: Services,
  { visit }: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (visit.holder?.role === 'member') await sessions.endOf(visit.holder.account)
  else await sessions.endOwners()
  reply.header('set-cookie', cookieHeader(sessionCookie, '', 0))
}

/** The token that ties a form to the browser it was shown to. */
export function csrfToken(browser: string): string {
  return createHash('sha256').update(`form:${browser}`).digest('base64url')
}

/** Host names, sessions, who may see what, and forms that come from elsewhere. */
export function addGuard(app: FastifyInstance, services: Services): void {
  app.decorateRequest('visit')
  app.decorateRequest('sessionId', null)

  app.addHook('onRequest', async (request, reply) => {
    const access = request.routeOptions.config?.access ?? 'owner'
    const [kit, network] = await Promise.all([services.readKit(), services.readNetwork()])
    const cookies = request.headers.cookie
    const session = readCookie(cookies, sessionCookie)
    const holder = kit?.claimed === true && session !== null ? await services.sessions.holderOf(session) : null
    request.sessionId = holder ? session : null
    const known = request.sessionId ?? readCookie(cookies, formCookie)
    const browser = known ?? (access === 'everybody' ? '' : newBrowser(reply))
    const language = kit?.claimed ? languageOf(kit.language) : newcomersLanguage(request, reply)
    const foundAs = kit && takenName(kit.hostname, network?.announcedAs)
    request.visit = await makeVisit({ kit, foundAs, language, holder, csrf: csrfToken(browser) })

    if (!isOwnHost(request.headers.host, kit?.hostname ?? null)) return wrongHost(request, reply, network)
    if (access === 'everybody') return
    if (kit === null) return notReady(request, reply)
    if (!kit.claimed && access !== 'newcomer') return reply.redirect('/claim', 303)
    if (kit.claimed && access === 'newcomer') return reply.redirect('/', 303)
    if (!kit.claimed || access === 'guest') return
    if (holder === null) return reply.redirect('/sign-in', 303)
    if (access !== 'person' && access !== holder.role) return wrongRole(request, reply, holder)
    // Who only ends their own session need not be looked at.
    if (holder.role !== 'member' || request.routeOptions.url === '/sign-out') return
    if (!(await services.memberPasswords.isStill(holder))) {
      await signOut(services, request, reply)
      return reply.redirect('/sign-in?done=password', 303)
    }
  })

  app.addHook('preHandler', async (request, reply) => {
    if (request.method === 'GET' || request.method === 'HEAD') return
    if (isSameOrigin(request) && hasToken(request)) return
    const { words } = request.visit
    const { title, expired, expiredNext } = words.errors
    return reply.code(403).page({ title, body: errorBody(request.visit, title, expired, expiredNext) })
  })
}

function newBrowser(reply: FastifyReply): string {
  const id = randomBytes(16).toString('base64url')
  reply.header('set-cookie', cookieHeader(formCookie, id))
  return id
}

/** Before the claim there is no household language yet: what was chosen on the page, or what the browser prefers. */
function newcomersLanguage(request: FastifyRequest, reply: FastifyReply): Language {
  const asked = (request.query as { language?: unknown }).language
  if (typeof asked === 'string' && isLanguage(asked)) {
    reply.header('set-cookie', cookieHeader(languageCookie, asked))
    return asked
  }
  const chosen = readCookie(request.headers.cookie, languageCookie)
  return chosen !== null && isLanguage(chosen) ? chosen : preferredLanguage(request.headers['accept-language'])
}

function wrongHost(request: FastifyRequest, reply: FastifyReply, network: NetworkFacts | null) {
  const { words, kit } = request.visit
  const body = errorBody(
    request.visit,
    words.wrongHost.title,
    words.wrongHost.text((request.headers.host ?? '').slice(0, 100)),
    words.wrongHost.next(ownAddress(kit?.hostname ?? null, network)),
  )
  return reply.code(421).page({ title: words.wrongHost.title, body })
}

/** Somebody who signed in, but not as who the page is for. Home means another page to each. */
function wrongRole(request: FastifyRequest, reply: FastifyReply, holder: Holder) {
  const isLook = request.method === 'GET' || request.method === 'HEAD'
  if (isLook && (holder.role === 'owner' || request.routeOptions.url === '/'))
    return reply.redirect(homeOf(holder), 303)
  const { title, notYours, notYoursNext } = request.visit.words.errors
  return reply.code(403).page({ title, body: errorBody(request.visit, title, notYours, notYoursNext) })
}

function notReady(request: FastifyRequest, reply: FastifyReply) {
  const { words } = request.visit
  const body = errorBody(request.visit, words.wait.title, words.wait.text, words.common.needsScript)
  return reply.code(503).header('retry-after', '5').page({ title: words.wait.title, body, refreshSeconds: 5 })
}

/** Browsers name the page a form came from; what names none (an old browser, a script) still needs the token. */
function isSameOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers
  if (origin !== undefined) return URL.canParse(origin) && new URL(origin).host === host
  const site = request.headers['sec-fetch-site']
  return site === undefined || site === 'same-origin' || site === 'none'
}

function hasToken(request: FastifyRequest): boolean {
  const given = Buffer.from(request.body instanceof URLSearchParams ? (request.body.get('csrf') ?? '') : '')
  const expected = Buffer.from(request.visit.csrf)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

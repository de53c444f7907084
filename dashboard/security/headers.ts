import type { FastifyInstance } from 'fastify'

/**
 * On every answer. Two choices to know about:
 * - `same-origin`, not `no-referrer`: with the latter browsers send `Origin: null` with our own forms, which would make
 *   the Origin check useless. Nothing leaves for another host either way.
 * - no HSTS: names and addresses here are the household's own CA's, and HSTS would take away the button that lets people
 *   past the warning before they have installed it.
 */
const headers = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
  'cache-control': 'no-store',
}

/** Sets the security headers; a route may replace `cache-control`. */
export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(headers)
  })
}

import type { FastifyRequest } from 'fastify'

/**
 * The address of the browser. On the kit requests come through nginx over a Unix socket, which has no address; nginx
 * replaces X-Forwarded-For by the one it saw. Over TCP (development) the header is not believed.
 */
export function clientAddress(request: FastifyRequest): string {
  const direct = request.raw.socket.remoteAddress
  if (direct) return direct
  const header = request.headers['x-forwarded-for']
  const last = (Array.isArray(header) ? header.at(-1) : header)?.split(',').at(-1)?.trim()
  return last || 'unknown'
}

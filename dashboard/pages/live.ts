import type { FastifyInstance } from 'fastify'
import { liveTexts } from '../figures.ts'
import type { Services } from '../services.ts'

const mostStreams = 16
/** Then the browser connects again, and the session is looked at again. */
const longestMs = 30 * 60_000

/** Server-Sent Events with the live figures, already in the household's words: the script only puts them in place. */
export function addLive(app: FastifyInstance, { agent }: Services): void {
  const streams = new Set<AbortController>()
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.abort()
  })

  app.get('/live', async (request, reply) => {
    if (streams.size >= mostStreams) return reply.code(503).header('retry-after', '30').send('')
    const stream = new AbortController()
    streams.add(stream)
    const timer = setTimeout(() => stream.abort(), longestMs)
    const { raw } = reply
    raw.once('close', () => stream.abort())
    reply.hijack()
    try {
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
      })
      raw.write('retry: 10000\n\n')
      for await (const figures of agent.live(stream.signal)) {
        raw.write(`data: ${JSON.stringify(liveTexts(request.visit, figures))}\n\n`)
      }
    } catch (error) {
      // The page keeps the last figures with their time; the browser tries again by itself.
      if (!stream.signal.aborted) console.error(`GET /live: ${error instanceof Error ? error.message : error}`)
    } finally {
      clearTimeout(timer)
      streams.delete(stream)
      raw.end()
    }
  })
}

import type { FastifyInstance } from 'fastify'
import { errorBody } from './layout.ts'
import { describeFailure } from './refusals.ts'

/** One place for everything that goes wrong: people see what to do next, the journal sees the cause. */
export function addErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const { title, notFound, notFoundNext } = request.visit.words.errors
    return reply.code(404).page({ title, body: errorBody(request.visit, title, notFound, notFoundNext) })
  })

  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const { visit } = request
    // The guard itself failed (facts that cannot be read, say): there is no language to answer in yet.
    if (!visit) {
      logFailure(request.method, request.routeOptions.url, error)
      return reply
        .code(500)
        .type('text/plain; charset=utf-8')
        .send(
          'The dashboard cannot read the facts of this server. Restart the server; if it stays so, look at its screen.\n',
        )
    }
    const { errors } = visit.words
    const failure = describeFailure(visit, error)
    const status = failure?.status ?? error.statusCode ?? 500
    if (status >= 500) logFailure(request.method, request.routeOptions.url, error)
    const text = failure?.text ?? (status === 413 ? errors.tooLarge : status < 500 ? errors.badForm : errors.internal)
    const next =
      failure?.next ?? (status === 413 ? errors.tooLargeNext : status < 500 ? errors.badFormNext : errors.internalNext)
    return reply.code(status).page({ title: errors.title, body: errorBody(visit, errors.title, text, next) })
  })
}

/** The route, never the address or the form: those may hold what must not be in a log. */
function logFailure(method: string, route: string | undefined, error: Error): void {
  console.error(`${method} ${route ?? 'unknown page'}: ${error.stack ?? error.message}`)
}

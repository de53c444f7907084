/**
 * The OpenAPI description of the agent's API, made from `routes.ts` and the types and comments it names:
 * `node agent/description/openapi.ts` writes it beside this file, where the agent serves it from, and into docs/.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { API, type Type } from 'typescript/unstable/sync'
import { type Schema, Schemas } from './schemas.ts'

const repository = path.resolve(import.meta.dirname, '../..')
export const files = [path.join(import.meta.dirname, 'openapi.json'), path.join(repository, 'docs/openapi.json')]

/** The text of the description, as the code has it. */
export function describeApi(): string {
  const api = new API({ cwd: repository })
  try {
    const config = path.join(repository, 'tsconfig.json')
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)
    const source = project?.program.getSourceFile(path.join(import.meta.dirname, 'routes.ts'))
    const contract = source && project?.checker.getSymbolAtLocation(source)
    if (!project || !contract) throw new Error('routes.ts is not part of tsconfig.json.')
    const { checker } = project
    const exported = (name: string): Type => {
      const symbol = checker.getExportsOfModule(contract).find((each) => each.name === name)
      if (!symbol) throw new Error(`routes.ts does not export ${name}.`)
      return checker.getDeclaredTypeOfSymbol(symbol)
    }
    return `${JSON.stringify(document(new Schemas(checker), exported('Routes'), exported('Failure')), null, 2)}\n`
  } finally {
    api.close()
  }
}

function document(schemas: Schemas, routes: Type, failure: Type): object {
  const { version } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8'))
  const refused = { description: 'Refused, or failed: what, and what to do next.', ...json(schemas.of(failure)) }
  const paths: Record<string, Record<string, object>> = {}
  for (const route of schemas.members(routes)) {
    const [method = '', at = ''] = route.name.split(' ')
    const parts = new Map(schemas.members(route.type).map((part) => [part.name, part]))
    const part = (name: string) => parts.get(name)?.type
    const [query, body, answer, events] = ['query', 'body', 'answer', 'events'].map(part)
    const description = route.comment.description
    if (!description) throw new Error(`routes.ts does not say what ${route.name} is for.`)
    paths[at] = {
      ...paths[at],
      [method.toLowerCase()]: {
        operationId: `${method.toLowerCase()}${at.replace(/^\/v1/, '').replace(/[^a-z]+(.)/g, (_, letter) => letter.toUpperCase())}`,
        summary: description.split(/(?<=[.;:])\s/)[0]?.replace(/[.;:]$/, ''),
        description,
        ...(query && {
          parameters: schemas.members(query).map(({ name, type, isOptional, comment }) => ({
            name,
            in: 'query',
            required: !isOptional,
            ...comment,
            schema: schemas.of(type),
          })),
        }),
        ...(body && { requestBody: { required: true, ...json(schemas.of(body)) } }),
        responses: {
          ...(answer && { 200: { description: 'Done.', ...json(schemas.of(answer)) } }),
          ...(events && {
            200: {
              description: 'Server-Sent Events.',
              content: { 'text/event-stream': { schema: schemas.of(events) } },
            },
          }),
          ...(!answer && !events && { 204: { description: 'Done.' } }),
          default: refused,
        },
      },
    }
  }
  const named = Object.entries(schemas.named).sort(([one], [other]) => (one < other ? -1 : 1))
  return {
    openapi: '3.1.1',
    info: {
      title: 'Commonhearth ledger agent',
      version,
      description:
        'HTTP on a Unix socket of one machine: /run/hearth/agent.sock. Who may open the socket may do all of this; there is no other sign-in. Objects may hold more than is described: later versions add to them.',
      license: { name: 'AGPL-3.0-or-later', identifier: 'AGPL-3.0-or-later' },
    },
    servers: [
      {
        url: 'http://agent',
        description:
          'The host name is of no account: curl --unix-socket /run/hearth/agent.sock http://agent/v1/summary',
      },
    ],
    paths,
    components: { schemas: Object.fromEntries(named) },
  }
}

function json(schema: Schema): { content: object } {
  return { content: { 'application/json': { schema } } }
}

if (import.meta.main) for (const file of files) writeFileSync(file, describeApi())

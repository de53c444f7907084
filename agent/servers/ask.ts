import { get } from '../node-http.ts'
import { ServerTrouble } from './server.ts'

const timeoutMs = 5000
const maximumBytes = 64 * 1024

/** Where a server on this machine listens. */
export type Place = { socketPath: string } | { host: string; port: number }

/**
 * The text a server on this machine answers to GET. Rejects with `ServerTrouble` that calls it `name`.
 * @param headers besides those that every request has
 */
export function ask(name: string, place: Place, target: string, headers: Record<string, string>): Promise<string> {
  const at = 'socketPath' in place ? place.socketPath : `${place.host}:${place.port}`
  return new Promise((resolve, reject) => {
    const fail = (what: string) => {
      reject(new ServerTrouble(what))
      call.destroy()
    }
    const call = get(
      {
        ...place,
        path: target,
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
        headers: { accept: 'application/json', connection: 'close', ...headers },
      },
      (response) => {
        if (response.statusCode !== 200) return fail(`${name} answered with status ${response.statusCode}`)
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          if (text.length > maximumBytes) fail(`${name} sends far more than a NodeInfo`)
        })
        response.on('end', () => resolve(text))
        response.on('error', (error) => fail(`${name} broke off its answer: ${error.message}`))
      },
    )
    call.on('error', (error) => fail(`${name} does not answer at ${at}: ${error.message}`))
  })
}

/** People and posts as a NodeInfo document has them; null where it has none. */
export function countsIn(text: string): { people: number; posts: number; software: unknown } | null {
  try {
    const { software, usage } = JSON.parse(text)
    const people: unknown = usage.users.total
    const posts: unknown = usage.localPosts
    return isCount(people) && isCount(posts) ? { people, posts, software: software.name } : null
  } catch {
    return null
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

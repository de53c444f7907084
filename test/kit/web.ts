import http from 'node:http'
import https from 'node:https'
import tls from 'node:tls'
import type { Kit } from './kit.ts'

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
}

/** One request to a forwarded port of a kit, certificates unchecked; what a browser would not let a test do. */
export function request(
  scheme: 'http' | 'https',
  { port }: { port: number },
  address: string,
  options: { headers?: Record<string, string>; servername?: string } = {},
): Promise<Answer> {
  const client = scheme === 'http' ? http : https
  return new Promise((resolve, reject) => {
    const call = client.get(
      {
        host: '127.0.0.1',
        port,
        path: address,
        headers: options.headers ?? {},
        servername: options.servername ?? '',
        rejectUnauthorized: false,
        timeout: 30_000,
        agent: false,
      },
      (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      },
    )
    call.on('timeout', () => call.destroy(new Error(`no answer from ${address}`)))
    call.on('error', reject)
  })
}

/** Whether a TLS handshake under a name succeeds; null: without naming any. */
export function handshake(port: number, servername: string | null, timeout = 20_000): Promise<'accepted' | 'refused'> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      timeout,
      ...(servername ? { servername } : {}),
    })
    const end = (result: 'accepted' | 'refused') => {
      socket.destroy()
      resolve(result)
    }
    socket.once('secureConnect', () => end('accepted'))
    socket.once('error', () => end('refused'))
    socket.once('timeout', () => end('refused'))
  })
}

/** Makes this process trust the kit's own CA, downloaded from its plain page as a member would. */
async function trust(kit: Kit): Promise<void> {
  const { body } = await request('http', { port: kit.ports.plain }, '/ca.crt')
  tls.setDefaultCACertificates([...tls.getCACertificates(), body])
}

/** Signs a person in to the Fediverse server as apps do, which this process then trusts. */
export async function appToken(
  kit: Kit,
  person: { id: string; password: string },
): Promise<{ url: string; token: string }> {
  await trust(kit)
  const url = `https://localhost:${kit.ports.server}`
  const credentials = { login: person.id, passwd: person.password }
  const signIn = await fetch(`${url}/oauth/x-snac-get-token`, {
    method: 'POST',
    body: new URLSearchParams(credentials),
  })
  if (!signIn.ok) throw new Error(`No token for ${person.id}: ${signIn.status}`)
  return { url, token: (await signIn.text()).trim() }
}

/** Posts on the Fediverse server through the API that Mastodon clients use. @returns the post's text as the server has it */
export async function publish(kit: Kit, person: { id: string; password: string }, text: string): Promise<string> {
  const { url, token } = await appToken(kit, person)
  const answer = await fetch(`${url}/api/v1/statuses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams({ status: text, visibility: 'public' }),
  })
  if (!answer.ok) throw new Error(`The post was refused: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { content: string }).content
}

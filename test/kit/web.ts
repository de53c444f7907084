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
export function handshake(port: number, servername: string | null): Promise<'accepted' | 'refused'> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      timeout: 20_000,
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
export async function trust(kit: Kit): Promise<void> {
  const { body } = await request('http', { port: kit.ports.plain }, '/ca.crt')
  tls.setDefaultCACertificates([...tls.getCACertificates(), body])
}

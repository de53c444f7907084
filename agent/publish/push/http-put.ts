import { folderAddress } from '../log-address.ts'
import type { CollectorPlace } from '../outbox.ts'
import type { Grant } from './grant.ts'
import { type Answer, Line, type LineOptions } from './line.ts'
import type { ParcelFile, Sender } from './parcel.ts'
import { PlaceTrouble, quoted } from './trouble.ts'

/** Sends files by HTTP PUT, as WebDAV servers and many static hosts take them. */
export function httpSender(place: CollectorPlace & { kind: 'http' }, grant: Grant, options: LineOptions): Sender {
  const line = new Line(grant, options)
  const base = folderAddress(place.url)
  const { user, password } = place
  const login = user === undefined ? {} : { authorization: basic(user, password ?? '') }
  return {
    send: async (files) => {
      for (const file of files) {
        const url = new URL(file.name, base)
        const headers = { 'content-type': contentType(file), ...login }
        refuseFailure(url, await line.ask(url, { method: 'PUT', headers, body: file.content }))
      }
    },
    close: () => line.close(),
  }
}

/** What it is, for hosts that pass on what they were told. */
export function contentType({ name }: ParcelFile): string {
  if (name.endsWith('.json')) return 'application/json'
  return name.includes('/tile/') ? 'application/octet-stream' : 'text/plain; charset=utf-8'
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function refuseFailure(url: URL, { status, headers }: Answer): void {
  if (status >= 200 && status < 300) return
  const { host, pathname } = url
  if (status >= 300 && status < 400) {
    const to = quoted(headers.location ?? '')
    throw new PlaceTrouble(
      'place.redirect',
      { host, to },
      `${host} sends to another address: ${to === '' ? 'it does not say which' : to}.`,
      'Write that address in its place if it is right.',
    )
  }
  const [code, next] = nextStep(status)
  throw new PlaceTrouble(code, { host, status, path: pathname }, `${host} answered ${status} to ${pathname}.`, next)
}

/** By the status of an answer: the trouble's code, and what to do. */
function nextStep(status: number): [code: string, next: string] {
  if (status === 401 || status === 403)
    return ['place.login', 'Check name and password, and whether they may write there.']
  if (status === 404 || status === 409)
    return ['place.folders', 'Have the server make missing folders by itself (nginx: create_full_put_path on).']
  if (status === 405 || status === 501)
    return ['place.no-put', 'The server does not take files by PUT there: check the address.']
  if (status === 413 || status === 507) return ['place.full', 'Make room on the server, or let it take larger files.']
  return ['place.answer', 'It is tried again; if it stays so, ask whoever runs it.']
}

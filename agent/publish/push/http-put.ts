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
  const answered = `${url.host} answered ${status} to ${url.pathname}.`
  if (status >= 300 && status < 400)
    throw new PlaceTrouble(
      `${url.host} sends to another address: ${quoted(headers.location ?? 'it does not say which')}.`,
      'Write that address in its place if it is right.',
    )
  throw new PlaceTrouble(answered, nextStep(status))
}

function nextStep(status: number): string {
  if (status === 401 || status === 403) return 'Check name and password, and whether they may write there.'
  if (status === 404 || status === 409)
    return 'Have the server make missing folders by itself (nginx: create_full_put_path on).'
  if (status === 405 || status === 501) return 'The server does not take files by PUT there: check the address.'
  if (status === 413 || status === 507) return 'Make room on the server, or let it take larger files.'
  return 'It is tried again; if it stays so, ask whoever runs it.'
}

import { folderAddress } from '../log-address.ts'
import type { CollectorPlace } from '../outbox.ts'
import type { Grant } from './grant.ts'
import { contentType } from './http-put.ts'
import { type Answer, Line, type LineOptions } from './line.ts'
import type { Sender } from './parcel.ts'
import { signed } from './sigv4.ts'
import { PlaceTrouble, quoted } from './trouble.ts'

/** Puts files into a bucket of S3 or its likes, by `ENDPOINT/BUCKET/PREFIX`. */
export function s3Sender(place: CollectorPlace & { kind: 's3' }, grant: Grant, options: LineOptions): Sender {
  const line = new Line(grant, options)
  const base = folderAddress(`${folderAddress(place.endpoint)}${place.bucket}/${place.prefix.replace(/^\/+/, '')}`)
  return {
    send: async (files) => {
      for (const file of files) {
        const url = new URL(file.name, base)
        const headers = { 'content-type': contentType(file) }
        const request = { method: 'PUT', url, headers, body: file.content } as const
        const answer = await line.ask(url, {
          method: 'PUT',
          headers: signed(request, place, Date.now()),
          body: file.content,
        })
        refuseFailure(url, answer)
      }
    },
    close: () => line.close(),
  }
}

function refuseFailure(url: URL, { status, headers, body }: Answer): void {
  if (status >= 200 && status < 300) return
  const code = /<Code>([A-Za-z0-9]{1,60})<\/Code>/.exec(body.toString('utf8'))?.[1]
  const what = `${url.host} answered ${status}${code ? ` ${code}` : ''} to ${url.pathname}.`
  if (status >= 300 && status < 400)
    throw new PlaceTrouble(
      `${what} It sends to ${quoted(headers.location ?? 'another region or endpoint')}.`,
      'Write the endpoint and region of the bucket.',
    )
  throw new PlaceTrouble(what, steps[code ?? ''] ?? otherStep(status))
}

const steps: Record<string, string> = {
  AccessDenied: 'Let the key write objects below the prefix (s3:PutObject).',
  InvalidAccessKeyId: 'Copy the access key from the provider again.',
  NoSuchBucket: 'Check the name of the bucket.',
  RequestTimeTooSkewed: 'The clock of the kit is wrong: see its diagnosis page.',
  SignatureDoesNotMatch: 'Copy the secret key from the provider again, and check the region.',
}

function otherStep(status: number): string {
  if (status === 403) return 'Check access key, secret key and region.'
  return 'It is tried again; if it stays so, check endpoint, region and bucket.'
}

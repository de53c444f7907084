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
  const { host, pathname } = url
  const said = /<Code>([A-Za-z0-9]{1,60})<\/Code>/.exec(body.toString('utf8'))?.[1]
  const answer = said ? `${status} ${said}` : String(status)
  const what = `${host} answered ${answer} to ${pathname}.`
  const facts = { host, status: answer, path: pathname }
  if (status >= 300 && status < 400)
    throw new PlaceTrouble(
      'place.s3-region',
      facts,
      `${what} It sends to ${quoted(headers.location ?? 'another region or endpoint')}.`,
      'Write the endpoint and region of the bucket.',
    )
  const [code, next] = steps.get(said ?? '') ?? otherStep(status)
  throw new PlaceTrouble(code, facts, what, next)
}

/** By what S3 calls it: the trouble's code, and what to do. */
const steps = new Map<string, [code: string, next: string]>([
  ['AccessDenied', ['place.s3-access', 'Let the key write objects below the prefix (s3:PutObject).']],
  ['InvalidAccessKeyId', ['place.s3-key-id', 'Copy the access key from the provider again.']],
  ['NoSuchBucket', ['place.s3-bucket', 'Check the name of the bucket.']],
  ['RequestTimeTooSkewed', ['place.s3-clock', 'The clock of the kit is wrong: see its diagnosis page.']],
  ['SignatureDoesNotMatch', ['place.s3-secret', 'Copy the secret key from the provider again, and check the region.']],
])

function otherStep(status: number): [code: string, next: string] {
  if (status === 403) return ['place.s3-keys', 'Check access key, secret key and region.']
  return ['place.s3-answer', 'It is tried again; if it stays so, check endpoint, region and bucket.']
}

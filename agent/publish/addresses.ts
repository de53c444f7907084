import { randomUUID } from 'node:crypto'
import { LogError } from '../ledger/log/error.ts'
import { parseWitnessKey } from '../ledger/log/note.ts'
import type { Collector, CollectorPlace, Witness } from './outbox.ts'
import { unreachable } from './reach.ts'
import { PublishingRefused } from './refused.ts'

/** What the owner may name of each. */
export const mostCollectors = 8
export const mostWitnesses = 8

const hostName = /^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/
const hostKey = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{32,1200}={0,2}$/

/** A collector as typed, with a new id. @throws PublishingRefused that never contains a secret */
export function checkCollector(value: unknown): Collector {
  const given = fields(value, 'collector', ['place', 'publicUrl'])
  return { id: randomUUID(), place: checkPlace(given.place), publicUrl: address(given.publicUrl, 'publicUrl') }
}

/** A collector that was stored. @throws PublishingRefused */
export function checkStoredCollector(value: unknown): Collector {
  const { id, ...rest } = fields(value, 'collector', ['id', 'place', 'publicUrl'])
  return { ...checkCollector(rest), id: text(id, 'id', /^[0-9a-f-]{36}$/, 'Use the id that was given.') }
}

/** @throws PublishingRefused */
export function checkWitness(value: unknown): Witness {
  const { url, key } = fields(value, 'witness', ['url', 'key'])
  const vkey = text(key, 'key', /^\S{1,600}$/, 'Copy the whole key (vkey) from the witness.')
  try {
    parseWitnessKey(vkey)
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    throw refuse('key', 'is not the key of a witness', 'Copy the whole key (vkey) from the witness.')
  }
  return { url: address(url, 'url').replace(/\/+$/, ''), key: vkey }
}

/** Where it takes files, without what only the kit may know: for pages and problems. */
export function placeShown(place: CollectorPlace): string {
  switch (place.kind) {
    case 'http':
      return place.url
    case 'sftp':
      return `${place.user}@${place.host}:${place.path}`
    case 's3':
      return `${place.endpoint.replace(/\/+$/, '')}/${place.bucket}/${place.prefix}`
  }
}

function checkPlace(value: unknown): CollectorPlace {
  const kind = (value as { kind?: unknown } | null)?.kind
  if (kind === 'http') {
    const { url, user, password } = fields(value, 'place', ['kind', 'url'], ['user', 'password'])
    const name = optional(user, 'user', /^[^\s:]{1,200}$/, 'Write the name without spaces and colons.')
    const secret = optional(
      password,
      'password',
      /^[\x20-\x7e]{1,500}$/,
      'Write at most 500 letters, digits and signs.',
    )
    return { kind, url: address(url, 'url'), ...(name && { user: name }), ...(secret && { password: secret }) }
  }
  if (kind === 'sftp') {
    const given = fields(value, 'place', ['kind', 'host', 'port', 'user', 'path', 'hostKey'])
    const { port } = given
    if (!Number.isInteger(port) || Number(port) < 1 || Number(port) > 65_535)
      throw refuse('port', 'is no port', 'Write a number from 1 to 65535, mostly 22.')
    const host = text(given.host, 'host', hostName, 'Write the server’s name in small letters.')
    const trouble = unreachable({ host, port: Number(port) })
    if (trouble) throw refuse('host', `cannot be used: ${trouble.what}`, trouble.next)
    return {
      kind,
      host,
      port: Number(port),
      user: text(given.user, 'user', /^[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}$/, 'Write the name of the account there.'),
      path: text(given.path, 'path', /^[A-Za-z0-9._/-]{1,200}$/, 'Write a folder of letters, digits, dots and dashes.'),
      hostKey: text(given.hostKey, 'hostKey', hostKey, 'Copy it from ssh-keyscan: ssh-ed25519 AAAA…'),
    }
  }
  if (kind === 's3') {
    const given = fields(value, 'place', ['kind', 'endpoint', 'region', 'bucket', 'prefix', 'keyId', 'secret'])
    return {
      kind,
      endpoint: address(given.endpoint, 'endpoint'),
      region: text(given.region, 'region', /^[a-z0-9-]{1,40}$/, 'Write one such as eu-central-1.'),
      bucket: text(given.bucket, 'bucket', /^[a-z0-9][a-z0-9.-]{1,62}$/, 'Write its name in small letters.'),
      prefix: text(given.prefix, 'prefix', /^([A-Za-z0-9._-]+\/)*$/, 'Write a folder that ends with /, or nothing.'),
      keyId: text(given.keyId, 'keyId', /^[\x21-\x7e]{1,200}$/, 'Copy it as it is.'),
      secret: text(given.secret, 'secret', /^[\x21-\x7e]{1,500}$/, 'Copy it as it is.'),
    }
  }
  throw refuse('kind', 'is none that is known', 'Choose HTTP, SFTP or S3.')
}

/** An address that hearth-publish gets to, and that holds nothing but server and path. */
function address(value: unknown, field: string): string {
  const next = 'Write one such as https://collector.example/gardens/, without name and password.'
  const url = typeof value === 'string' && value.length <= 500 ? URL.parse(value.trim()) : null
  if (!url) throw refuse(field, 'is not an address', next)
  const trouble = unreachable(url.href)
  if (trouble) throw refuse(field, `cannot be used: ${trouble.what}`, trouble.next)
  if (url.username || url.password || url.search || url.hash) throw refuse(field, 'has more than server and path', next)
  return url.href
}

function optional(value: unknown, field: string, form: RegExp, next: string): string | undefined {
  return value === undefined || value === '' ? undefined : text(value, field, form, next)
}

/** What was typed is never repeated: it may be a secret. */
function text(value: unknown, field: string, form: RegExp, next: string): string {
  if (typeof value === 'string' && form.test(value.trim())) return value.trim()
  throw refuse(field, 'cannot be used as it is', next)
}

function fields(
  value: unknown,
  field: string,
  required: readonly string[],
  others: readonly string[] = [],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse(field, 'must be an object', `Give ${required.join(', ')}.`)
  const given = value as Record<string, unknown>
  for (const name of required) if (given[name] === undefined) throw refuse(name, 'is missing', 'Fill it in.')
  for (const name of Object.keys(given))
    if (!required.includes(name) && !others.includes(name)) throw refuse(name, 'is not known', 'Leave it out.')
  return given
}

function refuse(field: string, what: string, next: string): PublishingRefused {
  return new PublishingRefused('address', field, `${field} ${what}.`, next)
}

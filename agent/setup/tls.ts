import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import net from 'node:net'
import path from 'node:path'
import type { ReleaseFacts } from '../api.ts'
import type { KitPaths } from '../paths.ts'
import { makeFolder, readJson, readText, writeDurably } from './files.ts'
import { isHostname, isServerName } from './names.ts'
import { type Lifetime, makeCertificate } from './openssl.ts'
import { type Run, run as realRun } from './run.ts'
import { fourWords } from './words.ts'

/*
 * The kit's certificates and a clock that cannot be trusted.
 *
 * A kit without a battery clock starts at the date its release was built or at the last time it saved: never later than
 * the true time, sometimes years earlier. Browsers judge by their own, right clock.
 *
 * - While time is not trusted, a certificate counts from the day before the release was built, which is past for
 *   everybody, and lasts 825 days: the longest that Apple's systems accept from any authority (the 398 days of public
 *   authorities do not bind a private one).
 * - Once time is trusted (NTP, or the browser's time confirmed at the claim) it is replaced by one of 397 days from
 *   yesterday, renewed when fewer than 60 are left.
 * - The authority itself lasts ten years from the later of build date and the kit's clock. Its name constraint keeps it to
 *   `.local` and `localhost`: who steals a kit's key cannot pose as a bank to a phone that trusts this kit. That is also why
 *   the server's permanent name, unknown when the authority is made, has a certificate signed by its own key; a public
 *   name needs a public authority's certificate anyway.
 */

const day = 24 * 60 * 60 * 1000
const leafDays = 397
const untrustedLeafDays = 825
const renewDays = 60
const authorityDays = 3650
const mostAddresses = 32

export interface CertificateNames {
  /** Without `.local`. */
  hostname: string
  /** Another name on the home network, where `hostname` is taken. */
  takenName?: string | null
  serverName: string | null
  /** As in NetworkFacts; what is no plain address is left out. */
  addresses: readonly string[]
}

export interface Certificates {
  changed: boolean
  /** SHA-256 of the authority's certificate (DER), lower-case hex. */
  caFingerprint: string
  caWords: string
}

/** Each file holds a key and its certificate in PEM, for root alone; nginx reads both from the one file. */
export function tlsFiles(paths: KitPaths) {
  return {
    ca: path.join(paths.tls, 'ca.pem'),
    /** For HOST.local, localhost and addresses: dashboard and trial server. */
    kit: path.join(paths.tls, 'kit.pem'),
    /** For the server's permanent name. */
    server: path.join(paths.tls, 'server.pem'),
  }
}

/**
 * Makes what is missing, about to expire or does not carry all names: the authority once, certificates when needed.
 * Can be repeated after a power cut at any point.
 * @returns `changed`: nginx must be reloaded
 * @throws when a name is not one, the release facts are missing, or openssl fails
 */
export async function ensureCertificates(
  paths: KitPaths,
  { hostname, takenName = null, serverName, addresses }: CertificateNames,
  run: Run = realRun,
  now: number = Date.now(),
): Promise<Certificates> {
  if (!isHostname(hostname)) throw new Error(`no certificate for the host name '${hostname}'`)
  if (serverName !== null && !isServerName(serverName)) throw new Error(`no certificate for the name '${serverName}'`)
  const clock: Clock = { now, built: await buildDate(paths), trusted: await timeTrusted(paths) }
  const files = tlsFiles(paths)
  await makeFolder(paths.tls, 0o700)
  let changed = false
  const make = async (file: string, request: Parameters<typeof makeCertificate>[2]) => {
    await writeDurably(file, await makeCertificate(run, paths.tls, request), { mode: 0o600 })
    changed = true
  }

  if ((await readCertificate(files.ca)) === null) {
    const lifetime = authorityLifetime(clock)
    const commonName = `Commonhearth kit ${hostname}`
    await make(files.ca, { commonName, lifetime, extensions: authorityExtensions, authority: null })
  }
  const ca = await readCertificate(files.ca)
  if (ca === null) throw new Error(`${files.ca} was written but cannot be read`)

  const locals = [hostname, ...(takenName === null ? [] : [takenName])].map((name) => `DNS:${name}.local`)
  const kitNames = [...locals, 'DNS:localhost', ...addressNames(addresses)]
  if (!leafIsGood(await readCertificate(files.kit), kitNames, clock, ca)) {
    const lifetime = leafLifetime(clock, ca)
    const extensions = leafExtensions(kitNames)
    await make(files.kit, { commonName: `${hostname}.local`, lifetime, extensions, authority: files.ca })
  }
  if (serverName !== null) {
    const serverNames = [`DNS:${serverName}`]
    if (!leafIsGood(await readCertificate(files.server), serverNames, clock, null)) {
      const lifetime = leafLifetime(clock, null)
      const extensions = leafExtensions(serverNames)
      await make(files.server, { commonName: serverName.slice(0, 64), lifetime, extensions, authority: null })
    }
  }
  const caFingerprint = createHash('sha256').update(ca.raw).digest('hex')
  return { changed, caFingerprint, caWords: fourWords(caFingerprint) }
}

/** A certificate file's certificate, or null if it is missing, broken, or key and certificate do not belong together. */
export async function readCertificate(file: string): Promise<X509Certificate | null> {
  const text = await readText(file)
  if (text === null) return null
  try {
    const certificate = new X509Certificate(text)
    return certificate.checkPrivateKey(createPrivateKey(text)) ? certificate : null
  } catch {
    return null
  }
}

/** Whether the kit's clock was set by a time server, or confirmed by the owner's browser, since it was switched on. */
export async function timeTrusted(paths: KitPaths): Promise<boolean> {
  return (await readText(paths.clockTrusted)) !== null || (await readText(paths.clockConfirmed)) !== null
}

interface Clock {
  now: number
  built: number
  trusted: boolean
}

const authorityExtensions = [
  'basicConstraints = critical, CA:TRUE, pathlen:0',
  'keyUsage = critical, keyCertSign, cRLSign',
  'subjectKeyIdentifier = hash',
  'nameConstraints = critical, permitted;DNS:local, permitted;DNS:localhost',
]

function leafExtensions(names: readonly string[]): string[] {
  return [
    'basicConstraints = critical, CA:FALSE',
    'keyUsage = critical, digitalSignature',
    'extendedKeyUsage = serverAuth',
    'subjectKeyIdentifier = hash',
    `subjectAltName = ${names.join(', ')}`,
  ]
}

function authorityLifetime({ now, built }: Clock): Lifetime {
  // A battery clock far in the future must not make an authority that outlives every format.
  const latest = Math.min(Math.max(built, now), built + authorityDays * day)
  return { from: built - day, until: latest + authorityDays * day }
}

function leafLifetime({ now, built, trusted }: Clock, ca: X509Certificate | null): Lifetime {
  const from = trusted ? now - day : built - day
  let until = from + (trusted ? leafDays : untrustedLeafDays) * day
  // An old image on a board whose clock, though not confirmed, has moved on: better longer than expired.
  if (until < now + renewDays * day) until = now + leafDays * day
  return { from, until: Math.min(until, ca ? Date.parse(ca.validTo) : until) }
}

/** Whether a certificate still does: signed by this authority (or itself), with these names, and for long enough. */
function leafIsGood(
  leaf: X509Certificate | null,
  names: readonly string[],
  clock: Clock,
  ca: X509Certificate | null,
): leaf is X509Certificate {
  if (leaf === null || !leaf.verify((ca ?? leaf).publicKey)) return false
  const carried = namesOf(leaf)
  if (!names.every((name) => carried.has(name))) return false
  const from = Date.parse(leaf.validFrom)
  const until = Date.parse(leaf.validTo)
  // Nothing lasts longer than its authority: renewing it would change nothing.
  if (ca !== null && until >= Date.parse(ca.validTo)) return true
  const provisional = until - from > leafDays * day
  if (clock.trusted && (provisional || from > clock.now)) return false
  return until - clock.now >= renewDays * day
}

function namesOf(leaf: X509Certificate): Set<string> {
  const entries = (leaf.subjectAltName ?? '').split(', ')
  return new Set(entries.map((entry) => entry.replace(/^IP Address:(.*)$/, (_, address) => `IP:${canonical(address)}`)))
}

function addressNames(addresses: readonly string[]): string[] {
  const plain = addresses.filter((address) => net.isIP(address) !== 0 && !address.includes('%'))
  return [...new Set(['127.0.0.1', ...plain])].slice(0, mostAddresses).map((address) => `IP:${canonical(address)}`)
}

/** One spelling for an address: openssl prints IPv6 without `::`. */
function canonical(address: string): string {
  return net.isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address
}

async function buildDate(paths: KitPaths): Promise<number> {
  const release = await readJson(paths.release, (value) => {
    const builtAt = Date.parse((value as ReleaseFacts | null)?.builtAt ?? '')
    if (Number.isNaN(builtAt)) throw new Error('has no builtAt date')
    return builtAt
  })
  if (release === null) throw new Error(`${paths.release} is missing: this is not a kit's system`)
  return release
}

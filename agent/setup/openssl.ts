import { generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { mustRun, type Run } from './run.ts'

/** From and until, milliseconds since 1970. */
export interface Lifetime {
  from: number
  until: number
}

export interface CertificateRequest {
  commonName: string
  lifetime: Lifetime
  /** X.509v3 extensions in openssl's own words, one a line. */
  extensions: readonly string[]
  /** File that holds the authority's key and certificate; null: signed by its own key. */
  authority: string | null
}

/**
 * Makes a P-256 key and a certificate with the openssl command. Works in a folder of its own inside `folder`, which must be
 * root's alone; the key never leaves it except in the answer.
 * @returns key and certificate in PEM, one after the other: one file, so that a power cut cannot part them
 */
export async function makeCertificate(run: Run, folder: string, request: CertificateRequest): Promise<string> {
  const work = path.join(folder, 'work')
  const at = (name: string) => path.join(work, name)
  // What a power cut left behind is swept away first.
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { mode: 0o700 })
  try {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    await writeFile(at('key.pem'), key, { mode: 0o600 })
    await writeFile(at('index.txt'), '')
    await writeFile(at('openssl.cnf'), configuration(work, request))
    const config = ['-config', at('openssl.cnf')]
    await mustRun(run, 'openssl', [
      'req',
      '-new',
      '-batch',
      ...config,
      '-key',
      at('key.pem'),
      '-out',
      at('request.pem'),
    ])
    const signer =
      request.authority === null
        ? ['-selfsign', '-keyfile', at('key.pem')]
        : ['-keyfile', request.authority, '-cert', request.authority]
    const { from, until } = request.lifetime
    const dates = ['-startdate', generalizedTime(from), '-enddate', generalizedTime(until)]
    const files = ['-in', at('request.pem'), '-out', at('certificate.pem')]
    await mustRun(run, 'openssl', ['ca', '-batch', '-notext', ...config, ...signer, ...dates, ...files])
    return key + (await readFile(at('certificate.pem'), 'utf8'))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function configuration(work: string, { commonName, extensions }: CertificateRequest): string {
  return `[ca]
default_ca = kit
[kit]
database = ${work}/index.txt
new_certs_dir = ${work}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = subject
x509_extensions = extensions
[subject]
organizationName = supplied
commonName = supplied
[req]
distinguished_name = names
prompt = no
[names]
O = Commonhearth
CN = ${commonName}
[extensions]
${extensions.join('\n')}
`
}

function generalizedTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
}

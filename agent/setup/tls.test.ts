import type { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { type KitPaths, kitPaths } from '../paths.ts'
import { makeFolder, writeDurably } from './files.ts'
import { run } from './run.ts'
import { ensureCertificates, readCertificate, tlsFiles } from './tls.ts'

const day = 24 * 60 * 60 * 1000
const builtAt = Date.parse('2026-11-01T00:00:00Z')
const names = { hostname: 'hearth-ab12', serverName: null, addresses: ['192.168.1.20', 'fd00:0:0::20', 'fe80::1%eth0'] }

let paths: KitPaths
beforeEach(async () => {
  paths = kitPaths(await mkdtemp(path.join(os.tmpdir(), 'hearth-tls-')))
  await writeDurably(paths.release, JSON.stringify({ builtAt: new Date(builtAt).toISOString() }))
})

async function leaf(which: 'ca' | 'kit' | 'server' = 'kit'): Promise<X509Certificate> {
  return (await readCertificate(tlsFiles(paths)[which])) as X509Certificate
}

const trustTime = () => writeDurably(paths.clockTrusted, '')
const lifetimeDays = (c: X509Certificate) => (Date.parse(c.validTo) - Date.parse(c.validFrom)) / day

describe('ensureCertificates', () => {
  test('makes an authority and a certificate that openssl accepts, once', async () => {
    const first = await ensureCertificates(paths, names, run, builtAt + day)
    expect(first.changed).toBe(true)
    expect(first.caFingerprint).toMatch(/^[0-9a-f]{64}$/)
    expect(first.caWords.split(' ')).toHaveLength(4)
    expect((await leaf()).subjectAltName).toBe(
      'DNS:hearth-ab12.local, DNS:localhost, IP Address:127.0.0.1, IP Address:192.168.1.20, IP Address:FD00:0:0:0:0:0:0:20',
    )
    const { ca, kit } = tlsFiles(paths)
    const at = String(builtAt / 1000 + 86_400)
    const verify = await run('openssl', [
      'verify',
      '-x509_strict',
      '-attime',
      at,
      '-purpose',
      'sslserver',
      '-CAfile',
      ca,
      kit,
    ])
    expect(verify).toMatchObject({ code: 0, stdout: `${kit}: OK\n` })
    expect(((await stat(kit)).mode & 0o777).toString(8)).toBe('600')
    expect(((await stat(paths.tls)).mode & 0o777).toString(8)).toBe('700')
    const second = await ensureCertificates(paths, { ...names, addresses: [] }, run, builtAt + day)
    expect(second).toEqual({ ...first, changed: false })
  })

  test('the authority cannot speak for a public name', async () => {
    await ensureCertificates(paths, names, run, builtAt + day)
    const { makeCertificate } = await import('./openssl.ts')
    const authority = tlsFiles(paths).ca
    const pem = await makeCertificate(run, paths.tls, {
      commonName: 'bank.example',
      lifetime: { from: builtAt, until: builtAt + 30 * day },
      extensions: ['subjectAltName = DNS:bank.example'],
      authority,
    })
    const file = path.join(paths.tls, 'bank.pem')
    await writeFile(file, pem)
    const at = String(builtAt / 1000 + 86_400)
    const { code, stderr } = await run('openssl', ['verify', '-attime', at, '-CAfile', authority, file])
    expect(code).not.toBe(0)
    expect(stderr).toContain('permitted subtree violation')
  })

  test('a kit whose clock stands at the build date makes what is valid for a browser two years on', async () => {
    await ensureCertificates(paths, names, run, builtAt)
    const certificate = await leaf()
    expect(Date.parse(certificate.validFrom)).toBe(builtAt - day)
    expect(lifetimeDays(certificate)).toBe(825)
  })

  test('once time is trusted, a certificate of 397 days from yesterday replaces it', async () => {
    const before = await ensureCertificates(paths, names, run, builtAt)
    await trustTime()
    const now = builtAt + 700 * day
    const after = await ensureCertificates(paths, names, run, now)
    expect(after).toEqual({ ...before, changed: true })
    expect(Date.parse((await leaf()).validFrom)).toBe(now - day)
    expect(lifetimeDays(await leaf())).toBe(397)
    expect((await ensureCertificates(paths, names, run, now + 300 * day)).changed).toBe(false)
    expect((await ensureCertificates(paths, names, run, now + 340 * day)).changed).toBe(true)
  })

  test('after a restart without time, a good certificate is left alone', async () => {
    await trustTime()
    await ensureCertificates(paths, names, run, builtAt + 700 * day)
    const { rm } = await import('node:fs/promises')
    await rm(paths.clockTrusted)
    expect((await ensureCertificates(paths, names, run, builtAt)).changed).toBe(false)
  })

  test('an old image on a board with a clock is not born expired', async () => {
    const now = builtAt + 1200 * day
    await ensureCertificates(paths, names, run, now)
    expect(Date.parse((await leaf()).validTo)).toBeGreaterThan(now + 300 * day)
  })

  test('no certificate outlives the authority, and its last one is not made again at every look', async () => {
    await ensureCertificates(paths, names, run, builtAt)
    await trustTime()
    const late = builtAt + 3640 * day
    expect((await ensureCertificates(paths, names, run, late)).changed).toBe(true)
    expect((await leaf()).validTo).toBe((await leaf('ca')).validTo)
    expect((await ensureCertificates(paths, names, run, late)).changed).toBe(false)
  })

  test('a new address or name makes a new certificate under the same authority', async () => {
    const first = await ensureCertificates(paths, names, run, builtAt + day)
    const moved = await ensureCertificates(paths, { ...names, addresses: ['10.0.0.7'] }, run, builtAt + day)
    const renamed = await ensureCertificates(paths, { ...names, hostname: 'kitchen' }, run, builtAt + day)
    expect([moved, renamed]).toEqual([first, first])
  })

  test("the server's permanent name has a certificate of its own that names nothing of the home", async () => {
    await ensureCertificates(paths, { ...names, serverName: 'social.example.org' }, run, builtAt + day)
    const certificate = await leaf('server')
    expect(certificate.subjectAltName).toBe('DNS:social.example.org')
    expect(certificate.ca).toBe(false)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
  })

  test('a torn or mixed-up file is made anew', async () => {
    await ensureCertificates(paths, names, run, builtAt + day)
    const { kit, ca } = tlsFiles(paths)
    const whole = await readFile(kit, 'utf8')
    for (const torn of [
      '',
      whole.slice(0, 300),
      whole.slice(0, -200),
      whole.split('-----BEGIN CERT')[0] + (await readFile(ca, 'utf8')),
    ]) {
      await writeFile(kit, torn)
      expect((await ensureCertificates(paths, names, run, builtAt + day)).changed).toBe(true)
    }
  })

  test('what a power cut left in the work folder is swept away', async () => {
    await makeFolder(path.join(paths.tls, 'work'))
    await writeFile(path.join(paths.tls, 'work', 'index.txt'), 'V\tgarbage')
    expect((await ensureCertificates(paths, names, run, builtAt + day)).changed).toBe(true)
  })

  test.each(['', 'a b', 'x\nsubjectAltName = DNS:bank', 'UPPER', `${'a'.repeat(64)}`])(
    'refuses the host name %j',
    (hostname) => expect(ensureCertificates(paths, { ...names, hostname }, run, builtAt)).rejects.toThrow('host name'),
  )

  test('says what is missing when release facts are', async () => {
    const { rm } = await import('node:fs/promises')
    await rm(paths.release)
    await expect(ensureCertificates(paths, names, run, builtAt)).rejects.toThrow('release.json is missing')
  })
})

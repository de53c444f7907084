import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KitFacts } from '../api.ts'
import { makeKitRoot } from '../testing/kit-root.ts'
import { plainPage, startingPage } from './pages.ts'
import { run } from './run.ts'
import { ensureCertificates, tlsFiles } from './tls.ts'
import { writeListeners } from './web.ts'
import { echo, nginx, Web } from './web-fixture.ts'

const words = { caFingerprint: 'ab'.repeat(32), caWords: 'amber canoe lilac tower' }

describe('the pages', () => {
  test.each(['en', 'de', 'fr'] as const)('the plain page in %s has what it must, and no form or script', (language) => {
    const { html } = plainPage({
      language,
      hostname: 'hearth-7f3a',
      dashboard: 'https://hearth-7f3a.local:8443/',
      ...words,
    })
    expect(html).toContain(`<html lang="${language}">`)
    expect(html).toContain('href="https://hearth-7f3a.local:8443/"')
    expect(html).toContain('href="/ca.crt"')
    expect(html).toContain(words.caWords)
    expect(html).toContain('abab abab')
    expect(html).not.toMatch(/<form|<script|<input|http:\/\//)
    expect(startingPage(language).html).toContain('http-equiv="refresh"')
  })
})

describe.skipIf(!nginx)('a trial', () => {
  let web: Web
  beforeAll(async () => {
    web = await Web.make({ serverName: null, language: 'de' })
    await web.start(echo, (request, response) => request.url !== '/held' && echo(request, response))
  })
  afterAll(() => web.stop())

  test('the plain page is whatever is asked for, never stored, and may do nothing', async () => {
    for (const pathname of ['/', '/anna', '/index.html', '/../../tls/ca.pem']) {
      const { body, head } = await web.curl(`http://127.0.0.1:${web.ports.plain}${pathname}`, '--path-as-is')
      if (pathname.includes('..')) continue
      expect(body).toContain('Dein Server zu Hause')
      expect(head).toContain('cache-control: no-store')
      expect(head).toContain("default-src 'none'")
    }
    expect((await web.curl(`http://127.0.0.1:${web.ports.plain}/`, '-d', 'a=b')).status).toBe(405)
  })

  test('the authority comes with the type that devices install', async () => {
    const { head, body } = await web.curl(`http://127.0.0.1:${web.ports.plain}/ca.crt`)
    expect(head).toContain('content-type: application/x-x509-ca-cert')
    expect(body).toContain('BEGIN CERTIFICATE')
    expect(body).not.toContain('PRIVATE')
  })

  test('who came by an address gets to the dashboard by it', async () => {
    const { head } = await web.curl(`http://127.0.0.1:${web.ports.plain}/dashboard`)
    expect(head).toContain(`location: https://127.0.0.1:${web.ports.dashboard}/`)
  })

  test('the server answers to its names and addresses', async () => {
    const local = await web.named('hearth-7f3a.local', web.ports.server, '/anna?x=1')
    expect(local.stderr).toBe('')
    expect(JSON.parse(local.body)).toMatchObject({ url: '/anna?x=1' })
    expect((await web.named('localhost', web.ports.server)).status).toBe(200)
    expect((await web.curl(`https://127.0.0.1:${web.ports.server}/`)).status).toBe(200)
    expect((await web.curl(`https://[::1]:${web.ports.server}/`, '-k')).status).toBe(200)
  })

  test('any other name has no handshake', async () => {
    for (const name of ['example.org', 'hearth-7f3a.local.evil.example', 'hearth-0000.local'])
      expect((await web.handshake('-servername', name)).stderr).toContain('unrecognized name')
    expect((await web.curl(`https://127.0.0.1:${web.ports.server}/`, '-H', 'Host: example.org')).status).toBe(421)
  })

  test('snac sees the client as nginx does, and no cookie', async () => {
    const cheat = [
      '-H',
      'X-Forwarded-For: 1.2.3.4',
      '-H',
      'Cookie: session=dashboard',
      '-H',
      'Proxy: http://evil.example',
    ]
    const { body } = await web.named('hearth-7f3a.local', web.ports.server, '/', ...cheat)
    const { headers } = JSON.parse(body)
    expect(headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', host: `hearth-7f3a.local:${web.ports.server}` })
    expect(headers).not.toHaveProperty('cookie')
    expect(headers).not.toHaveProperty('proxy')
  })

  test('uploads have a limit', async () => {
    const upload = path.join(web.kit.root, 'upload')
    await writeFile(upload, Buffer.alloc(17 * 1024 * 1024))
    expect((await web.named('hearth-7f3a.local', web.ports.server, '/', '--data-binary', `@${upload}`)).status).toBe(
      413,
    )
    await writeFile(upload, Buffer.alloc(15 * 1024 * 1024))
    const { body } = await web.named('hearth-7f3a.local', web.ports.server, '/', '--data-binary', `@${upload}`)
    expect(JSON.parse(body).size).toBe(15 * 1024 * 1024)
  })

  test('the dashboard keeps its cookie and sees host and client', async () => {
    const cookie = ['-H', 'Cookie: session=1', '-H', 'X-Forwarded-For: 1.2.3.4']
    const { body } = await web.named('hearth-7f3a.local', web.ports.dashboard, '/', ...cookie)
    const { headers } = JSON.parse(body)
    expect(headers).toMatchObject({ cookie: 'session=1', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' })
  })

  test('one address that asks for hundreds of pages at once leaves room for others', async () => {
    const held = await Promise.all(Array.from({ length: 300 }, () => hold(web.ports.dashboard)))
    try {
      expect(held.filter(({ refused }) => refused).length).toBeGreaterThanOrEqual(220)
      const other = await web.named('localhost', web.ports.dashboard, '/', '--interface', '127.0.0.2')
      expect(other.status, other.stderr).toBe(200)
    } finally {
      for (const { socket } of held) socket.destroy()
    }
  })

  test('plain HTTP at a TLS port is sent to TLS', async () => {
    const { head } = await web.curl(`http://127.0.0.1:${web.ports.dashboard}/claim`)
    expect(head).toContain(`location: https://127.0.0.1:${web.ports.dashboard}/claim`)
  })

  test('port 80 has no listener of its own', async () => {
    expect((await web.curl(`http://127.0.0.1:${web.ports.http}/`)).code).toBe(7)
  })
})

describe.skipIf(!nginx)('a named server', () => {
  let web: Web
  beforeAll(async () => {
    web = await Web.make({ serverName: 'social.example.org' })
    await web.start()
  })
  afterAll(() => web.stop())

  test('answers to its name alone', async () => {
    expect((await web.named('social.example.org', web.ports.server, '/anna')).status).toBe(200)
    for (const name of ['hearth-7f3a.local', 'localhost', 'www.social.example.org'])
      expect((await web.handshake('-servername', name)).stderr).toContain('unrecognized name')
    expect((await web.handshake('-noservername')).code).not.toBe(0)
    const smuggled = await web.named('social.example.org', web.ports.server, '/', '-H', 'Host: hearth-7f3a.local')
    expect(smuggled.status).toBe(421)
  })

  test('the dashboard is not behind it', async () => {
    const smuggled = await web.named('social.example.org', web.ports.server, '/', '-H', `Host: hearth-7f3a.local:8443`)
    expect(smuggled.status).toBe(421)
  })

  test('port 80 sends its name to TLS and says nothing to others', async () => {
    const own = await web.curl(`http://127.0.0.1:${web.ports.http}/anna?a=b`, '-H', 'Host: social.example.org')
    expect(own.head).toContain('location: https://social.example.org/anna?a=b')
    expect((await web.curl(`http://127.0.0.1:${web.ports.http}/`)).code).toBe(52)
    const home = await web.curl(`http://127.0.0.1:${web.ports.plain}/anna`, '-H', 'Host: social.example.org')
    expect(home.head).toContain('location: https://social.example.org/anna')
  })

  test('presents the certificate of its name, with nothing of the home in it', async () => {
    const { stderr } = await web.handshake('-servername', 'social.example.org')
    expect(stderr).toMatch(/CN ?= ?social\.example\.org/)
    const { stdout } = await run('openssl', ['x509', '-in', tlsFiles(web.paths).server, '-noout', '-text'])
    expect(stdout).not.toMatch(/hearth-|127\.0\.0\.1/)
  })
})

describe.skipIf(!nginx)('a program that does not answer', () => {
  test('a page says that it is starting and tries again', async () => {
    const web = await Web.make({ serverName: null })
    await web.start()
    try {
      await run('rm', [web.paths.dashboardSocket])
      const { status, body, head } = await web.named('hearth-7f3a.local', web.ports.dashboard)
      expect(status).toBe(503)
      expect(body).toContain('The server is starting')
      expect(head).toContain('retry-after: 3')

      await run('rm', [web.paths.snacSocket])
      const server = await web.named('hearth-7f3a.local', web.ports.server)
      expect(server.status).toBe(503)
      expect(server.body).toContain('The server is starting')
    } finally {
      await web.stop()
    }
  })
})

test('writing the listeners again leaves no others behind', async () => {
  const kit = await makeKitRoot({ kit: { serverName: null } })
  const facts = JSON.parse(await readFile(kit.paths.kit, 'utf8')) as KitFacts
  await expect(writeListeners(kit.paths, facts)).rejects.toThrow('make the certificates first')
  await ensureCertificates(kit.paths, { ...facts, addresses: [] }, run)
  await kit.write('data/hearth/nginx/old.conf', 'server {')
  await writeListeners(kit.paths, facts)
  expect(existsSync(path.join(kit.paths.nginx, 'old.conf'))).toBe(false)
  expect(await readFile(path.join(kit.paths.nginx, 'server.conf'), 'utf8')).toContain('listen 443 ssl default_server;')
  await kit.remove()
})

/** Asks for a page that is never answered, and comes back when nginx has taken or refused that. */
async function hold(port: number): Promise<{ socket: TLSSocket; refused: boolean }> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  socket.write('GET /held HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  const refused = once(socket, 'data').then(
    () => true,
    () => true,
  )
  return { socket, refused: await Promise.race([refused, sleep(2000, false)]) }
}

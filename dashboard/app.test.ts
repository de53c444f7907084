import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser } from './testing/browser.ts'
import { makeTestKit, ownerPassword, type TestKit } from './testing/kit.ts'

let kit: TestKit
let owner: Browser
beforeAll(async () => {
  kit = await makeTestKit()
  owner = new Browser(kit.app)
  await owner.signIn(ownerPassword)
})
afterAll(() => kit.stop())

describe('every answer', () => {
  test.each(['/sign-in', '/nowhere', '/'])('%s carries the security headers', async (url) => {
    const { headers } = await new Browser(kit.app).get(url)
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
    expect(headers['strict-transport-security']).toBeUndefined()
  })

  test('has nothing inline and nothing from another host', async () => {
    const { body } = await owner.get('/settings')
    expect(body).not.toMatch(/<style|style="|<script>|onclick|javascript:/)
    expect(body.match(/(?:src|href)="https?:[^"]+"/g) ?? []).toEqual([])
  })

  test('assets may be kept, and are found at the address the page names', async () => {
    const { body } = await owner.get('/settings')
    const style = /href="(\/assets\/[^"]+\.css)"/.exec(body)?.[1] as string
    const response = await new Browser(kit.app).get(style)
    expect(response.headers).toMatchObject({
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    })
    expect(Buffer.byteLength(response.body)).toBeLessThan(15_000)
    expect((await owner.get('/assets/../app.ts')).statusCode).toBe(404)
  })
})

describe('names', () => {
  test.each(['evil.example', 'hearth-7f3a.local.evil.example', 'hearth-0000.local'])('%s is refused', async (host) => {
    const stranger = new Browser(kit.app)
    stranger.headers = { host: `${host}:8443` }
    const response = await stranger.get('/sign-in')
    expect(response.statusCode).toBe(421)
    expect(response.body).toContain('https://192.168.1.20:8443/')
  })

  test('where another device has the name, advice is the one this kit goes by', async () => {
    const network = { addresses: ['192.168.1.20'], onLink: [], resolvers: [], announcedAs: 'hearth-7f3a-2' }
    await kit.root.write('run/hearth/network.json', network)
    const stranger = new Browser(kit.app)
    stranger.headers = { host: 'hearth-0000.local:8443' }
    expect((await stranger.get('/sign-in')).body).toContain('Open https://hearth-7f3a-2.local:8443/ instead')
    stranger.headers = { host: 'hearth-7f3a-2.local:8443' }
    expect((await stranger.get('/sign-in')).statusCode).toBe(200)
    await kit.root.write('run/hearth/network.json', { ...network, announcedAs: 'hearth-7f3a' })
    stranger.headers = { host: 'hearth-0000.local:8443' }
    expect((await stranger.get('/sign-in')).body).toContain('Open https://hearth-7f3a.local:8443/ instead')
    await kit.root.write('run/hearth/network.json', '{ "half')
    expect((await stranger.get('/sign-in')).body).toContain('Open https://hearth-7f3a.local:8443/ instead')
  })

  test('a hostile name is shown as text', async () => {
    const stranger = new Browser(kit.app)
    stranger.headers = { host: '<script>alert(1)</script>' }
    expect((await stranger.get('/')).body).toContain('&lt;script&gt;alert(1)')
  })

  test.each(['192.168.1.20:8443', '[fd00::20]:8443', 'localhost:8080'])('%s is answered', async (host) => {
    const stranger = new Browser(kit.app)
    stranger.headers = { host }
    expect((await stranger.get('/sign-in')).statusCode).toBe(200)
  })
})

describe('sessions', () => {
  test.each(['/', '/power', '/people', '/diagnosis/server/log', '/live', '/nowhere'])(
    '%s wants the owner',
    async (url) => {
      const response = await new Browser(kit.app).get(url)
      expect([response.statusCode, response.headers.location]).toEqual([303, '/sign-in'])
    },
  )

  test('the cookie is for this host alone', async () => {
    const browser = new Browser(kit.app)
    const response = await browser.signIn(ownerPassword)
    expect(response.headers['set-cookie']).toMatch(
      /^__Host-hearth=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=2592000$/,
    )
    expect((await browser.get('/settings')).statusCode).toBe(200)
  })

  test('signing out ends it, for a copied cookie too', async () => {
    const browser = new Browser(kit.app)
    await browser.signIn(ownerPassword)
    const copied = browser.cookies.get('__Host-hearth') as string
    await browser.get('/settings')
    expect((await browser.post('/sign-out', {})).headers.location).toBe('/sign-in?done=signed-out')
    const thief = new Browser(kit.app)
    thief.cookies.set('__Host-hearth', copied)
    expect((await thief.get('/settings')).statusCode).toBe(303)
  })

  test.each(['', 'x', 'a'.repeat(5000), '../../etc', '%00'])('a made-up cookie %j opens nothing', async (value) => {
    const browser = new Browser(kit.app)
    browser.cookies.set('__Host-hearth', value)
    expect((await browser.get('/settings')).statusCode).toBe(303)
  })
})

describe('forms', () => {
  const change = { hostname: 'stolen' }

  test('without a token, with another browser’s, or from another site change nothing', async () => {
    await owner.get('/settings')
    expect((await owner.post('/settings/kit-name', { ...change, csrf: '' })).statusCode).toBe(403)
    expect((await owner.post('/settings/kit-name', { ...change, csrf: 'x'.repeat(43) })).statusCode).toBe(403)
    expect((await owner.post('/settings/kit-name', { ...change, csrf: 'ü'.repeat(43) })).statusCode).toBe(403)
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'https://hearth-7f3a.local' },
    ]) {
      owner.headers = headers as Record<string, string>
      await owner.get('/settings')
      expect((await owner.post('/settings/kit-name', change)).statusCode).toBe(403)
    }
    owner.headers = {}
    expect(kit.helper.called('kit.rename')).toEqual([])
  })

  test('the sign-in form is protected as well', async () => {
    const browser = new Browser(kit.app)
    expect((await browser.post('/sign-in', { password: ownerPassword })).statusCode).toBe(403)
  })

  test('that are too large or not forms are refused with a page', async () => {
    await owner.get('/settings')
    const large = await owner.post('/settings/kit-name', { hostname: 'x'.repeat(20_000) })
    expect(large.statusCode).toBe(413)
    expect(large.body).toContain('more than this form can take')
    const json = await kit.app.inject({
      method: 'POST',
      url: '/sign-in',
      headers: { host: 'localhost', 'content-type': 'application/json' },
      payload: '{"password":"x"}',
    })
    expect(json.statusCode).toBe(415)
    expect(json.body).toContain('nothing was changed')
  })
})

describe('the login throttle', () => {
  test('slows a guesser and leaves the owner’s device alone', async () => {
    const slowed = await makeTestKit()
    try {
      const guesser = new Browser(slowed.app)
      await guesser.get('/sign-in')
      for (let guess = 0; guess < 5; guess++) {
        const response = await guesser.post('/sign-in', { password: `guess ${guess}` })
        expect(response.statusCode).toBe(422)
      }
      const response = await guesser.post('/sign-in', { password: ownerPassword })
      expect(response.statusCode).toBe(429)
      expect(response.body).toContain('Please wait')
      const injected = await slowed.app.inject({
        method: 'GET',
        url: '/sign-in',
        headers: { host: 'localhost' },
        remoteAddress: '192.168.1.30',
      })
      const cookie = injected.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
      const csrf = /name="csrf" value="([^"]+)"/.exec(injected.body)?.[1] as string
      const signedIn = await slowed.app.inject({
        method: 'POST',
        url: '/sign-in',
        headers: { host: 'localhost', cookie, 'content-type': 'application/x-www-form-urlencoded' },
        payload: new URLSearchParams({ csrf, password: ownerPassword }).toString(),
        remoteAddress: '192.168.1.30',
      })
      expect(signedIn.statusCode).toBe(303)
    } finally {
      await slowed.stop()
    }
  })
})

describe('errors', () => {
  test('show no internals and say what to do next', async () => {
    const broken = await makeTestKit()
    try {
      const browser = new Browser(broken.app)
      await writeFile(`${broken.root.paths.dashboardData}/owner.json`, '{"password": 5')
      const response = await browser.signIn(ownerPassword)
      expect(response.statusCode).toBe(500)
      expect(response.body).not.toMatch(/owner\.json|JSON|at .*\.ts/)
      expect(response.body).toContain('Try again in a minute')
    } finally {
      await broken.stop()
    }
  })

  test('an unreadable kit.json gets a plain answer', async () => {
    const broken = await makeTestKit()
    try {
      await writeFile(broken.root.paths.kit, '{"hostname":')
      const response = await new Browser(broken.app).get('/')
      expect(response.statusCode).toBe(500)
      expect(response.body).toContain('Restart the server')
      expect(response.body).not.toContain('kit.json')
    } finally {
      await broken.stop()
    }
  })

  test('a page that is not there says so', async () => {
    const response = await owner.get('/%3Cscript%3E')
    expect(response.statusCode).toBe(404)
    expect(response.body).toContain('There is no such page')
  })

  test('a silent agent costs the figures, not the page', async () => {
    const response = await owner.get('/costs')
    expect(response.statusCode).toBe(502)
    expect(response.body).toContain('does not answer')
    expect((await owner.get('/settings')).statusCode).toBe(200)
    expect((await owner.get('/diagnosis')).body).toContain('Fediverse server')
  })
})

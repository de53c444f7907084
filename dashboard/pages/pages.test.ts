import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../testing/browser.ts'
import { makeTestKit, ownerPassword, type TestKit } from '../testing/kit.ts'

const problem = {
  id: 'seed.unknown-key',
  where: 'hearth.yaml:12',
  what: 'The key “contry” is unknown <b>.',
  next: 'Write “country”.',
}

let kit: TestKit
let owner: Browser
beforeAll(async () => {
  kit = await makeTestKit({ problems: [problem] })
  await kit.startAgent()
  owner = new Browser(kit.app)
  await owner.signIn(ownerPassword)
})
afterAll(() => kit.stop())

describe('home', () => {
  test('puts what is wrong first, with the place and the next step', async () => {
    const { body, statusCode } = await owner.get('/')
    expect(statusCode).toBe(200)
    expect(body).toMatch(/\d things need you\./)
    expect(body).toContain('The key “contry” is unknown &lt;b&gt;.')
    expect(body).toContain('<code>hearth.yaml:12</code>')
    expect(body.indexOf('hearth.yaml:12')).toBeLessThan(body.indexOf('<dl class="facts">'))
  })

  test('has five lines, with this kit’s figures', async () => {
    const { body } = await owner.get('/')
    const facts = body.slice(body.indexOf('<dl class="facts">'), body.indexOf('</dl>'))
    expect(facts.match(/<dt>/g)).toHaveLength(5)
    expect(facts).toContain('https://hearth-7f3a.local/')
    expect(facts).toContain('192.168.1.20')
    expect(facts).toContain('0.1.0')
  })

  test('says on each page that this is a trial', async () => {
    for (const url of ['/', '/power', '/people', '/nowhere'])
      expect((await owner.get(url)).body).toContain('class="trial"')
  })
})

test('every page is rendered by the real agent’s figures, in every language', async () => {
  for (const language of ['en', 'de', 'fr']) {
    await kit.helper.handlers['kit.settings']({ language })
    for (const url of [
      '/',
      '/power',
      '/power?step=day',
      '/power?step=year',
      '/storage',
      '/storage?step=month',
      '/traffic',
      '/traffic?step=hour&of=2020-02-30',
      '/costs',
      '/costs?step=hour',
      '/costs?month=2020-02',
      '/costs/ledger',
      '/costs/public',
      '/costs/tariffs',
      '/costs/what-if',
      '/costs/what-if?kind=price&perKwh=0.4',
      '/people',
      '/diagnosis',
      '/settings',
    ]) {
      const { body, statusCode } = await owner.get(url)
      expect([url, statusCode]).toEqual([url, 200])
      expect(body).toContain(`<html lang="${language}">`)
      expect(body).not.toMatch(/undefined|\bNaN\b|\[object|Invalid Date/)
    }
  }
  await kit.helper.handlers['kit.settings']({ language: 'en' })
})

test('power says what the figure is: range, class, boundary, model', async () => {
  const { body } = await owner.get('/power')
  expect(body).toMatch(/data-live="watts">\d/)
  expect(body).toMatch(/between \d/)
  expect(body).toContain('Not measured.')
  expect(body).toContain('Raspberry Pi 4')
})

test('a reading of a power meter makes the estimate closer, and can be forgotten', async () => {
  await owner.get('/power/calibrate')
  expect((await owner.post('/power/calibrate', { action: 'typed', watts: 'many' })).body).toContain(
    'id="watts-mistake"',
  )
  await owner.get('/power/calibrate')
  for (const watts of ['1,234', '1.234', '0', '-2', '3000.5'])
    expect((await owner.post('/power/calibrate', { action: 'typed', watts })).body, watts).toContain(
      'id="watts-mistake"',
    )
  const { body } = await owner.post('/power/calibrate', { action: 'typed', watts: '2,9' })
  expect(body).toMatch(/The estimate was [\d.]+–[\d.]+.W, and is [\d.]+–[\d.]+.W now\./)
  expect(body).toContain('Readings in use')
  expect((await owner.get('/power')).body).toContain('your own readings at the wall')
  const short = await owner.post('/power/calibrate', { action: 'plug' })
  expect([short.statusCode, short.body.includes('ten minutes')]).toEqual([422, true])
  await owner.get('/power/calibrate')
  await owner.post('/power/calibrate', { action: 'forget' })
  expect((await kit.services.agent.settings()).calibration).toEqual([])
})

describe('settings', () => {
  test('prices are stored exactly, as the agent confirms', async () => {
    await owner.get('/settings')
    expect((await owner.post('/settings/electricity', { price: '0,3215' })).statusCode).toBe(303)
    await owner.post('/settings/other-costs', {
      internet: '',
      hardwarePrice: '84',
      hardwareYears: '7',
      domain: '12,50',
    })
    expect(await kit.services.agent.settings()).toMatchObject({
      pricePerKwh: '0.3215',
      internetPerMonth: null,
      hardware: { price: '84', years: 7 },
      domainPerYear: '12.5',
    })
  })

  test('a mistake comes back with what was typed, and changes nothing', async () => {
    await owner.get('/settings')
    const response = await owner.post('/settings/electricity', { price: '32"><script>' })
    expect(response.statusCode).toBe(422)
    expect(response.body).toContain('value="32&quot;&gt;&lt;script&gt;"')
    expect(await kit.services.agent.settings()).toMatchObject({ pricePerKwh: '0.3215' })
  })

  test('a plug is tried before it is used; one that is not on the home network is refused', async () => {
    await owner.get('/settings')
    for (const plug of ['10.9.8.7', 'plug.evil.example', '127.0.0.1', '']) {
      const response = await owner.post('/settings/plug', { plug, action: 'use', others: 'nothing' })
      expect([plug, response.statusCode]).toEqual([plug, 422])
      expect(response.body).not.toContain('id="others-mistake"')
    }
    expect((await kit.services.agent.settings()).plug).toBeNull()
  })

  test('what else hangs on a plug is asked, and has to be answered', async () => {
    const use = { plug: '192.168.1.40', action: 'use' }
    const { body } = await owner.get('/settings')
    expect(body).toContain('What else hangs on this plug?')
    for (const [field, answer] of [
      ['others', {}],
      ['others', { others: 'everything' }],
      ['othersLow', { others: 'something', othersLow: '7', othersHigh: '5' }],
      ['othersLow', { others: 'something', othersLow: '7', othersHigh: '' }],
      ['othersLow', { others: 'something', othersLow: 'many', othersHigh: '5' }],
    ] as const) {
      const response = await owner.post('/settings/plug', { ...use, ...answer })
      expect([response.statusCode, response.body.includes(`id="${field}-mistake"`)]).toEqual([422, true])
    }
    expect((await kit.services.agent.settings()).plug).toBeNull()
  })

  test('the household’s language and region go to the helper and the agent', async () => {
    await owner.get('/settings')
    await owner.post('/settings/household', { language: 'en', timezone: 'Europe/Vienna', currency: 'CHF' })
    expect(kit.helper.called('kit.settings').at(-1)).toEqual({
      language: 'en',
      timezone: 'Europe/Vienna',
      currency: 'CHF',
    })
    expect(await kit.services.agent.settings()).toMatchObject({ timezone: 'Europe/Vienna', currency: 'CHF' })
    const wrong = await owner.post('/settings/household', { language: 'xx', timezone: 'Nowhere', currency: 'EUR' })
    expect(wrong.statusCode).toBe(422)
  })

  test('a permanent name wants a domain and a tick', async () => {
    await owner.get('/settings')
    expect((await owner.post('/settings/server-name', { serverName: 'our.example' })).statusCode).toBe(422)
    expect((await owner.post('/settings/server-name', { serverName: 'nonsense', sure: 'yes' })).statusCode).toBe(422)
    expect(kit.helper.called('server.name')).toEqual([])
  })

  test('restart and power off ask first', async () => {
    expect((await owner.get('/settings/power-off')).body).toContain('Switch the server off?')
    expect(kit.helper.called('kit.poweroff')).toEqual([])
    await owner.post('/settings/power-off', {})
    expect(kit.helper.called('kit.poweroff')).toHaveLength(1)
  })

  test('a new password needs the present one and signs other devices out', async () => {
    const other = new Browser(kit.app)
    await other.signIn(ownerPassword)
    await owner.get('/settings')
    const next = { password: 'another long one', again: 'another long one' }
    expect((await owner.post('/settings/password', { ...next, present: 'wrong' })).statusCode).toBe(422)
    expect((await owner.post('/settings/password', { ...next, present: ownerPassword })).statusCode).toBe(200)
    expect((await other.get('/settings')).statusCode).toBe(303)
    expect((await owner.get('/settings')).statusCode).toBe(200)
    await kit.services.owner.setPassword(ownerPassword)
  })
})

describe('a name that another device has', () => {
  const announce = (announcedAs: string) =>
    kit.root.write('run/hearth/network.json', { addresses: ['192.168.1.20'], onLink: [], resolvers: [], announcedAs })
  const openSections = (body: string) =>
    [...body.matchAll(/<details class="fold" id="([a-z-]+)" open>/g)].map(([, id]) => id)

  test('is said on Home in the household’s language, and Settings proposes another', async () => {
    expect(openSections((await owner.get('/settings')).body)).toEqual([])
    await announce('hearth-7f3a-2')
    await kit.helper.handlers['kit.settings']({ language: 'de' })
    try {
      const home = (await owner.get('/')).body
      expect(home).toContain('deshalb findest du diesen Server als hearth-7f3a-2.local')
      // A link by the name would lead to the other device.
      for (const page of [home, (await owner.get('/people')).body, (await new Browser(kit.app).get('/sign-in')).body])
        expect(page).not.toContain('https://hearth-7f3a.local')
      const { body } = await owner.get('/settings')
      expect(openSections(body)).toEqual(['kit-name'])
      expect(body).toContain('value="hearth-1f1f"')
    } finally {
      await kit.helper.handlers['kit.settings']({ language: 'en' })
      await announce('hearth-7f3a')
    }
    expect((await owner.get('/')).body).not.toContain('Another device')
  })
})

test('Settings is folded, and open where something was just saved or refused', async () => {
  const open = (body: string) => [...body.matchAll(/<details class="fold" id="([a-z-]+)" open>/g)].map(([, id]) => id)
  expect(open((await owner.get('/settings?saved=household')).body)).toEqual(['household'])
  expect(open((await owner.post('/settings/electricity', { price: 'x' })).body)).toEqual(['electricity'])
})

describe('people', () => {
  test('are added with a password that is shown once', async () => {
    await owner.get('/people')
    const added = await owner.post('/people', { id: 'ben', name: 'Ben <b>' })
    expect(added.body).toContain('nW3+fresh/77')
    expect(added.headers['cache-control']).toBe('no-store')
    const list = await owner.get('/people')
    expect(list.body).toContain('Ben &lt;b&gt;')
    expect(list.body).not.toContain('nW3+fresh/77')
  })

  test.each([
    [{ id: 'a b', name: 'A' }],
    [{ id: 'BEN', name: 'Again' }],
    [{ id: 'ok', name: '' }],
    [{ id: '', name: 'x' }],
  ])('%j is not added', async (person) => {
    await owner.get('/people')
    const before = kit.helper.called('person.add').length
    expect((await owner.post('/people', person)).statusCode).toBe(422)
    expect(kit.helper.called('person.add')).toHaveLength(before)
  })

  test('are removed only when the short name is typed, and only if they exist', async () => {
    await owner.get('/people/ben/remove')
    expect((await owner.post('/people/ben/remove', { confirm: 'yes' })).statusCode).toBe(422)
    expect(kit.helper.called('person.remove')).toEqual([])
    expect((await owner.post('/people/..%2Fben/remove', { confirm: '../ben' })).statusCode).toBe(404)
    expect((await owner.post('/people/ben/remove', { confirm: 'ben' })).body).toContain('has been removed')
    expect(kit.helper.called('person.remove')).toEqual([{ id: 'ben' }])
  })
})

describe('diagnosis', () => {
  test('messages of a service are shown as text', async () => {
    const { body } = await owner.get('/diagnosis/server/log')
    expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  })

  test('only services that exist are asked or restarted', async () => {
    await owner.get('/diagnosis')
    for (const name of ['nginx.service', 'constructor', '__proto__', '..']) {
      expect((await owner.post(`/diagnosis/${name}/restart`, {})).statusCode).toBe(404)
    }
    expect(kit.helper.called('service.restart')).toEqual([])
    await owner.post('/diagnosis/web/restart', {})
    expect(kit.helper.called('service.restart')).toEqual([{ name: 'web' }])
  })
})

test('live figures come as ready texts, for the owner only', async () => {
  await kit.app.listen({ host: '127.0.0.1', port: 0 })
  const address = kit.app.server.address() as { port: number }
  const origin = `http://127.0.0.1:${address.port}`
  expect((await fetch(`${origin}/live`, { redirect: 'manual' })).status).toBe(303)
  const cookie = `__Host-hearth=${owner.cookies.get('__Host-hearth')}`
  const stop = new AbortController()
  const response = await fetch(`${origin}/live`, { headers: { cookie }, signal: stop.signal })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  let text = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    if (/data: .*\n\n/.test(text)) break
  }
  stop.abort()
  const texts = JSON.parse(/data: (.*)\n\n/.exec(text)?.[1] ?? '{}')
  expect(texts.watts).toMatch(/^\d+(\.\d)?\sW$/)
  expect(texts.class).toBe('estimated')
})

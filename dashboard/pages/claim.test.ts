import { access, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Browser } from '../testing/browser.ts'
import { Refused } from '../testing/helper-server.ts'
import { makeTestKit, type TestKit } from '../testing/kit.ts'

let kit: TestKit
let browser: Browser
beforeEach(async () => {
  kit = await makeTestKit({ kit: { claimed: false, timezone: 'UTC' } })
  browser = new Browser(kit.app)
})
afterEach(() => kit.stop())

const answers = {
  code: 'abcd efgh jklm',
  language: 'de',
  timezone: 'Europe/Berlin',
  currency: 'EUR',
  price: '0,32',
  password: 'vier zufällige Wörter',
  again: 'vier zufällige Wörter',
  naming: 'trial',
  serverName: '',
  personId: 'ada',
  personName: 'Ada <Lovelace>',
}

async function ownerFileExists(): Promise<boolean> {
  return access(path.join(kit.root.paths.dashboardData, 'owner.json')).then(
    () => true,
    () => false,
  )
}

describe('an unclaimed kit', () => {
  test.each(['/', '/sign-in', '/people', '/settings/power-off', '/nowhere'])(
    'leads from %s to the claim',
    async (url) => {
      const response = await browser.get(url)
      expect([response.statusCode, response.headers.location]).toEqual([303, '/claim'])
    },
  )

  test('shows the words of its certificate, and where the code stands', async () => {
    const { body } = await browser.get('/claim')
    expect(body).toContain('amber canoe lilac tower')
    expect(body).toContain('CLAIM-CODE.txt')
  })

  test('speaks the browser’s language, or the one chosen', async () => {
    browser.headers = { 'accept-language': 'nl;q=0.9, fr-CA;q=0.8, en;q=0.5' }
    expect((await browser.get('/claim')).body).toContain('<html lang="fr">')
    await browser.get('/claim?language=de')
    expect((await browser.get('/claim')).body).toContain('<html lang="de">')
    expect((await browser.get('/claim?language=%3Cscript%3E')).body).toContain('<html lang="de">')
  })

  test('asks again after a wrong code, and says how long to wait', async () => {
    await browser.get('/claim')
    const wrong = await browser.post('/claim', { code: 'WRONG' })
    expect(wrong.statusCode).toBe(422)
    expect(wrong.body).toContain('This is not the claim code')
    kit.helper.retryAfterSeconds = 8
    const slowed = await browser.post('/claim', { code: 'WRONG' })
    expect([slowed.statusCode, slowed.headers['retry-after']]).toEqual([429, '8'])
    expect(slowed.body).toContain('wait 8 seconds')
  })

  test.each([
    ['en', 'yours was not looked at yet'],
    ['de', 'deiner wurde noch nicht geprüft'],
    ['fr', 'le vôtre n’a pas encore été vérifié'],
  ])('says to whom it gives no turn that the code was not looked at, in %s', async (language, text) => {
    await browser.get(`/claim?language=${language}`)
    const end = Promise.withResolvers<void>()
    const turns = Array.from({ length: 65 }, () => kit.services.claimTurns.take('127.0.0.1', () => end.promise))
    for (const [address, fields] of [
      ['/claim', { code: answers.code }],
      ['/claim/finish', answers],
    ] as const) {
      const refused = await browser.post(address, fields)
      expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '10'])
      expect(refused.body).toContain(text)
    }
    end.resolve()
    await Promise.all(turns)
    expect(kit.helper.called('claim.check')).toEqual([])
  })

  test('does not even ask about an empty or endless code', async () => {
    await browser.get('/claim')
    expect((await browser.post('/claim', { code: '' })).statusCode).toBe(422)
    expect((await browser.post('/claim', { code: 'A'.repeat(900) })).statusCode).toBe(422)
    expect(kit.helper.called('claim.check')).toEqual([])
  })

  test('says what to do when the helper is silent', async () => {
    await browser.get('/claim')
    await kit.helper.stop()
    const response = await browser.post('/claim', { code: answers.code })
    expect(response.statusCode).toBe(502)
    expect(response.body).toContain('switch the server off and on')
  })
})

describe('the claim', () => {
  test('without a script: code, questions, first person, and the browser is signed in', async () => {
    await kit.startAgent()
    await browser.get('/claim')
    const form = await browser.post('/claim', { code: answers.code })
    expect(form.body).toContain('name="personId"')
    const done = await browser.post('/claim/finish', answers)
    expect(done.statusCode).toBe(200)
    expect(done.body).toContain('<html lang="de">')
    expect(done.body).toContain('kV9+tQ/2mZ4x')
    expect(done.body).toContain('https://hearth-7f3a.local/ada/admin')
    expect(done.body).toContain('Ada &lt;Lovelace&gt;')
    expect(kit.helper.called('claim.finish')).toEqual([
      {
        code: answers.code,
        language: 'de',
        timezone: 'Europe/Berlin',
        currency: 'EUR',
        serverName: null,
        person: { id: 'ada', name: 'Ada <Lovelace>' },
      },
    ])
    expect(await kit.services.agent.settings()).toMatchObject({ pricePerKwh: '0.32', timezone: 'Europe/Berlin' })
    expect((await browser.get('/settings')).statusCode).toBe(200)
    expect(await kit.services.owner.matches(answers.password)).toBe(true)
    const stranger = new Browser(kit.app)
    expect((await stranger.get('/claim')).headers.location).toBe('/')
  })

  test('goes on when the agent is silent, and says that the price is missing', async () => {
    await browser.get('/claim')
    await browser.post('/claim', { code: answers.code })
    const done = await browser.post('/claim/finish', answers)
    expect(done.statusCode).toBe(200)
    expect(done.body).toContain('Der Strompreis konnte nicht gespeichert werden')
  })

  test('takes a permanent name, in ASCII', async () => {
    await browser.get('/claim')
    await browser.post('/claim', { code: answers.code })
    const done = await browser.post('/claim/finish', { ...answers, naming: 'named', serverName: 'Bücher.example' })
    expect(done.body).toContain('https://xn--bcher-kva.example/ada/admin')
    expect(done.body).not.toContain('Probebetrieb:')
  })

  test.each([
    [{ password: 'kurz', again: 'kurz' }, 'has 4 characters and needs at least 10'],
    [{ again: 'something else' }, 'The two passwords differ'],
    [{ price: '32' }, 'This looks like cents'],
    [{ price: 'cheap' }, 'a number like 0.32'],
    [{ timezone: '../../etc/passwd' }, 'choose one from the list'],
    [{ language: 'xx' }, 'choose one from the list'],
    [{ currency: 'DEM' }, 'choose one from the list'],
    [{ naming: '' }, 'choose one of the two'],
    [{ naming: 'named', serverName: 'https://x/' }, 'without https://'],
    [{ personId: 'ada; reboot' }, 'only letters, digits and _'],
    [{ personName: 'x'.repeat(61) }, 'at most 60'],
  ])('%j comes back with the rest kept, and nothing is written', async (change, text) => {
    await browser.get('/claim')
    await browser.post('/claim', { code: answers.code })
    const response = await browser.post('/claim/finish', { ...answers, personName: 'Ada "L"', ...change })
    expect(response.statusCode).toBe(422)
    expect(response.body).toContain(text)
    if (!('personName' in change)) expect(response.body).toContain('value="Ada &quot;L&quot;"')
    expect(response.body).not.toContain(answers.password)
    expect(kit.helper.called('claim.finish')).toEqual([])
    expect(await ownerFileExists()).toBe(false)
  })

  test('a wrong code at the last step writes nothing', async () => {
    await browser.get('/claim')
    const response = await browser.post('/claim/finish', { ...answers, code: 'GUESS' })
    expect(response.statusCode).toBe(422)
    expect(await ownerFileExists()).toBe(false)
  })

  test('can be finished after it was cut off before the helper was done', async () => {
    const usual = kit.helper.handlers['claim.finish']
    kit.helper.handlers['claim.finish'] = () => {
      throw new Refused('person.failed', 'The account could not be made.', 'Try again.')
    }
    await browser.get('/claim')
    const failed = await browser.post('/claim/finish', {
      ...answers,
      password: 'first attempt',
      again: 'first attempt',
    })
    expect(failed.statusCode).toBe(422)
    expect(failed.body).toContain('The account could not be made.')
    expect((await new Browser(kit.app).get('/')).headers.location).toBe('/claim')
    kit.helper.handlers['claim.finish'] = usual
    expect((await browser.post('/claim/finish', answers)).statusCode).toBe(200)
    expect(await kit.services.owner.matches(answers.password)).toBe(true)
  })

  test('of two at the same time one wins, and its password stays', async () => {
    const [one, two] = [new Browser(kit.app), new Browser(kit.app)]
    await Promise.all([one.get('/claim'), two.get('/claim')])
    const [first, second] = await Promise.all([
      one.post('/claim/finish', { ...answers, password: 'the first password', again: 'the first password' }),
      two.post('/claim/finish', { ...answers, password: 'the second password', again: 'the second password' }),
    ])
    expect([first.statusCode, second.statusCode].sort()).toEqual([200, 303])
    const winner = first.statusCode === 200 ? 'the first password' : 'the second password'
    expect(await kit.services.owner.matches(winner)).toBe(true)
    expect(kit.helper.called('claim.finish')).toHaveLength(1)
  })

  test('leaves no secret in the kit’s facts', async () => {
    await browser.get('/claim')
    await browser.post('/claim/finish', answers)
    const facts = await readFile(kit.root.paths.kit, 'utf8')
    expect(facts).not.toMatch(/kV9|zufällige|efgh/i)
  })
})

describe('a kit whose name another device has', () => {
  const network = { addresses: ['192.168.1.20'], onLink: [], resolvers: [], announcedAs: 'hearth-7f3a-2' }
  const place = 'href="/settings#kit-name"'

  test('says so at the first step and at the end, with another name and where to give it', async () => {
    await kit.root.write('run/hearth/network.json', network)
    const { body } = await browser.get('/claim')
    expect(body).toContain('called hearth-7f3a.local, so this server is found as hearth-7f3a-2.local')
    expect(body).toContain('for example hearth-1f1f')
    const done = await browser.post('/claim/finish', answers)
    expect(done.body).toContain('deshalb findest du diesen Server als hearth-7f3a-2.local')
    expect(done.body).toContain(`<a ${place}>Gib ihm einen anderen Namen, zum Beispiel hearth-1f1f</a>`)
    expect(done.body).toContain('vor dem ersten Beitrag')
    // That is the other device, and the password is not for it.
    expect(done.body).not.toContain('https://hearth-7f3a.local/')
    expect(done.body).toContain('kV9+tQ/2mZ4x')
  })

  test('has its permanent name all the same', async () => {
    await kit.root.write('run/hearth/network.json', network)
    await browser.get('/claim')
    const named = { ...answers, naming: 'named', serverName: 'our-house.example' }
    const { body } = await browser.post('/claim/finish', named)
    expect(body).toContain(place)
    expect(body).toContain('https://our-house.example/ada/admin')
    expect(body).not.toContain('vor dem ersten Beitrag')
  })

  test('is not said to be one otherwise', async () => {
    await kit.root.write('run/hearth/network.json', { ...network, announcedAs: 'hearth-7f3a' })
    expect((await browser.get('/claim')).body).not.toContain('Another device')
    expect((await browser.post('/claim/finish', answers)).body).not.toContain(place)
  })
})

describe('the clock', () => {
  beforeEach(async () => {
    await kit.stop()
    kit = await makeTestKit({ kit: { claimed: false, timezone: 'UTC' }, clockTrusted: false })
    browser = new Browser(kit.app)
    await browser.get('/claim')
  })

  test('is set from what was typed, in the zone that was chosen', async () => {
    expect((await browser.post('/claim', { code: answers.code })).body).toContain('name="time"')
    await browser.post('/claim/finish', { ...answers, time: '2026-11-24 18:30' })
    expect(kit.helper.called('clock.confirm')).toEqual([{ epochSeconds: Date.parse('2026-11-24T17:30:00Z') / 1000 }])
  })

  test('is set from the device when the script sent its time', async () => {
    await browser.post('/claim/finish', { ...answers, time: '2026-11-24 18:30', deviceSeconds: '1795541412' })
    expect(kit.helper.called('clock.confirm')).toEqual([{ epochSeconds: 1795541412 }])
  })

  test('is left alone when nothing was given, and nonsense is told', async () => {
    expect((await browser.post('/claim/finish', { ...answers, time: 'half past six' })).statusCode).toBe(422)
    expect((await browser.post('/claim/finish', answers)).statusCode).toBe(200)
    expect(kit.helper.called('clock.confirm')).toEqual([])
  })
})

describe('the move to an internal disk', () => {
  const disk = { name: 'nvme0n1', model: 'Big <Disk>', serial: 'S1', size: 5e11, content: [] }

  test('is offered after the code, wants the name typed, and needs the code', async () => {
    kit.helper.disks = [disk]
    await browser.get('/claim')
    const offer = await browser.post('/claim', { code: answers.code })
    expect(offer.body).toContain('Big &lt;Disk&gt;')
    const wrong = await browser.post('/claim/move', { code: answers.code, disk: 'nvme0n1', confirm: 'yes' })
    expect([wrong.statusCode, kit.helper.called('disk.move')]).toEqual([422, []])
    const unknown = await browser.post('/claim/move', { code: answers.code, disk: 'sda', confirm: 'sda' })
    expect([unknown.statusCode, kit.helper.called('disk.move')]).toEqual([422, []])
    const guess = await browser.post('/claim/move', { code: 'GUESS', disk: 'nvme0n1', confirm: 'nvme0n1' })
    expect([guess.statusCode, kit.helper.called('disk.move')]).toEqual([422, []])
    await browser.get('/claim')
    const moving = await browser.post('/claim/move', { code: answers.code, disk: 'nvme0n1', confirm: 'nvme0n1' })
    expect(moving.headers.location).toBe('/claim/moving')
    expect(kit.helper.called('disk.move')).toEqual([{ name: 'nvme0n1', confirm: 'nvme0n1' }])
  })

  test('can be declined', async () => {
    kit.helper.disks = [disk]
    await browser.get('/claim')
    const form = await browser.post('/claim', { code: answers.code, stay: 'yes' })
    expect(form.body).toContain('name="personId"')
  })

  test('shows how far it is, and how it ended', async () => {
    const progress = { state: 'copying', step: 'data', disk: 'nvme0n1', doneBytes: 25, totalBytes: 100, problem: null }
    await kit.root.write('run/hearth/move.json', progress)
    const copying = await browser.get('/claim/moving')
    expect(copying.body).toContain('25%')
    expect(copying.body).toContain('http-equiv="refresh"')
    const problem = { code: 'x', message: 'The disk gave up.', next: 'Replace it.' }
    await kit.root.write('run/hearth/move.json', { ...progress, state: 'failed', problem })
    expect((await browser.get('/claim/moving')).body).toContain('The disk gave up. Replace it.')
    await kit.root.write('run/hearth/move.json', { ...progress, state: 'done' })
    expect((await browser.get('/claim/moving')).body).toContain('claim it with the same code')
  })
})

test('before the first set-up is done every page says so and looks again', async () => {
  const { rm } = await import('node:fs/promises')
  await rm(kit.root.paths.kit)
  browser.headers = { host: '192.168.1.20:8443' }
  const response = await browser.get('/')
  expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '5'])
  expect(response.body).toContain('getting ready')
})

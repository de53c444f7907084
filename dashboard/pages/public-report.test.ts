import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../testing/browser.ts'
import { makeTestKit, ownerPassword, type TestKit } from '../testing/kit.ts'

const address = '/costs/public'
let kit: TestKit
let trial: TestKit
let owner: Browser
beforeAll(async () => {
  kit = await makeTestKit({ kit: { serverName: 'hearth.example' } })
  trial = await makeTestKit()
  await Promise.all([kit.startAgent(), trial.startAgent()])
  await kit.services.agent.recordEntry({
    kind: 'bill',
    period: { from: today, to: tomorrow },
    amounts: [{ value: '31.40', unit: 'EUR' }],
    source: 'typed',
    audience: 'members',
  })
  await kit.services.agent.tellPeople(7)
  owner = new Browser(kit.app)
  await owner.signIn(ownerPassword)
})
afterAll(async () => {
  await kit.stop()
  await trial.stop()
})

const berlin = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' })
const today = berlin.format(Date.now())
const tomorrow = new Date(Date.parse(`${today}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
const hiddenOf = (body: string, action: string) => {
  const form = body.slice(body.indexOf(`action="${address}/${action}"`)).split('</form>')[0] ?? ''
  const fields = [...form.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)]
  return Object.fromEntries(fields.map(([, name, value]) => [name, value]))
}

describe('the public report', () => {
  test('shows what others would see, and what is left out, and is off', async () => {
    const { body, statusCode } = await owner.get(address)
    expect(statusCode).toBe(200)
    for (const text of [
      'Publishing is off',
      'Preview: it is still running',
      'hearth.example',
      '&quot;version&quot;: 1',
      'fewer than three people',
    ])
      expect(body, text).toContain(text)
    expect(body).not.toContain('31.40')
    expect((await owner.get('/costs')).body).toContain(`href="${address}"`)
  })

  test('is switched on by who has seen the preview as it is, and by nobody else', async () => {
    const { body } = await owner.get(address)
    const seen = hiddenOf(body, 'on')
    const without = await owner.post(`${address}/on`, { ...seen, seen: '' })
    expect(without.statusCode).toBe(422)
    expect(without.body).toContain('Look at the preview once more')
    const other = await owner.post(`${address}/on`, { ...seen, household: 'yes' })
    expect(other.statusCode).toBe(422)
    expect(hiddenOf(other.body, 'on')).toMatchObject({ household: 'yes' }) // and shows what that would be
    expect((await kit.services.agent.publishing()).on).toBe(false)
    expect((await owner.post(`${address}/on`, seen)).statusCode).toBe(303)
    const on = (await owner.get(address)).body
    expect(on).toContain('Publishing is on')
    expect(on).toContain('https://hearth.example/.well-known/commonhearth/ledger/')
    expect(on).not.toContain(`action="${address}/on"`)
    expect((await owner.post(`${address}/off`, {})).statusCode).toBe(303)
    expect((await owner.get(address)).body).toContain('Publishing is off')
  })

  test('shows another choice before it counts; weeks only from five people', async () => {
    const month = today.slice(0, 7)
    const chosen = (await owner.get(`${address}?every=week&from=${month}-01&household=yes`)).body
    expect(hiddenOf(chosen, 'on')).toMatchObject({ every: 'week', household: 'yes' })
    await kit.services.agent.tellPeople(4)
    const refused = (await owner.get(`${address}?every=week&from=${month}-01`)).body
    expect(refused).toContain('Fewer than five people have accounts')
    expect(refused).not.toContain(`action="${address}/on"`)
    expect((await owner.get(`${address}?every=month&from=nonsense`)).statusCode).toBe(200)
    await kit.services.agent.tellPeople(7)
  })

  test('takes collectors, shows no secret again, and sends mistakes back', async () => {
    await owner.get(address)
    const fields = { kind: 'http', url: 'https://collector.example/put/', user: 'ada', password: 'very secret' }
    const wrong = await owner.post(`${address}/collectors`, {
      ...fields,
      url: 'http://"><script>',
      publicUrl: 'https://c.example/',
    })
    expect(wrong.statusCode).toBe(422)
    expect(wrong.body).toContain('id="http-url-mistake"')
    expect(wrong.body).toContain('value="http://&quot;&gt;&lt;script&gt;"')
    expect(wrong.body).not.toContain('very secret')
    await owner.get(address)
    expect((await owner.post(`${address}/collectors`, { ...fields, publicUrl: 'https://c.example/' })).statusCode).toBe(
      303,
    )
    const { body } = await owner.get(address)
    expect(body).toContain('https://collector.example/put/')
    expect(body).not.toContain('very secret')
    expect(JSON.stringify(await kit.services.agent.publishing())).not.toContain('very secret')
    const [collector] = (await kit.services.agent.publishing()).collectors
    expect((await owner.post(`${address}/collectors/remove`, { id: collector?.id ?? '' })).statusCode).toBe(303)
    expect((await owner.get(address)).body).not.toContain('https://collector.example/put/')
    const sftp = { kind: 'sftp', host: 'files.example', port: 'x', user: 'ada', path: 'a', hostKey: 'ssh-ed25519 AAAA' }
    const port = await owner.post(`${address}/collectors`, { ...sftp, publicUrl: 'https://c.example/' })
    expect([port.statusCode, port.body.includes('id="sftp-port-mistake"')]).toEqual([422, true])
    expect((await owner.post(`${address}/collectors`, { kind: 'ftp' })).statusCode).toBe(404)
  })

  test('takes a witness by its key alone', async () => {
    await owner.get(address)
    const wrong = await owner.post(`${address}/witnesses`, { url: 'https://w.example/', key: 'nonsense' })
    expect([wrong.statusCode, wrong.body.includes('id="witness-key-mistake"')]).toEqual([422, true])
  })

  test('starts another log only after a tick', async () => {
    await owner.get(address)
    const { statusCode, body } = await owner.post(`${address}/renew`, {})
    expect([statusCode, body.includes('Please tick the box')]).toEqual([422, true])
  })

  test('says to a server on trial what comes first', async () => {
    const visitor = new Browser(trial.app)
    await visitor.signIn(ownerPassword)
    const { body } = await visitor.get(address)
    expect(body).toContain('A server on trial publishes nothing')
    expect(body).toContain('href="/settings#server-name"')
    expect(body).not.toContain(`action="${address}/on"`)
    const asked = await visitor.post(`${address}/on`, { every: 'month', from: today, household: 'no', seen: 'x' })
    expect([asked.statusCode, asked.body.includes('permanent name')]).toEqual([422, true])
  })

  test('is whole in every language', async () => {
    for (const language of ['de', 'fr', 'en']) {
      await kit.helper.handlers['kit.settings']({ language })
      const { body, statusCode } = await owner.get(address)
      expect([language, statusCode]).toEqual([language, 200])
      expect(body).not.toMatch(/undefined|\bNaN\b|\[object|Invalid Date/)
    }
  })

  test('is the owner’s alone', async () => {
    expect((await new Browser(kit.app).get(address)).statusCode).toBe(303)
  })
})

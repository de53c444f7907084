import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AgentSettings, Tariffs } from '../api.ts'
import { AgentClient, AgentRefusal } from '../client.ts'
import { spawnHelper } from '../helper/testing/program.ts'
import { correctionOf } from '../ledger/corrections.ts'
import { Ledger } from '../ledger/ledger.ts'
import { partyNamed, typedDraft } from '../ledger/typed-entry.ts'
import { readSpace } from '../meters/storage.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { Agent } from './agent.ts'
import { ApiServer } from './api-server.ts'

let kit: KitRoot
let agent: Agent
let server: ApiServer
let client: AgentClient
let plug: Server

beforeEach(async () => {
  kit = await makeKitRoot({ network: { addresses: ['127.0.0.9'], onLink: ['127.0.0.0/8'] } })
  plug = createServer((asked, response) => {
    const status = { output: true, apower: 4.4, aenergy: { total: 10 } }
    response.end(JSON.stringify(asked.url?.includes('Switch') ? status : { name: 'Hearth', model: 'Plug S' }))
  })
  await new Promise<void>((resolve) => plug.listen(0, '127.0.0.1', resolve))
  const { port } = plug.address() as AddressInfo
  agent = new Agent({ paths: kit.paths, webPorts: { plain: 1, home: 1 }, plugPort: port })
  server = new ApiServer(agent, { path: kit.paths.agentSocket })
  client = new AgentClient(kit.paths.agentSocket)
  await agent.start()
  await server.start()
})
afterEach(async () => {
  plug.closeAllConnections()
  plug.close()
  await server.stop()
  await agent.stop()
  await kit.remove()
})

const settings: AgentSettings = {
  currency: 'EUR',
  pricePerKwh: '0.32',
  timezone: 'Europe/Berlin',
  plug: null,
  calibration: [],
  tariffs: null,
  sharing: 'equal',
  internetPerMonth: null,
  hardware: null,
  domainPerYear: null,
}

/** The facts of the kit as they stand. */
function agentKit(): object {
  return JSON.parse(readFileSync(kit.paths.kit, 'utf8'))
}

/** A request as no client of ours would send it. */
function send(method: string, path: string, body?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: kit.paths.agentSocket, method, path, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    call.on('error', reject)
    call.end(body)
  })
}

describe('the agent’s API', () => {
  it('gives a whole summary', async () => {
    const summary = await client.summary()
    expect(summary).toMatchObject({
      kit: { hostname: 'hearth-7f3a' },
      release: { version: '0.1.0' },
      boot: { slot: 'A' },
      problems: [],
      clockTrusted: true,
      power: { class: 'modelled', boundary: 'wall', source: 'model:rpi-4b@1' },
      costs: { lines: [], perPerson: null },
      people: null,
      storage: { use: null },
      uptimeSeconds: 1000,
    })
    expect(summary.health.find(({ id }) => id === 'server')?.state).toBe('unwell')
    expect(summary.power.low).toBeLessThan(summary.power.value)
  })

  it('says when the space is used up, from a reading a day', async () => {
    const day = 24 * 3600_000
    const [today, { free }] = [Math.floor(Date.now() / day), readSpace(kit.paths.agentData)]
    const days = Array.from({ length: 20 }, (_, index) => ({ day: today - 20 + index, used: (index * free) / 40 }))
    new Ledger(kit.paths.agentData, Date.now).note('space-days', days)
    const { fullOn = '' } = (await client.summary()).storage
    const daysLeft = (Date.parse(fullOn) - Date.now()) / day
    expect(daysLeft).toBeGreaterThan(39)
    expect(daysLeft).toBeLessThan(41)
  })

  it('counts people, from the dashboard until the server says', async () => {
    await client.tellPeople(2)
    await client.saveSettings(settings)
    const { people, costs } = await client.summary()
    expect(people).toBe(2)
    expect(costs.people).toBe(2)
    expect(costs.perPerson).not.toBeNull()
  })

  it('knows the people of the server: their parties, shares and hours', async () => {
    await client.saveSettings({ ...settings, pricePerKwh: null, hardware: { price: '84', years: 7 } })
    await client.tellPeople(2, ['ada', 'ben'])
    expect((await client.shares()).bills[1]?.shares.map(({ person, range }) => [person, range.value.amount])).toEqual([
      ['ada', '0.5'],
      ['ben', '0.5'],
    ])
    expect((await client.ownShare('ben')).bills[1]?.shares.map(({ person }) => person)).toEqual(['ben'])
    expect((await client.shares('2020-01')).bills.map(({ state }) => state)).toEqual(['computed'])
    const ada = await client.memberParty('ada', 'Ada')
    expect(await client.memberParty('ada', 'A.')).toEqual(ada)
    expect(await client.changeParty(ada.id, { consents: ['hours'] })).toEqual({ ...ada, consents: ['hours'] })
    await expect(client.changeParty(ada.id, { actor: 'ada' })).rejects.toMatchObject({ status: 422, field: 'actor' })
    const known = await client.addParty('Ada')
    await client.joinParties(known.id, ada.id)
    expect((await client.parties()).find(({ id }) => id === known.id)?.joined).toBe(ada.id)
    expect(await client.memberHours(ada.id)).toEqual({ own: [], toConfirm: [], toAnswer: [] })
    expect((await client.exportOwn('json', ada.id)).text).toBe('[]\n')
    await client.leaveAccount('ada')
    expect((await client.memberParty('ada', 'Ada')).id).not.toBe(ada.id)
    for (const accounts of ['ada', [7], ['../ada'], ['']]) {
      const body = JSON.stringify({ count: 1, accounts })
      expect((await send('POST', '/v1/people', body)).status, body).toBe(422)
    }
  })

  it('knows which accounts there are, and what they are called while the helper tells it', async () => {
    await client.tellPeople(2, ['ada', 'anna'])
    expect(await client.accounts()).toEqual([{ id: 'ada' }, { id: 'anna' }])
    const profile = { name: 'Anna Öhm', passwd: 'ade0253e:d97704a4d92d9a936916901d28cb42a86ad0734c' }
    await kit.write('data/snac/user/anna/user.json', profile)
    const helper = await spawnHelper(kit.paths)
    try {
      expect(await client.accounts()).toEqual([{ id: 'anna', name: 'Anna Öhm' }])
      const id = await partyNamed(client, 'anna öhm')
      expect(await client.memberParty('anna', 'Anna')).toMatchObject({ id, name: 'Anna Öhm' })
    } finally {
      helper.kill()
      await once(helper, 'close')
    }
    expect(readFileSync(path.join(kit.paths.agentData, 'ledger.db')).includes('Öhm')).toBe(false)
  })

  it('takes no more hours than a day has, in an entry or a correction', async () => {
    const work = {
      ...typedDraft('work'),
      period: { from: '2026-11-01', to: '2026-11-02' },
      amounts: [{ value: '2', unit: 'h' }],
    }
    const entry = await client.recordEntry(work)
    const amounts = [{ value: '500', unit: 'h' }]
    const refused = { status: 422, field: 'amounts[0].value' }
    await expect(client.recordEntry({ ...work, amounts })).rejects.toMatchObject(refused)
    await expect(client.recordEntry(correctionOf(entry, amounts))).rejects.toMatchObject(refused)
  })

  it('asks snac for its counts', async () => {
    const snac = createServer((_request, response) =>
      response.end(JSON.stringify({ software: { name: 'snac' }, usage: { users: { total: 5 }, localPosts: 9 } })),
    )
    await kit.write('run/snac2/readme', '')
    await new Promise<void>((resolve) => snac.listen(kit.paths.snacSocket, resolve))
    expect(await client.summary()).toMatchObject({ people: 5, posts: 9 })
    snac.closeAllConnections()
    snac.close()
    expect(await client.summary()).toMatchObject({ people: 5, posts: 9 }) // still known while it is down
  })

  it('keeps settings, and names the field it refuses', async () => {
    expect(await client.saveSettings(settings)).toMatchObject(settings)
    const refusal = await client.saveSettings({ ...settings, currency: 'QQQ' }).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(AgentRefusal)
    expect(refusal).toMatchObject({ status: 422, field: 'currency' })
    expect(await client.settings()).toMatchObject(settings)
  })

  it('tests a plug, and measures with it once it is set', async () => {
    const { power, device, kind } = await client.testPlug('127.0.0.1')
    expect(kind).toBe('shelly-gen2')
    expect(power).toMatchObject({ value: 4.4, class: 'measured', source: 'shelly-gen2@1' })
    expect(device).toBe('Hearth · Plug S')
    expect((await client.settings()).plug).toBeNull()
    await client.saveSettings({ ...settings, plug: { kind: 'shelly-gen2', address: '127.0.0.1' } })
    for await (const figures of client.live()) {
      expect(figures.power.class).toBe('measured')
      break
    }
  })

  it('takes off what else hangs on a plug, and takes no reading from one of which that is not known', async () => {
    const plug = { kind: 'shelly-gen2', address: '127.0.0.1' } as const
    const power = async () => {
      for await (const figures of client.live()) return figures.power
    }
    await client.saveSettings({ ...settings, plug: { ...plug, others: 'nothing' } })
    expect(await power()).toMatchObject({ value: 4.4, class: 'measured' })
    const watts = { low: 1, high: 2 }
    await client.saveSettings({ ...settings, plug: { ...plug, others: { name: 'router', watts } } })
    expect(await power()).toMatchObject({ value: 2.9, class: 'derived', source: 'shelly-gen2@1/less-others@1' })
    await client.saveSettings({ ...settings, plug: { ...plug, others: { name: 'router', watts: null } } })
    expect(await power()).toMatchObject({ value: 4.4, class: 'derived', source: 'shelly-gen2@1/with-others@1' })
    await expect(client.calibrate({ from: 'plug' })).rejects.toMatchObject({ status: 422, code: 'plug.shared' })
  })

  it('estimates closer to a reading at the wall, kept over a restart, until it is taken back', async () => {
    await client.saveSettings(settings)
    const before = (await client.summary()).power
    const calibrated = await client.calibrate({ watts: 2.9 })
    expect(calibrated.calibration).toMatchObject([{ watts: 2.9, boundary: 'wall' }])
    const { power } = await client.summary()
    expect(power).toMatchObject({ class: 'modelled', source: 'calibrated:rpi-4b@1' })
    expect(power.high - power.low).toBeLessThan(before.high - before.low)
    await agent.stop()
    await agent.start()
    expect((await client.summary()).power.source).toBe('calibrated:rpi-4b@1')
    await client.saveSettings({ ...calibrated, calibration: [] })
    expect((await client.summary()).power.source).toBe('model:rpi-4b@1')
    for (const reading of [{ watts: 0 }, { watts: Number.NaN }, { watts: '3' as never }])
      await expect(client.calibrate(reading)).rejects.toMatchObject({ status: 422, field: 'watts' })
    await expect(client.calibrate({ from: 'plug' })).rejects.toMatchObject({ status: 422, code: 'plug.short' })
  })

  it('refuses to test a plug elsewhere', async () => {
    await expect(client.testPlug('10.0.0.1')).rejects.toMatchObject({ status: 422, code: 'plug.address' })
  })

  it.each([
    ['GET', '/v1/readings', 400],
    ['GET', '/v1/readings?hours=0', 400],
    ['GET', '/v1/readings?hours=9601', 400],
    ['GET', '/v1/readings?hours=-1', 400],
    ['GET', '/v1/readings?hours=1e3', 400],
    ['GET', '/v1/readings?hours=9600', 200],
    ['GET', '/v1/history', 400],
    ['GET', '/v1/history?step=week', 400],
    ['GET', '/v1/history?step=day&of=2026-11-24', 400],
    ['GET', '/v1/history?step=month&of=0000', 400],
    ['GET', '/v1/history?step=day&of=2026-13', 400],
    ['GET', '/v1/history?step=hour', 200],
    ['GET', '/v1/history?step=day&of=2026-11', 200],
    ['GET', '/v1/history?step=year', 200],
    ['GET', '/v1/nothing', 404],
    ['GET', '/v1/__proto__', 404],
    ['GET', '/constructor', 404],
    ['GET', '//', 404],
    ['GET', '//v1/summary', 404],
    ['DELETE', '/v1/settings', 405],
    ['POST', '/v1/summary', 405],
    ['PUT', '/v1/settings', 400],
    ['POST', '/v1/people', 400],
  ])('answers %s %s with %d', async (method, path, status) => {
    const answer = await send(method, path)
    expect(answer.status).toBe(status)
    if (status !== 200) expect(Object.keys(JSON.parse(answer.body).error).sort()).toEqual(['code', 'message', 'next'])
  })

  it.each([
    ['PUT', '/v1/settings', '{', 400],
    ['PUT', '/v1/settings', '"text"', 422],
    ['PUT', '/v1/settings', JSON.stringify({ ...settings, pad: 'x'.repeat(20_000) }), 413],
    ['POST', '/v1/people', '{"count":-1}', 422],
    ['POST', '/v1/people', '{"count":1.5}', 422],
    ['POST', '/v1/people', '{"count":"2"}', 422],
    ['POST', '/v1/people', 'null', 422],
    ['POST', '/v1/plug/test', '{"address":7}', 422],
    ['POST', '/v1/plug/test', '{}', 422],
    ['POST', '/v1/import', '[]', 200],
    ['POST', '/v1/import', '', 422],
    ['POST', '/v1/import', '[{}]', 422],
    ['POST', '/v1/import', '[{"version":1', 422],
  ])('answers %s %s with a body like %.20s with %d', async (method, path, body, status) => {
    expect((await send(method, path, body)).status).toBe(status)
  })

  it('sends live figures only while somebody looks', async () => {
    const abort = new AbortController()
    const events: number[] = []
    for await (const figures of client.live(abort.signal)) {
      events.push(figures.cpu.value)
      abort.abort()
    }
    expect(events).toHaveLength(1)
  })

  it('does not serve more than eight streams', async () => {
    const aborts = Array.from({ length: 8 }, () => new AbortController())
    const streams = aborts.map((abort) => client.live(abort.signal))
    await Promise.all(streams.map((stream) => stream.next()))
    await expect(client.live().next()).rejects.toMatchObject({ status: 503 })
    for (const abort of aborts) abort.abort()
    await Promise.all(streams.map((stream) => stream.return()))
    await wait(100)
    const again = client.live()
    expect((await again.next()).done).toBe(false)
    await again.return()
  })

  it('lets the dashboard’s group use the socket, and nobody else', () => {
    expect(statSync(kit.paths.agentSocket).mode & 0o777).toBe(0o660)
  })

  it('takes over a socket left by a crash, but not one in use', async () => {
    await expect(new ApiServer(agent, { path: kit.paths.agentSocket }).start()).rejects.toThrow(/Another agent/)
    const stale = `${kit.root}/stale.sock`
    await kit.write('stale.sock', '')
    const second = new ApiServer(agent, { path: stale })
    await second.start()
    expect((await new AgentClient(stale).settings()).currency).toBe('EUR')
    await second.stop()
  })

  it('works out what other prices make of this month, and stores nothing', async () => {
    await client.saveSettings(settings)
    const tariffs = (perKwh: string): Tariffs => ({
      version: 1,
      currency: 'JPY',
      timezone: 'UTC',
      power: [{ from: '2000-01-01', prices: { kind: 'flat', perKwh } }],
      internet: [],
      items: [],
      fees: [],
    })
    const same = await client.previewBill(tariffs('0.32'))
    expect(same.after).toEqual(same.before)
    expect(same.after.value.currency).toBe('EUR')
    const { before, after } = await client.previewBill(tariffs('0.64'))
    expect(Number(after.value.amount) / Number(before.value.amount)).toBeCloseTo(2, 2)
    expect(await client.settings()).toMatchObject({ tariffs: null })
    await expect(client.previewBill(tariffs('much'))).rejects.toMatchObject({
      status: 422,
      field: 'power[0].prices.perKwh',
    })
    expect((await send('POST', '/v1/bill/preview', '{"tariffs":null}')).status).toBe(422)
  })

  it('answers with what went wrong inside, and goes on', async () => {
    await kit.write('data/hearth/agent/settings.json.new/in-the-way', '')
    await expect(client.saveSettings(settings)).rejects.toMatchObject({ status: 500 })
    expect((await client.summary()).kit.claimed).toBe(true)
  })
})

describe('the client', () => {
  it('says that nobody answers', async () => {
    const nobody = new AgentClient(`${kit.root}/nobody.sock`)
    await expect(nobody.summary()).rejects.toMatchObject({ status: 0, code: 'agent.unreachable' })
    await expect(nobody.live().next()).rejects.toMatchObject({ code: 'agent.unreachable' })
  })

  it.each([
    ['text', 200, 'hello'],
    ['half an answer', 200, '{"kit":'],
    ['an error without a reason', 500, '{}'],
    ['far too much', 200, `"${'x'.repeat(9_000_000)}"`],
  ])('does not take %s for an answer', async (_what, status, body) => {
    const odd = createServer((_request, response) => response.writeHead(status).end(body))
    const path = `${kit.root}/odd.sock`
    await new Promise<void>((resolve) => odd.listen(path, resolve))
    await expect(new AgentClient(path).summary()).rejects.toMatchObject({ code: 'agent.nonsense' })
    odd.closeAllConnections()
    odd.close()
  })

  it('does not wait for ever', async () => {
    const silent = createServer(() => {})
    const path = `${kit.root}/silent.sock`
    await new Promise<void>((resolve) => silent.listen(path, resolve))
    await expect(new AgentClient(path, { timeoutMs: 200 }).summary()).rejects.toBeInstanceOf(AgentRefusal)
    silent.closeAllConnections()
    silent.close()
  })

  it('previews, switches publishing on and off, and keeps the secrets of collectors', async () => {
    const choice = {
      every: 'month',
      from: new Date().toISOString().slice(0, 8).concat('01'),
      household: false,
    } as const
    const { seen, state } = await client.previewPublishing(choice)
    expect(state).toBe('running')
    await expect(client.publish({ ...choice, seen })).rejects.toMatchObject({ status: 422, code: 'publishing.trial' })
    await kit.write('data/hearth/kit.json', { ...agentKit(), serverName: 'hearth.example' })
    await expect(client.publish({ ...choice, seen: 'x' })).rejects.toMatchObject({ code: 'publishing.outdated' })
    const preview = await client.previewPublishing(choice)
    expect(await client.publish({ ...choice, seen: preview.seen })).toMatchObject({ on: true, log: { size: 0 } })
    expect(agent.publication()).toMatchObject({ origin: 'hearth.example/.well-known/commonhearth/ledger' })
    const place = { kind: 'http', url: 'https://c.example/', user: 'ada', password: 'tell nobody' } as const
    const { collectors } = await client.addCollector({ place, publicUrl: 'https://c.example/read/' })
    expect(JSON.stringify([collectors, await client.publishing()])).not.toContain('tell nobody')
    await expect(client.addWitness({ url: 'https://w.example/', key: 'x' })).rejects.toMatchObject({ field: 'key' })
    expect((await client.removeCollector(collectors[0]?.id ?? '')).collectors).toEqual([])
    await expect(client.proof('x')).rejects.toMatchObject({ code: 'publishing.no-entry' })
    expect(await client.stopPublishing()).toMatchObject({ on: false, log: { size: 0 } })
    expect(agent.publication()).toBeNull()
  })
})

import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../testing/browser.ts'
import { makeTestKit, ownerPassword, type TestKit } from '../testing/kit.ts'

const page = '/costs/tariffs'
const hostile = '"><script>alert(1)</script>'

let kit: TestKit
let owner: Browser
beforeAll(async () => {
  kit = await makeTestKit()
  await kit.startAgent()
  addHours('2026-10-20T00:00:00Z', 48)
  owner = new Browser(kit.app)
  await owner.signIn(ownerPassword)
  const settings = await kit.services.agent.settings()
  await kit.services.agent.saveSettings({ ...settings, pricePerKwh: '0.32', hardware: { price: '84', years: 7 } })
})
afterAll(() => kit.stop())

/** Hours of 10 W as the agent would have written them. */
function addHours(from: string, count: number): void {
  const database = new DatabaseSync(path.join(kit.root.paths.agentData, 'ledger.db'), { timeout: 5000 })
  const insert = database.prepare(
    `INSERT INTO readings (hour, trusted, energy, energyLow, energyHigh, classRank, seconds, cpuSeconds,
     lanIn, lanOut, wanIn, wanOut, unknownIn, unknownOut) VALUES (?, 1, 10e6, 9e6, 11e6, 0, 3600, 360, 0, 0, 1e9, 0, 0, 0)`,
  )
  for (let hour = 0; hour < count; hour += 1) insert.run(Date.parse(from) / 1000 + hour * 3600)
  database.close()
}

const tariffs = async () => (await kit.services.agent.settings()).tariffs
const send = async (fields: Record<string, string>) => {
  await owner.get(page)
  return owner.post(page, { action: 'preview', day: '2026-01-01', ...fields })
}

/** What the form of a preview carries, as a browser would send it with Save. */
function carried(body: string): Record<string, string> {
  const plain = (text: string) =>
    text.replace(
      /&(quot|lt|gt|amp|#39);/g,
      (_all, name: string) => ({ quot: '"', lt: '<', gt: '>', amp: '&' })[name] ?? "'",
    )
  const fields = [...body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)]
  return Object.fromEntries(fields.map(([, name = '', value = '']) => [name, plain(value)]))
}

const change = async (fields: Record<string, string>) => {
  const preview = await send(fields)
  expect(preview.statusCode).toBe(200)
  return owner.post(page, { ...carried(preview.body), action: 'save' })
}

describe('the editor of prices', () => {
  test('shows the simple prices, and looking at a change stores nothing', async () => {
    const { body } = await owner.get(page)
    expect(body).toContain('0.32 EUR'.replace(' ', '\u00a0'))
    expect(body).toContain('84.00')
    const preview = await send({ kind: 'flat', price: '0,64', day: '2026-01-01' })
    expect(preview.body).toContain('Before you save')
    const [before, after] = [...preview.body.matchAll(/<dd>(?:<strong>)?(?:about )?([\d.]+)/g)].map(([, each]) =>
      Number(each),
    )
    expect(after).toBeGreaterThan(before as number)
    expect(await tariffs()).toBeNull()
  })

  test('keeps the simple prices when the first change is saved', async () => {
    const { statusCode, headers } = await change({ kind: 'flat', price: '0,2815', standing: '2,50' })
    expect([statusCode, headers.location]).toEqual([303, `${page}?saved=1`])
    expect(await tariffs()).toMatchObject({
      power: [
        { from: '2000-01-01', prices: { kind: 'flat', perKwh: '0.32' } },
        { from: '2026-01-01', prices: { kind: 'flat', perKwh: '0.2815' }, standingPerMonth: '2.5' },
      ],
      items: [{ kind: 'hardware', price: '84', years: 7, bought: null }],
    })
    const settings = (await owner.get('/settings')).body
    expect(settings).toContain('id="price" href="/costs/tariffs"')
    expect(settings).not.toContain('name="price"')
  })

  test('goes back to the form with what was typed', async () => {
    const preview = await send({ kind: 'fee', what: 'relay', name: 'Größe & "Co"', amount: '7', per: 'month' })
    const back = await owner.post(page, { ...carried(preview.body), action: 'back' })
    expect(back.body).toContain('<details class="fold" id="fee" open>')
    expect(back.body).toContain('value="Größe &amp; &quot;Co&quot;"')
    expect((await tariffs())?.fees).toEqual([])
  })

  test('divides the week between cheap hours and all others, nights too', async () => {
    await change({ kind: 'two', day: '2026-02-01', cheap: '0.2', other: '0.4', days: 'all', hours: '22-6' })
    const all = expect.any(Array)
    expect((await tariffs())?.power.at(-1)?.prices).toEqual({
      kind: 'time-of-use',
      bands: [
        {
          name: 'Cheap hours',
          perKwh: '0.2',
          times: [
            { days: all, from: '00:00', to: '06:00' },
            { days: all, from: '22:00', to: '24:00' },
          ],
        },
        { name: 'Other hours', perKwh: '0.4', times: [{ days: all, from: '06:00', to: '22:00' }] },
      ],
    })
    expect((await owner.get(page)).body).toContain('every day 22:00\u2060–\u206006:00<')
  })

  const rows = (lines: [name: string, price: string, days: string, hours: string][]) =>
    Object.assign(
      { kind: 'bands', day: '2026-03-01', rows: String(Math.max(3, lines.length)) },
      ...lines.map(([name, price, days, hours], index) => ({
        [`name-${index + 1}`]: name,
        [`price-${index + 1}`]: price,
        [`days-${index + 1}`]: days,
        [`hours-${index + 1}`]: hours,
      })),
    ) as Record<string, string>

  test('takes several prices, lines of one name as one', async () => {
    await change(
      rows([
        ['day', '0.40', 'workdays', '6-22'],
        ['night', '0.20', 'all', '22-6'],
        ['weekend', '0.25', 'weekend', '6-22'],
      ]),
    )
    expect((await tariffs())?.power.at(-1)).toMatchObject({
      from: '2026-03-01',
      prices: { bands: [{ name: 'day' }, { name: 'night' }, { name: 'weekend' }] },
    })
    const two = rows([
      ['day', '0.40', 'all', '6-22'],
      ['night', '0.20', 'all', '22-24'],
      ['night', '', 'all', '0-6'],
    ])
    await change({ ...two, day: '2026-04-01' })
    expect((await tariffs())?.power.at(-1)).toMatchObject({
      prices: { bands: [{ name: 'day' }, { name: 'night', times: [{ from: '22:00' }, { from: '00:00' }] }] },
    })
  })

  test('refuses gaps and overlaps at their field, and keeps what was typed', async () => {
    const before = await tariffs()
    const gap = await send({
      ...rows([
        ['day', '0.40', 'all', '6-22'],
        [hostile.slice(0, 8), '0.20', 'all', '22-5'],
      ]),
      day: '2026-05-01',
    })
    expect(gap.statusCode).toBe(422)
    expect(gap.body).toMatch(/id="bands-hours-2-mistake">Monday 05:00–06:00 has no price\./)
    expect(gap.body).toMatch(/id="bands-hours-2" name="hours-2"[^>]*aria-invalid="true"/)
    expect(gap.body).toContain('value="6-22"')
    expect(gap.body).toContain('value="&quot;&gt;&lt;scrip"')
    const overlap = await send({
      ...rows([
        ['day', '0.40', 'all', '6-22'],
        ['night', '0.20', 'all', '21-6'],
      ]),
      day: '2026-05-01',
    })
    expect(overlap.body).toMatch(/id="bands-hours-2-mistake">Monday 21:00–22:00 has two prices, “day” and “night”\./)
    expect(await tariffs()).toEqual(before)
  })

  test('gives more lines without losing any', async () => {
    const more = await send({ ...rows([['day', '0.4', 'all', '6-22']]), action: 'rows' })
    expect(more.body).toContain('value="day"')
    expect(more.body).toContain('name="hours-5"')
    expect(more.body).not.toContain('name="hours-6"')
  })

  test('counts internet by month or by GB, and stops counting it', async () => {
    await change({ kind: 'internet', how: 'monthly', amount: '5', day: '2026-01-01' })
    await change({ kind: 'internet', how: 'per-gb', amount: '0.015', day: '2026-06-01' })
    await change({ kind: 'internet', how: 'none', amount: '', day: '2026-09-01' })
    expect((await tariffs())?.internet).toEqual([
      { from: '2026-01-01', kind: 'monthly', perMonth: '5' },
      { from: '2026-06-01', to: '2026-09-01', kind: 'per-gb', perGb: '0.015' },
    ])
    expect((await send({ kind: 'internet', how: 'none', day: '2026-10-01' })).body).toContain('internet-day-mistake')
    await change({ kind: 'internet', how: 'per-gb', amount: '0.02', day: '2026-08-01' })
    expect((await tariffs())?.internet[1]).not.toHaveProperty('to')
  })

  test('adds what was bought and fees, and removes each', async () => {
    await change({ kind: 'item', what: 'disk', name: 'backups <2>', price: '99', day: '2026-10-01', years: '5' })
    await change({ kind: 'fee', what: 'domain', amount: '12', per: 'year' })
    await change({ kind: 'fee', what: 'relay', name: 'hamlet', amount: '3', per: 'month' })
    const { body } = await owner.get(page)
    expect(body).toContain('Disk (backups &lt;2&gt;)')
    expect(body).toContain('Relay (hamlet)')
    const taken = await send({
      kind: 'item',
      what: 'disk',
      name: 'backups <2>',
      price: '9',
      day: '2026-10-01',
      years: '5',
    })
    expect([taken.statusCode, taken.body.includes('id="item-name-mistake"')]).toEqual([422, true])
    const keys = [...body.matchAll(/name="list" value="fees"><input type="hidden" name="key" value="([^"]+)"/g)]
    expect(keys).toHaveLength(2)
    const preview = await send({
      kind: 'remove',
      list: 'fees',
      key: keys.find(([, key]) => key?.startsWith('relay'))?.[1] ?? '',
    })
    expect(preview.body).toContain('This goes')
    expect(preview.body).toContain('Relay (hamlet)')
    await owner.post(page, { ...carried(preview.body), action: 'save' })
    expect((await tariffs())?.fees).toMatchObject([{ kind: 'domain', amount: '12', per: 'year' }])
  })

  const mistakes: [string, Record<string, string>, string, RegExp][] = [
    ['a price in cents', { kind: 'flat', price: '32' }, 'flat-price', /Did you mean 0\.32/],
    [
      'an amount that is ambiguous',
      { kind: 'fee', amount: '1,234', day: '2027-01-01' },
      'fee-amount',
      /1234 or as 1\.234/,
    ],
    ['words for a price', { kind: 'flat', price: hostile }, 'flat-price', /number/],
    ['more digits than coins have', { kind: 'fee', amount: '1.2345' }, 'fee-amount', /2 digits/],
    ['an amount beyond all households', { kind: 'fee', amount: '9999999' }, 'fee-amount', /1,000,000/],
    ['a fee below zero', { kind: 'fee', amount: '-1' }, 'fee-amount', /below zero/],
    ['a day that is none', { kind: 'flat', price: '0.3', day: '2026-02-30' }, 'flat-day', /day/],
    ['a day that is taken', { kind: 'flat', price: '0.3', day: '2026-01-01' }, 'flat-day', /already/],
    [
      'hours that are none',
      { kind: 'two', cheap: '0.2', other: '0.3', days: 'all', hours: 'nights' },
      'two-hours',
      /22:00/,
    ],
    [
      'all hours as cheap',
      { kind: 'two', cheap: '0.2', other: '0.3', days: 'all', hours: '' },
      'two-hours',
      /all hours/,
    ],
    [
      'one price as several',
      { kind: 'bands', 'name-1': 'a', 'price-1': '0.2', 'days-1': 'all' },
      'bands-name-1',
      /Two prices/,
    ],
    [
      'a name with a slash',
      { kind: 'item', what: 'card', name: 'a/b', price: '9', years: '3' },
      'item-name',
      /without/,
    ],
    ['a life of a century', { kind: 'item', what: 'card', price: '9', years: '100' }, 'item-years', /0\.5 to 50/],
  ]
  test.each(mistakes)('sends %s back, and stores nothing', async (_what, fields, field, text) => {
    const before = await tariffs()
    const response = await send({ day: '2027-03-01', ...fields })
    expect(response.statusCode).toBe(422)
    expect(response.body).toContain(`href="#${field}"`)
    expect(new RegExp(`id="${field}-mistake">([^<]*)`).exec(response.body)?.[1]).toMatch(text)
    expect(response.body).not.toContain('<script>alert')
    expect(await tariffs()).toEqual(before)
  })

  test('reads amounts as the page’s language writes them', async () => {
    await kit.helper.handlers['kit.settings']({ language: 'de' })
    const ambiguous = await send({ kind: 'fee', amount: '1.234', day: '2027-03-01' })
    const fraction = await send({ kind: 'flat', price: '0,325', day: '2027-03-01' })
    await kit.helper.handlers['kit.settings']({ language: 'en' })
    expect(ambiguous.body).toContain('Das kann 1234 oder 1,234 heißen.')
    expect(fraction.body).toMatch(/0,325.EUR je kWh/)
  })

  test('knows no other forms, and nobody else', async () => {
    expect((await send({ kind: 'constructor' })).statusCode).toBe(404)
    expect((await new Browser(kit.app).get(page)).statusCode).toBe(303)
  })
})

describe('the costs of a month', () => {
  test('has a line for each price, for being there, and for what is fixed', async () => {
    const { body } = await owner.get('/costs?month=2026-10')
    expect(body).toContain('The whole month')
    for (const line of [
      'Electricity above idle · day',
      'Electricity above idle · night',
      'Being there (idle)',
      'Internet',
      'The machine',
      'Disk · backups &lt;2&gt;',
      'Domain',
    ])
      expect(body, line).toContain(`<span>${line}</span>`)
    expect(body).toContain('at 0.40\u00a0EUR each')
    expect(body).toMatch(/48\.00 GB to and from the internet, at 0\.02.EUR each/)
    expect(body).toContain('Without a reading, and not billed: 29 days, 1 hour of this month.')
    expect(body).toContain('href="/costs?month=2026-09"')
    expect(body).toContain('href="/costs?month=2026-11"')
  })

  test('says so where nothing was read, and shows no month to come', async () => {
    expect((await owner.get('/costs?month=2019-05')).body).toContain('Nothing was read in this month')
    for (const asked of ['2999-01', '2026-13', hostile]) {
      const { body, statusCode } = await owner.get(`/costs?month=${encodeURIComponent(asked)}`)
      expect([statusCode, body.includes('So far this month'), body.includes('rel="next"')]).toEqual([200, true, false])
    }
  })

  test('says for how long there was no price', async () => {
    const settings = await kit.services.agent.settings()
    const power = [{ from: '2026-10-21', prices: { kind: 'flat' as const, perKwh: '0.3' } }]
    if (settings.tariffs)
      await kit.services.agent.saveSettings({ ...settings, tariffs: { ...settings.tariffs, power } })
    const { body } = await owner.get('/costs?month=2026-10')
    await kit.services.agent.saveSettings(settings)
    expect(body).toContain('without a price of electricity and so not billed: 22 hours.')
  })

  test('expects the present month', async () => {
    const { body } = await owner.get('/costs')
    expect(body).toContain('This month, if it goes on like this')
    expect(body).toContain('Without a reading, and not billed: ')
  })
})

describe('what if', () => {
  const ask = async (query: Record<string, string>) => owner.get(`/costs/what-if?${new URLSearchParams(query)}`)

  test.each([
    [{ kind: 'price', perKwh: '0,90' }],
    [{ kind: 'people', people: '6' }],
    [{ kind: 'disk', price: '120', years: '5', watts: '2.5' }],
  ])('answers %j by month and by person', async (query) => {
    await kit.services.agent.tellPeople(3)
    const { body, statusCode } = await ask(query as unknown as Record<string, string>)
    expect(statusCode).toBe(200)
    expect(body).toContain('A month now')
    expect(body).toContain('Share of each now (3 people)')
    const [before, after] = [...body.matchAll(/<dd>(?:<strong>)?(?:about )?([\d.]+)/g)].map(([, each]) => Number(each))
    if (query.kind !== 'people') expect(after).toBeGreaterThan(before as number)
    else expect(body).toContain('Share of each then (6 people)')
  })

  test.each([
    [{ kind: 'price', perKwh: '40' }, 'perKwh'],
    [{ kind: 'price', perKwh: hostile }, 'perKwh'],
    [{ kind: 'people', people: '0' }, 'people'],
    [{ kind: 'people', people: '2.5' }, 'people'],
    [{ kind: 'disk', price: '-1', years: '5', watts: '2' }, 'price'],
    [{ kind: 'disk', price: '1', years: '99', watts: '2' }, 'years'],
    [{ kind: 'disk', price: '1', years: '5', watts: '' }, 'watts'],
  ])('sends %j back', async (query, field) => {
    const { body, statusCode } = await ask(query as unknown as Record<string, string>)
    expect(statusCode).toBe(422)
    expect(body).toContain(`id="${field}-mistake"`)
    expect(body).not.toContain('<script>alert')
  })
})

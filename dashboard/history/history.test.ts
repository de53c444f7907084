import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { History } from '#agent/api.ts'
import { correctionOf } from '#agent/ledger/corrections.ts'
import { Browser } from '../testing/browser.ts'
import { makeTestKit, ownerPassword, type TestKit } from '../testing/kit.ts'
import { addReadings } from '../testing/readings.ts'
import { makeVisit, type Visit } from '../visit.ts'
import { costsView } from './costs.ts'
import { partNames } from './names.ts'
import { powerView } from './power.ts'
import { historyCsv, historySection } from './view.ts'

let kit: TestKit
let owner: Browser
beforeAll(async () => {
  kit = await makeTestKit()
  await kit.startAgent()
  addReadings(path.join(kit.root.paths.agentData, 'ledger.db'), 60 * 24)
  const settings = await kit.services.agent.settings()
  await kit.services.agent.saveSettings({ ...settings, pricePerKwh: '0.32', hardware: { price: '84', years: 7 } })
  owner = new Browser(kit.app)
  await owner.signIn(ownerPassword)
})
afterAll(() => kit.stop())

const pages = ['/power', '/traffic', '/costs'] as const
const steps = ['hour', 'day', 'month', 'year'] as const
const section = (body: string) => body.slice(body.indexOf('id="history"'))
const table = (body: string) => /<tbody>(.*?)<\/tbody>/s.exec(section(body))?.[1] ?? ''

describe.each(pages)('%s', (page) => {
  test.each(steps)('shows each %s in a table, and the same in a file', async (step) => {
    const { body, statusCode } = await owner.get(`${page}?step=${step}`)
    expect(statusCode).toBe(200)
    const rows = table(body).match(/<tr>/g) ?? []
    const address = /href="([^"]+history\.csv[^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const csv = await owner.get(address)
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8; header=present')
    expect(csv.headers['content-disposition']).toMatch(/^attachment; filename="[a-z0-9-]+\.csv"$/)
    const lines = csv.body.split('\r\n')
    expect(lines.at(-1)).toBe('')
    expect(lines).toHaveLength(rows.length + 2)
    const [header = '', ...cells] = lines.slice(0, -1).map((line) => line.split(','))
    for (const row of cells) expect(row).toHaveLength(header.length)
    for (const cell of cells.flat()) expect(cell).toMatch(/^(?:-?\d+(?:\.\d+)?|\d{4}-[\dT:.-]+Z|[a-z-]*)$/)
  })

  test('leads to what is beside and within', async () => {
    const { body } = await owner.get(`${page}?step=month`)
    expect(table(body)).toMatch(new RegExp(`href="${page}\\?step=day&amp;of=\\d{4}-\\d{2}#history"`))
    expect(section(body)).toContain('aria-current="true"')
    const { body: days } = await owner.get(`${page}?step=day`)
    expect(section(days)).toMatch(new RegExp(`rel="prev" href="${page}\\?step=day&amp;of=\\d{4}-\\d{2}#history"`))
  })

  test('has no script or style inline, and the chart’s values in an attribute', async () => {
    const { body } = await owner.get(page)
    expect(body).not.toMatch(/<style|style="|<script>|onclick/)
    expect(body).toMatch(/<script defer src="\/assets\/[0-9a-f]{12}\/uPlot\.iife\.min\.js"><\/script>/)
    const values = /data-chart="([^"]+)"/.exec(body)?.[1]?.replaceAll('&quot;', '"').replaceAll('&amp;', '&') ?? ''
    const { parts } = JSON.parse(values) as { parts: { value: unknown }[] }
    expect(parts.some(({ value }) => value !== null)).toBe(true)
  })
})

test('power names boundary, class and interval in table, text and file', async () => {
  const { body } = await owner.get('/power?step=day')
  expect(section(body)).toContain('At the wall socket')
  expect(section(body)).toMatch(/Altogether [\d.]+\skWh, between [\d.]+ and [\d.]+\skWh, estimated\./)
  const csv = (await owner.get('/power/history.csv?step=day')).body.split('\r\n')
  expect(csv[0]).toBe('start,end,energy_kWh,energy_low_kWh,energy_high_kWh,mean_W,class,boundary,seconds,read_seconds')
  const row =
    csv
      .find((line) => line.includes('modelled'))
      ?.split(',')
      .map(Number) ?? []
  const [, , energy = 0, low = 0, high = 0] = row
  expect(low).toBeLessThan(energy)
  expect(high).toBeGreaterThan(energy)
})

test('an hour without a reading is a gap in table and file', async () => {
  const { body } = await owner.get('/power')
  expect(table(body)).toMatch(/<td>–<\/td><td>–<\/td><td>–<\/td><td>not read<\/td>/)
  expect((await owner.get('/power/history.csv')).body).toMatch(/Z,,,,,,3600,0\r\n/)
})

test('a day’s costs of a month stand below its bill', async () => {
  const { body } = await owner.get('/costs')
  expect(section(body)).toMatch(/Altogether about [\d.]+, [\d.]+–[\d.]+ EUR, estimated\./)
  const month = /\/costs\?step=day&amp;of=(\d{4}-\d{2})#history/.exec(body)?.[1] as string
  const before = await owner.get(`/costs?step=day&of=${month}`)
  expect(before.body).toContain('The whole month')
})

test('nobody but the owner sees any of it', async () => {
  for (const url of [
    '/power/history.csv',
    '/costs/history.csv?step=day',
    '/traffic/history.csv',
    '/storage/history.csv',
  ])
    expect([(await new Browser(kit.app).get(url)).statusCode, url]).toEqual([303, url])
})

test('what nobody can ask for is answered with what there is', async () => {
  for (const query of ['?step=week', '?step=day&of=2026-13', '?step=month&of=..', '?of=x', '?step=hour&of=2026-02-30'])
    expect([query, (await owner.get(`/power${query}`)).statusCode]).toEqual([query, 200])
})

describe('a day on which the clock goes back', () => {
  let visit: Visit
  let history: History
  beforeAll(async () => {
    const facts = await kit.services.readKit()
    visit = await makeVisit({ kit: facts, language: 'en', holder: { role: 'owner' }, csrf: '' })
    history = await kit.services.agent.history('hour')
    const start = Date.parse('2026-10-24T22:00:00Z')
    const part = history.parts[0] as History['parts'][number]
    history.of = '2026-10-25'
    history.parts = Array.from({ length: 25 }, (_, hour) => ({
      ...part,
      start: new Date(start + hour * 3600_000).toISOString(),
      end: new Date(start + (hour + 1) * 3600_000).toISOString(),
    }))
  })

  test('tells the two hours of one name apart', () => {
    const names = partNames(visit, history).map(({ long }) => long)
    expect(new Set(names).size).toBe(25)
    expect(names.filter((name) => name.includes('GMT'))).toHaveLength(2)
  })

  test('has 25 rows in table and file', () => {
    const view = powerView(visit)
    expect(table(String(historySection(visit, view, history))).match(/<tr>/g)).toHaveLength(25)
    expect(historyCsv(view, history).split('\r\n')).toHaveLength(27)
  })
})

describe('a cost of which a part is not known', () => {
  test('says so in text, table and file', async () => {
    const facts = await kit.services.readKit()
    const visit = await makeVisit({ kit: facts, language: 'en', holder: { role: 'owner' }, csrf: '' })
    const history = await kit.services.agent.history('day')
    const view = costsView(visit)
    expect(view.summary(history)).not.toContain('not known')
    expect(historyCsv(view, history)).not.toContain('in-part')
    for (const { cost } of [history.whole, history.parts[0] as History['parts'][number]])
      if (cost) cost.incomplete = true
    expect(view.summary(history)).toContain('it is not known what it cost')
    expect(historyCsv(view, history)).toContain(',in-part,')
    expect(String(historySection(visit, view, history))).toContain(', in part</td>')
  })

  // The last one: from then on there is an entry of years ago.
  test('is what was entered for its month, where that was done', async () => {
    const entry = (number: number, kind: string, system: string, id: string, value: string, unit: string) => ({
      version: 1,
      id: `00000000-0000-4000-8000-00000000000${number}`,
      sequence: number,
      kind,
      period: { from: '2020-01-01', to: '2020-01-02' },
      recordedAt: '2020-02-01T00:00:00.000Z',
      clockTrusted: true,
      instance: 'hearth-7f3a.local',
      amounts: [{ value, unit }],
      source: 'measured',
      audience: 'owner',
      external: { system, id },
      ...(kind === 'power' ? { coveredSeconds: 86_400 } : { purpose: 'power' }),
    })
    const power = entry(1, 'power', 'hearth-meter', '2020-01-01/power', '0.072', 'kWh')
    const cost = entry(2, 'cost', 'hearth-bill', '2020-01/power', '1.23', 'EUR')
    const give = (entries: object[]) => kit.services.agent.importEntries(Buffer.from(JSON.stringify(entries)))
    await give([power])
    expect((await owner.get('/costs?month=2020-01')).body).toContain('what it cost was not entered in the ledger')
    await give([cost])
    const { body } = await owner.get('/costs?month=2020-01')
    expect(body).toMatch(/as it was entered in the ledger:<\/p>\s*<p class="big">1\.23.EUR/)
    expect(body).toContain('href="/costs/ledger?month=2020-01"')
    expect(section(body)).toMatch(/Altogether 1\.23.EUR/)
    expect(body).toMatch(/<th scope="row">Electricity<\/th><td>1\.23.EUR/)
    expect(body).toContain('0.07 kWh were read, between 0.07–0.07.')
    // A correction counts in the bill and in its chart alike, and in everybody's share.
    const [entered] = await kit.services.agent.entries({ kind: 'cost' })
    if (entered) await kit.services.agent.recordEntry(correctionOf(entered, [{ value: '2.5', unit: 'EUR' }]))
    const { body: corrected } = await owner.get('/costs?month=2020-01')
    expect(corrected).toMatch(/<p class="big">2\.50.EUR/)
    expect(section(corrected)).toMatch(/Altogether 2\.50.EUR/)
    expect((await kit.services.agent.shares('2020-01')).bills[0]?.total.value.amount).toBe('2.5')
  })
})

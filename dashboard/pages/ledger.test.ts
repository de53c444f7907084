import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KitFacts } from '#agent/api.ts'
import { correctionOf } from '#agent/ledger/corrections.ts'
import type { Entry } from '#agent/ledger/entry.ts'
import { readAmount } from '../amounts.ts'
import { Browser } from '../testing/browser.ts'
import { makeTestKit, ownerPassword, type TestKit } from '../testing/kit.ts'
import { makeVisit } from '../visit.ts'
import { correctBody } from './ledger-body.ts'
import { ownCorrectBody } from './my-hours-body.ts'

let kit: TestKit
let owner: Browser
beforeAll(async () => {
  kit = await makeTestKit()
  await kit.startAgent()
  owner = new Browser(kit.app)
  await owner.signIn(ownerPassword)
})
afterAll(() => kit.stop())

const enter = async (fields: Record<string, string>) => {
  await owner.get('/costs/ledger')
  return owner.post('/costs/ledger', { day: '2026-10-05', who: '', purpose: '', ...fields })
}
const agentEntries = (kind: string) => kit.services.agent.entries({ kind })
const october = async () => (await owner.get('/costs/ledger?month=2026-10')).body

describe('the ledger', () => {
  test('takes a gift, a bill, a purchase and hours, and shows them in their month', async () => {
    const gift = await enter({ kind: 'donation', amount: '1.234,50', who: 'Cléo & <family>' })
    expect([gift.statusCode, gift.headers.location]).toEqual([303, '/costs/ledger?month=2026-10'])
    await enter({ kind: 'bill', amount: '31.40', purpose: 'electricity, third quarter', fund: 'Running <costs>' })
    await enter({ kind: 'purchase', amount: '12', purpose: 'card' })
    const work = { kind: 'work', amount: '1.5', who: 'ada', activity: 'moderation', engagement: 'volunteer' }
    await enter({ ...work, start: '14:30:00' })
    const body = await october()
    expect(body).toContain('Cléo &amp; &lt;family&gt;')
    for (const text of [
      '1,234.50',
      '31.40',
      'electricity, third quarter',
      '12.00',
      '1.50 h',
      'Moderation',
      'volunteer',
      'from 14:30',
      'fund: Running &lt;costs&gt;',
      '<datalist id="funds"><option value="Running &lt;costs&gt;">',
    ])
      expect(body, text).toContain(text)
    expect((await owner.get('/costs/ledger?month=2026-09')).body).not.toContain('31.40')
    expect(await kit.services.agent.entries({ from: '2026-10-01', to: '2026-11-01' })).toMatchObject([
      {
        kind: 'donation',
        amounts: [{ value: '1234.5', unit: 'EUR' }],
        instance: 'hearth-7f3a.local',
        audience: 'party',
      },
      { kind: 'bill', audience: 'members', fund: 'Running <costs>' },
      { kind: 'purchase' },
      {
        kind: 'work',
        start: '14:30',
        amounts: [{ value: '1.5', unit: 'h' }],
        activity: 'moderation',
        engagement: 'volunteer',
      },
    ])
  })

  test('knows a name again, whatever its case', async () => {
    await enter({ kind: 'donation', amount: '5', who: 'ADA' })
    expect((await kit.services.agent.parties()).filter(({ name }) => name.toLowerCase() === 'ada')).toHaveLength(1)
  })

  const mistakes: [string, Record<string, string>, string][] = [
    ['a day that is none', { kind: 'donation', amount: '5', day: '2026-02-30' }, 'donation-day'],
    ['a day to come', { kind: 'donation', amount: '5', day: '2999-01-01' }, 'donation-day'],
    ['an amount of words', { kind: 'bill', amount: 'twelve' }, 'bill-amount'],
    ['an amount of nothing', { kind: 'bill', amount: '0' }, 'bill-amount'],
    ['an amount that can be read in two ways', { kind: 'donation', amount: '1,234' }, 'donation-amount'],
    ['an amount finer than coins', { kind: 'purchase', amount: '1.234' }, 'purchase-amount'],
    ['a time that no clock shows', { kind: 'work', amount: '1', who: 'ada', start: '25:00' }, 'work-start'],
    ['more hours than a day has', { kind: 'work', amount: '25', who: 'ada' }, 'work-amount'],
    ['hours of nobody', { kind: 'work', amount: '2' }, 'work-who'],
  ]
  test.each(mistakes)('sends %s back with what was typed, and records nothing', async (_what, fields, field) => {
    const before = await kit.services.agent.entries()
    const response = await enter({ purpose: '"><script>', ...fields })
    expect(response.statusCode).toBe(422)
    expect(response.body).toContain(`id="${field}-mistake"`)
    expect(response.body).toContain('value="&quot;&gt;&lt;script&gt;"')
    expect(await kit.services.agent.entries()).toEqual(before)
  })

  test('corrects a line, which stays; the last correction counts; a line can be withdrawn', async () => {
    const [bill] = await kit.services.agent.entries({ kind: 'bill' })
    const address = `/costs/ledger/${bill?.id}`
    await owner.get(address)
    expect((await owner.post(address, { action: 'correct', amount: 'x' })).statusCode).toBe(422)
    await owner.get(address)
    expect((await owner.post(address, { action: 'correct', amount: '30,40', note: 'misread' })).statusCode).toBe(303)
    expect(await october()).toMatch(/30\.40.EUR <del>31\.40.EUR<\/del>/)
    await owner.get(address)
    await owner.post(address, { action: 'withdraw' })
    expect(await october()).toMatch(/withdrawn <del>31\.40/)
    expect(await kit.services.agent.entries({ kind: 'correction' })).toHaveLength(2)
  })

  test('takes no correction to what could not be entered', async () => {
    const [[bill], [work]] = [await agentEntries('bill'), await agentEntries('work')]
    for (const [entry, amount] of [
      [bill, '1,234'],
      [bill, '12.505'],
      [bill, '0'],
      [work, '500'],
      [work, '1,234'],
    ] as const) {
      await owner.get(`/costs/ledger/${entry?.id}`)
      const response = await owner.post(`/costs/ledger/${entry?.id}`, { action: 'correct', amount })
      expect([amount, response.statusCode]).toEqual([amount, 422])
      expect(response.body).toContain('id="amount-mistake"')
    }
    expect(await agentEntries('correction')).toHaveLength(2)
    // Nor past the page.
    const correction = { ...correctionOf(work as Entry, [{ value: '500', unit: 'h' }]) }
    await expect(kit.services.agent.recordEntry(correction)).rejects.toThrow('more than a day has')
  })

  test.each([
    ['en', '1.375'],
    ['de', '1,375'],
    ['fr', '1,375'],
  ] as const)('what is to be corrected stands there as it can be sent, in %s', async (language, written) => {
    const [work] = await agentEntries('work')
    const facts = await kit.services.readKit()
    const visit = await makeVisit({ kit: facts, language, holder: { role: 'owner' }, csrf: '' })
    const amounts = [{ value: '1.375', unit: 'h' }]
    const current = { entry: work as Entry, amounts, corrections: [], confirmedBy: [] }
    const ofOwner = correctBody({ ...visit, kit: facts as KitFacts }, current, new Map(), {})
    const line = { id: 'x', day: '2026-10-05', who: 'ada', hours: '1.375', before: null, confirmedBy: [] }
    const ofMember = ownCorrectBody(visit, { ...line, isOpen: false, byOwner: false, needsAnswer: false }, {})
    for (const body of [ofOwner, ofMember]) {
      const [, value] = /name="amount"[^>]* value="([^"]*)"/.exec(String(body)) ?? []
      expect(value).toBe(written)
      expect(readAmount(visit, value as string).value).toBe('1.375')
    }
  })

  test('the owner confirms hours as the owner, in nobody’s name', async () => {
    const [work] = await agentEntries('work')
    const address = `/costs/ledger/${work?.id}`
    expect((await owner.get(address)).body).not.toContain('name="who"')
    expect((await owner.post(`${address}/confirm`, { who: 'Cleo' })).statusCode).toBe(303)
    expect(await october()).toContain('confirmed by the owner')
    expect(await october()).not.toContain('Cleo')
    const [confirmation] = await agentEntries('confirmation')
    expect(confirmation).toMatchObject({ source: 'typed' })
    expect(confirmation).not.toHaveProperty('party')
    expect((await owner.get(address)).body).not.toContain(`${address}/confirm`)
    const [bill] = await agentEntries('bill')
    await owner.get(`/costs/ledger/${bill?.id}`)
    expect((await owner.post(`/costs/ledger/${bill?.id}/confirm`, {})).statusCode).toBe(404)
  })

  test('can be taken home in each format, a month or everything', async () => {
    for (const [format, type] of [
      ['csv', 'text/csv'],
      ['json', 'application/json'],
      ['hledger', 'text/plain'],
      ['ledger', 'text/plain'],
      ['beancount', 'text/plain'],
    ]) {
      const { statusCode, headers, body } = await owner.get(`/costs/ledger/export?format=${format}&month=2026-10`)
      expect([statusCode, String(headers['content-type']).split(';')[0]]).toEqual([200, type])
      expect(headers['content-disposition']).toMatch(/^attachment; filename="ledger-hearth-7f3a-2026-10\.[a-z]+"$/)
      expect(body, format).toMatch(/1234\.50?\b/)
      expect((await owner.get(`/costs/ledger/export?format=${format}&month=2026-09`)).body).not.toContain('1234.5')
    }
    expect(JSON.parse((await owner.get('/costs/ledger/export?format=json')).body)).toEqual(
      await kit.services.agent.entries(),
    )
    for (const query of ['', '?format=xlsx', '?format=csv&month=2026-13', '?format=csv&month=../etc'])
      expect((await owner.get(`/costs/ledger/export${query}`)).statusCode).toBe(404)
  })

  test('knows no other entry by its address', async () => {
    for (const id of ['x', crypto.randomUUID()]) expect((await owner.get(`/costs/ledger/${id}`)).statusCode).toBe(404)
    expect((await new Browser(kit.app).get('/costs/ledger')).statusCode).toBe(303)
  })
})

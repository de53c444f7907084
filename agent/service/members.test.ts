import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AgentSettings, Bill, MoneyRange } from '../api.ts'
import { billFor, close, preview } from '../costs/bill.ts'
import { billInput, hoursFrom, tariffsWith } from '../costs/testing/household.ts'
import { Journal } from '../ledger/journal.ts'
import { Ledger } from '../ledger/ledger.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { Members } from './members.ts'

const exact = billFor(
  billInput({
    tariffs: tariffsWith({
      power: [{ from: '2020-01-01', prices: { kind: 'flat', perKwh: '0.3217' } }],
      items: [{ kind: 'disk', price: '120', bought: null, years: 10 }], // 1 a month
    }),
    readings: hoursFrom('2026-10-31T23:00:00Z', 720),
  }),
)
const at = '2026-11-24T03:41:00.000Z'

let kit: KitRoot
let journal: Journal
let notes: Ledger
let sharing: AgentSettings['sharing']
let bills: Bill[]
let people: number
let members: Members
beforeEach(async () => {
  kit = await makeKitRoot()
  const clock = new FakeClock('2026-11-24T10:00:00Z')
  journal = new Journal({ folder: kit.paths.agentData, clock })
  notes = new Ledger(kit.paths.agentData, clock.now)
  notes.start()
  sharing = 'storage'
  people = 0
  bills = [preview(exact, 'so-far', true), preview(exact, 'expected', true)]
  const settings = () => ({ sharing, currency: 'EUR' }) as AgentSettings
  members = new Members({ journal, notes, settings, people: () => people, bills: () => bills })
})
afterEach(async () => {
  journal.stop()
  notes.stop()
  await kit.remove()
})

const cents = ({ value }: MoneyRange) => Math.round(Number(value.amount) * 100)

describe('shares', () => {
  it('of all people add up to each bill, in coins, by what was counted', () => {
    members.noteUploads({ ada: 8e9, ben: 0, __proto__x: 0 }, 10e9, at)
    const { people, uploads, bills: shared } = members.shares()
    expect([people, uploads?.shared]).toEqual([3, 2e9])
    for (const { total, shares } of shared) {
      expect(shares.map(({ person }) => person)).toEqual(['__proto__x', 'ada', 'ben'])
      expect(shares.reduce((sum, { range }) => sum + cents(range), 0)).toBe(cents(total))
      expect(cents(shares[1]?.range as MoneyRange)).toBeGreaterThan(cents(shares[2]?.range as MoneyRange))
    }
    sharing = 'equal'
    for (const { shares } of members.shares().bills)
      expect(Math.abs(cents(shares[1]?.range as MoneyRange) - cents(shares[2]?.range as MoneyRange))).toBeLessThan(2)
    bills = [close(exact)]
    expect(members.shares('2026-11').bills.map(({ state }) => state)).toEqual(['closed'])
  })

  it('show one person their own alone, with what the whole comes to', () => {
    members.noteUploads({ ada: 8e9, ben: 1e9 }, 10e9, at)
    const { bills: all } = members.shares()
    const own = members.ownShare('ben')
    expect(JSON.stringify(own)).not.toMatch(/ada|8000000000/)
    expect(own).toMatchObject({ people: 2, rule: 'storage', uploads: { own: { ben: 1e9 }, shared: 1e9, at } })
    expect(own.bills.map(({ total, shares }) => [total, shares])).toEqual(
      all.map(({ total, shares }) => [total, shares.filter(({ person }) => person === 'ben')]),
    )
  })

  it('count whoever signed in before the agent heard of them, and nobody twice', () => {
    expect(members.ownShare('ada')).toMatchObject({ people: 1, uploads: null })
    people = 4
    const [soFar] = members.ownShare('ada').bills
    expect(cents(soFar?.shares[0]?.range as MoneyRange)).toBeLessThan(cents(soFar?.total as MoneyRange) / 3)
    people = 2
    members.tellAccounts(['ada', 'ben'])
    expect(members.ownShare('ada').people).toBe(2)
    for (const name of ['constructor', '__proto__', 'toString']) {
      members.noteUploads({ ada: 5 }, 10, at)
      expect(members.ownShare(name).uploads?.own[name], name).toBe(0)
    }
  })

  it('keep the people they know when the server’s files were not there to be counted', () => {
    members.tellAccounts(['ada', 'ben'])
    members.noteUploads({}, 0, at)
    expect(members.shares().people).toBe(2)
  })
})

it('a person’s export has every entry about them and no other, under each of their parties', () => {
  const known = journal.addParty({ name: 'Ada' })
  const ada = members.party('ada', 'Ada Lovelace')
  const bob = journal.addParty({ name: 'Bob' })
  const draft = {
    kind: 'donation',
    period: { from: '2026-11-24', to: '2026-11-25' },
    instance: 'hearth.example',
    amounts: [{ value: '20', unit: 'EUR' }],
    source: 'typed',
    audience: 'party' as const,
  }
  journal.recordAll([
    { ...draft, party: known.id },
    { ...draft, party: ada.id, external: { system: 'liberapay', id: '7' } },
    { ...draft, party: bob.id, note: 'of Bob' },
    { ...draft, party: ada.id, audience: 'owner', note: 'between owner and tax office' },
  ])
  journal.joinParties(known.id, ada.id)
  const entries = JSON.parse(members.export('json', ada.id)) as { party: string }[]
  expect(entries.map(({ party }) => party)).toEqual([known.id, ada.id])
  expect(JSON.stringify(entries)).not.toMatch(/sequence|external|tax office/)
  expect(members.export('csv', ada.id)).not.toContain('Bob')
  expect(members.party('ada', 'Another name')).toEqual(ada)
})

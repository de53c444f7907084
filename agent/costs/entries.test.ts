import { describe, expect, it } from 'vitest'
import { checkDraft } from '../ledger/entry.ts'
import { billFor, close, preview } from './bill.ts'
import { costEntries } from './entries.ts'
import { billInput, hoursFrom, tariffsWith } from './testing/household.ts'

const from = '2020-01-01'
const exact = billFor(
  billInput({
    tariffs: tariffsWith({
      power: [{ from, prices: { kind: 'flat', perKwh: '1' } }],
      items: [{ kind: 'disk', name: 'Сервер №2', price: '120', bought: null, years: 10 }],
    }),
    readings: hoursFrom('2026-10-31T23:00:00Z', 600),
    idleWatts: 2,
  }),
)

describe('entries of a bill', () => {
  it('are one for each line, in a form the ledger takes', () => {
    const entries = costEntries(close(exact), 'hearth-1a2b.local')
    for (const entry of entries) expect(checkDraft(entry)).toEqual(entry)
    expect(entries.map(({ purpose, amounts }) => [purpose, amounts])).toEqual([
      ['power', [{ value: '0.6', low: '0.4', high: '0.8', unit: 'EUR' }]],
      ['idle', [{ value: '1.2', low: '0.8', high: '1.6', unit: 'EUR' }]],
      ['disk/Сервер №2', [{ value: '1', unit: 'EUR' }]],
    ])
    expect(entries[0]).toEqual({
      kind: 'cost',
      period: { from: '2026-11-01', to: '2026-12-01' },
      instance: 'hearth-1a2b.local',
      purpose: 'power',
      amounts: [{ value: '0.6', low: '0.4', high: '0.8', unit: 'EUR' }],
      source: 'tariff',
      method: 'bill@1',
      coveredSeconds: 600 * 3600,
      audience: 'owner',
      external: { system: 'hearth-bill', id: '2026-11/power' },
    })
    expect(new Set(entries.map(({ external }) => external?.id)).size).toBe(3)
  })

  it('are of closed bills only', () => {
    expect(() => costEntries(preview(exact, 'expected'), 'hearth-1a2b.local')).toThrow(
      'The bill of 2026-11 is not closed.',
    )
  })
})

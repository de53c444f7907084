import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { dayName, dayNumber } from '../costs/calendar.ts'
import { correctionOf } from '../ledger/corrections.ts'
import type { EntryDraft } from '../ledger/entry.ts'
import { Journal } from '../ledger/journal.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { EnteredMonths } from './entered-months.ts'

let kit: KitRoot
let journal: Journal
let months: EnteredMonths
const clock = new FakeClock('2026-11-24T10:20:00Z')
beforeEach(async () => {
  kit = await makeKitRoot()
  journal = new Journal({ folder: kit.paths.agentData, clock })
  months = new EnteredMonths(journal, () => clock.now())
})
afterEach(async () => {
  journal.stop()
  await kit.remove()
})

const power = (day: string, kwh: string): EntryDraft => ({
  kind: 'power',
  period: { from: day, to: dayName(dayNumber(day) + 1) },
  instance: 'hearth.example',
  amounts: [{ value: kwh, unit: 'kWh' }],
  source: 'measured',
  coveredSeconds: 86_400,
  audience: 'owner',
  external: { system: 'hearth-meter', id: `${day}/power` },
})
const wattHours = (month: string) => {
  months.refresh()
  return (months.month(month).metered?.energy ?? 0) / 1e6
}

it('are read once, and again when something was added to them', () => {
  const [old] = journal.recordAll([power('2020-03-01', '0.07'), power('2026-11-23', '0.06')])
  expect([wattHours('2020-03'), wattHours('2026-11')]).toEqual([70, 60])
  const asked = vi.spyOn(journal, 'entries')
  expect([wattHours('2020-03'), wattHours('2026-11')]).toEqual([70, 60])
  expect(asked).not.toHaveBeenCalled()
  journal.record(power('2026-11-24', '0.05'))
  expect(wattHours('2026-11')).toBe(110)
  asked.mockClear()
  expect(wattHours('2020-03')).toBe(70)
  expect(asked).not.toHaveBeenCalled() // nothing was added to it
  if (old) journal.record(correctionOf(old, [{ value: '0.08', unit: 'kWh' }]))
  journal.record(power('2026-11-22', '0.01'))
  expect([wattHours('2020-03'), wattHours('2026-11')]).toEqual([80, 120])
})

it('are not those of a journal that is gone', () => {
  journal.record(power('2026-11-23', '0.06'))
  expect(wattHours('2026-11')).toBe(60)
  journal.stop()
  for (const name of ['', '-wal', '-shm']) rmSync(`${kit.paths.agentData}/journal.db${name}`, { force: true })
  expect(wattHours('2026-11')).toBe(0)
  journal.record(power('2026-11-23', '0.04'))
  expect(wattHours('2026-11')).toBe(40)
})

import { expect, test } from 'vitest'
import type { AgentSettings, KitFacts } from '#agent/api.ts'
import { makeVisit } from '../visit.ts'
import type { languages } from '../words/index.ts'
import { settingsBody } from './settings-forms.ts'

const settings: AgentSettings = {
  currency: 'EUR',
  pricePerKwh: '0.40',
  timezone: 'Europe/Berlin',
  plug: null,
  calibration: [],
  internetPerMonth: '5',
  hardware: null,
  domainPerYear: null,
  tariffs: null,
  sharing: 'equal',
}
const typedPrices: AgentSettings['typedPrices'] = [
  { of: 'power', amount: '0.32', from: '2000-01-01', typed: '2026-01-03' },
  { of: 'power', amount: '0.40', from: '2026-02-20', typed: '2026-02-20' },
  { of: 'internet', amount: '5', from: '2000-01-01', typed: '2026-01-03' },
]

async function electricity(language: keyof typeof languages, of: AgentSettings): Promise<string> {
  const kit = { timezone: 'Europe/Berlin', hostname: 'hearth-7f3a', serverName: null, currency: 'EUR' } as KitFacts
  const visit = await makeVisit({ kit, language, holder: { role: 'owner' }, csrf: '' })
  const body = String(settingsBody({ ...visit, kit }, of, true, null, {}))
  return body.slice(body.indexOf('id="electricity"'), body.indexOf('id="household"'))
}

test.each([
  ['en', 'Counts since '],
  ['de', 'Gilt seit '],
  ['fr', 'Compte depuis le '],
] as const)('a price says since when it counts, and where that can be changed, in %s', async (language, since) => {
  const body = await electricity(language, { ...settings, typedPrices })
  expect(body.split(since)).toHaveLength(2) // that of the internet has always counted
  expect(body).toMatch(new RegExp(`${since}[^<]*20[^<]*2026`))
  expect(body.match(/class="hint">[^<]+<a href="\/costs\/tariffs">/g)).toHaveLength(2)
  expect(await electricity(language, settings)).not.toContain(since)
})

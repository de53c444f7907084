import { expect, test } from 'vitest'
import type { AgentSettings, KitFacts } from '#agent/api.ts'
import { readAmount } from '../amounts.ts'
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

test.each([
  [
    'en',
    'changed price of internet or domain counts from today',
    'Counts for all months that are not in the ledger yet',
  ],
  [
    'de',
    'Ein geänderter Preis für Internet oder Domain gilt ab heute',
    'Gilt für alle Monate, die noch nicht im Kassenbuch stehen',
  ],
  ['fr', 'Un prix modifié d’internet ou du domaine', 'Compte pour tous les mois qui ne sont pas encore'],
] as const)(
  'only what has a price is said to change from today on, and the machine never, in %s',
  async (language, fees, machine) => {
    const links = (body: string) => body.match(/class="hint">[^<]+<a href="\/costs\/tariffs">/g) ?? []
    const all = await electricity(language, settings)
    for (const text of [fees, machine]) expect(all).toContain(text)
    expect(links(all)).toHaveLength(2)
    const none = await electricity(language, { ...settings, pricePerKwh: null, internetPerMonth: null })
    expect(links(none)).toEqual([])
    expect(none).not.toContain(fees)
    expect(none).toContain(machine)
    expect(links(await electricity(language, { ...settings, pricePerKwh: null }))).toHaveLength(1)
  },
)

test.each([
  ['en', '3.125', '4.5'],
  ['de', '3,125', '4,5'],
  ['fr', '3,125', '4,5'],
] as const)('what is in a field can be sent as it stands, in %s', async (language, price, years) => {
  const hardware = { price: '80.250', years: 4.5 }
  const body = await electricity(language, { ...settings, currency: 'KWD', pricePerKwh: '3.125', hardware })
  const value = (name: string) => new RegExp(`name="${name}"[^>]* value="([^"]*)"`).exec(body)?.[1] ?? ''
  expect([value('price'), value('hardwareYears')]).toEqual([price, years])
  const visit = await makeVisit({ kit: null, language, holder: { role: 'owner' }, csrf: '' })
  expect(readAmount(visit, value('price')).value).toBe('3.125')
  expect(Number(readAmount(visit, value('hardwarePrice'), 3).value)).toBe(80.25)
})

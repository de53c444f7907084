import { describe, expect, it } from 'vitest'
import type { ServiceShare, TrafficTotals } from '#agent/api.ts'
import { makeFormat } from '../format.ts'
import type { Visit } from '../visit.ts'
import { type Language, languages, loadWords } from '../words/index.ts'
import { serviceShares, serviceTimes, trafficServices } from './service-shares.ts'

const visitIn = async (language: Language) =>
  ({ language, words: await loadWords(language), format: makeFormat(language, 'Europe/Berlin') }) as Visit
const share = (id: string, cpuSeconds: number, amount: string): ServiceShare => {
  const money = { amount, currency: 'EUR' }
  return { id, cpuSeconds, range: { value: money, low: money, high: money } }
}
const services = [
  share('server', 5400, '0.17'),
  share('web', 1080, '0.04'),
  share('dashboard', 0, '0'),
  share('agent', 720, '0.02'),
  share('system', 0, '0'),
]
const bytes = (amount: number) => ({ in: amount, out: amount * 2 })
const traffic = {
  services: {
    server: bytes(4e9),
    fetch: bytes(3e6),
    dashboard: bytes(2e6),
    plain: bytes(10),
    publish: bytes(0),
    other: bytes(5e3),
  },
} as TrafficTotals

describe('services', () => {
  it('have their part of what is above idle, by processor time', async () => {
    const text = String(serviceShares(await visitIn('en'), { services }))
    expect(text).toMatch(/Fediverse server<\/th><td>75%<\/td><td>0\.17/)
    expect(text).toMatch(/Figures and ledger<\/th><td>10%/)
    expect(text).toContain('people are not')
  })

  it('are named with their time where power is shown', async () => {
    expect(String(serviceTimes(await visitIn('en'), { services }))).toMatch(/75%<\/td><td>1 hour, 30 minutes/)
  })

  it('have no table while no processor time is known', async () => {
    const visit = await visitIn('en')
    for (const none of [[], services.map((each) => ({ ...each, cpuSeconds: 0 }))]) {
      expect(serviceShares(visit, { services: none })).toBeNull()
      expect(serviceTimes(visit, { services: none })).toBeNull()
    }
  })

  it('have bytes by what they were for, in every language', async () => {
    for (const language of Object.keys(languages) as Language[]) {
      const visit = await visitIn(language)
      const all = [
        trafficServices(visit, 'x', traffic),
        serviceShares(visit, { services }),
        serviceTimes(visit, { services }),
      ]
      const text = all.map(String).join('')
      expect(text.match(/<tr>/g)).toHaveLength(3 + 6 + 5 + 5)
      expect(text).not.toMatch(/undefined|\bNaN\b|\[object/)
    }
    expect(String(trafficServices(await visitIn('en'), 'x', traffic))).toMatch(
      /port 443\)<\/th><td>4.?GB<\/td><td>8.?GB/,
    )
  })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AgentSettings, PowerFigure } from '#agent/api.ts'
import { sourceInWords } from '../figures.ts'
import { makeTestKit, type TestKit } from '../testing/kit.ts'
import { makeVisit, type Visit } from '../visit.ts'
import { othersOnPlug } from './power.ts'

let kit: TestKit
let visit: Visit
beforeAll(async () => {
  kit = await makeTestKit()
  const facts = await kit.services.readKit()
  visit = await makeVisit({ kit: facts, language: 'en', holder: { role: 'owner' }, csrf: '' })
})
afterAll(() => kit.stop())

const plug = { kind: 'shelly-gen2', address: '192.168.1.40' } as const
const said = (others?: NonNullable<AgentSettings['plug']>['others']) =>
  String(othersOnPlug(visit, { ...plug, ...(others && { others }) }) ?? '')

test('what else hangs on the plug stands beside its figure, and where to change it', () => {
  expect(said('nothing')).toBe('')
  expect(said()).toContain('Nobody said yet')
  const router = said({ name: 'router <b>', watts: { low: 5, high: 7.5 } })
  expect(router).toMatch(/router &lt;b&gt;\. 5\.0–7\.5.W are taken off/)
  expect(router).toContain('href="/settings#plug"')
  expect(said({ name: '', watts: null })).toMatch(/hangs on the plug\. Nobody said how much/)
})

test('the source of a figure says whether something was taken off', () => {
  const source = (source: string) => sourceInWords(visit, { source } as PowerFigure)
  expect(source('tasmota@1')).toBe('smart plug')
  expect(source('tasmota@1/less-others@1')).toBe('smart plug, less what else hangs on it')
  expect(source('tasmota@1/with-others@1')).toBe('smart plug, with what else hangs on it')
})

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const folder = path.resolve(import.meta.dirname, '../layers/kit/files/usr/lib/systemd/system')
const ours = readdirSync(folder).filter((name) => name.endsWith('.service'))
/** Debian's, as far as they listen to others or read what others send. */
const debians = ['avahi-daemon', 'nftables', 'nginx', 'snac2', 'ssh'].map((name) => `${name}.service.d/hearth.conf`)
const settings = (name: string) => readFileSync(path.join(folder, name), 'utf8').split('\n')

test('there are units of ours', () => {
  expect(ours.length).toBeGreaterThan(8)
})

describe.each([...ours, ...debians])('%s', (name) => {
  test('has a limit of memory, in its service section', () => {
    expect(existsSync(path.join(folder, name))).toBe(true)
    const service = settings(name).slice(settings(name).indexOf('[Service]'))
    const limits = service.filter((line) => line.startsWith('MemoryMax='))
    expect(limits).toEqual([expect.stringMatching(/^MemoryMax=\d+[M%]$/)])
  })
})

test('the Fediverse server is the last to die', () => {
  const scores = new Map(
    [...ours, ...debians].map((name) => {
      const line = settings(name).find((setting) => setting.startsWith('OOMScoreAdjust='))
      return [name, Number(line?.split('=')[1] ?? 0)]
    }),
  )
  const [last, next] = [...scores].sort(([, a], [, b]) => a - b)
  expect(last).toEqual(['snac2.service.d/hearth.conf', -900])
  expect(next?.[1]).toBeGreaterThan(-900)
})

test('nobody is looked after who has a network: only conditions decide, and no program', () => {
  const service = settings('hearth-offline.service')
  expect(service.filter((line) => line.startsWith('Condition'))).toEqual([
    'ConditionFileNotEmpty=|!/run/hearth/online',
    'ConditionPathExists=|/data/hearth/setup/offline',
  ])
  expect(service).not.toContain('[Install]')
  expect(settings('hearth-offline.timer').filter((line) => /^On/.test(line))).toEqual(['OnActiveSec=2min'])
})

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

const programs = path.resolve('images/layers/kit/files/usr/lib/hearth')
let root: string

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'announce-'))
  for (const folder of ['data/hearth', 'usr/lib/hearth']) mkdirSync(path.join(root, folder), { recursive: true })
  cpSync(path.join(programs, 'json.awk'), path.join(root, 'usr/lib/hearth/json.awk'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const folder = () => path.join(root, 'run/hearth/avahi')
const put = (file: string, content: string) => writeFileSync(path.join(root, file), content)
function announce(): string {
  execFileSync(path.join(programs, 'announce'), { env: { PATH: process.env.PATH, ANNOUNCE_ROOT: root } })
  expect(readdirSync(folder())).toEqual(['commonhearth.service'])
  return readFileSync(path.join(folder(), 'commonhearth.service'), 'utf8')
}
const texts = (xml: string) => [...xml.matchAll(/<txt-record>(.*)<\/txt-record>/g)].map(([, text]) => text)

it('announces the dashboard with release, state and name, for Avahi to read', () => {
  put('data/hearth/kit.json', '{"hostname":"hearth-7f3a","claimed":false,"board":{"hostname":"x"}}')
  put('usr/lib/hearth/release.json', '{"version":"0.1.0"}')
  const xml = announce()
  expect(texts(xml)).toEqual(['version=0.1.0', 'claimed=0', 'name=hearth-7f3a'])
  expect(xml).toContain('<type>_commonhearth._tcp</type>')
  expect(xml).toContain('<port>8443</port>')
  expect(statSync(path.join(folder(), 'commonhearth.service')).mode & 0o777).toBe(0o644)
  put('data/hearth/kit.json', '{"hostname":"kitchen","claimed":true}')
  expect(texts(announce())).toEqual(['version=0.1.0', 'claimed=1', 'name=kitchen'])
})

it('leaves the file alone while nothing changed, so that Avahi does not announce anew', () => {
  put('data/hearth/kit.json', '{"hostname":"kitchen","claimed":true}')
  announce()
  const before = statSync(path.join(folder(), 'commonhearth.service'))
  announce()
  expect(statSync(path.join(folder(), 'commonhearth.service')).ino).toBe(before.ino)
})

it.each([
  ['missing', null],
  ['empty', ''],
  ['half-written', '{"hostname":"hearth-7f3a","cla'],
  ['of other types', '{"hostname":7,"claimed":"yes"}'],
])('still announces a kit whose facts are %s', (_how, kit) => {
  if (kit !== null) put('data/hearth/kit.json', kit)
  put('usr/lib/hearth/release.json', '{"version":"1.0</txt-record><x>&\\u0000"}')
  const xml = announce()
  expect(texts(xml)[0]).toBe('version=1.0txt-recordxu0000')
  expect(xml).not.toContain('claimed=')
})

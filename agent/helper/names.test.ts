import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run as realRun } from '../setup/run.ts'
import { readCertificate, tlsFiles } from '../setup/tls.ts'
import { webFiles } from '../setup/web.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { refreshTls } from './names.ts'
import { makeWorld, type TestWorld } from './testing/world.ts'

let kit: KitRoot
let world: TestWorld
beforeEach(async () => {
  kit = await makeKitRoot()
  world = makeWorld(kit.paths, (line, ...call) => (line.startsWith('systemctl ') ? '' : realRun(...call)))
})
afterEach(() => kit.remove())

async function announcedAs(name: string): Promise<void> {
  const addresses = ['192.168.1.20']
  await kit.write('run/hearth/network.json', { addresses, onLink: [], resolvers: [], announcedAs: name })
}
const certifiedNames = async () => (await readCertificate(tlsFiles(kit.paths).kit))?.subjectAltName ?? ''
const plainPage = () => readFile(webFiles(kit.paths).plainPage, 'utf8')

test('a kit whose name is taken is certified and found under the numbered one, and returns to its own', async () => {
  await announcedAs('hearth-7f3a')
  expect(await refreshTls(world)).toEqual({ changed: true })
  expect(await plainPage()).toContain('href="https://hearth-7f3a.local:8443/"')
  expect(await refreshTls(world)).toEqual({ changed: false })

  await announcedAs('hearth-7f3a-2')
  expect(await refreshTls(world)).toEqual({ changed: true })
  expect(await certifiedNames()).toContain('DNS:hearth-7f3a.local, DNS:hearth-7f3a-2.local')
  expect(await plainPage()).toContain('href="https://hearth-7f3a-2.local:8443/"')

  await announcedAs('hearth-7f3a')
  expect(await refreshTls(world)).toEqual({ changed: false })
  expect(await plainPage()).toContain('href="https://hearth-7f3a.local:8443/"')
})

test('no certificate is made for a name that is not this kit’s', async () => {
  await announcedAs('router')
  await refreshTls(world)
  expect(await certifiedNames()).not.toContain('router')
})

import { existsSync } from 'node:fs'
import { access, chmod, mkdir, readFile, readlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createClaim } from '../setup/claim.ts'
import { readKit } from '../setup/kit.ts'
import { run as realRun } from '../setup/run.ts'
import { ensureServer, serverHost } from '../setup/server.ts'
import { ensureCertificates } from '../setup/tls.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import * as claim from './claim.ts'
import { nameServer, renameKit } from './kit.ts'
import { resumeNames } from './names.ts'
import { makeWorld, type TestWorld } from './testing/world.ts'

const installed = ['/usr/bin/snac', '/usr/local/bin/snac'].some((file) => existsSync(file))
if (!installed) console.warn('snac is not installed: the claim is not tried (Debian package snac2, 2.96)')

let kit: KitRoot
let world: TestWorld
let code: string
/** A command that starts with this is where the power goes; the n-th time it is run. */
let cut: { command: string; at: number } | null

class PowerCut extends Error {}

beforeEach(async () => {
  kit = await makeKitRoot({ kit: { claimed: false }, clockTrusted: true })
  await chmod(kit.root, 0o755)
  await kit.write('proc/sys/kernel/hostname', '')
  await kit.write('proc/self/mountinfo', '')
  cut = null
  world = makeWorld(kit.paths, (line, ...call) => {
    if (cut !== null && line.startsWith(cut.command) && --cut.at === 0) throw new PowerCut()
    return /^(?:systemctl|networkctl) /.test(line) ? '' : realRun(...call)
  })
  code = (await createClaim(kit.paths)) as string
  if (!installed) return
  await mkdir(path.dirname(kit.paths.snacSocket), { recursive: true })
  await chmod(path.dirname(kit.paths.snacSocket), 0o777)
  const names = { hostname: 'hearth-7f3a', serverName: null, addresses: [] }
  await ensureCertificates(kit.paths, names)
  await ensureServer(kit.paths, { host: 'hearth-7f3a.local', language: 'en' }, world.run)
  world.commands.length = 0
})
afterEach(() => kit.remove())

const choices = () => ({
  code,
  language: 'de',
  timezone: 'Europe/Vienna',
  currency: 'CHF',
  serverName: 'home.example.org' as string | null,
  person: { id: 'anna', name: 'Anna Öhm' },
})
const codeIsGone = () => expect(access(kit.paths.claim)).rejects.toThrow()

test('a wrong code changes nothing and says how long to wait', async () => {
  const before = await readFile(kit.paths.kit, 'utf8')
  await expect(claim.finish(world, { ...choices(), code: 'WRONG-WRONG' })).rejects.toMatchObject({
    code: 'claim.wrong',
  })
  expect(await readFile(kit.paths.kit, 'utf8')).toBe(before)
  expect(world.commands).toEqual([])
  await expect(claim.check(world, { code })).resolves.toEqual({ right: true, retryAfterSeconds: 0 })
})

describe.skipIf(!installed)('with snac', () => {
  test('applies every choice, and the code is good for nothing afterwards', async () => {
    const { personPassword } = await claim.finish(world, choices())
    expect(personPassword).toMatch(/^\S{8,}$/)
    expect(await readKit(kit.paths)).toMatchObject({
      claimed: true,
      hostname: 'hearth-7f3a',
      serverName: 'home.example.org',
      language: 'de',
      timezone: 'Europe/Vienna',
      currency: 'CHF',
    })
    expect(await readlink(path.join(kit.paths.etc, 'localtime'))).toBe('/usr/share/zoneinfo/Europe/Vienna')
    expect(await readFile(path.join(kit.paths.etc, 'hosts'), 'utf8')).toContain('home.example.org')
    expect((await readKit(kit.paths))?.formerNames).toEqual(['hearth-7f3a.local'])
    expect(await serverHost(kit.paths)).toBe('home.example.org')
    expect(await readFile(path.join(kit.paths.nginx, 'server.conf'), 'utf8')).toContain('home.example.org')
    expect(world.commands).toContain('systemctl reload-or-restart nginx.service')
    expect(world.commands.at(-1)).toBe('systemctl start hearth-network.service')
    await codeIsGone()
    await expect(claim.finish(world, choices())).rejects.toMatchObject({ code: 'claim.wrong' })
    expect(world.commands.join('\n')).not.toContain(personPassword)
  })

  test('on trial the server keeps the name of the kit', async () => {
    await claim.finish(world, { ...choices(), serverName: null })
    expect(await readKit(kit.paths)).toMatchObject({ claimed: true, serverName: null })
    expect(await readKit(kit.paths)).not.toHaveProperty('formerNames')
    expect(await serverHost(kit.paths)).toBe('hearth-7f3a.local')
  })

  test.each([
    ['systemctl stop snac2', 1],
    ['systemctl start snac2', 1],
    ['openssl', 1],
    ['systemctl reload-or-restart nginx', 1],
    ['systemctl start hearth-network', 1],
    ['setpriv', 2],
  ])('after a cut at %s (%i) the same code finishes the claim', async (command, at) => {
    cut = { command, at }
    await expect(claim.finish(world, choices())).rejects.toThrow(PowerCut)
    expect(await readKit(kit.paths)).toMatchObject({ claimed: false })
    cut = null
    await resumeNames(world)
    const { personPassword } = await claim.finish(world, choices())
    expect(personPassword).toMatch(/^\S{8,}$/)
    expect(await readKit(kit.paths)).toMatchObject({ claimed: true, serverName: 'home.example.org' })
    expect(await serverHost(kit.paths)).toBe('home.example.org')
    await codeIsGone()
  })

  test('a person that cannot be made leaves the kit unclaimed', async () => {
    const person = { id: 'admin', name: 'A' }
    await expect(claim.finish(world, { ...choices(), person })).rejects.toMatchObject({
      code: 'person.reserved',
      facts: { id: 'admin' },
    })
    expect(await readKit(kit.paths)).toMatchObject({ claimed: false })
    await claim.finish(world, choices())
  })

  test('a screen that cannot be refreshed does not cost the password', async () => {
    cut = { command: 'systemctl start hearth-network', at: 2 }
    await expect(claim.finish(world, choices())).resolves.toMatchObject({ personPassword: expect.any(String) })
    expect(world.journal.join()).toContain('still shown')
    await codeIsGone()
  })

  test('a renamed kit on trial takes its server along, also after a cut', async () => {
    cut = { command: 'systemctl start snac2', at: 1 }
    await expect(renameKit(world, { hostname: 'hearth-new' })).rejects.toThrow(PowerCut)
    // What a cut leaves, unlike an error: the note of what was wanted.
    await writeFile(path.join(kit.paths.setup, 'names.json'), '{"hostname":"hearth-new","serverName":null}')
    cut = null
    await resumeNames(world)
    expect(await readKit(kit.paths)).toMatchObject({ hostname: 'hearth-new', serverName: null })
    expect(await serverHost(kit.paths)).toBe('hearth-new.local')
    expect(await readFile(path.join(kit.paths.etc, 'hostname'), 'utf8')).toBe('hearth-new\n')
    expect(world.commands).toContain('systemctl try-restart avahi-daemon.service')
    await expect(access(path.join(kit.paths.setup, 'names.json'))).rejects.toThrow()
    const former = async () => (await readKit(kit.paths))?.formerNames
    expect(await former()).toEqual(['hearth-7f3a.local'])
    await nameServer(world, { name: 'home.example.org' })
    expect(await former()).toEqual(['hearth-7f3a.local', 'hearth-new.local'])
    // With a permanent name another name at home changes nothing; nor is what it is called now a former name.
    await renameKit(world, { hostname: 'hearth-other' })
    await nameServer(world, { name: 'home.example.net' })
    await nameServer(world, { name: 'home.example.org' })
    expect(await former()).toEqual(['hearth-7f3a.local', 'hearth-new.local', 'home.example.net'])
  })

  test('the router hears of another name of the kit, and only of that', async () => {
    const asked = () => world.commands.filter((line) => line === 'networkctl reload').length
    await nameServer(world, { name: 'home.example.org' })
    expect(asked()).toBe(0)
    await renameKit(world, { hostname: 'hearth-new' })
    expect(asked()).toBe(1)
    // With the name in what it is configured by, networkd finds that changed, and asks anew.
    for (const network of ['80-wired', '70-wireless']) {
      const file = path.join(kit.root, 'run/systemd/network', `${network}.network.d/hostname.conf`)
      expect(await readFile(file, 'utf8')).toBe('[DHCPv4]\nHostname=hearth-new\n')
    }
  })

  test('a router that cannot be told costs no name', async () => {
    cut = { command: 'networkctl', at: 1 }
    await expect(renameKit(world, { hostname: 'hearth-new' })).resolves.toEqual({ hostname: 'hearth-new' })
    expect(world.journal.join()).toContain('the router was not told the name hearth-new')
  })

  test('nor does a /run in which nothing can be written for it', async () => {
    await kit.write('run/systemd/network', 'not a folder')
    await expect(renameKit(world, { hostname: 'hearth-new' })).resolves.toEqual({ hostname: 'hearth-new' })
    expect(world.journal.join()).toContain('the router was not told the name hearth-new')
  })
})

import { rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureFolder } from '#images/build/context.ts'
import { claimAs, FormBrowser, shownCode, textOf } from './kit/household.ts'
import { built, type Kit, settled, startKit } from './kit/kit.ts'
import { request } from './kit/web.ts'

describe('two kits of the same name on one network', () => {
  let kits: [Kit, Kit]
  afterAll(() => Promise.all((kits ?? []).map((kit) => kit.guest.powerOff())))

  const facts = async (kit: Kit): Promise<{ addresses: string[]; announcedAs?: string }> =>
    JSON.parse(await kit.guest.run('cat /run/hearth/network.json'))
  const announced = async (kit: Kit) => (await facts(kit)).announcedAs ?? ''
  const hostname = async (kit: Kit) => JSON.parse(await kit.guest.run('cat /data/hearth/kit.json')).hostname as string

  /**
   * A kit that had to take another name, with that name, and the other kit. Avahi counts up what ends in a number:
   * `hearth-7f3a` becomes `hearth-7f3a-2`, but `hearth-3456` becomes `hearth-3457`. Where both were up before they met,
   * both may have given way.
   */
  async function renamedKit(): Promise<{ renamed: Kit; as: string; other: Kit }> {
    const [first, second] = kits
    const own = await hostname(first)
    const as = await announced(first)
    if (as !== own) return { renamed: first, as, other: second }
    return { renamed: second, as: await announced(second), other: first }
  }

  beforeAll(async () => {
    const { context } = await built('kit-x86')
    const socket = path.join(ensureFolder(path.join(context.cache, 'test')), 'cable.sock')
    rmSync(socket, { force: true })
    const first = await startKit('first-of-two', { cable: { socket, end: 'first' } })
    const second = await startKit('second-of-two', { cable: { socket, end: 'second' } })
    kits = [first, second]
    expect(await Promise.all(kits.map((kit) => settled(kit.guest, 600)))).toEqual(['running', 'running'])
  }, 900_000)

  it('are found under two names, and each shows its own', { timeout: 900_000 }, async () => {
    const name = await hostname(kits[0])
    expect(await hostname(kits[1])).toBe(name)
    const names = () => Promise.all(kits.map(announced))
    const differ = async () => new Set((await names()).filter((each) => each !== '')).size
    await expect.poll(differ, { timeout: 780_000, interval: 3000 }).toBe(2)
    for (const kit of kits)
      expect(await kit.guest.run('cat /run/hearth/console.txt')).toContain(
        `Dashboard: https://${await announced(kit)}.local:8443/`,
      )
  })

  it('reach each other, each by a certificate with the name it goes by', { timeout: 300_000 }, async () => {
    const { renamed, as, other } = await renamedKit()
    const address = (await facts(renamed)).addresses.find((each) => each.startsWith('169.254.'))
    expect(address).toBeDefined()
    const certificate = () =>
      other.guest.run(
        `timeout 20 openssl s_client -connect ${address}:8443 -servername ${as}.local </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName`,
        { allowFailure: true },
      )
    await expect.poll(certificate, { timeout: 180_000, interval: 5000 }).toContain(`DNS:${as}.local`)
  })

  it('answer by the names they go by, and to no other', { timeout: 300_000 }, async () => {
    const name = await hostname(kits[0])
    const { renamed, as } = await renamedKit()
    const ask = (host: string) =>
      request('https', { port: renamed.ports.dashboard }, '/claim', {
        servername: host,
        headers: { host: `${host}:8443` },
      })
    const { status, body } = await ask(`${as}.local`)
    expect(status, textOf(body)).toBe(200)
    expect(textOf(body)).toContain(`called ${name}.local, so this server is found as ${as}.local.`)
    const other = await ask('hearth-0000.local')
    expect(other.status).toBe(421)
    expect(textOf(other.body)).toContain(`Open https://${as}.local:8443/ instead`)
  })

  it('propose another name to the owner of the one that had to change', { timeout: 600_000 }, async () => {
    const name = await hostname(kits[0])
    const { renamed, as } = await renamedKit()
    const visitor = new FormBrowser(renamed.ports.dashboard, { host: `${as}.local` })
    const { browser, lastPage } = await claimAs(visitor, shownCode(renamed))
    expect(lastPage).toContain(`found as ${as}.local.`)
    expect(lastPage).toContain('href="/settings#kit-name"')
    // It would lead to the other kit, with a password that is for this one.
    expect(lastPage).not.toContain(`https://${name}.local/`)
    expect(textOf(await browser.get('/diagnosis'))).toMatch(
      new RegExp(`called ${name}.local, so this kit is found as ${as}.local. What to do: Give the kit another name`),
    )
  })
})

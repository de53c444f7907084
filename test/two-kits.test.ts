import { rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureFolder } from '#images/build/context.ts'
import { claimKit, textOf } from './kit/household.ts'
import { built, type Kit, settled, startKit } from './kit/kit.ts'

describe('two kits of the same name on one network', () => {
  let kits: [Kit, Kit]
  afterAll(() => Promise.all((kits ?? []).map((kit) => kit.guest.powerOff())))

  const facts = async (kit: Kit): Promise<{ addresses: string[]; announcedAs?: string }> =>
    JSON.parse(await kit.guest.run('cat /run/hearth/network.json'))
  const names = async () =>
    (await Promise.all(kits.map(async (kit) => (await facts(kit)).announcedAs ?? ''))).toSorted()
  const hostname = async (kit: Kit) => JSON.parse(await kit.guest.run('cat /data/hearth/kit.json')).hostname as string

  /** The kit that had to take another name, and the one that kept it. */
  async function byName(name: string): Promise<{ renamed: Kit; other: Kit }> {
    const first = (await facts(kits[0])).announcedAs === name
    return first ? { renamed: kits[0], other: kits[1] } : { renamed: kits[1], other: kits[0] }
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
    await expect.poll(names, { timeout: 720_000, interval: 3000 }).toEqual([name, `${name}-2`])
    const { renamed, other } = await byName(`${name}-2`)
    expect(await renamed.guest.run('cat /run/hearth/console.txt')).toContain(`Dashboard: https://${name}-2.local:8443/`)
    expect(await other.guest.run('cat /run/hearth/console.txt')).toContain(`Dashboard: https://${name}.local:8443/`)
  })

  it('reach each other, each by a certificate with the name it goes by', { timeout: 300_000 }, async () => {
    const name = await hostname(kits[0])
    const { renamed, other } = await byName(`${name}-2`)
    const address = (await facts(renamed)).addresses.find((each) => each.startsWith('169.254.'))
    expect(address).toBeDefined()
    const certificate = () =>
      other.guest.run(
        `timeout 20 openssl s_client -connect ${address}:8443 -servername ${name}-2.local </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName`,
        { allowFailure: true },
      )
    await expect.poll(certificate, { timeout: 180_000, interval: 5000 }).toContain(`DNS:${name}-2.local`)
  })

  it('propose another name to the owner of the one that had to change', { timeout: 600_000 }, async () => {
    const name = await hostname(kits[0])
    const { renamed } = await byName(`${name}-2`)
    const { browser } = await claimKit(renamed)
    expect(textOf(await browser.get('/diagnosis'))).toMatch(
      new RegExp(`called ${name}.local, so this kit is found as ${name}-2.local. Give the kit another name`),
    )
  })
})

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createRestAPIClient } from 'masto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repoRoot } from '#images/build/context.ts'
import { accessibilityFaults, openBrowser, shoot } from './kit/browser.ts'
import { complaints, type Kit, settled, startKit } from './kit/kit.ts'
import { nodeInfoFaults } from './kit/nodeinfo.ts'
import { appToken, handshake, request } from './kit/web.ts'

// One kit, from the untouched image as from a new card to a server with a permanent name: each test goes on where the one
// before it stopped, as the household would.

let kit: Kit
let browser: Browser
let page: Page
let hostname: string
let claimCode: string
let personPassword: string
const ownerPassword = 'a long word for the owner'
const person = { id: 'anna', name: 'Anna of the Garden House' }

const dashboard = (address = '/') => `https://${hostname}.local:8443${address}`
const at = (listener: keyof Kit['ports']) => ({ port: kit.ports[listener] })

beforeAll(async () => {
  mkdirSync(path.join(repoRoot, 'out/screenshots'), { recursive: true })
  kit = await startKit('kit-x86')
  await settled(kit.guest)
  await kit.guest.waitForSerial(/Dashboard: https:\/\/\d/, 60)
  browser = await openBrowser(kit)
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
  })
  page = await context.newPage()
  page.setDefaultTimeout(60_000)
})

afterAll(async () => {
  await browser?.close()
  await kit?.guest.powerOff()
})

describe('a new kit', () => {
  it('starts every unit, without an ordering cycle', async () => {
    expect(await complaints(kit.guest)).toBe('')
    const log = await kit.guest.run('journalctl -b --no-pager')
    expect(log).not.toMatch(/ordering cycle/i)
    expect(await kit.guest.run('systemctl is-system-running', { allowFailure: true })).toBe('running')
  })

  it('runs from slot A, read-only, with its data on the data partition', async () => {
    const mounts = await kit.guest.run('findmnt -rno TARGET,FSTYPE,OPTIONS')
    expect(mounts).toMatch(/^\/ squashfs ro/m)
    expect(mounts).toMatch(/^\/data ext4 rw/m)
    expect(mounts).toMatch(/^\/var overlay/m)
    expect(JSON.parse(await kit.guest.run('cat /run/hearth/boot.json'))).toMatchObject({ slot: 'A', data: 'ok' })
  })

  it('has grown its data partition to the end of the disk', async () => {
    expect(Number(await kit.guest.run('df -B1 --output=size /data | tail -1'))).toBeGreaterThan(2 * 1024 ** 3)
  })

  it('listens on the three listeners and mDNS only', async () => {
    const sockets = await kit.guest.run(
      "ss -Hltun | awk '{print $1, $5}' | grep -v -e '127.0.0' -e '\\[::1\\]' | sed 's/ .*:/ /' | sort -u",
    )
    const ports = sockets.split('\n').filter((line) => !/^udp (68|546|\d{5})$/.test(line))
    expect(ports).toEqual(['tcp 443', 'tcp 8081', 'tcp 8443', 'udp 5353'])
  })

  it('shows name, addresses, claim code and four words on its console, and the code on the FAT partition', async () => {
    const text = kit.guest.serial()
    hostname = /Dashboard: https:\/\/(hearth-[0-9a-z]{4})\.local:8443\//.exec(text)?.[1] ?? ''
    expect(hostname).not.toBe('')
    claimCode = /Claim code: (\S+)/.exec(text)?.[1] ?? ''
    expect(claimCode.replaceAll('-', '').length).toBeGreaterThanOrEqual(8)
    expect(text).toMatch(/Certificate: (\w+ ){3}\w+/)
    const file = await kit.guest.run(
      'mkdir -p /run/look && mount -o ro -L HEARTH /run/look && cat /run/look/CLAIM-CODE.txt; umount /run/look',
    )
    expect(file).toContain(claimCode)
  })

  it('says on plain HTTP what will come, without a form', async () => {
    const { status, body } = await request('http', at('plain'), '/')
    expect(status).toBe(200)
    expect(body).not.toMatch(/<form|<input|<script/i)
    const words = /Certificate: ((\w+ ){3}\w+)/.exec(kit.guest.serial())?.[1] ?? '-'
    expect(body).toContain(words)
    await page.goto(`http://${hostname}.local/`)
    expect(await accessibilityFaults(page)).toEqual([])
    await shoot(page, 'plain')
  })

  it('finds itself well, so the slot’s counter of tries is back at 0', async () => {
    await expect
      .poll(() => kit.guest.run('/usr/lib/hearth/boot-env list'), { timeout: 120_000, interval: 2000 })
      .toContain('A_TRY=0')
  })

  it('answers to its own names only', async () => {
    expect((await request('https', at('dashboard'), '/', { headers: { host: 'evil.example' } })).status).toBe(421)
    expect(await handshake(kit.ports.server, 'evil.example')).toBe('refused')
  })
})

describe('the claim', () => {
  it('refuses wrong codes and slows whoever guesses, but never the right one', async () => {
    await page.setViewportSize({ width: 360, height: 640 })
    await page.goto(dashboard())
    expect(page.url()).toContain('/claim')
    expect(await accessibilityFaults(page)).toEqual([])
    await shoot(page, 'claim-code')
    for (let guess = 0; guess < 3; guess++) {
      await page.fill('[name=code]', `AAAA-BBBB-CC${guess}0`)
      await page.click('main button')
      await page.waitForSelector('.mistake')
    }
    expect(await accessibilityFaults(page)).toEqual([])
    await shoot(page, 'claim-wrong')
    await page.fill('[name=code]', claimCode.toLowerCase().replaceAll('-', ' '))
    await page.click('main button')
    await page.waitForSelector('[name=personId]')
    expect(await accessibilityFaults(page)).toEqual([])
    await shoot(page, 'claim-form')
  })

  it('says what a trial is before the first post, and ends with the first person’s password', async () => {
    expect(await page.textContent('main')).toMatch(/trial/i)
    await page.selectOption('[name=language]', 'en')
    await page.selectOption('[name=timezone]', 'Europe/Berlin')
    await page.selectOption('[name=currency]', 'EUR')
    await page.fill('[name=price]', '0,32')
    await page.fill('[name=password]', ownerPassword)
    await page.fill('[name=again]', ownerPassword)
    await page.check('#naming-trial')
    await page.fill('[name=personId]', person.id)
    await page.fill('[name=personName]', person.name)
    await page.click('main button')
    await page.waitForSelector('h1.good', { timeout: 200_000 })
    expect(await accessibilityFaults(page)).toEqual([])
    await shoot(page, 'claim-done')
    personPassword = (await page.textContent('#person-password')) ?? ''
    expect(personPassword.trim().length).toBeGreaterThan(5)
  })

  it('uses the code up everywhere', async () => {
    const file = await kit.guest.run('mount -o ro -L HEARTH /run/look && ls /run/look; umount /run/look')
    expect(file).not.toContain('CLAIM-CODE.txt')
    expect(await kit.guest.run('ls /data/hearth/setup')).not.toMatch(/claim/)
    expect(JSON.parse(await kit.guest.run('cat /data/hearth/kit.json'))).toMatchObject({
      claimed: true,
      timezone: 'Europe/Berlin',
    })
  })
})

describe('home', () => {
  it('says in one sentence and at most five lines how the kit is, on one phone screen', async () => {
    await page.setViewportSize({ width: 360, height: 640 })
    await page.goto(dashboard())
    expect(await page.locator('main h1').count()).toBe(1)
    expect(await page.locator('main dl > *, main .facts > li').count()).toBeLessThanOrEqual(10)
    expect(await page.evaluate<number>('document.documentElement.scrollHeight')).toBeLessThanOrEqual(640)
    expect(await accessibilityFaults(page)).toEqual([])
    await shoot(page, 'home')
  })

  it.each(['power', 'storage', 'traffic', 'costs', 'people', 'diagnosis', 'settings'])(
    'has %s one tap away',
    async (name) => {
      await page.goto(dashboard(`/${name}`))
      expect(await page.locator('main h1').count()).toBe(1)
      expect(await accessibilityFaults(page)).toEqual([])
      await shoot(page, name)
    },
  )

  it('names boundary, class and interval beside the watts', async () => {
    await page.goto(dashboard('/power'))
    const text = (await page.textContent('main')) ?? ''
    expect(text).toMatch(/\d\sW/)
    expect(text).toMatch(/between/)
    expect(text).toMatch(/wall socket/)
    expect(text).toMatch(/[Ee]stimated/)
  })

  it('asks who signs in', async () => {
    const stranger = await browser.newContext({ ignoreHTTPSErrors: true })
    const other = await stranger.newPage()
    await other.goto(dashboard('/costs'))
    expect(other.url()).toContain('/sign-in')
    expect(await accessibilityFaults(other)).toEqual([])
    await shoot(other, 'sign-in')
    await other.fill('[name=password]', 'not the owner’s word')
    await other.click('main button')
    await other.waitForSelector('.mistake')
    expect(await accessibilityFaults(other)).toEqual([])
    expect(await other.textContent('main')).not.toMatch(/kWh/)
    await other.fill('[name=password]', ownerPassword)
    await other.click('main button')
    await other.waitForURL((url) => !url.pathname.includes('sign-in'))
    await stranger.close()
  })

  it('shows a person with an account their own line, by the password of that account, and nothing else', async () => {
    const phone = await browser.newContext({ ignoreHTTPSErrors: true })
    const own = await phone.newPage()
    await own.goto(dashboard('/sign-in'))
    // The server notes there who signed in to itself; there is none while nobody did.
    const noted = `stat -c %y /data/snac/user/${person.id}/lastlog.txt 2>/dev/null || echo never`
    const before = await kit.guest.run(noted)
    await own.fill('[name=name]', person.id)
    await own.fill('[name=password]', personPassword.trim())
    await own.click('main button')
    await own.waitForURL((url) => url.pathname === '/my')
    expect(await accessibilityFaults(own)).toEqual([])
    await shoot(own, 'my-line')
    expect((await own.goto(dashboard('/settings')))?.status()).toBe(403)
    expect((await own.goto(dashboard('/my/hours')))?.status()).toBe(200)
    // No line, file or time says that somebody was here.
    expect(await kit.guest.run('cat /data/hearth/audit.log')).not.toContain('person.check')
    expect(await kit.guest.run('cat /data/hearth/dashboard/sessions.json')).toMatch(
      new RegExp(`\\{"account":"${person.id}","tag":"[^"]+","ends":\\d+\\}`),
    )
    expect(await kit.guest.run(noted)).toBe(before)
    await phone.close()
  })
})

describe('the server', () => {
  it('says that it is a trial before the first post, and asks nobody outside', async () => {
    await page.goto(`https://${hostname}.local/`)
    expect(await page.textContent('body')).toMatch(/runs as a trial/)
    await page.goto(`https://${hostname}.local/${person.id}`)
    const line = await page.evaluate<string>("getComputedStyle(document.body, '::before').content")
    expect(line).toMatch(/runs as a trial/)
    const environment = await kit.guest.run("tr '\\0' '\\n' </proc/$(systemctl show -P MainPID snac2)/environ")
    for (const setting of ['https_proxy=off://', 'http_proxy=off://', `no_proxy=${hostname}.local`])
      expect(environment.split('\n')).toContain(setting)

    // A way to an address, so that only the server itself keeps it from trying; and what its user sends is counted.
    const address = '203.0.113.9'
    await kit.guest.run(`ip route add ${address} dev "$(ls /sys/class/net | grep -vx lo | head -1)"
nft 'table inet look { chain output { type filter hook output priority -20; meta skuid 952 oiftype != loopback counter; }; }'`)
    const packets = async () =>
      Number(/packets (\d+)/.exec(await kit.guest.run('nft list chain inet look output'))?.[1])
    const { url, token } = await appToken(kit, { id: person.id, password: personPassword.trim() })
    const search = new URLSearchParams({ q: `ada@${address}`, resolve: 'true', type: 'accounts' })
    const found = await fetch(`${url}/api/v2/search?${search}`, { headers: { authorization: `Bearer ${token}` } })
    expect(found.status).toBe(200)
    expect(await packets()).toBe(0)
    const anybody = `/usr/lib/hearth/node -e 'require("net").connect(443, "${address}").on("error", () => {})'`
    await kit.guest.run(`setpriv --reuid 952 --regid 952 --clear-groups ${anybody}`)
    expect(await packets()).toBeGreaterThan(0)
    await kit.guest.run(`nft delete table inet look; ip route del ${address}`)
  })

  it('takes a post from a Mastodon client and shows it on its public page', async () => {
    const { url, token } = await appToken(kit, { id: person.id, password: personPassword.trim() })
    const client = createRestAPIClient({ url, accessToken: token })
    const status = await client.v1.statuses.create({
      status: 'Bread and roses from the garden house',
      visibility: 'public',
    })
    expect(status.content).toContain('Bread and roses')
    await page.goto(`https://${hostname}.local/${person.id}`)
    expect(await page.textContent('body')).toContain('Bread and roses from the garden house')
    await shoot(page, 'server')
  })

  it('takes a post on its own web page', async () => {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      httpCredentials: { username: person.id, password: personPassword.trim() },
    })
    const own = await context.newPage()
    await own.goto(`https://${hostname}.local/${person.id}/admin`)
    await own.locator('details:has(textarea[name=content]) summary').first().click()
    await own.locator('textarea[name=content]').first().fill('Written on the kit itself')
    await own.locator('form:has(textarea[name=content]) [type=submit]').first().click()
    await own.goto(`https://${hostname}.local/${person.id}`)
    expect(await own.textContent('body')).toContain('Written on the kit itself')
    await context.close()
  })

  it('describes itself by NodeInfo, as its schema asks', async () => {
    const links = JSON.parse(
      (await request('https', at('server'), '/.well-known/nodeinfo', { servername: 'localhost' })).body,
    )
    const address = new URL(links.links[0].href).pathname
    const info = JSON.parse((await request('https', at('server'), address, { servername: 'localhost' })).body)
    expect(nodeInfoFaults(info)).toEqual([])
    expect(info.usage.users.total).toBe(1)
  })

  it('describes itself to Mastodon clients', async () => {
    const { status, body } = await request('https', at('server'), '/api/v1/instance', { servername: 'localhost' })
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({ uri: `${hostname}.local`, version: expect.stringMatching(/snac/) })
  })

  it('answers WebFinger for its person', async () => {
    const account = encodeURIComponent(`acct:${person.id}@${hostname}.local`)
    const { status, body } = await request('https', at('server'), `/.well-known/webfinger?resource=${account}`, {
      servername: 'localhost',
    })
    expect(status).toBe(200)
    expect(JSON.parse(body).links.some((link: { rel: string }) => link.rel === 'self')).toBe(true)
  })
})

describe('the ledger', () => {
  it('takes a gift and hours on its page, and gives them out on the command line and as a file', async () => {
    for (const [kind, amount, who] of [
      ['donation', '20', 'Bertha'],
      ['work', '1.5', 'Anna'],
    ]) {
      await page.goto(dashboard('/costs/ledger'))
      await page.locator(`details:has(#${kind}-amount) summary`).click()
      await page.fill(`#${kind}-amount`, amount as string)
      await page.fill(`#${kind}-who`, who as string)
      await page.locator(`details:has(#${kind}-amount) button`).click()
      await page.waitForSelector(`.cards >> text=${who}`)
    }
    expect(await accessibilityFaults(page)).toEqual([])
    await shoot(page, 'ledger')
    const shown = await kit.guest.run('hearth ledger show')
    expect(shown).toMatch(/20 [A-Z]{3} {2}donation, Bertha$/m)
    // “Anna” is the name of an account, whoever else is called so.
    expect(shown).toMatch(new RegExp(`1\\.5 h {2}work, moderation, ${person.name}$`, 'm'))
    expect(await kit.guest.run('hearth ledger export hledger')).toContain('payee Bertha')
    expect(await kit.guest.run('stat -c "%U %a" /data/hearth/agent/journal.db')).toBe('hearth-agent 600')
  })

  it('estimates closer after one reading of a power meter', async () => {
    await page.goto(dashboard('/power/calibrate'))
    await page.fill('#watts', '7.5')
    await page.click('button[value=typed]')
    expect(await page.textContent('main')).toMatch(/The estimate was .* and is .* now/)
    expect(await accessibilityFaults(page)).toEqual([])
    await shoot(page, 'calibrate')
  })
})

describe('publishing', () => {
  it('starts its sender when there is something to send, which reads it and answers the agent', async () => {
    const outbox = {
      ...{ version: 1, number: 1, task: 'push', origin: '', key: '', folder: '', size: 0, root: '', period: null },
      ...{ collectors: [], witnesses: [] },
    }
    const write = `umask 0027; cd /data/hearth/publish; echo '${JSON.stringify(outbox)}' >outbox.new; mv outbox.new outbox.json`
    await kit.guest.run(
      `setpriv --reuid hearth-agent --regid hearth-agent --clear-groups sh -c "${write.replaceAll('"', '\\"')}"`,
    )
    await expect
      .poll(() => kit.guest.run('cat /data/hearth/publish/answer/inbox.json', { allowFailure: true }), {
        timeout: 60_000,
        interval: 1000,
      })
      .toContain('"number":1')
    expect(await kit.guest.run('stat -c "%U %G %a" /data/hearth/publish/outbox.json')).toBe(
      'hearth-agent hearth-publish 640',
    )
    expect(await kit.guest.run('stat -c "%U %G %a" /data/hearth/publish/answer/inbox.json')).toBe(
      'hearth-publish hearth-agent 640',
    )
    expect(await kit.guest.run('systemctl is-failed hearth-publish', { allowFailure: true })).not.toBe('failed')
    expect(await kit.guest.run('stat -c "%U %a" /run/hearth/publish.sock')).toBe('www-data 600')
  })

  it('shows nothing while it is off, and a trial not at all', async () => {
    const answer = await request('https', at('server'), '/.well-known/commonhearth/ledger/checkpoint', {
      servername: 'localhost',
    })
    expect(answer.status).toBe(404) // snac's
    const ask = `require("http").get({ socketPath: "/run/hearth/publish.sock", path: "/nodeinfo_2_1" }, ({ statusCode }) => { console.log(statusCode); process.exit() })`
    expect(await kit.guest.run(`/usr/lib/hearth/node -e '${ask}'`)).toBe('404')
  })
})

describe('after a restart', () => {
  it('everything is still there', async () => {
    const entries = await kit.guest.run('hearth ledger show')
    const before = await kit.guest.run('cat /etc/machine-id /etc/hostname; sha256sum /data/hearth/tls/ca.pem')
    await kit.guest.powerOff()
    kit = await startKit('kit-x86', { again: true })
    expect(await settled(kit.guest)).toBe('running')
    expect(await kit.guest.run('cat /etc/machine-id /etc/hostname; sha256sum /data/hearth/tls/ca.pem')).toBe(before)
    expect(await kit.guest.run('hearth ledger show')).toBe(entries)
    await browser.close()
    browser = await openBrowser(kit)
    const context = await browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: 'reduce' })
    page = await context.newPage()
    page.setDefaultTimeout(60_000)
    // The server may still be starting; its page tries again by itself.
    await page.goto(`https://${hostname}.local/${person.id}`)
    await page.waitForSelector('text=Bread and roses from the garden house')
    await page.goto(dashboard('/sign-in'))
    await page.fill('[name=password]', ownerPassword)
    await page.click('main button')
    await page.waitForURL((url) => !url.pathname.includes('sign-in'))
    expect(await page.textContent('main')).toMatch(/1 person/)
  })

  it('does not let anyone claim it again', async () => {
    await page.goto(dashboard('/claim'))
    expect(page.url()).not.toContain('/claim')
  })
})

describe('a permanent name', () => {
  const name = 'garden.example'

  it('keeps people, and starts addresses and posts afresh', async () => {
    await page.goto(dashboard('/settings#server-name'))
    await page.fill('[name=serverName]', name)
    await page.check('[name=sure]')
    await page.locator('form:has([name=serverName]) button').click()
    await expect
      .poll(() => kit.guest.run('cat /data/hearth/kit.json'), { timeout: 120_000, interval: 1000 })
      .toContain(name)
    await expect.poll(() => handshake(kit.ports.server, name), { timeout: 60_000, interval: 1000 }).toBe('accepted')
    await page.goto(`https://${name}/${person.id}`)
    await page.waitForSelector(`text=${person.name}`)
    const text = (await page.textContent('body')) ?? ''
    expect(text).not.toContain('Bread and roses')
  })

  it('is the only name the public listener knows', async () => {
    for (const other of [`${hostname}.local`, 'localhost', 'evil.example', null]) {
      expect(await handshake(kit.ports.server, other)).toBe('refused')
    }
  })

  it('leads to nothing of the dashboard, whatever host is asked for under it', async () => {
    for (const host of [`${hostname}.local:8443`, `${hostname}.local`, 'localhost:8443', '127.0.0.1:8443']) {
      const answer = await request('https', at('server'), '/sign-in', { servername: name, headers: { host } })
      expect([host, answer.status]).toEqual([host, 421])
      expect(answer.body).not.toMatch(/Commonhearth|<form|\/assets\//)
    }
    const own = await request('https', at('server'), '/sign-in', { servername: name, headers: { host: name } })
    expect(own.status).toBe(404)
    expect(own.body).not.toMatch(/Commonhearth|<form|\/assets\//)
  })
})

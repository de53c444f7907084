import { copyFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureFolder } from '#images/build/context.ts'
import { accessPointDisk, askFromAccessPoint, offerNetwork, placeAccessPoint } from './kit/access-point.ts'
import { accessibilityFaults, openBrowser, shoot } from './kit/browser.ts'
import { extentOf, fileSystemFaults, wipe } from './kit/disk.ts'
import { claimKit, FormBrowser, firstPerson, shownCode, textOf } from './kit/household.ts'
import { built, complaints, type Kit, settled, startKit } from './kit/kit.ts'
import { seededImage } from './kit/seeded.ts'
import { publish, request } from './kit/web.ts'

// What first-boot.test.ts has no time for.

describe('a kit on a stick, in a computer with a disk', () => {
  let kit: Kit
  let inner: string
  let known: string
  const identity = 'cat /etc/machine-id /etc/hostname; sha256sum /data/hearth/tls/ca.pem'
  afterAll(() => kit?.guest.powerOff())

  it('offers at the claim to move, and moves', { timeout: 1_200_000 }, async () => {
    const { tools, context } = await built('kit-x86')
    const folder = ensureFolder(path.join(context.cache, 'test', 'inner'))
    inner = path.join(folder, 'inner.qcow2')
    rmSync(inner, { force: true })
    await tools.run('qemu-img', ['create', '-q', '-f', 'qcow2', inner, '10G'])
    const disk = [
      '-drive',
      `if=none,id=inner,format=qcow2,file=${inner}`,
      '-device',
      'virtio-blk-pci,drive=inner,serial=INNER1',
    ]
    kit = await startKit('stick', { asStick: true, extra: disk })
    expect(await settled(kit.guest)).toBe('running')
    await kit.guest.waitForSerial(/Dashboard: https:\/\/\d/, 60)
    known = await kit.guest.run(identity)
    const visitor = new FormBrowser(kit.ports.dashboard)
    const code = shownCode(kit)
    await visitor.get('/claim')
    const offer = textOf(await visitor.post('/claim', { code }))
    expect(offer).toMatch(/vda/)
    expect(offer).toMatch(/INNER1/)
    await lookAtOffer(code)
    await visitor.post('/claim/move', { code, disk: 'vda', confirm: 'vdb' })
    expect(await kit.guest.run('ls /run/hearth')).not.toMatch(/move\.json/)
    await visitor.post('/claim/move', { code, disk: 'vda', confirm: 'vda' })
    const progress = async () => JSON.parse(await kit.guest.run('cat /run/hearth/move.json')).state
    await expect.poll(progress, { timeout: 1_000_000, interval: 3000 }).not.toBe('copying')
    expect(await kit.guest.run('cat /run/hearth/move.json')).toMatch(/"state":"done"/)
    await kit.guest.powerOff()
  })

  /** The offer as people see it, in Chromium. */
  async function lookAtOffer(code: string): Promise<void> {
    const browser = await openBrowser(kit)
    try {
      const page = await (await browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: 'reduce' })).newPage()
      page.setDefaultTimeout(60_000)
      const [, name] = /Dashboard: https:\/\/(hearth-[0-9a-z]{4})\.local:8443\//.exec(kit.guest.serial()) ?? []
      await page.goto(`https://${name}.local:8443/claim`)
      await page.fill('[name=code]', code)
      await page.click('main button')
      await page.waitForSelector('.disk')
      expect(await accessibilityFaults(page)).toEqual([])
      await shoot(page, 'move')
    } finally {
      await browser.close()
    }
  }

  it('starts from the disk alone, as the same kit, and can be claimed there', { timeout: 900_000 }, async () => {
    const { context } = await built('kit-x86')
    const folder = path.join(context.cache, 'test', 'moved')
    rmSync(folder, { recursive: true, force: true })
    ensureFolder(folder)
    copyFileSync(inner, path.join(folder, 'disk.qcow2'))
    kit = await startKit('moved', { again: true })
    expect(await settled(kit.guest)).toBe('running')
    expect(await kit.guest.run(identity)).toBe(known)
    expect(Number(await kit.guest.run('df -B1 --output=size /data | tail -1'))).toBeGreaterThan(7 * 1024 ** 3)
    const { personPassword } = await claimKit(kit)
    expect(await publish(kit, { id: firstPerson.id, password: personPassword }, 'From the inner disk')).toContain(
      'inner',
    )
  })
})

describe('Wi-Fi alone', () => {
  let kit: Kit
  let options: { image: string; offline: true; extra: string[] }
  const ssid = 'Home of "flowers" #7'
  const password = 'a word with "#" in it'
  afterAll(() => kit?.guest.powerOff())

  const address = async () => JSON.parse(await kit.guest.run('cat /run/hearth/network.json')).addresses[0] ?? ''

  beforeAll(async () => {
    const { tools } = await built('kit-x86')
    const seed = `wifi:\n  country: DE\n  ssid: '${ssid}'\n  password: '${password}'\n`
    options = { image: await seededImage('wireless', seed), offline: true, extra: await accessPointDisk(tools) }
    kit = await startKit('wireless', options)
    expect(await settled(kit.guest)).toBe('running')
    await placeAccessPoint(kit.guest)
  })

  it.each([
    ['WPA2', ['wpa=2', 'wpa_key_mgmt=WPA-PSK', 'rsn_pairwise=CCMP', `wpa_passphrase=${password}`]],
    ['WPA3', ['wpa=2', 'wpa_key_mgmt=SAE', 'rsn_pairwise=CCMP', 'ieee80211w=2', `sae_password=${password}`]],
  ])('associates by %s, gets an address and serves there', async (_name, lines) => {
    await offerNetwork(kit.guest, ssid, lines)
    await expect.poll(address, { timeout: 120_000, interval: 2000 }).toMatch(/^192\.168\.77\./)
    expect(await askFromAccessPoint(kit.guest, `http://${await address()}/`)).toBe('200')
    expect(await kit.guest.run('cat /run/hearth/console.txt')).toContain(`Dashboard: https://${await address()}:8443/`)
    expect(await complaints(kit.guest)).toBe('')
    // The next network is one the kit has to find anew.
    await kit.guest.run('systemctl stop ap-radio ap-addresses')
    await expect.poll(address, { timeout: 120_000, interval: 2000 }).toBe('')
  })

  const wpa2 = (words: string) => ['wpa=2', 'wpa_key_mgmt=WPA-PSK', 'rsn_pairwise=CCMP', `wpa_passphrase=${words}`]
  const online = async () => {
    await expect.poll(address, { timeout: 240_000, interval: 2000 }).toMatch(/^192\.168\.77\./)
  }

  it('tells the router another name of the kit at once, and keeps its address meanwhile', async () => {
    await offerNetwork(kit.guest, ssid, wpa2(password))
    await online()
    const leases = () =>
      kit.guest.run('systemctl kill --signal=USR1 ap-addresses; sleep 1; tr -c "[:alnum:]-" " " </run/ap/run/leases')
    const before = await kit.guest.run('cat /etc/hostname')
    expect(await leases()).toContain(before)
    const had = await address()
    await kit.guest.run(`systemd-run --quiet --unit=watch-addresses sh -c 'exec ip -o monitor address >/run/watched'`)
    const rename = JSON.stringify({ verb: 'kit.rename', args: { hostname: 'hearth-attic' } })
    const answer = await kit.guest.run(
      `echo '${rename}' | /usr/lib/hearth/node -e '
        const socket = require("node:net").connect("/run/hearth/helper-dashboard.sock")
        socket.write(require("node:fs").readFileSync(0))
        socket.pipe(process.stdout)'`,
      { timeoutSeconds: 120 },
    )
    expect(JSON.parse(answer)).toMatchObject({ ok: true })
    await expect.poll(leases, { timeout: 60_000, interval: 3000 }).toContain('hearth-attic')
    expect(await address()).toBe(had)
    await kit.guest.run('systemctl stop watch-addresses')
    expect(await kit.guest.run(`grep "^Deleted.* ${had}/" /run/watched || true`)).toBe('')
    expect(await complaints(kit.guest)).toBe('')
  })

  const changed = 'the words of another year'
  // What a computer would do with the card; the kit may have it for a moment.
  const onCard = (command: string, mode = 'ro') =>
    kit.guest.run(
      `mkdir -p /run/look; until mount -o ${mode} -L HEARTH /run/look 2>/dev/null; do sleep 0.2; done
      cd /run/look; ${command}; cd /; umount /run/look`,
    )

  it('whose password is another one since says so on the card', { timeout: 600_000 }, async () => {
    await kit.guest.run('systemctl stop ap-radio ap-addresses')
    await expect.poll(address, { timeout: 120_000, interval: 2000 }).toBe('')
    await offerNetwork(kit.guest, ssid, wpa2(changed))
    const told = async () => {
      await kit.guest.run('systemctl start hearth-offline.service', { timeoutSeconds: 120 })
      return onCard('cat PROBLEMS.txt')
    }
    await expect.poll(told, { timeout: 180_000, interval: 5000 }).toMatch(/does not let the kit in/)
    expect(await onCard('cat PROBLEMS.txt')).toContain(`Wi-Fi “${ssid}”`)
    expect(await kit.guest.run('cat /run/hearth/console.txt')).toMatch(/^No network yet: plug in a cable/m)
  })

  it('is let in at the next start with a new hearth.yaml, and nothing is left on the card', {
    timeout: 900_000,
  }, async () => {
    const seed = `name: other\nwifi:\n  country: DE\n  ssid: '${ssid}'\n  password: '${changed}'\n`
    await onCard(`echo ${Buffer.from(seed).toString('base64')} | base64 -d >hearth.yaml; sync`, 'rw')
    await kit.guest.powerOff()
    kit = await startKit('wireless', { ...options, again: true })
    expect(await settled(kit.guest)).toBe('running')
    await placeAccessPoint(kit.guest)
    await offerNetwork(kit.guest, ssid, wpa2(changed))
    // Two minutes after the start, by its timer.
    await online()
    expect(await askFromAccessPoint(kit.guest, `http://${await address()}/`)).toBe('200')
    const unfinished = async () => (await onCard('cat PROBLEMS.txt 2>/dev/null')).includes('Wi-Fi “')
    await expect.poll(unfinished, { timeout: 120_000, interval: 3000 }).toBe(false)
    expect(await onCard('cat hearth.yaml')).toMatch(
      /wifi: Home of "flowers" #7 \(DE, wpa2\/wpa3\)[\s\S]*name: only the Wi-Fi/,
    )
    expect(await kit.guest.run(`grep -c -a "${changed}" /dev/vda4 || true`)).toBe('0')
    expect(await kit.guest.run('cat /etc/hostname')).toBe('hearth-attic')
    expect(await complaints(kit.guest)).toBe('')
  })
})

describe('a data partition that lost its first superblock', () => {
  it('is repaired from a copy, and said', { timeout: 600_000 }, async () => {
    const { tools } = await built('kit-x86')
    let kit = await startKit('repaired')
    await settled(kit.guest)
    const known = await kit.guest.run('cat /etc/machine-id /data/hearth/kit.json')
    const data = await extentOf(kit.guest, 'vda8')
    await kit.guest.powerOff()
    await wipe(tools, kit.guest, [{ offset: data.offset, size: 4096 }])
    kit = await startKit('repaired', { again: true })
    expect(await settled(kit.guest)).toBe('running')
    expect(await kit.guest.run('cat /etc/machine-id /data/hearth/kit.json')).toBe(known)
    expect(await kit.guest.run('cat /run/hearth/console.txt')).toMatch(/Problem: The data partition was damaged/)
    await kit.guest.powerOff()
    expect(await fileSystemFaults(tools, kit.guest, data)).toBe('')
  })
})

describe('both copies of the boot environment lost', () => {
  it('start slot A, and are written anew', { timeout: 600_000 }, async () => {
    let kit = await startKit('environment')
    await settled(kit.guest)
    await kit.guest.run('dd if=/dev/zero of=/dev/vda5 bs=512 seek=4 count=16 conv=notrunc oflag=direct status=none')
    kit.guest.pullPlug()
    await kit.guest.ended(10)
    kit = await startKit('environment', { again: true })
    expect(await settled(kit.guest)).toBe('running')
    expect(await kit.guest.run('cat /proc/cmdline')).toMatch(/rauc\.slot=A$/)
    const list = () => kit.guest.run('/usr/lib/hearth/boot-env list 2>&1', { allowFailure: true })
    // Until the kit has found itself well and written both.
    await expect.poll(list, { timeout: 180_000, interval: 2000 }).not.toMatch(/damaged/)
    expect(await list()).toBe('ORDER=A B\nA_OK=1\nA_TRY=0\nB_OK=0\nB_TRY=0')
    await kit.guest.powerOff()
  })
})

describe('power pulled at a random moment of the first start', () => {
  let wholeMs: number
  beforeAll(async () => {
    const began = Date.now()
    const kit = await startKit('cut')
    await settled(kit.guest)
    await kit.guest.run('until test -e /data/hearth/setup/complete; do sleep 0.2; done')
    wholeMs = Date.now() - began
    kit.guest.pullPlug()
  })

  it.each(Array.from({ length: 15 }, (_, index) => index + 1))('%i', { timeout: 900_000 }, async () => {
    const moment = Math.round(Math.random() * wholeMs)
    const about = `cut after ${moment} ms`
    let kit = await startKit('cut')
    await new Promise((resolve) => setTimeout(resolve, moment))
    kit.guest.pullPlug()
    await kit.guest.ended(10)
    kit = await startKit('cut', { again: true })
    try {
      expect(await settled(kit.guest), about).toBe('running')
      expect(await complaints(kit.guest), about).toBe('')
      expect(await kit.guest.run('ls /data/hearth/setup'), about).toMatch(/^claim-code\nclaim\.json\ncomplete\n/)
      expect(await kit.guest.run('cat /run/hearth-fsck.log'), about).not.toMatch(/UNEXPECTED/)
      expect((await request('http', { port: kit.ports.plain }, '/')).status, about).toBe(200)
      const visitor = new FormBrowser(kit.ports.dashboard)
      await visitor.get('/claim')
      expect(await visitor.post('/claim', { code: shownCode(kit) }), about).toContain('name="personId"')
    } finally {
      const data = await extentOf(kit.guest, 'vda8')
      await kit.guest.powerOff()
      expect(await fileSystemFaults((await built('kit-x86')).tools, kit.guest, data), about).toBe('')
    }
  })
})

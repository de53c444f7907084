import { afterAll, describe, expect, it } from 'vitest'
import { hashClaim } from '#agent/setup/claim-hash.ts'
import { extentOf, fileSystemFaults, superblocks, wipe } from './kit/disk.ts'
import { claimKit, firstPerson, type Household, shownCode, textOf } from './kit/household.ts'
import { built, complaints, type Kit, settled, startKit } from './kit/kit.ts'
import { seededImage } from './kit/seeded.ts'
import { makeSshKey, overSsh, type SshKey } from './kit/ssh.ts'
import { publish, request } from './kit/web.ts'

// What happens to kits in homes before and after their first start. Kits are small ones: 448 MB, as a 512 MB board leaves.

const memory = 448

/** The identity of a kit: what must never be made twice. */
const identity = 'cat /etc/machine-id /etc/hostname; sha256sum /data/hearth/tls/ca.pem'

async function expectWell(kit: Kit): Promise<void> {
  expect(await complaints(kit.guest)).toBe('')
  const log = await kit.guest.run('journalctl -b --no-pager')
  expect(log).not.toMatch(/ordering cycle/i)
  // The kernel's own complaints about emulated hardware are not ours.
  expect(
    await kit.guest.run(
      'journalctl -b -p err --no-pager -o short _TRANSPORT=syslog + _TRANSPORT=stdout + _TRANSPORT=journal',
    ),
  ).toBe('-- No entries --')
}

async function expectSlotGood(kit: Kit): Promise<void> {
  const list = () => kit.guest.run('/usr/lib/hearth/boot-env list', { allowFailure: true })
  await expect.poll(list, { timeout: 120_000, interval: 2000 }).toContain('A_TRY=0')
}

/** Presses the reset button and waits for the next start. */
async function reset(kit: Kit): Promise<string> {
  const before = await kit.guest.run('cat /proc/sys/kernel/random/boot_id')
  await kit.guest.reset()
  await expect
    .poll(() => kit.guest.run('cat /proc/sys/kernel/random/boot_id', { timeoutSeconds: 3 }).catch(() => before), {
      timeout: 240_000,
      interval: 1000,
    })
    .not.toBe(before)
  return settled(kit.guest)
}

/** What the dashboard's diagnosis is made from. */
async function summary(kit: Kit) {
  const ask = `/usr/lib/hearth/node -e '
    const http = require("node:http")
    http.get({ socketPath: "/run/hearth/agent.sock", path: "/v1/summary" }, (answer) => answer.pipe(process.stdout))'`
  await expect
    .poll(() => kit.guest.run(ask, { allowFailure: true }), { timeout: 60_000, interval: 1000 })
    .toMatch(/^\{"kit"/)
  return JSON.parse(await kit.guest.run(ask))
}

describe('a kit with 448 MB', () => {
  let kit: Kit
  let household: Household
  let known = ''

  const pull = async () => {
    kit.guest.pullPlug()
    expect(await kit.guest.ended(10)).toBe(true)
  }
  afterAll(() => kit?.guest.powerOff())

  describe('whose power is pulled during its first start', () => {
    // From the boot loader to the moment after the last step. Each start goes on where the one before it was cut off.
    it('in the initramfs', async () => {
      kit = await startKit('first-boot', { memory })
      await kit.guest.waitForSerial(/Commonhearth starts from slot A/, 60)
      await pull()
    })

    it.each([
      ['when the seed was read', 'grep -qs seed /data/hearth/setup/journal.json', 'cat /etc/machine-id'],
      ['when the certificates were made', 'grep -qs certificates /data/hearth/setup/journal.json', identity],
      ['right after the last step', 'test -e /data/hearth/setup/complete', `${identity} /data/hearth/setup/claim-code`],
    ])('%s', async (_when, condition, made) => {
      kit = await startKit('first-boot', { memory, again: true })
      await kit.guest.ready()
      const now = await kit.guest.run(`until ${condition}; do sleep 0.05; done; ${made}`)
      await pull()
      // What one start has made, the next ones keep.
      expect(now.startsWith(known), `${now}\nwas before:\n${known}`).toBe(true)
      known = now
    })

    it('finishes it at the next, with one identity and no failed unit', async () => {
      kit = await startKit('first-boot', { memory, again: true })
      expect(await settled(kit.guest)).toBe('running')
      await expectWell(kit)
      expect(await kit.guest.run(`${identity} /data/hearth/setup/claim-code`)).toBe(known)
      known = await kit.guest.run(identity)
      expect(known).toMatch(/^[0-9a-f]{32}\nhearth-[0-9a-z]{4}\n[0-9a-f]{64} /)
      expect(await kit.guest.run('ls -A /data/hearth /data/hearth/setup /data/etc')).not.toMatch(/\.new/)
      expect(await kit.guest.run('cat /run/hearth-fsck.log')).not.toMatch(/UNEXPECTED/)
    })

    it('can be claimed with the code it shows', async () => {
      await kit.guest.waitForSerial(/Dashboard: https:\/\/\d/, 60)
      household = await claimKit(kit, shownCode(kit))
      expect(household.personPassword.length).toBeGreaterThan(5)
    })
  })

  describe('has enough', () => {
    it('for a post, with compressed memory and nothing killed', async () => {
      const person = { id: firstPerson.id, password: household.personPassword }
      expect(await publish(kit, person, 'Bread and roses in 448 MB')).toContain('Bread and roses')
      expect(await kit.guest.run('swapon --show=NAME --noheadings')).toBe('/dev/zram0')
      expect(await kit.guest.run('journalctl -k -b --no-pager | grep -ci "out of memory" || true')).toBe('0')
      expect(
        await kit.guest.run('systemctl show --property=NRestarts --value snac2 nginx hearth-agent | tr -d "\\n"'),
      ).toBe('000')
    })

    it('and would let the server go last', async () => {
      const listing = await kit.guest.run(
        'systemctl show --property=Id --property=OOMScoreAdjust "*.service" --state=running',
      )
      const scores = new Map(
        listing.split('\n\n').map((unit) => {
          const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? ''
          return [value('Id'), Number(value('OOMScoreAdjust'))] as const
        }),
      )
      const server = scores.get('snac2.service')
      // Without these nothing runs, and Debian protects them itself.
      for (const unit of ['snac2', 'systemd-udevd', 'systemd-journald', 'dbus']) scores.delete(`${unit}.service`)
      expect(scores.size).toBeGreaterThan(4)
      expect(server).toBeLessThan(Math.min(...scores.values()))
    })
  })

  describe('with a full disk', () => {
    it('starts, serves, keeps its slot and says what to do', async () => {
      await expectSlotGood(kit)
      await kit.guest.run(
        // Root takes the reserved blocks too.
        'fallocate -l "$(df -B1 --output=avail /data | tail -1)" /data/fill; dd if=/dev/zero of=/data/more bs=4k status=none; sync',
        { allowFailure: true, timeoutSeconds: 240 },
      )
      expect(await kit.guest.run('df --output=avail /data | tail -1')).toBe('0')
      expect(await reset(kit)).toBe('running')
      await expectSlotGood(kit)
      expect(await kit.guest.run(identity)).toBe(known)
      const { status, body } = await request('https', { port: kit.ports.server }, `/${firstPerson.id}`, {
        servername: 'localhost',
      })
      expect(status).toBe(200)
      expect(body).toContain('Bread and roses in 448 MB')
      const page = textOf(await household.browser.get('/'))
      expect(page).toMatch(/Space is running out/)
      expect(page).toMatch(/What to do: Delete large pictures/)
      await kit.guest.run('rm /data/fill /data/more; sync')
    })
  })

  describe('whose starts have failed', () => {
    it('three times begins again in rescue, without a prompt, and says so', async () => {
      await expectSlotGood(kit)
      await kit.guest.run('/usr/lib/hearth/boot-env set A_TRY=3')
      // The first copy is lost besides: GRUB has to take the second.
      await kit.guest.run('dd if=/dev/zero of=/dev/vda5 bs=512 seek=4 count=1 conv=notrunc oflag=direct status=none')
      expect(await reset(kit)).toBe('running')
      expect(await kit.guest.run('cat /proc/cmdline')).toMatch(/rauc\.slot=A hearth\.rescue$/)
      expect(await kit.guest.run('cat /run/hearth/console.txt')).toMatch(/Problem: The kit started three times/)
      const { boot, problems } = await summary(kit)
      expect(boot.rescue).toBe(true)
      expect(problems).toContainEqual(expect.objectContaining({ id: 'boot.rescue' }))
      await expectSlotGood(kit)
    })
  })

  describe('switched off by its button', () => {
    it('is off well within 30 s, with a page left open, and its data is clean', async () => {
      const close = await household.browser.watch()
      const data = await extentOf(kit.guest, 'vda8')
      const blocks = await superblocks(kit.guest, 'vda8')
      const pressed = Date.now()
      await kit.guest.powerOff(90)
      expect((Date.now() - pressed) / 1000).toBeLessThan(20)
      close()
      const { tools } = await built('kit-x86')
      expect(await fileSystemFaults(tools, kit.guest, data)).toBe('')
      await wipe(
        tools,
        kit.guest,
        blocks.map((offset) => ({ offset: data.offset + offset, size: 4096 })),
      )
    })
  })

  describe('that cannot read its data', () => {
    it('makes no new kit of itself, and says so on console and page', async () => {
      kit = await startKit('first-boot', { memory, again: true })
      expect(await settled(kit.guest)).toBe('running')
      await kit.guest.waitForSerial(/Page: http:\/\/\d/, 60)
      expect(await kit.guest.run('cat /run/hearth/console.txt')).toMatch(/Problem: The kit cannot read its data/)
      expect(await kit.guest.run('cat /run/hearth/console.txt')).not.toMatch(/Claim code|Dashboard/)
      expect(await kit.guest.run('findmnt -no FSTYPE /data; ls /data/hearth')).toBe('tmpfs\nnginx\ntimesync')
      const running = await kit.guest.run(
        'systemctl list-units --state=active --plain --no-legend "hearth-*" snac2.service ssh.service',
      )
      expect(running).not.toMatch(/setup|offline|agent|dashboard|helper|snac2|ssh/)
      const { status, body } = await request('http', { port: kit.ports.plain }, '/')
      expect(status).toBe(503)
      expect(textOf(body)).toMatch(/cannot read its data/)
    })
  })
})

describe('a seed', () => {
  let kit: Kit
  let keys: SshKey
  afterAll(() => kit?.guest.powerOff())

  it('is applied at the first start and replaced by a note without secrets', async () => {
    const code = '8KQ2-RC11-QWJT'
    keys = await makeSshKey('owner')
    const seed = `name: garden-house
language: de
timezone: Europe/Berlin
wifi:
  country: DE
  ssid: Home
  password: not for other eyes
ssh-key: ${keys.publicKey}
claim-hash: ${await hashClaim(code)}
`
    kit = await startKit('seeded', { memory, image: await seededImage('seeded', seed) })
    expect(await settled(kit.guest)).toBe('running')
    await expectWell(kit)
    expect(await kit.guest.run('cat /etc/hostname; readlink -f /etc/localtime')).toBe(
      'garden-house\n/usr/share/zoneinfo/Europe/Berlin',
    )
    await kit.guest.waitForSerial(/Dashboard: https:\/\/\d/, 60)
    expect(kit.guest.serial()).toMatch(/Dashboard: https:\/\/garden-house\.local:8443/)
    expect(kit.guest.serial()).not.toMatch(/Claim code:/)
    expect((await request('http', { port: kit.ports.plain }, '/')).body).toContain('<html lang="de">')
    const medium = await kit.guest.run(
      'mkdir -p /run/look; mount -o ro -L HEARTH /run/look; ls /run/look; cat /run/look/hearth.yaml; umount /run/look',
    )
    expect(medium).toMatch(/name: garden-house/)
    expect(medium).not.toMatch(/not for other eyes|scrypt|CLAIM-CODE|PROBLEMS/)
    // It has a network: nobody looks after that, nor at the medium again.
    await kit.guest.run('systemctl start hearth-offline.service')
    const began = 'systemctl show --property=ExecMainStartTimestampMonotonic --value hearth-offline.service'
    expect(await kit.guest.run(`${began}; systemctl is-active hearth-offline.timer`)).toBe('0\nactive')
    // Not even in free blocks.
    expect(await kit.guest.run('grep -c -a -e "not for other eyes" -e "scrypt\\$" /dev/vda4 || true')).toBe('0')
    expect(await kit.guest.run('stat -c %a /data/etc/wpa/wpa_supplicant.conf /data/hearth/setup/seed.json')).toBe(
      '600\n600',
    )
    await claimKit(kit, code)
  })

  it('lets in whoever has its SSH key, and nobody else', async () => {
    expect(await overSsh(kit, keys, 'cat /etc/hostname; id -un')).toBe('garden-house\nroot')
    await expect(overSsh(kit, await makeSshKey('stranger'), 'true')).rejects.toThrow(/Permission denied \(publickey\)/)
    expect(await kit.guest.run('ss -Hltn "sport = :22" | wc -l')).not.toBe('0')
  })
})

describe('a seed with mistakes, in an old machine: legacy BIOS, no network, the clock at 1990', () => {
  let kit: Kit
  afterAll(() => kit?.guest.powerOff())

  const seed = `name: garden-house
timezon: Europe/Berlin
timezone: Europe/Belrin
wifi:
  ssid: Home
  password: its password
`

  it('starts and serves all the same', async () => {
    const image = await seededImage('mistaken', seed)
    kit = await startKit('mistaken', {
      memory,
      image,
      machine: 'x86-bios',
      offline: true,
      extra: ['-rtc', 'base=1990-01-01'],
    })
    expect(await settled(kit.guest)).toBe('running')
    await expectWell(kit)
    // No key in the seed, no SSH.
    expect(await kit.guest.run('ss -Hltn "sport = :22"; systemctl is-active ssh.service || true')).toBe('inactive')
    expect(await kit.guest.run('ls /sys/class/net; test -d /sys/firmware/efi && echo efi || true')).toBe('lo')
    const statuses = `/usr/lib/hearth/node -e '
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"
      const ask = async (address) => console.log((await fetch(address)).status)
      ask("http://127.0.0.1:8081/").then(() => ask("https://localhost:8443/claim")).then(() => ask("https://localhost/"))' 2>/dev/null`
    expect(await kit.guest.run(statuses)).toBe('200\n200\n200')
  })

  it('says file, line and what to write, on console, medium and dashboard, and what to do about the network', async () => {
    const places = ['hearth.yaml:2', 'hearth.yaml:3', 'hearth.yaml:5']
    const console = await kit.guest.run('cat /run/hearth/console.txt')
    expect(console).toMatch(/^Dashboard: https:\/\/garden-house\.local:8443\//m)
    expect(console).toMatch(/^No network yet: plug in a cable/m)
    expect(console).toMatch(/hearth\.yaml:2.*timezon/)
    expect(console).toMatch(/Did you mean “Europe\/Berlin”/)
    expect(console).toMatch(/country: DE/)
    const medium = await kit.guest.run(
      'mkdir -p /run/look; mount -o ro -L HEARTH /run/look; cat /run/look/PROBLEMS.txt; umount /run/look',
    )
    const { problems, health } = await summary(kit)
    for (const place of places) {
      expect(medium).toContain(place)
      expect(problems.map(({ where }: { where?: string }) => where ?? '')).toContainEqual(
        expect.stringContaining(place),
      )
    }
    expect(health).toContainEqual(expect.objectContaining({ id: 'network', state: 'unwell' }))
    await expectSlotGood(kit)
  })

  it('says in the same places what it lacks for a network', async () => {
    // Its timer does this two minutes after the start.
    await kit.guest.run('systemctl start hearth-offline.service', { timeoutSeconds: 120 })
    expect((await summary(kit)).problems.map(({ id }: { id: string }) => id)).toContain('network.no-adapter')
    await expect
      .poll(() => kit.guest.run('cat /run/hearth/console.txt'), { timeout: 30_000, interval: 1000 })
      .toMatch(/Problem: The kit has no network connector/)
    const medium = await kit.guest.run(
      'mkdir -p /run/look; mount -o ro -L HEARTH /run/look; cat /run/look/PROBLEMS.txt; umount /run/look',
    )
    expect(medium).toMatch(/hearth\.yaml:2[\s\S]*The kit has no network connector/)
    expect(await complaints(kit.guest)).toBe('')
  })

  it('has a time no earlier than the release, does not trust it, and marks what it writes down', async () => {
    const { builtAt } = JSON.parse(await kit.guest.run('cat /usr/lib/hearth/release.json'))
    expect(Number(await kit.guest.run('date +%s'))).toBeGreaterThanOrEqual(Date.parse(builtAt) / 1000 - 1)
    expect((await summary(kit)).clockTrusted).toBe(false)
    // The reading of the hour under way is written when the agent stops.
    await kit.guest.run('systemctl stop hearth-agent.service')
    const readings = `/usr/lib/hearth/node -e '
      const { DatabaseSync } = require("node:sqlite")
      const ledger = new DatabaseSync("/data/hearth/agent/ledger.db", { readOnly: true })
      console.log(JSON.stringify(ledger.prepare("select * from readings").all()))' 2>/dev/null`
    const rows = JSON.parse(await kit.guest.run(readings))
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect(row.trusted).toBe(0)
  })
})

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { $ } from 'zx'
import type { CountersFile, NetworkFacts } from '#agent/api.ts'
import { AgentClient } from '#agent/client.ts'
import { buildContext } from '#images/build/build.ts'
import { ensureFolder } from '#images/build/context.ts'
import { type Architecture, agentPackage } from '#images/build/deb.ts'
import { enterRoot, prepareTools } from '#images/build/tools.ts'
import { testRoot } from './kit/root.ts'

/*
 * The package on a plain Debian 13: installed by dpkg in a root without systemd running, started by hand as its unit
 * would, asked by its own command; its counters in network namespaces. Needs root; nothing leaves the machine.
 */
const architecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
const name = 'hearth-ledger-agent'
const units = [
  'agent.service',
  'agent.socket',
  'counters.service',
  'counters.timer',
  'storage.service',
  'storage.timer',
]
let folder: string
let root: string
let file: string
let agent: ChildProcess | null = null

beforeAll(async () => {
  const context = await buildContext((line) => console.error(line))
  const tools = await prepareTools(context)
  file = (await agentPackage(context, tools, architecture)).file
  folder = path.join(context.cache, `test/agent-deb-${process.pid}`)
  rmSync(folder, { recursive: true, force: true })
  for (const part of ['upper', 'work', 'root']) ensureFolder(path.join(folder, part))
  root = path.join(folder, 'root')
  const layers = `lowerdir=${await testRoot()},upperdir=${folder}/upper,workdir=${folder}/work`
  await $`mount -t overlay -o ${layers} overlay ${root}`.quiet()
  await enterRoot(context, root)
  // The root was made without documentation.
  const documents = ['man/*', `doc/${name}*`].map((each) => `--path-include=/usr/share/${each}`)
  inside('dpkg', ...documents, '--install', file)
})

afterAll(async () => {
  agent?.kill('SIGKILL')
  if (root === undefined) return
  for (const each of namespaces) spawnSync('/usr/sbin/chroot', [root, 'ip', 'netns', 'delete', each])
  for (const target of mountsBelow(root).reverse()) await $`umount --lazy ${target}`.quiet().nothrow()
  // What is mounted in it is this machine's own.
  if (mountsBelow(root).length === 0) rmSync(folder, { recursive: true, force: true })
})

/** In the order they were mounted. */
function mountsBelow(place: string): string[] {
  const targets = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
  return targets.filter((target) => `${target}/`.startsWith(`${place}/`))
}

function tried(...words: string[]) {
  const { status, stdout, stderr, error } = spawnSync('/usr/sbin/chroot', [root, ...words], { encoding: 'utf8' })
  if (error) throw error
  return { status, stdout, stderr }
}

/** What a program says that ends well. */
function inside(...words: string[]): string {
  const { status, stdout, stderr } = tried(...words)
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}${stdout}`)
  return stdout
}

const at = (...parts: string[]) => path.join(root, ...parts)
const unitFile = (unit: string) => `/usr/lib/systemd/system/hearth-ledger-${unit}`

describe('installed', () => {
  test('is whole, and its configuration is the administrator’s', () => {
    expect(inside('dpkg', '--verify', name)).toBe('')
    const status = inside('dpkg', '--status', name)
    expect(status).toContain('\nStatus: install ok installed\n')
    expect(status).toMatch(/\nConffiles:\n \/etc\/hearth\/ledger-agent\.yaml [0-9a-f]{32}\n/)
    expect(inside('/usr/lib/hearth/node', '--version')).toMatch(/^v24\./)
  })

  test('has a user of its own, and a folder that is nobody else’s', () => {
    const [user, , uid, gid, , home, shell] = inside('getent', 'passwd', 'hearth-agent').trim().split(':')
    expect([user, home, shell]).toEqual(['hearth-agent', '/var/lib/hearth', '/usr/sbin/nologin'])
    expect(Number(uid)).toBeLessThan(1000)
    const { mode, uid: owner, gid: group } = statSync(at('var/lib/hearth/agent'))
    expect([mode & 0o777, owner, group]).toEqual([0o700, Number(uid), Number(gid)])
  })

  test('has units that systemd understands, enabled', () => {
    const { status, stderr } = tried('systemd-analyze', 'verify', '--man=no', ...units.map(unitFile))
    expect({ status, stderr: stderr.split('\n').filter((line) => line.includes('hearth')) }).toEqual({
      status: 0,
      stderr: [],
    })
    for (const link of [
      'multi-user.target.wants/hearth-ledger-agent.service',
      'sockets.target.wants/hearth-ledger-agent.socket',
      'timers.target.wants/hearth-ledger-counters.timer',
      'timers.target.wants/hearth-ledger-storage.timer',
    ])
      expect(inside('readlink', `/etc/systemd/system/${link}`).trim()).toBe(
        `/usr/lib/systemd/system/${path.basename(link)}`,
      )
  })

  test('is no less confined than a kit’s agent', () => {
    const settings = (text: string) => new Set(text.split('\n').filter((line) => /^[A-Z]\w+=/.test(line)))
    const kit = settings(readFileSync('images/layers/kit/files/usr/lib/systemd/system/hearth-agent.service', 'utf8'))
    const own = settings(readFileSync(at(unitFile('agent.service')), 'utf8'))
    const protects = /^(CapabilityBoundingSet|NoNew|Protect|Private|Restrict|SystemCall|Lock|RemoveIPC|Memory|Tasks)/
    expect([...kit].filter((line) => protects.test(line) && !line.startsWith('Restart') && !own.has(line))).toEqual([])
  })
})

describe('running', () => {
  let client: AgentClient

  test('refuses a wrong configuration with place and next step, and is not started again', () => {
    const config = at('etc/hearth/ledger-agent.yaml')
    const text = readFileSync(config, 'utf8')
    writeFileSync(config, 'name: garden.example\ncurency: EUR\n')
    const { status, stderr } = tried(...command())
    expect(stderr).toContain('ledger-agent.yaml:2:1: There is no setting “curency”.')
    expect(readFileSync(at(unitFile('agent.service')), 'utf8')).toContain(`RestartPreventExitStatus=${status}`)
    writeFileSync(config, text)
  })

  test('answers as the user of its unit', async () => {
    mkdirSync(at('srv/fedi/media'), { recursive: true })
    writeFileSync(at('srv/fedi/media/cat.jpg'), Buffer.alloc(400_000, 1))
    writeFileSync(
      at('etc/hearth/ledger-agent.yaml'),
      'name: garden.example\ntimezone: Europe/Berlin\ncurrency: EUR\nserver: [/srv/fedi]\nmedia: [/srv/fedi/media]\n',
    )
    // As the socket's unit has it.
    inside('install', '-d', '-o', 'hearth-agent', '/run/hearth')
    const started = spawn('/usr/sbin/chroot', ['--userspec=hearth-agent:hearth-agent', root, ...command()], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: '/usr/bin:/bin', NODE_OPTIONS: '--no-warnings' },
    })
    agent = started
    await Promise.race([
      once(started.stdout as NodeJS.ReadableStream, 'data'),
      once(started, 'exit').then(([code]) => Promise.reject(new Error(`the agent ended with ${code}`))),
    ])
    client = new AgentClient(at('run/hearth/agent.sock'))
    const summary = await client.summary()
    expect(summary).toMatchObject({
      kit: { serverName: 'garden.example', timezone: 'Europe/Berlin', currency: 'EUR', claimed: true },
      release: { recipe: 'agent' },
      power: { unit: 'W', boundary: 'wall' },
      people: null,
      problems: [],
      storage: { use: null },
    })
    expect(summary.storage.size).toBeGreaterThan(0)
    const checks = summary.health.map(({ id }) => id)
    expect(checks).toContain('data')
    for (const kitsOnly of ['server', 'web']) expect(checks).not.toContain(kitsOnly)
  })

  test('is shown, added to, priced and billed by its command', async () => {
    const ledger = (...words: string[]) => inside('hearth', 'ledger', ...words).trimEnd()
    expect(ledger('show')).toBe('Nothing is recorded.')
    ledger('add', 'bill', '23.80', '--purpose', 'domain', '--day', '2026-11-02')
    expect(ledger('show')).toMatch(/^2026-11-02 {2}[0-9a-f-]{36} {2}23\.80 EUR {2}bill, domain$/)
    expect((await client.entries())[0]).toMatchObject({ instance: 'garden.example' })
    const settings = JSON.parse(ledger('settings'))
    writeFileSync(at('root/settings.json'), JSON.stringify({ ...settings, pricePerKwh: '0.32' }))
    expect(JSON.parse(ledger('settings', '/root/settings.json'))).toMatchObject({ pricePerKwh: '0.32' })
    expect(ledger('bill')).toMatch(/^\d{4}-\d{2}, so far, in EUR\n(.*\n)+total +0\.\d\d/)
    ledger('export', 'json', '--output', '/root/export.json')
    expect(ledger('import', '/root/export.json')).toBe('0 added, 1 there already.')
  })

  test('has the space counted by root', async () => {
    const [, line = ''] = /^ExecStart=(.*)$/m.exec(readFileSync(at(unitFile('storage.service')), 'utf8')) ?? []
    inside(...line.split(' '))
    const { use } = JSON.parse(readFileSync(at('run/hearth/storage.json'), 'utf8'))
    expect(use.media).toBeGreaterThanOrEqual(400_000)
    expect(use.server).toBeGreaterThan(use.media)
    expect(use.ledger).toBeGreaterThan(0)
  })

  test('ends in good order', async () => {
    const ended = once(agent as ChildProcess, 'exit')
    agent?.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect(existsSync(at('var/lib/hearth/agent/ledger.db'))).toBe(true)
  })

  /** As the unit starts it. */
  function command(): string[] {
    const [, line = ''] = /^ExecStart=(.*)$/m.exec(readFileSync(at(unitFile('agent.service')), 'utf8')) ?? []
    return line.split(' ')
  }
})

const [server, router, container] = ['server', 'router', 'container'].map((each) => `deb-${each}-${process.pid}`)
const namespaces = [server, router, container] as string[]

describe('its counters', () => {
  const on = (where = '', line = '') => inside('ip', 'netns', 'exec', where, 'sh', '-euc', line)
  const count = () => {
    on(server, 'HEARTH_RUN=/run/deb-test HEARTH_NET=/run/deb-net /usr/lib/hearth/count-traffic')
    return JSON.parse(readFileSync(at('run/deb-test/counters.json'), 'utf8')) as CountersFile
  }
  const pings = (address: string, times: number) => `ping -q -c ${times} -i 0.02 -s 972 ${address}` // 1000 bytes each

  beforeAll(() => {
    for (const each of namespaces) {
      inside('ip', 'netns', 'add', each)
      on(each, 'ip link set lo up')
    }
    on(server, `ip link add eth0 type veth peer name eth0 netns ${router}`)
    on(server, `ip link add ct0 type veth peer name eth0 netns ${container}`)
    on(
      server,
      `ip addr add 192.168.7.2/24 dev eth0; ip link set eth0 up; ip link add docker0 type bridge
       ip link set ct0 master docker0 up; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
       ip route add default via 192.168.7.1 || true; echo 1 >/proc/sys/net/ipv4/ip_forward`,
    )
    on(
      router,
      `ip addr add 192.168.7.1/24 dev eth0; ip link set eth0 up; ip addr add 203.0.113.9/32 dev lo
       ip route add 172.17.0.0/16 via 192.168.7.2`,
    )
    on(container, 'ip addr add 172.17.0.2/16 dev eth0; ip link set eth0 up; ip route add default via 172.17.0.1')
    on(server, 'ip route replace default via 192.168.7.1')
    // A machine with a card, which a namespace has none of.
    for (const [link, type] of [
      ['eth0', 1],
      ['docker0', 1],
      ['ct0', 1],
      ['lo', 772],
    ] as const) {
      mkdirSync(at('run/deb-net', link, link === 'eth0' ? 'device' : 'statistics'), { recursive: true })
      writeFileSync(at('run/deb-net', link, 'type'), `${type}\n`)
    }
    on(server, 'nft add table inet admins; nft add chain inet admins input')
  })

  test('tell near from far, with what goes on to containers, and leave other rules alone', () => {
    const before = count()
    on(server, pings('192.168.7.1', 5))
    on(server, pings('203.0.113.9', 3))
    on(container, pings('203.0.113.9', 2))
    on(container, pings('172.17.0.1', 7)) // never leaves the machine
    const after = count()
    const grown = (each: string) => (after.counters[each]?.bytes ?? 0) - (before.counters[each]?.bytes ?? 0)
    expect(after.epoch).toBe(before.epoch)
    expect([grown('wan_out'), grown('wan_in')]).toEqual([5000, 5000])
    for (const near of ['lan_out', 'lan_in']) {
      expect(grown(near)).toBeGreaterThanOrEqual(5000)
      expect(grown(near)).toBeLessThan(6000) // and what neighbours say to each other
    }
    expect(on(server, 'nft list tables')).toContain('table inet admins')
  })

  test('say what is on-link', () => {
    const network: NetworkFacts = JSON.parse(readFileSync(at('run/deb-test/network.json'), 'utf8'))
    expect(network.addresses).toContain('192.168.7.2')
    expect(network.onLink).toContain('192.168.7.0/24')
  })

  test('begin anew where something flushed all rules', () => {
    const { epoch } = count()
    on(server, 'nft flush ruleset')
    const again = count()
    expect(again.epoch).not.toBe(epoch)
    on(server, pings('203.0.113.9', 4))
    expect(count().counters.wan_out?.bytes).toBe(4000)
  })
})

describe('taken away', () => {
  test('keeps the ledger when it is removed, and leaves nothing when it is purged', () => {
    inside('dpkg', '--remove', name)
    expect(existsSync(at('usr/lib/hearth/node'))).toBe(false)
    expect(existsSync(at('var/lib/hearth/agent/journal.db'))).toBe(true)
    expect(existsSync(at('etc/hearth/ledger-agent.yaml'))).toBe(true)
    inside('dpkg', '--purge', name)
    for (const gone of [
      'var/lib/hearth',
      'etc/hearth',
      'run/hearth',
      'etc/systemd/system/sockets.target.wants/hearth-ledger-agent.socket',
    ])
      expect(existsSync(at(gone)), gone).toBe(false)
  })
})

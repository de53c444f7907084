import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CountersFile } from '#agent/api.ts'

/*
 * The kit's own nftables.conf and network-changed, in network namespaces: a kit with one interface, a neighbour on the same
 * link, and a router with "the internet" behind it. Needs root and a kernel with nftables; nothing leaves the machine.
 */
const files = path.resolve('images/layers/kit/files')
const server = 952
const publish = 953
const kit = `fw-kit-${process.pid}`
const home = `fw-home-${process.pid}`
const internet = `fw-inet-${process.pid}`
const nameServer = '192.168.7.53'
/** The kit's root: this machine's programs with the kit's files over them, and /run, /data and /dev of its own. */
let root: string
const peers: ChildProcess[] = []

beforeAll(async () => {
  if (process.getuid?.() !== 0) throw new Error('test/firewall.test.ts needs root: run it by `hearth test`, as root')
  root = mkdtempSync(path.join(tmpdir(), 'firewall-'))
  makeRoot()
  buildNetwork()
  for (const [name, names] of [
    [kit, '-'],
    [home, nameServer],
    [internet, '-'],
  ] as const)
    await startPeer(name, names)
  writeKit(null)
  // Avahi starts between the two.
  inKit('/usr/lib/hearth/firewall && test -e /run/hearth/resolv.conf && /usr/lib/hearth/network-changed')
})

afterAll(() => {
  for (const peer of peers) peer.kill()
  for (const name of [kit, home, internet]) spawnSync('ip', ['netns', 'delete', name])
  if (root !== undefined) rmSync(root, { recursive: true, force: true })
})

test('what the kit knows of its network is written for everybody', () => {
  expect(JSON.parse(inKit('cat /run/hearth/network.json'))).toEqual({
    addresses: ['192.168.7.2', 'fd07::2', '2a00:1::2'],
    onLink: ['192.168.7.0/24', '2a00:1::/64', 'fd07::/64'],
    resolvers: ['192.168.7.53', 'fe80::53', 'fd07::53'],
  })
  expect(inKit('cat /run/hearth/online')).toBe('yes\n')
  expect(inKit('cat /run/hearth/resolv.conf')).toBe(
    'nameserver 192.168.7.53\nnameserver fe80::53%2\nnameserver fd07::53\n',
  )
  const text = inKit('cat /run/hearth/console.txt')
  expect(text).toContain('Dashboard: https://hearth-7f3a.local:8443/\n')
  expect(text).toContain('Dashboard: https://192.168.7.2:8443/\n')
  expect(text).toContain('Dashboard: https://[fd07::2]:8443/\n')
  expect(inKit('cat /run/hearth/avahi/commonhearth.service')).toContain('<txt-record>name=hearth-7f3a</txt-record>')
})

test('what was said of a missing network is taken back when there is one, and nothing is started otherwise', () => {
  const asked = () =>
    inKit(`mkdir -p /run/stub && printf '#!/bin/sh\necho "$@" >>/run/asked\n' >/run/stub/systemctl
      chmod +x /run/stub/systemctl; : >/run/asked
      PATH=/run/stub:$PATH /usr/lib/hearth/network-changed; cat /run/asked`)
  expect(asked()).toBe('')
  inKit('touch /run/hearth/offline')
  expect(asked()).toBe('--no-block start hearth-offline.service\n')
  inKit('ip addr flush dev eth0 scope global')
  try {
    expect(asked()).toBe('')
    expect(inKit('cat /run/hearth/online')).toBe('')
    const screen = inKit('cat /run/hearth/console.txt')
    expect(screen).toMatch(/^No network yet: plug in a cable\./m)
    expect(screen).toContain('hearth.yaml on the card')
    expect(screen).not.toContain('seed')
  } finally {
    addressKit()
    inKit('rm /run/hearth/offline; /usr/lib/hearth/network-changed')
  }
})

test('where another device has the name, the screen shows the one that works', () => {
  const file = path.join(root, 'run/hearth/network.json')
  const before = readFileSync(file, 'utf8')
  const announced = (announcedAs: string) => {
    writeFileSync(file, JSON.stringify({ ...JSON.parse(before), announcedAs }))
    inKit('/usr/lib/hearth/console')
    return readFileSync(path.join(root, 'run/hearth/console.txt'), 'utf8')
  }
  expect(announced('hearth-7f3a-2')).toContain('Dashboard: https://hearth-7f3a-2.local:8443/\n')
  for (const other of ['hearth-7f3a', 'router', 'hearth-7f3a-x', ''])
    expect(announced(other)).toContain('Dashboard: https://hearth-7f3a.local:8443/\n')
  writeFileSync(file, before)
  inKit('/usr/lib/hearth/console')
})

test('the screen shows the claim code until the claim, and what is wrong, in plain lines', () => {
  writeFileSync(
    path.join(root, 'run/hearth/problems.json'),
    JSON.stringify([
      {
        id: 'a',
        where: 'hearth.yaml:12',
        what: 'Unknown key "wify"\u001b[2J\nClaim code: FAKE',
        next: 'Write "wifi".',
      },
      { id: 'b', what: 'No network.', next: 'Plug in a cable.' },
    ]),
  )
  mkdirSync(path.join(root, 'data/hearth/setup'), { recursive: true })
  writeFileSync(path.join(root, 'data/hearth/setup/claim-code'), 'ABCD-EFGH-1234\n')
  writeKit(null, false)
  inKit('/usr/lib/hearth/console')
  const text = readFileSync(path.join(root, 'run/hearth/console.txt'), 'utf8')
  expect(text).toMatch(/^Claim code: ABCD-EFGH-1234$/m)
  expect(text).toMatch(/^Certificate: amber canoe lilac tower$/m)
  expect(text).toContain('Problem: hearth.yaml:12: Unknown key "wify"')
  expect(text).toContain('Problem: No network.\n  Plug in a cable.\n')
  expect(text.match(/^Claim code/gm)).toHaveLength(1)
  expect(text).not.toContain('\u001b')
  expect(readFileSync(path.join(root, 'dev/console'), 'utf8')).toContain(text)
  writeKit(null)
  inKit('/usr/lib/hearth/console')
  expect(readFileSync(path.join(root, 'run/hearth/console.txt'), 'utf8')).not.toMatch(/^Claim code/m)
})

describe('who reaches the kit, on trial', () => {
  test.each([
    ['192.168.7.2', 443],
    ['192.168.7.2', 8443],
    ['192.168.7.2', 22],
    ['fd07::2', 8443],
    ['2a00:1::2', 8443],
  ])('a neighbour: %s port %i', (address, port) => {
    expect(reaches(home, address, port)).toBe('listener')
  })
  test.each(['192.168.7.2', 'fd07::2'])('a neighbour asking %s for port 80 gets the home plain page', (address) => {
    expect(reaches(home, address, 80)).toBe('plain')
  })
  test.each([
    ['192.168.7.2', 80],
    ['192.168.7.2', 443],
    ['192.168.7.2', 8081],
    ['192.168.7.2', 8443],
    ['192.168.7.2', 22],
    ['2a00:1::2', 80],
    ['2a00:1::2', 443],
    ['2a00:1::2', 8443],
    ['2a00:1::2', 22],
  ])('nobody from the internet: %s port %i', (address, port) => {
    expect(reaches(internet, address, port)).toBeNull()
  })
  test('ports without a purpose are closed to neighbours, too', () => {
    expect(reaches(home, '192.168.7.2', 9000)).toBeNull()
  })
})

describe('who reaches the kit, with a permanent name', () => {
  beforeAll(() => {
    writeKit('example.org')
    inKit('/usr/lib/hearth/network-changed')
  })
  afterAll(() => {
    writeKit(null)
    inKit('/usr/lib/hearth/network-changed')
  })
  test.each([
    ['192.168.7.2', 80],
    ['192.168.7.2', 443],
    ['2a00:1::2', 80],
    ['2a00:1::2', 443],
  ])('everybody: %s port %i', (address, port) => {
    expect(reaches(internet, address, port)).toBe('listener')
  })
  test.each([
    ['192.168.7.2', 8443],
    ['192.168.7.2', 8081],
    ['192.168.7.2', 22],
    ['2a00:1::2', 8443],
  ])('but not %s port %i', (address, port) => {
    expect(reaches(internet, address, port)).toBeNull()
  })
})

describe('what the Fediverse server reaches', () => {
  test.each([
    ['8.8.4.4', 443],
    ['8.8.4.4', 80],
    ['2a00:2::2', 443],
  ])('a public address: %s port %i', (address, port) => {
    expect(reaches(kit, address, port, server)).toBe('listener')
  })
  test('itself, by the address that /etc/hosts gives its name, and nothing else there', () => {
    expect(reaches(kit, '127.0.1.1', 443, server)).toBe('listener')
    for (const port of [80, 8081, 8443, 22]) expect(reaches(kit, '127.0.1.1', port, server), `${port}`).toBeNull()
  })
  test.each([
    ['192.168.7.53', 53],
    ['fd07::53', 53],
  ])('its name server: %s', (address, port) => {
    expect(reaches(kit, address, port, server)).toBe('listener')
  })
  test.each([
    ['another port of a public address', '8.8.4.4', 22],
    ['loopback', '127.0.0.1', 443],
    ['another loopback address', '127.9.9.9', 443],
    ['IPv6 loopback', '::1', 443],
    ['its own address at home', '192.168.7.2', 443],
    ['its own public address', '2a00:1::2', 443],
    ['any address of this machine', '0.0.0.0', 443],
    ['a neighbour', '192.168.7.3', 443],
    ['a neighbour by ULA', 'fd07::3', 443],
    ['a neighbour by public IPv6', '2a00:1::3', 443],
    ['the name server, elsewhere than DNS', '192.168.7.53', 443],
    ['a name server that is not its own', '192.168.7.3', 53],
    ['10/8 behind the router', '10.1.2.3', 443],
    ['172.16/12 behind the router', '172.20.0.1', 443],
    ['192.168/16 behind the router', '192.168.99.1', 443],
    ['carrier-grade NAT', '100.64.0.1', 443],
    ['link-local', '169.254.169.254', 443],
    ['ULA behind the router', 'fd99::1', 443],
    ['NAT64 of a private address', '64:ff9b::c0a8:703', 443],
    ['NAT64 of loopback', '64:ff9b::7f00:1', 443],
    ['6to4', '2002:c0a8:703::1', 443],
    ['Teredo', '2001:0:1::1', 443],
    ['an IPv4 address in IPv6 clothes', '::ffff:192.168.7.3', 443],
  ])('not %s (%s port %i)', (_, address, port) => {
    expect(reaches(kit, address, port, 0), 'the way is there for others').toBe('listener')
    expect(reaches(kit, address, port, server)).toBeNull()
  })
  test('not a public address through a tunnel', () => {
    const before = bytes(readCounters(), 'server_refused')
    expect(reaches(kit, '9.9.9.9', 443, 0)).toBeNull()
    expect(bytes(readCounters(), 'server_refused')).toBe(before)
    expect(reaches(kit, '9.9.9.9', 443, server)).toBeNull()
    expect(bytes(readCounters(), 'server_refused')).toBeGreaterThan(before)
  })
  test('a name that turns from a public to a home address: the next connection is refused', () => {
    expect(reaches(kit, 'turning.example', 443, server)).toBe('listener')
    expect(reaches(kit, 'turning.example', 443, 0), 'the name has turned').toBe('listener')
    expect(reaches(kit, 'turning.example', 443, server)).toBeNull()
  })
})

describe('what the program that sends the public log reaches', () => {
  test.each([
    ['8.8.4.4', 443],
    ['8.8.4.4', 22],
    ['2a00:2::2', 443],
    ['2a00:2::2', 22],
  ])('a public address: %s port %i', (address, port) => {
    expect(reaches(kit, address, port, publish)).toBe('listener')
  })
  test.each([
    ['192.168.7.53', 53],
    ['fd07::53', 53],
  ])('its name server: %s', (address, port) => {
    expect(reaches(kit, address, port, publish)).toBe('listener')
  })
  test.each([
    ['another port of a public address', '8.8.4.4', 80],
    ['loopback', '127.0.0.1', 443],
    ['where the Fediverse server finds itself', '127.0.1.1', 443],
    ['IPv6 loopback', '::1', 443],
    ['its own address at home', '192.168.7.2', 443],
    ['its own address at home, by SSH', '192.168.7.2', 22],
    ['the dashboard', '192.168.7.2', 8443],
    ['a neighbour', '192.168.7.3', 443],
    ['a neighbour by SSH', '192.168.7.3', 22],
    ['a neighbour by ULA', 'fd07::3', 443],
    ['a neighbour by public IPv6', '2a00:1::3', 22],
    ['the name server, elsewhere than DNS', '192.168.7.53', 443],
    ['10/8 behind the router', '10.1.2.3', 443],
    ['carrier-grade NAT', '100.64.0.1', 443],
    ['link-local', '169.254.169.254', 443],
    ['NAT64 of a private address', '64:ff9b::c0a8:703', 443],
    ['an IPv4 address in IPv6 clothes', '::ffff:192.168.7.3', 443],
  ])('not %s (%s port %i)', (_, address, port) => {
    expect(reaches(kit, address, port, 0), 'the way is there for others').toBe('listener')
    const before = readCounters()
    expect(reaches(kit, address, port, publish)).toBeNull()
    const after = readCounters()
    expect(bytes(after, 'publish_refused')).toBeGreaterThan(bytes(before, 'publish_refused'))
    expect(bytes(after, 'server_refused')).toBe(bytes(before, 'server_refused'))
  })
  test('all of it is counted, name servers too, and nothing of others', () => {
    expect(grown(() => reaches(kit, '8.8.4.4', 443, publish))).toEqual([
      'publish_in',
      'publish_out',
      'wan_in',
      'wan_out',
    ])
    expect(grown(() => reaches(kit, '192.168.7.53', 53, publish), false)).toEqual(['publish_in', 'publish_out'])
    expect(grown(() => reaches(kit, '8.8.4.4', 443, server))).toEqual(['fetch_in', 'fetch_out', 'wan_in', 'wan_out'])
  })
})

/** Names of the counters that have grown meanwhile; neighbours greet each other at any time, so `lan` only if asked for. */
function grown(work: () => void, withLan = false): string[] {
  const before = readCounters()
  work()
  const after = readCounters()
  return Object.keys(after.counters)
    .filter((name) => bytes(after, name) > bytes(before, name) && (withLan || !name.startsWith('lan_')))
    .sort()
}

test('traffic is counted by near and far, and by service', () => {
  const both = () => {
    reaches(home, '192.168.7.2', 8443)
    reaches(kit, '8.8.4.4', 443, server)
  }
  expect(grown(both, true)).toEqual(
    ['dashboard_in', 'dashboard_out', 'fetch_in', 'fetch_out', 'lan_in', 'lan_out', 'wan_in', 'wan_out'].sort(),
  )
  expect(grown(() => reaches(home, '192.168.7.2', 443))).toEqual(['server_in', 'server_out'])
  expect(grown(() => reaches(home, '192.168.7.2', 80))).toEqual(['plain_in', 'plain_out'])
  expect(
    grown(() => reaches(kit, '8.8.4.4', 443, 0)),
    'what others ask belongs to no service',
  ).toEqual(['wan_in', 'wan_out'])
})

test('who is turned away is counted with the service whose port it was', () => {
  expect(grown(() => reaches(internet, '192.168.7.2', 443))).toEqual(['server_in', 'wan_in'])
})

test('what goes into a tunnel is not counted beside the tunnel’s own packets', () => {
  expect(grown(() => reaches(kit, '9.9.9.9', 443, 0))).toEqual([])
})

test('no byte is lost when the rules are loaded again', () => {
  const before = readCounters()
  reaches(home, '192.168.7.2', 8443)
  const used = readCounters()
  const sets = inKit('nft list set inet hearth onlink6; nft list set inet hearth special4')
  inKit('/usr/lib/hearth/firewall')
  const after = readCounters()
  expect(after.epoch).toBe(before.epoch)
  expect(bytes(used, 'dashboard_in')).toBeGreaterThan(bytes(before, 'dashboard_in'))
  for (const [name, { bytes: counted }] of Object.entries(used.counters))
    expect(bytes(after, name), name).toBeGreaterThanOrEqual(counted)
  expect(inKit('nft list set inet hearth onlink6; nft list set inet hearth special4')).toBe(sets)
  expect(inKit('nft list chain inet hearth count_in').match(/counter name "wan_in"/g), 'no rule twice').toHaveLength(1)
  expect(reaches(home, '192.168.7.2', 8443)).toBe('listener')
  expect(bytes(readCounters(), 'dashboard_in')).toBeGreaterThan(bytes(after, 'dashboard_in'))
})

test('a table that somebody took away starts from zero; the agent sees that the counters fell', () => {
  const before = readCounters()
  inKit('nft delete table inet hearth && /usr/lib/hearth/firewall')
  expect(bytes(readCounters(), 'wan_in')).toBeLessThan(bytes(before, 'wan_in'))
  expect(reaches(home, '192.168.7.2', 8443)).toBe('listener')
})

test('near is every prefix on the link, also one that came later, and none that went', () => {
  const change = (command: 'add' | 'del', ...more: string[]) => {
    for (const [name, address] of [
      [kit, '2a00:5::2/64'],
      [home, '2a00:5::3/64'],
    ] as const)
      execFileSync('ip', ['-n', name, 'addr', command, address, 'dev', 'eth0', ...more])
    inKit('/usr/lib/hearth/network-changed')
  }
  change('add', 'nodad')
  const near = grown(() => reaches(home, '2a00:5::2', 8443), true)
  expect(near).toEqual(['dashboard_in', 'dashboard_out', 'lan_in', 'lan_out'])
  change('del')
  execFileSync('ip', ['-n', kit, '-6', 'route', 'add', '2a00:5::/64', 'via', '2a00:1::3'])
  execFileSync('ip', ['-n', home, '-6', 'addr', 'add', '2a00:5::3/128', 'dev', 'lo'])
  try {
    inKit('/usr/lib/hearth/network-changed')
    expect(
      grown(() => reaches(kit, '2a00:5::3', 443, 0)),
      'behind a router now',
    ).toEqual(['wan_in', 'wan_out'])
  } finally {
    execFileSync('ip', ['-n', home, '-6', 'addr', 'del', '2a00:5::3/128', 'dev', 'lo'])
    execFileSync('ip', ['-n', kit, '-6', 'route', 'del', '2a00:5::/64'])
  }
})

test('an interface that goes takes its neighbours out of the firewall', () => {
  inKit('ip -6 addr del 2a00:1::2/64 dev eth0 && /usr/lib/hearth/network-changed')
  expect(inKit('nft list set inet hearth onlink6')).not.toContain('2a00:1')
  inKit('ip -6 addr add 2a00:1::2/64 dev eth0 nodad && /usr/lib/hearth/network-changed')
  expect(inKit('nft list set inet hearth onlink6')).toContain('2a00:1')
})

const addresses = () => JSON.parse(readFileSync(path.join(root, 'run/hearth/network.json'), 'utf8')).addresses

test('an address that comes while it looks is seen as well', () => {
  const late = path.join(root, 'run/late')
  mkdirSync(late, { recursive: true })
  writeFileSync(path.join(late, 'once'), '')
  writeFileSync(
    path.join(late, 'nft'),
    `#!/bin/sh
if rm /run/late/once 2>/dev/null; then ip addr add 192.168.8.2/24 dev eth0; echo LATE=1 >>/run/systemd/netif/state; fi
exec /usr/sbin/nft "$@"
`,
    { mode: 0o755 },
  )
  inKit('PATH=/run/late:$PATH /usr/lib/hearth/network-changed')
  expect(addresses()).toContain('192.168.8.2')
  inKit(
    'sed -i /LATE=1/d /run/systemd/netif/state; ip addr del 192.168.8.2/24 dev eth0; /usr/lib/hearth/network-changed',
  )
  expect(addresses()).not.toContain('192.168.8.2')
})

test.each([['network-changed --if-changed'], ['counters']])(
  'what nobody told the kit of is found by `%s`, which does nothing while nothing changed',
  (command) => {
    const look = () => inKit(`/usr/lib/hearth/${command}`)
    const written = path.join(root, 'run/hearth/network.nft')
    look()
    rmSync(written)
    look()
    expect(existsSync(written)).toBe(false)
    inKit('ip addr add 192.168.9.2/24 dev eth0')
    look()
    expect(addresses()).toContain('192.168.9.2')
    expect(existsSync(written)).toBe(true)
    inKit('ip addr del 192.168.9.2/24 dev eth0')
    look()
    expect(addresses()).not.toContain('192.168.9.2')
  },
)

function address(name: string, device: string, ...addresses: string[]) {
  for (const value of addresses) {
    const nodad = value.includes(':') ? ['nodad'] : []
    execFileSync('ip', ['-n', name, 'addr', 'add', value, 'dev', device, ...nodad])
  }
}

function addressKit() {
  address(kit, 'eth0', '192.168.7.2/24', '2a00:1::2/64', 'fd07::2/64')
  execFileSync('ip', ['-n', kit, 'route', 'replace', 'default', 'via', '192.168.7.1'])
  execFileSync('ip', ['-n', kit, '-6', 'route', 'replace', 'default', 'via', '2a00:1::1'])
}

/** kit eth0 ── switch ── home eth0; the switch is the router's, and "the internet" is the router itself. */
function buildNetwork() {
  const run = (...args: string[]) => execFileSync('ip', args)
  for (const name of [kit, home, internet]) {
    run('netns', 'add', name)
    run('-n', name, 'link', 'set', 'lo', 'up')
  }
  run('-n', internet, 'link', 'add', 'switch', 'type', 'bridge')
  for (const [name, port] of [
    [kit, 'kit'],
    [home, 'home'],
  ] as const) {
    run('-n', internet, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    run('-n', internet, 'link', 'set', port, 'master', 'switch', 'up')
    run('-n', name, 'link', 'set', 'eth0', 'up')
  }
  run('-n', internet, 'link', 'set', 'switch', 'up')
  address(home, 'eth0', '192.168.7.3/24', '192.168.7.53/24', '2a00:1::3/64', 'fd07::3/64', 'fd07::53/64')
  address(internet, 'switch', '192.168.7.1/24', '2a00:1::1/64', 'fd07::1/64')
  // Everything else a test asks for lies on the router's loopback.
  for (const far of [
    ...['8.8.4.4/32', '10.1.2.3/32', '172.20.0.1/32', '192.168.99.1/32', '100.64.0.1/32', '169.254.169.254/32'],
    ...[
      '2a00:2::2/128',
      'fd99::1/128',
      '64:ff9b::c0a8:703/128',
      '64:ff9b::7f00:1/128',
      '2002:c0a8:703::1/128',
      '2001:0:1::1/128',
    ],
  ])
    address(internet, 'lo', far)
  addressKit()
  run('-n', home, 'route', 'add', 'default', 'via', '192.168.7.1')
  // A tunnel that a public address is routed into; nobody is at its other end.
  run('-n', kit, 'tuntap', 'add', 'tunnel', 'mode', 'tun')
  run('-n', kit, 'link', 'set', 'tunnel', 'up')
  run('-n', kit, 'route', 'add', '9.9.9.9', 'dev', 'tunnel')
}

function makeRoot() {
  for (const name of [
    'usr',
    'etc',
    'proc',
    'sys',
    'dev',
    'tmp',
    'run/hearth',
    'run/systemd/netif/links',
    'data/hearth',
  ])
    mkdirSync(path.join(root, name), { recursive: true })
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, path.join(root, name))
  for (const name of ['null', 'tty1', 'console']) writeFileSync(path.join(root, 'dev', name), '')
  const netif = path.join(root, 'run/systemd/netif')
  writeFileSync(path.join(netif, 'state'), `OPER_STATE=routable\nDNS=${nameServer} fe80::53%2\n`)
  writeFileSync(path.join(netif, 'links/2'), `DNS=${nameServer} [fd07::53]:53#dns.example nonsense\n`)
}

function writeKit(serverName: string | null, claimed = true) {
  const facts = { hostname: 'hearth-7f3a', claimed, serverName, caWords: 'amber canoe lilac tower' }
  writeFileSync(path.join(root, 'data/hearth/kit.json'), JSON.stringify(facts))
}

/** Runs a shell line as the kit would; the mounts last as long as the line. */
function inKit(line: string): string {
  const enter = `
    mount -t overlay -o ro,lowerdir="$2/usr:/usr" overlay "$1/usr"
    mount -t overlay -o ro,lowerdir="$2/etc:/etc" overlay "$1/etc"
    mount --rbind /proc "$1/proc"
    mount --rbind /sys "$1/sys"
    mount --bind /dev/null "$1/dev/null"
    exec chroot "$1" sh -euc "$3"`
  return execFileSync('ip', ['netns', 'exec', kit, 'sh', '-euc', enter, 'sh', root, files, line], { encoding: 'utf8' })
}

async function startPeer(name: string, names: string) {
  const command = [process.execPath, path.resolve('test/network/peer.ts'), names]
  const peer = spawn('ip', ['netns', 'exec', name, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  peers.push(peer)
  await once(peer.stdout, 'data')
}

/** What answers a connection from one of the machines, or null. */
function reaches(from: string, host: string, port: number, uid = 0): string | null {
  const command = [process.execPath, path.resolve('test/network/ask.ts'), host, String(port), String(uid), nameServer]
  // The router has addresses at home as well: from the internet is what comes from one of the others.
  const source = from === internet ? [host.includes(':') ? '2a00:2::2' : '8.8.4.4'] : []
  return execFileSync('ip', ['netns', 'exec', from, ...command, ...source], { encoding: 'utf8' }) || null
}

function readCounters(): CountersFile {
  inKit('/usr/lib/hearth/counters')
  return JSON.parse(readFileSync(path.join(root, 'run/hearth/counters.json'), 'utf8'))
}

function bytes({ counters }: CountersFile, name: string): number {
  return counters[name]?.bytes ?? Number.NaN
}

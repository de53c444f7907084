import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type Answer, DnsError, decodeAnswers, encodeQuery } from './dns.ts'
import { find, type Place, searchKits } from './find.ts'
import { KitList, service } from './kits.ts'

const undo: (() => void)[] = []
afterEach(() => {
  for (const each of undo.splice(0).reverse()) each()
})

/** Names without compression, and one record after the other: a responder of our own. */
const labels = (name: readonly string[]) =>
  Buffer.concat([
    ...name.flatMap((label) => [Buffer.from([Buffer.byteLength(label)]), Buffer.from(label)]),
    Buffer.from([0]),
  ])
const u16 = (...values: number[]) => Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 255])))
function record(name: readonly string[] | Buffer, type: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.isBuffer(name) ? name : labels(name), u16(type, 0x8001, 0, 120, data.length), data])
}
function response(...records: Buffer[]): Buffer {
  return Buffer.concat([u16(0, 0x8400, 0, records.length, 0, 0), ...records])
}
const text = (...texts: string[]) =>
  Buffer.concat(texts.flatMap((each) => [Buffer.from([Buffer.byteLength(each)]), Buffer.from(each)]))
const instance = (name: string) => [name, ...service]
function kitRecords(name: string, claimed: string, address: number[]): Buffer[] {
  const host = [name, 'local']
  return [
    record(service, 12, labels(instance(name))),
    record(instance(name), 33, Buffer.concat([u16(0, 0, 8443), labels(host)])),
    record(instance(name), 16, text('version=0.1.0', `claimed=${claimed}`, `name=${name}`)),
    record(host, 1, Buffer.from(address)),
  ]
}

/** A server on loopback that answers every datagram with these. */
async function responder(answer: (query: Buffer) => Buffer[]): Promise<Place[]> {
  const socket: Socket = createSocket('udp4')
  undo.push(() => socket.close())
  socket.on('message', (query, sender) => {
    for (const message of answer(query)) socket.send(message, sender.port, sender.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return [{ family: 'udp4', address: '127.0.0.1', port: socket.address().port, through: null }]
}

function io() {
  const said: string[] = []
  const never = new AbortController().signal
  return {
    said,
    print: (line: string) => said.push(line),
    complain: (line: string) => said.push(line),
    progress() {},
    ask: async () => null,
    interrupted: never,
    env: {},
  }
}

describe('searchKits', () => {
  it('lists every kit that answers, by name', async () => {
    const places = await responder(() => [
      response(...kitRecords('hearth-b2', '0', [192, 168, 1, 21])),
      response(...kitRecords('hearth-a1', '1', [192, 168, 1, 20])),
    ])
    expect(await searchKits(places, 300)).toEqual([
      {
        name: 'hearth-a1',
        host: 'hearth-a1.local',
        port: 8443,
        addresses: ['192.168.1.20'],
        version: '0.1.0',
        claimed: true,
      },
      {
        name: 'hearth-b2',
        host: 'hearth-b2.local',
        port: 8443,
        addresses: ['192.168.1.21'],
        version: '0.1.0',
        claimed: false,
      },
    ])
  })

  it('asks again for what was left out', async () => {
    const [pointer, ...rest] = kitRecords('hearth-a1', '0', [10, 0, 0, 1]) as [Buffer, ...Buffer[]]
    const types: number[] = []
    const places = await responder((query) => {
      types.push(query.readUInt16BE(query.length - 4))
      return types.length === 1 ? [response(pointer)] : query.includes('hearth-a1') ? [response(...rest)] : []
    })
    expect(await searchKits(places, 300)).toMatchObject([
      { host: 'hearth-a1.local', addresses: ['10.0.0.1'], claimed: false },
    ])
    expect(types[0]).toBe(12)
  })

  it('lives through answers that are malformed, endless or huge, and still lists the good one', async () => {
    const good = response(...kitRecords('hearth-a1', '0', [10, 0, 0, 1]))
    const bad = [
      Buffer.alloc(0),
      Buffer.alloc(9001, 0xc0),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      response(record(Buffer.from([0xc0, 12]), 12, Buffer.from([0xc0, 12]))),
      response(record(service, 33, Buffer.from([0, 0]))),
      Buffer.concat([u16(0, 0x8400, 0, 65535, 65535, 65535), Buffer.alloc(1000)]),
      ...Array.from({ length: 40 }, (_, index) => good.subarray(0, Math.floor((index * good.length) / 40))),
    ]
    const places = await responder(() => [...bad, good])
    expect(await searchKits(places, 600)).toHaveLength(1)
  })

  it('takes no answer from another port than it asked', async () => {
    const other = createSocket('udp4')
    undo.push(() => other.close())
    const places = await responder(() => [])
    const [place] = places as [Place]
    const server = await responder(() => [])
    // Answers to the asker, but from a socket that was never asked.
    const spy = createSocket('udp4')
    undo.push(() => spy.close())
    spy.on('message', (_query, sender) =>
      other.send(response(...kitRecords('evil', '0', [6, 6, 6, 6])), sender.port, sender.address),
    )
    await new Promise<void>((resolve) => spy.bind(0, '127.0.0.1', resolve))
    expect(await searchKits([{ ...place, port: spy.address().port }, ...server], 300)).toEqual([])
  })

  it('says so when there is no network', async () => {
    await expect(searchKits([], 100)).rejects.toThrow('there is no network')
  })
})

describe('hearth find', () => {
  it('prints name, address, version, state and where to go', async () => {
    const places = await responder(() => [response(...kitRecords('hearth-a1', '0', [192, 168, 1, 20]))])
    const spoken = io()
    expect(await find([], spoken, () => places)).toBe(0)
    expect(spoken.said).toEqual(['hearth-a1  192.168.1.20  0.1.0  not claimed yet  https://hearth-a1.local:8443/'])
  })

  it('says what to do when nothing answers', async () => {
    const places = await responder(() => [])
    const spoken = io()
    expect(await find([], spoken, () => places)).toBe(1)
    expect(spoken.said[0]).toContain('No kit answered')
  })
})

describe('KitList', () => {
  const pointer = (name: string): Answer => ({ type: 'PTR', name: service, target: instance(name) })

  it('shows nothing that could steer a terminal', () => {
    const list = new KitList()
    list.take(
      [
        pointer('x\u001b[2J\u202e'),
        { type: 'TXT', name: instance('x\u001b[2J\u202e'), texts: ['version=\u0007 1', 'claimed=yes'] },
      ],
      '10.0.0.9',
    )
    expect(list.kits()).toEqual([
      { name: 'x [2J', host: null, port: null, addresses: ['10.0.0.9'], version: '1', claimed: null },
    ])
  })

  it('is bounded, whatever is sent', () => {
    const list = new KitList()
    for (let index = 0; index < 2000; index++) list.take([pointer(`kit${index}`)], '10.0.0.1')
    expect(list.kits()).toHaveLength(512)
    const host = ['kit0', 'local']
    list.take([{ type: 'SRV', name: instance('kit0'), target: host, port: 1 }], '10.0.0.1')
    for (let index = 0; index < 100; index++)
      list.take([{ type: 'A', name: host, address: `10.0.0.${index}` }], '10.0.0.1')
    expect(list.kits().find(({ name }) => name === 'kit0')?.addresses).toHaveLength(16)
  })

  it('does not take other services, or a record of a kit nobody pointed at', () => {
    const list = new KitList()
    list.take([{ type: 'PTR', name: service, target: ['x', '_http', '_tcp', 'local'] }], '10.0.0.1')
    list.take([{ type: 'SRV', name: instance('y'), target: ['y', 'local'], port: 1 }], '10.0.0.1')
    expect(list.kits()).toEqual([])
  })

  it('knows a name in other case for the same', () => {
    const list = new KitList()
    list.take(
      [
        pointer('Kit'),
        { type: 'SRV', name: ['kit', '_COMMONHEARTH', '_tcp', 'local'], target: ['k', 'local'], port: 7 },
      ],
      '10.0.0.1',
    )
    expect(list.kits()).toMatchObject([{ name: 'Kit', host: 'k.local', port: 7 }])
  })
})

describe('DNS messages', () => {
  it('are decoded with compressed names', () => {
    // At 12 stands the service; the second record's name and target point there.
    const first = record(service, 12, Buffer.concat([Buffer.from([1]), Buffer.from('a'), Buffer.from([0xc0, 12])]))
    const address = Buffer.from([0xfe, 0x80, ...Array(13).fill(0), 1])
    expect(decodeAnswers(response(first, record(Buffer.from([0xc0, 12]), 28, address)))).toEqual([
      { name: [...service], type: 'PTR', target: instance('a') },
      { name: [...service], type: 'AAAA', address: 'fe80::1' },
    ])
  })

  it('are refused when names loop, point forward or are too long', () => {
    const at = (bytes: number[]) => () =>
      decodeAnswers(response(Buffer.from([...bytes, 0, 12, 0, 1, 0, 0, 0, 0, 0, 0])))
    expect(at([0xc0, 12])).toThrow('points forward or at itself')
    expect(at([0xc0, 20])).toThrow('points forward or at itself')
    expect(at([1, 97, 0xc0, 12])).toThrow(DnsError)
    expect(at([0x80, 1])).toThrow('unknown kind')
    expect(at(Array.from({ length: 5 }, () => [63, ...Array(63).fill(97)]).flat())).toThrow('more than 255 bytes')
    expect(() => decodeAnswers(encodeQuery([{ name: service, type: 12 }]))).toThrow('is no response')
    expect(() => encodeQuery([{ name: ['x'.repeat(64)], type: 12 }])).toThrow('1 to 63 bytes')
  })
})

const avahi =
  process.getuid?.() === 0 && ['avahi-daemon', 'ip', 'unshare'].every((name) => spawnSync('which', [name]).status === 0)
describe.skipIf(!avahi)('with Avahi itself (root and avahi-daemon needed)', () => {
  it('finds the service it announces, in a network of its own', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'hearth-find-'))
    undo.push(() => rmSync(folder, { recursive: true, force: true }))
    const at = (name: string) => path.join(folder, name)
    // The kit's own words for Avahi, and its configuration.
    const layer = path.resolve('images/layers/kit/files')
    for (const name of ['data/hearth', 'usr/lib/hearth']) mkdirSync(at(name), { recursive: true })
    cpSync(path.join(layer, 'usr/lib/hearth/json.awk'), at('usr/lib/hearth/json.awk'))
    writeFileSync(at('usr/lib/hearth/release.json'), '{"version":"0.1.0"}')
    writeFileSync(at('data/hearth/kit.json'), '{"hostname":"hearth-test","claimed":false}')
    execFileSync(path.join(layer, 'usr/lib/hearth/announce'), {
      env: { PATH: process.env.PATH, ANNOUNCE_ROOT: folder },
    })
    const configuration = readFileSync(path.join(layer, 'etc/avahi/avahi-daemon.conf'), 'utf8')
    writeFileSync(
      at('avahi.conf'),
      configuration
        .replace('[server]\n', '[server]\nhost-name=hearth-test\nenable-dbus=no\n')
        .replace('use-ipv6=yes', 'use-ipv6=no'),
    )
    // In its own network namespace, and with these services in /etc/avahi, which only this process tree sees.
    const script =
      'ip link add kit type veth peer name pc && ip addr add 10.7.0.1/24 dev kit && ip addr add 10.7.0.2/24 dev pc && ip link set kit up && ip link set pc up && ip link set lo up && mount -t tmpfs tmpfs /run && mkdir -p /etc/avahi/services && mount --bind "$1/run/hearth/avahi" /etc/avahi/services && { avahi-daemon -f "$1/avahi.conf" --no-drop-root --no-rlimits --no-chroot & } && sleep 3 && exec "$2" "$3" '
    const runner = at('run.ts')
    writeFileSync(
      runner,
      `import { searchKits, lanPlaces } from ${JSON.stringify(path.join(import.meta.dirname, 'find.ts'))}\nconsole.log(JSON.stringify(await searchKits(lanPlaces(), 2000)))\n`,
    )
    const child = spawn('unshare', [
      '--net',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      'sh',
      '-c',
      script,
      'sh',
      folder,
      process.execPath,
      runner,
    ])
    undo.push(() => child.kill('SIGKILL'))
    let [out, errors] = ['', '']
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    const status = await Promise.race([
      new Promise((resolve) => child.once('close', resolve)),
      wait(15_000, 'too long'),
    ])
    expect(status, errors).toBe(0)
    expect(JSON.parse(out)).toMatchObject([
      { name: 'hearth-test', host: 'hearth-test.local', port: 8443, version: '0.1.0', claimed: false },
    ])
  })
})

import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { filledLog } from '../ledger/log/log-fixture.ts'
import { formatVerifierKey } from '../ledger/log/note.ts'
import { Snac } from '../servers/snac.ts'
import { run } from '../setup/run.ts'
import { webFiles } from '../setup/web.ts'
import { nginx, Web } from '../setup/web-fixture.ts'
import type { Publication } from './announcement.ts'
import { collectorAddress, logOrigin } from './log-address.ts'
import { PublicServer } from './public-server.ts'

/*
 * The kit's own copy of its log, through a real nginx, by HTTPS, and checked by the command that everybody has.
 */
const name = 'social.example.org'
const leaves = 300

const nodeInfo = {
  version: '2.1',
  software: { name: 'snac', version: '2.96' },
  protocols: ['activitypub'],
  services: { inbound: [], outbound: [] },
  openRegistrations: false,
  usage: { users: { total: 3 }, localPosts: 41 },
  metadata: {},
}
const links = {
  links: [{ rel: 'http://nodeinfo.diaspora.software/ns/schema/2.1', href: `https://${name}/nodeinfo_2_1` }],
}

let asked = 0
const snac: RequestListener = (request, response) => {
  asked += 1
  response.setHeader('content-type', 'application/json')
  const body = request.url === '/.well-known/nodeinfo' ? links : request.url === '/nodeinfo_2_1' ? nodeInfo : null
  response.end(JSON.stringify(body ?? { snac: request.url }))
}

describe.skipIf(!nginx)('the public log on the server', () => {
  let web: Web
  let server: PublicServer
  let publication: Publication | null
  let budget: number
  const visits: { out: number; in: number }[] = []

  beforeAll(async () => {
    web = await Web.make({ serverName: name })
    const { paths } = web
    mkdirSync(paths.publish, { recursive: true })
    const places = { folder: paths.publicLog, secret: path.join(paths.agentData, 'public-log.json') }
    const log = filledLog(places, leaves, logOrigin(name))
    publication = {
      origin: logOrigin(name),
      key: formatVerifierKey(log.key),
      collectors: ['https://collector.example/'],
    }
    await web.start(snac)
    const own = new Snac(paths.snacSocket, () => name)
    server = new PublicServer(
      {
        publication: () => publication,
        allowance: {
          visit: (bytes, arrived) => {
            visits.push({ out: bytes, in: arrived })
            budget -= bytes
            return budget >= 0
          },
          refuse: () => {},
          secondsToNextShare: () => 3600,
        },
        nodeInfo: (document) => own.nodeInfo(document),
      },
      paths.publicLog,
      { path: paths.publishSocket },
    )
    await server.start()
  })
  afterAll(async () => {
    await server?.stop()
    await web?.stop()
  })
  beforeEach(() => {
    budget = 1e6
    visits.length = 0
  })

  const ask = (pathname: string, ...options: string[]) => web.named(name, web.ports.server, pathname, ...options)
  const ledger = '/.well-known/commonhearth/ledger'

  /** `hearth ledger verify` as another machine would run it, which finds the name in DNS and trusts the certificate. */
  function verify(): Promise<{ status: number | null; text: string }> {
    const hosts = path.join(web.kit.root, 'hosts.mjs')
    const resolve = `dns.lookup = (host, options, done) => lookup(host === '${name}' ? '127.0.0.1' : host, options, done)`
    writeFileSync(hosts, `import dns from 'node:dns'\nconst lookup = dns.lookup\n${resolve}\n`)
    const command = path.join(import.meta.dirname, '../ledger/command/main.ts')
    const address = `https://${name}:${web.ports.server}${ledger}/`
    const child = spawn(process.execPath, ['--import', hosts, command, 'ledger', 'verify', address], {
      env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: webFiles(web.paths).own },
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
    return new Promise((done) => child.on('close', (status) => done({ status, text })))
  }

  test('is checked by hearth ledger verify', async () => {
    const { status, text } = await verify()
    expect(text).toContain(`${logOrigin(name)} at https://${name}:${web.ports.server}${ledger}/: nothing wrong found`)
    expect(text).toContain(`All ${leaves} leaves are here`)
    expect(status).toBe(0)
    // One connection with one handshake, then its further requests.
    expect(visits[0]?.out).toBeGreaterThan(3000)
    expect(visits.filter(({ out }) => out > 3000 && out < 8000).length).toBeLessThan(visits.length)
  })

  test('says how long each file may be kept, and what it is', async () => {
    const checkpoint = await ask(`${ledger}/checkpoint`)
    expect(checkpoint.body).toMatch(new RegExp(`^${logOrigin(name)}\n${leaves}\n`))
    expect(checkpoint.head).toContain('content-type: text/plain; charset=utf-8')
    expect(checkpoint.head).toContain('cache-control: public, max-age=600')
    const tile = await ask(`${ledger}/tile/0/000`)
    expect(tile.head).toContain('content-type: application/octet-stream')
    expect(tile.head).toContain('content-length: 8192')
    expect(tile.head).toContain('immutable')
    const head = await ask(`${ledger}/tile/0/000`, '-I')
    expect(head.head).toContain('content-length: 8192')
    expect(head.body).toBe('')
  })

  test.each([
    '',
    'secret',
    '../agent/public-log.json',
    '..%2fagent%2fpublic-log.json',
    'tile/0/../../../agent/public-log.json',
    'tile/0/00',
    'tile/7/000',
    'tile/0/000.p/256',
    'tile/0/000.p/0',
    'checkpoint/',
    'checkpoint?a',
    'tile',
    'tile/0',
  ])('has no file “%s”', async (file) => {
    // As it is to the agent itself; nginx works out dots first, and then it is another path.
    const { paths } = web
    const direct = await run('curl', [
      ...['-sS', '-i', '--path-as-is', '--unix-socket', paths.publishSocket],
      `http://agent${ledger}/${file}`,
    ])
    expect(direct.stdout).toMatch(/^HTTP\/1.1 404/)
    const { body } = await ask(`${ledger}/${file}`, '--path-as-is')
    expect(`${direct.stdout}${body}`).not.toContain('PRIVATE')
  })

  test('can only be read', async () => {
    expect((await ask(`${ledger}/checkpoint`, '-X', 'DELETE')).status).toBe(405)
    expect((await ask(`${ledger}/checkpoint`, '-d', 'a=b')).status).toBe(405)
  })

  test('once the day’s share is used, says who has it', async () => {
    budget = 0
    const { status, head, body } = await ask(`${ledger}/checkpoint`)
    expect(status).toBe(429)
    expect(head).toContain('retry-after: 3600')
    expect(head).toMatch(/link: <https:\/\/collector\.example\/logs\/[0-9a-f]{64}\/checkpoint>; rel=duplicate/)
    expect(body).toContain('The same log is at https://collector.example/logs/')
    // The collector has the log after this one elsewhere.
    const later = await ask(`${ledger}/4821/checkpoint`)
    const address = collectorAddress('https://collector.example/', logOrigin(name, '4821/'))
    expect(later.head).toContain(`link: <${address}checkpoint>; rel=duplicate`)
  })

  test('is announced in the server’s own NodeInfo', async () => {
    const info = await ask('/nodeinfo_2_1')
    expect(info.head).toContain('schema/2.1#')
    const { metadata, ...rest } = JSON.parse(info.body)
    expect({ ...rest, metadata: {} }).toEqual(nodeInfo)
    expect(metadata.commonsLedger).toEqual({
      log: `https://${name}${ledger}/`,
      key: publication?.key,
      collectors: [expect.stringMatching(/^https:\/\/collector\.example\/logs\/[0-9a-f]{64}\/$/)],
    })
    const list = JSON.parse((await ask('/.well-known/nodeinfo')).body)
    expect(list.links).toEqual([
      ...links.links,
      { rel: 'https://c2sp.org/tlog-tiles', href: `https://${name}${ledger}/` },
    ])
    // Only what it says more is publishing.
    expect(visits.every(({ out }) => out > 0 && out < 500)).toBe(true)
  })

  test('is not announced where that would be more than the budget has', async () => {
    budget = 0
    asked = 0
    expect(JSON.parse((await ask('/nodeinfo_2_1')).body)).toEqual(nodeInfo)
    expect(asked).toBe(1)
  })

  test('without it the server is as it was', async () => {
    const before = publication
    publication = null
    try {
      expect((await ask(`${ledger}/checkpoint`)).status).toBe(404)
      expect(JSON.parse((await ask('/nodeinfo_2_1')).body)).toEqual(nodeInfo)
      expect(JSON.parse((await ask('/.well-known/nodeinfo')).body)).toEqual(links)
      expect(JSON.parse((await ask('/anna')).body)).toEqual({ snac: '/anna' })
    } finally {
      publication = before
    }
  })

  test('where the agent does not answer, it says so at once, and NodeInfo is the server’s own', async () => {
    await server.stop()
    try {
      const { status, head } = await ask(`${ledger}/checkpoint`)
      expect(status).toBe(503)
      expect(head).toContain('retry-after: 600')
      expect(JSON.parse((await ask('/nodeinfo_2_1')).body)).toEqual(nodeInfo)
    } finally {
      await server.start()
    }
  })

  test('the home listeners know nothing of it', async () => {
    const home = await web.named('hearth-7f3a.local', web.ports.dashboard, `${ledger}/checkpoint`)
    expect(JSON.parse(home.body)).toMatchObject({ url: `${ledger}/checkpoint` }) // the dashboard's
    const plain = await web.curl(`http://127.0.0.1:${web.ports.plain}${ledger}/checkpoint`)
    expect(plain.body).not.toContain(logOrigin(name))
  })

  test('visitors in a hurry are told to come again', async () => {
    const address = `https://${name}:${web.ports.server}${ledger}/key`
    const many = Array(80).fill(address)
    const { stdout } = await webCurl(many)
    expect(stdout).toContain('200')
    expect(stdout).toContain('429')
  })

  function webCurl(addresses: string[]): Promise<{ stdout: string }> {
    const child = spawn('curl', [
      '-sS',
      ...['--cacert', webFiles(web.paths).own, '--resolve', `${name}:${web.ports.server}:127.0.0.1`],
      ...['-w', '%{http_code}\n'],
      ...addresses.flatMap((address) => ['-o', '/dev/null', address]),
    ])
    let stdout = ''
    child.stdout.on('data', (chunk) => (stdout += chunk))
    return new Promise((done) => child.on('close', () => done({ stdout })))
  }
})

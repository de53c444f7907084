import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { filledLog, leafText, makePlaces, signedHead } from '../../ledger/log/log-fixture.ts'
import { formatVerifierKey, makeSigner } from '../../ledger/log/note.ts'
import { restoreLog } from '../../ledger/log/public-log.ts'
import { readLog } from '../../ledger/log/read-log.ts'
import { readFolder, readUrl } from '../../ledger/log/source.ts'
import { verifyLog } from '../../ledger/log/verify.ts'
import { collectorAddress, collectorFolder, indexFile } from '../log-address.ts'
import type { CollectorPlace, Outbox } from '../outbox.ts'
import { compareCost, pushCost, witnessCost } from '../wire.ts'
import { answerOutbox } from './answer.ts'
import { addLeaf, listen, makeHost, makePublishing, makeWitnessHost, outboxOf } from './push-fixture.ts'

type Publishing = ReturnType<typeof makePublishing>
let kit: Publishing
const open: { close(): Promise<void> }[] = []

beforeEach(() => {
  kit = makePublishing(5)
})
afterEach(async () => {
  kit.remove()
  for (const each of open.splice(0)) await each.close()
  vi.restoreAllMocks()
})

async function host(...args: Parameters<typeof makeHost>) {
  const made = await makeHost(...args)
  open.push(made)
  return made
}

async function stranger(...args: Parameters<typeof listen>) {
  const made = await listen(...args)
  open.push(made)
  return made
}

function collector(place: CollectorPlace, publicUrl: string, more: Partial<Outbox['collectors'][number]> = {}) {
  return { id: 'c1', place, publicUrl, known: 0, grant: 100_000, ...more }
}

function http(url: string, more: Partial<Outbox['collectors'][number]> = {}) {
  return collector({ kind: 'http', url }, url, more)
}

const quick = { timeoutMs: 300, totalMs: 600 }
const at = (file: string) => `/${collectorFolder(kit.log.key.name)}${file}`

async function push(collectors: Outbox['collectors'], more: Partial<Outbox> = {}) {
  const inbox = await answerOutbox(outboxOf(kit.log, { collectors, ...more }), kit.paths, quick)
  expect(inbox.number).toBe(7)
  return inbox
}

describe('a push', () => {
  it('brings a collector the whole log, the checkpoint after the rest, and one line for the index', async () => {
    const there = await host()
    const { collectors } = await push([http(there.url)])
    expect(collectors).toEqual([{ id: 'c1', outcome: 'sent', size: 5, bytes: expect.any(Number) }])
    expect(there.asked).toEqual([
      `GET ${at('checkpoint')}`,
      `PUT ${at('tile/entries/000.p/5')}`,
      `PUT ${at('tile/0/000.p/5')}`,
      `PUT ${at('key')}`,
      `PUT ${at('checkpoint')}`,
      `PUT /${indexFile(kit.log.key.name)}`,
    ])
    const line = there.files.get(`/${indexFile(kit.log.key.name)}`)?.toString()
    expect(JSON.parse(line ?? '')).toEqual({
      origin: 'social.example.org/.well-known/commonhearth/ledger',
      size: 5,
      root: kit.log.head.root.toString('base64'),
      period: { from: '2026-10-01', to: '2026-11-01' },
    })
    expect(line?.trim().split('\n')).toHaveLength(1)
    // One connection to look, one to send.
    expect(there.connections()).toBe(2)
  })

  it('can be checked there as at the server itself', async () => {
    const there = await host()
    await push([http(there.url)])
    const report = await verifyLog(readUrl(collectorAddress(there.url, kit.log.key.name)))
    expect(report).toMatchObject({ ok: true, checkpoint: { size: 5 } })
  })

  it('brings only what is new the next time, and nothing but the index line where nothing is', async () => {
    const there = await host()
    await push([http(there.url)])
    addLeaf(kit.log)
    there.asked.length = 0
    const before = there.files.get(at('checkpoint'))?.toString()
    const { collectors } = await push([http(there.url)])
    expect(collectors[0]).toMatchObject({ outcome: 'sent', size: 6, checkpoint: before })
    expect(there.asked).toContain(`PUT ${at('tile/0/000.p/6')}`)
    expect(there.asked).toHaveLength(6)
    there.asked.length = 0
    expect((await push([http(there.url)])).collectors[0]).toMatchObject({ outcome: 'sent', size: 6 })
    expect(there.asked).toEqual([`GET ${at('checkpoint')}`, `PUT /${indexFile(kit.log.key.name)}`])
  })

  it('does without what a full tile and older leaves have: a year of them is sent once', async () => {
    kit.remove()
    kit = makePublishing(256)
    const there = await host()
    await push([http(there.url)])
    addLeaf(kit.log)
    there.asked.length = 0
    await push([http(there.url)])
    expect(there.asked.filter((each) => each.includes('tile'))).toEqual([
      `PUT ${at('tile/entries/001.p/1')}`,
      `PUT ${at('tile/0/001.p/1')}`,
    ])
  })

  it('goes with name and password, and below the address', async () => {
    const there = await host()
    const place = { kind: 'http', url: `${there.url}gardens`, user: 'kit', password: 'pä:ss' } as const
    await push([collector(place, `${there.url}gardens/`)])
    expect([...there.files.keys()].every((name) => name.startsWith('/gardens/'))).toBe(true)
    const put = there.headers[there.asked.findIndex((each) => each.startsWith('PUT'))]
    expect(Buffer.from(put?.authorization?.slice(6) ?? '', 'base64').toString()).toBe('kit:pä:ss')
    // Only where it sends: whoever shows the files needs no password.
    expect(there.headers[0]?.authorization).toBeUndefined()
  })

  it('goes to a bucket of S3', async () => {
    const there = await host()
    const place = {
      kind: 's3',
      endpoint: there.url,
      region: 'eu-central-1',
      bucket: 'ledgers',
      prefix: 'kits/',
      keyId: 'AKIA',
      secret: 'secret',
    } as const
    const { collectors } = await push([collector(place, `${there.url}ledgers/kits/`)])
    expect(collectors[0]).toMatchObject({ outcome: 'sent', size: 5 })
    expect(there.files.get(`/ledgers/kits${at('checkpoint')}`)?.toString()).toBe(kit.log.checkpoint)
    const put = there.headers[there.asked.findIndex((each) => each.startsWith('PUT'))]
    expect(put?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIA\/\d{8}\/eu-central-1\/s3\/aws4_request,SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date,Signature=[0-9a-f]{64}$/,
    )
  })

  it('stays within what was granted, and sends nothing where that does not do', async () => {
    const there = await host()
    const sizes = ['tile/entries/000.p/5', 'tile/0/000.p/5', 'key', 'checkpoint'].map(
      (file) => readFileSync(path.join(kit.paths.publicLog, file)).length,
    )
    const grant = pushCost('http', sizes)
    const done = await push([http(there.url, { grant })])
    expect(done.collectors[0]?.outcome).toBe('sent')
    expect(done.collectors[0]?.bytes).toBeLessThanOrEqual(grant)
    there.files.clear()
    there.asked.length = 0
    const little = await push([http(there.url, { grant: grant - 2000 })])
    expect(little.collectors[0]).toMatchObject({ outcome: 'over-grant' })
    expect(there.asked).toEqual([`GET ${at('checkpoint')}`])
    there.asked.length = 0
    expect((await push([http(there.url, { grant: 10 })])).collectors[0]).toMatchObject({
      outcome: 'over-grant',
      bytes: 0,
    })
    expect(there.asked).toEqual([])
  })

  it('asks nobody who has no grant', async () => {
    const there = await host()
    expect(await push([http(there.url, { grant: 0 })])).toMatchObject({ collectors: [], witnesses: [] })
    expect(there.asked).toEqual([])
  })

  it('keeps nobody waiting for somebody else', async () => {
    const silent = await stranger(() => {})
    const there = await host()
    const { collectors } = await push([http(silent.url, { id: 'c1' }), http(there.url, { id: 'c2' })])
    expect(collectors.map(({ outcome }) => outcome)).toEqual(['failed', 'sent'])
  })
})

describe('a collector that has something else', () => {
  it('with more leaves of this log gets nothing: this kit was put back', async () => {
    const there = await host()
    const leaves = Array.from({ length: 5 }, (_, index) => leafText(index))
    const before = kit.log.checkpoint
    addLeaf(kit.log)
    await push([http(there.url)])
    const ahead = kit.log.checkpoint
    // Put back: the key's file and the folder as they were.
    const secret = JSON.parse(readFileSync(kit.places.secret, 'utf8'))
    writeFileSync(kit.places.secret, JSON.stringify({ ...secret, head: before }))
    rmSync(kit.places.folder, { recursive: true })
    kit.log = restoreLog(kit.places, leaves, before)
    there.asked.length = 0
    const { collectors } = await push([http(there.url)])
    expect(collectors[0]).toMatchObject({ outcome: 'conflict', checkpoint: ahead })
    expect(there.asked).toEqual([`GET ${at('checkpoint')}`])
  })

  it('with other leaves gets nothing', async () => {
    const there = await host()
    const forked = signedHead(kit.places, [Buffer.from('another'), leafText(1)])
    there.files.set(at('checkpoint'), Buffer.from(forked))
    const { collectors } = await push([http(there.url)])
    expect(collectors[0]).toMatchObject({ outcome: 'conflict', checkpoint: forked })
    expect(there.asked).toHaveLength(1)
  })

  it('signed by another key gets nothing', async () => {
    const there = await host()
    const other = makePlaces()
    const foreign = filledLog(other.places, 3, kit.log.key.name)
    there.files.set(at('checkpoint'), Buffer.from(foreign.checkpoint))
    const { collectors } = await push([http(there.url)])
    expect(collectors[0]).toMatchObject({ outcome: 'conflict', checkpoint: foreign.checkpoint })
    expect(collectors[0]?.problem?.what).toContain('another key')
    other.remove()
  })

  it.each(['', 'cut off on the w', '{"no":"note"}'])('with the checkpoint “%s” gets a whole one', async (content) => {
    const there = await host()
    there.files.set(at('checkpoint'), Buffer.from(content))
    expect((await push([http(there.url)])).collectors[0]).toMatchObject({ outcome: 'sent' })
    expect(there.files.get(at('checkpoint'))?.toString()).toBe(kit.log.checkpoint)
  })

  it('that lost what it had gets all of it again; one that may not be asked gets what it is known to lack', async () => {
    const there = await host()
    expect((await push([http(there.url, { known: 5 })])).collectors[0]).toMatchObject({ outcome: 'sent' })
    expect(there.files.has(at('tile/0/000.p/5'))).toBe(true)
    const closed = await host((request, response) => {
      if (request.method === 'GET') response.writeHead(403).end()
      return request.method !== 'GET'
    })
    expect((await push([http(closed.url, { known: 5 })])).collectors[0]).toMatchObject({ outcome: 'sent' })
    expect([...closed.files.keys()]).toEqual([at('key'), at('checkpoint'), `/${indexFile(kit.log.key.name)}`])
  })
})

describe('a stranger that does not do what it should', () => {
  const puts = (answer: (response: ServerResponse) => void) =>
    host((request, response) => {
      if (request.method === 'PUT') answer(response)
      return request.method !== 'PUT'
    })

  /** By which the dashboard has words for it. */
  const codes = new Map([
    [401, 'place.login'],
    [404, 'place.folders'],
    [409, 'place.folders'],
    [405, 'place.no-put'],
    [507, 'place.full'],
    [500, 'place.answer'],
  ])

  it.each([
    [401, 'Check name and password'],
    [404, 'make missing folders'],
    [409, 'make missing folders'],
    [405, 'does not take files by PUT'],
    [507, 'Make room'],
    [500, 'tried again'],
  ])('by answering %i is told what to do', async (status, next) => {
    const there = await puts((response) => response.writeHead(status).end('x'.repeat(1e6)))
    const { collectors } = await push([http(there.url)])
    expect(collectors[0]).toMatchObject({ outcome: 'failed' })
    expect(collectors[0]?.problem?.what).toContain(`answered ${status} to `)
    expect(collectors[0]?.problem?.next).toContain(next)
    const facts = { host: new URL(there.url).host, status, path: expect.stringContaining('/tile/') }
    expect(collectors[0]?.problem).toMatchObject({ code: codes.get(status), facts })
    // After the first file that is refused, the others are not sent.
    expect(there.asked.filter((each) => each.startsWith('PUT'))).toHaveLength(1)
  })

  it('by sending elsewhere is not followed', async () => {
    const elsewhere = await host()
    const there = await puts((response) => response.writeHead(307, { location: elsewhere.url }).end())
    const { collectors } = await push([http(there.url)])
    expect(collectors[0]?.problem?.what).toContain('sends to another address')
    expect(elsewhere.asked).toEqual([])
  })

  it('by not answering, slowly or never', async () => {
    for (const answer of [() => {}, (response: ServerResponse) => void response.writeHead(200).write('a')]) {
      const there = await puts(answer)
      const { collectors } = await push([http(there.url)])
      expect(collectors[0]?.problem?.what).toContain('did not answer in time')
    }
  })

  it('by sending for ever, is left', async () => {
    const there = await stranger((request, response) => {
      request.resume()
      const more = () => response.write(Buffer.alloc(65_536), more)
      more()
    })
    const { collectors } = await push([http(there.url)])
    expect(collectors[0]?.outcome).toBe('sent') // it answered 200 to every file
  })

  it('by hanging up or not being there', async () => {
    const rude = await stranger((request) => request.socket.destroy())
    expect((await push([http(rude.url)])).collectors[0]?.problem?.what).toContain('cannot be reached')
    await rude.close()
    expect((await push([http(rude.url)])).collectors[0]?.problem?.what).toContain('cannot be reached')
  })

  it('by speaking something else than HTTP', async () => {
    const server = createServer((socket) => socket.end('220 mail.example ESMTP\r\n'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { collectors } = await push([http(`http://127.0.0.1:${port}/`)])
    expect(collectors[0]?.outcome).toBe('failed')
    server.close()
  })

  it('where the firewall would not let the kit go is not asked', async () => {
    const { collectors } = await push([http('http://10.0.0.7/'), http('https://nas.local/', { id: 'c2' })])
    expect(collectors.map(({ problem }) => problem?.what)).toEqual([
      'http://10.0.0.7/ cannot be used: it is not an https address.',
      'https://nas.local/ cannot be used: nas.local is a machine at home.',
    ])
    expect(collectors.map(({ problem }) => [problem?.code, problem?.facts])).toEqual([
      ['place.no-https', { name: 'http://10.0.0.7/' }],
      ['place.at-home', { name: 'https://nas.local/', host: 'nas.local' }],
    ])
  })

  it('never gets a word of what S3 says into a problem but its code', async () => {
    const there = await puts((response) =>
      response
        .writeHead(403)
        .end('<Error><Code>SignatureDoesNotMatch</Code><Message>\u001b[2J secret</Message></Error>'),
    )
    const place = {
      kind: 's3',
      endpoint: there.url,
      region: 'r',
      bucket: 'ledgers',
      prefix: '',
      keyId: 'AKIA',
      secret: 'topsecret',
    } as const
    const { collectors } = await push([collector(place, there.url)])
    expect(collectors[0]?.problem).toMatchObject({
      next: 'Copy the secret key from the provider again, and check the region.',
      code: 'place.s3-secret',
      facts: { status: '403 SignatureDoesNotMatch' },
    })
    expect(JSON.stringify(collectors)).not.toContain('secret<')
    expect(JSON.stringify(collectors)).not.toContain('topsecret')
  })
})

describe('the log here', () => {
  it('that is not as the outbox says is not sent', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const there = await host()
    const outbox = outboxOf(kit.log, { collectors: [http(there.url)] })
    addLeaf(kit.log)
    const inbox = await answerOutbox(outbox, kit.paths, quick)
    expect(inbox.collectors[0]?.problem?.what).toContain('another head than the outbox says')
    expect(there.asked).toEqual([])
    const foreign = makeSigner(kit.log.key.name)
    const other = await push([http(there.url)], { key: formatVerifierKey(foreign.verifier) })
    expect(other.collectors[0]?.outcome).toBe('failed')
    expect(there.asked).toEqual([])
  })
})

describe('a comparison', () => {
  const compare = (collectors: Outbox['collectors']) => push(collectors, { task: 'compare' })

  it('brings the checkpoint alone of what is no longer than the log here', async () => {
    const there = await host()
    await push([http(there.url)])
    addLeaf(kit.log)
    there.asked.length = 0
    const { collectors } = await compare([http(there.url)])
    expect(collectors[0]).toMatchObject({ outcome: 'compared', size: 5, checkpoint: expect.stringContaining('\n5\n') })
    expect(collectors[0]).not.toHaveProperty('copy')
    expect(there.asked).toEqual([`GET ${at('checkpoint')}`])
  })

  it('brings the whole log of a collector that has more, checked', async () => {
    const there = await host()
    await push([http(there.url)])
    const { collectors } = await push([http(there.url, { grant: compareCost(5) })], { task: 'compare', size: 3 })
    expect(collectors[0]).toMatchObject({
      outcome: 'compared',
      size: 5,
      copy: 'copy-c1',
      checkpoint: kit.log.checkpoint,
    })
    expect(collectors[0]?.bytes).toBeLessThanOrEqual(compareCost(5))
    const copy = await readLog(readFolder(path.join(path.dirname(kit.paths.inbox), 'copy-c1')), kit.log.key)
    expect(copy.leaves).toHaveLength(5)
    // It sent nothing, and the next push takes the copy away.
    expect(there.asked.filter((each) => each.startsWith('PUT'))).toHaveLength(5)
    await push([http(there.url)])
    expect(existsSync(path.join(path.dirname(kit.paths.inbox), 'copy-c1'))).toBe(false)
  })

  it('works where the log here is lost', async () => {
    const there = await host()
    await push([http(there.url)])
    const outbox = outboxOf(kit.log, { task: 'compare', collectors: [http(there.url)], size: 0 })
    rmSync(kit.places.folder, { recursive: true })
    expect((await answerOutbox(outbox, kit.paths, quick)).collectors[0]).toMatchObject({ outcome: 'compared', size: 5 })
  })

  it('says where there is none', async () => {
    const there = await host()
    expect((await compare([http(there.url)])).collectors).toEqual([
      { id: 'c1', outcome: 'compared', size: 0, bytes: expect.any(Number) },
    ])
  })

  it('takes 403 of a bucket that nobody may list for nothing there, unless something must be there', async () => {
    const bucket = await host((request, response) => {
      const isDenied = request.method === 'GET' && !bucket.files.has(request.url ?? '')
      if (isDenied) response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
      return !isDenied
    })
    // Of a log that is not here, all is fetched.
    const ask = async (known: number) =>
      (await push([http(bucket.url, { known })], { task: 'compare', size: 0 })).collectors[0]
    expect(await ask(0)).toEqual({ id: 'c1', outcome: 'compared', size: 0, bytes: expect.any(Number) })
    expect(await ask(3)).toMatchObject({
      outcome: 'failed',
      problem: { what: expect.stringContaining('answered 403') },
    })
    await push([http(bucket.url)])
    expect(await ask(5)).toMatchObject({ outcome: 'compared', size: 5 })
    // What is missing of a log that is there is a fault for everybody.
    bucket.files.delete(at('tile/0/000.p/5'))
    expect(await ask(0)).toMatchObject({
      outcome: 'failed',
      problem: { what: expect.stringContaining('answered 403') },
    })
  })

  it.each([401, 500, 503])('does not take %i for nothing there', async (status) => {
    const there = await stranger((_, response) => response.writeHead(status).end())
    expect((await compare([http(there.url)])).collectors[0]?.outcome).toBe('failed')
  })

  it('leaves no copy of a log that is not whole, altered, or without end', async () => {
    const there = await host()
    await push([http(there.url)])
    const tile = at('tile/entries/000.p/5')
    const whole = there.files.get(tile) as Buffer
    for (const damage of [
      () => there.files.delete(tile),
      () => there.files.set(tile, Buffer.from(whole.toString('latin1').replace('period', 'perioD'), 'latin1')),
      () => there.files.set(tile, Buffer.alloc(40 * 1024 * 1024)),
    ]) {
      damage()
      const { collectors } = await answerOutbox(
        outboxOf(kit.log, { task: 'compare', size: 3, collectors: [http(there.url)] }),
        kit.paths,
        { timeoutMs: 5000 },
      )
      expect(collectors[0]).toMatchObject({
        outcome: 'failed',
        problem: { what: expect.stringContaining(tile.slice(1).split('/').slice(2).join('/')) },
      })
      expect(existsSync(path.join(path.dirname(kit.paths.inbox), 'copy-c1'))).toBe(false)
    }
  })
})

describe('witnesses', () => {
  async function witness() {
    const made = await makeWitnessHost(kit.log)
    open.push(made)
    return made
  }
  const ask = (url: string, key: string, known?: number) =>
    push([], { witnesses: [{ url, key, grant: witnessCost(500), ...(known !== undefined && { known }) }] })

  it('cosign the checkpoint, and the log takes their signature', async () => {
    const { url, vkey, asked } = await witness()
    const { witnesses } = await ask(url, vkey)
    expect(witnesses).toEqual([
      { key: vkey, bytes: expect.any(Number), block: expect.stringMatching(/^— witness.example /) },
    ])
    expect(kit.log.acceptCosignatures(witnesses[0]?.block ?? '', [vkey], null).accepted).toEqual(['witness.example'])
    expect(asked).toEqual(['POST /add-checkpoint old 0'])
  })

  it('are shown that the history goes on, from the size they know', async () => {
    const { url, vkey, asked } = await witness()
    await ask(url, vkey)
    addLeaf(kit.log)
    addLeaf(kit.log)
    expect((await ask(url, vkey, 5)).witnesses[0]?.block).toBeDefined()
    addLeaf(kit.log)
    const again = await ask(url, vkey)
    expect(again.witnesses[0]?.block).toBeDefined()
    expect(again.witnesses[0]?.bytes).toBeLessThanOrEqual(witnessCost(500))
    expect(asked.slice(1)).toEqual([
      'POST /add-checkpoint old 5',
      'POST /add-checkpoint old 0',
      'POST /add-checkpoint old 7',
    ])
  })

  it('that have seen more than is here say that this kit was put back', async () => {
    const there = await stranger((_, response) => response.writeHead(409).end('9\n'))
    const { witnesses } = await ask(there.url, 'w+1+x')
    expect(witnesses[0]?.problem?.what).toContain('has seen 9 leaves of this log; here are 5')
    expect(witnesses[0]?.problem).toMatchObject({ code: 'witness.ahead', facts: { seen: 9, size: 5 } })
    expect(witnesses[0]?.block).toBeUndefined()
  })

  it.each([
    [404, 'unknown', 'Ask whoever runs the witness to take the log social.example.org'],
    [422, '', 'another history'],
    [409, 'nonsense', 'another history'],
    [500, '', 'tried again'],
    [200, 'no signature', 'Check the address'],
    [200, '', 'Check the address'],
    [200, 'x'.repeat(200_000), 'Check the address'],
  ])('that answer %i %s are a problem', async (status, text, next) => {
    const there = await stranger((_, response) => response.writeHead(status).end(text.slice(0, 200_000)))
    const { witnesses } = await ask(there.url, 'w+1+x')
    expect(witnesses[0]?.problem?.next).toContain(next)
    expect(witnesses[0]?.block).toBeUndefined()
  })
})

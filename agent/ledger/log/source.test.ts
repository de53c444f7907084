import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readFolder, readUrl } from './source.ts'

describe('a folder', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'source-'))
    writeFileSync(path.join(folder, 'checkpoint'), 'content')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('gives its files, up to the size that is asked for', async () => {
    const source = readFolder(folder)
    expect((await source.read('checkpoint', 7))?.toString()).toBe('content')
    await expect(source.read('checkpoint', 6)).rejects.toThrow('checkpoint: is larger than 6 bytes')
    expect(await source.read('tile/0/000', 100)).toBeNull()
    expect(await source.read('checkpoint/000', 100)).toBeNull()
  })

  it('does not wait for what is no file', async () => {
    execFileSync('mkfifo', [path.join(folder, 'pipe')])
    await expect(readFolder(folder).read('pipe', 100)).rejects.toThrow('pipe: is not a file')
    await expect(readFolder(path.dirname(folder)).read(path.basename(folder), 100)).rejects.toThrow('is not a file')
  })
})

describe('an address', () => {
  let server: Server
  let answer: RequestListener
  let base: string
  const asked: string[] = []
  beforeEach(async () => {
    asked.length = 0
    server = createServer((request, response) => {
      asked.push(request.url ?? '')
      answer(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  it('gives its files, below its path', async () => {
    answer = (_, response) => response.end('content')
    for (const address of [`${base}/ledger`, `${base}/ledger/`])
      expect((await readUrl(address).read('tile/0/000.p/7', 100))?.toString()).toBe('content')
    expect(asked).toEqual(['/ledger/tile/0/000.p/7', '/ledger/tile/0/000.p/7'])
  })

  it('tells what is not there from what cannot be read', async () => {
    answer = (_, response) => response.writeHead(404).end('not found')
    expect(await readUrl(base).read('checkpoint', 100)).toBeNull()
    answer = (_, response) => response.writeHead(429).end()
    await expect(readUrl(base).read('checkpoint', 100)).rejects.toThrow('the server answered 429')
    answer = (request) => request.socket.destroy()
    await expect(readUrl(base).read('checkpoint', 100)).rejects.toThrow('checkpoint: cannot be fetched')
  })

  it('is left when it sends too much, even packed', async () => {
    answer = (_, response) => {
      const more = () => response.write(Buffer.alloc(65_536), more)
      more()
    }
    await expect(readUrl(base).read('checkpoint', 100_000)).rejects.toThrow('is larger than 100000 bytes')
    answer = (_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000)))
    await expect(readUrl(base).read('checkpoint', 100_000)).rejects.toThrow('is larger than 100000 bytes')
    expect((await readUrl(base).read('checkpoint', 1_000_000))?.length).toBe(1_000_000)
  })

  it('is left when it does not answer in time, at once or drop by drop', async () => {
    const source = readUrl(base, { timeoutMs: 100 })
    answer = () => {}
    await expect(source.read('checkpoint', 100)).rejects.toThrow('no answer within 0.1 s')
    answer = (_, response) => response.writeHead(200).write('a')
    await expect(source.read('checkpoint', 100)).rejects.toThrow('no answer within 0.1 s')
    answer = (_, response) => response.end('content')
    const late = readUrl(base, { totalMs: 50 })
    await new Promise((resolve) => setTimeout(resolve, 80))
    await expect(late.read('checkpoint', 100)).rejects.toThrow('no answer within 0.05 s')
  })

  it('may send elsewhere on itself, not to another one, and not for ever', async () => {
    answer = (request, response) => {
      if (request.url === '/moved/checkpoint') response.end('content')
      else response.writeHead(302, { location: '/moved/checkpoint' }).end()
    }
    expect((await readUrl(`${base}/ledger`).read('checkpoint', 100))?.toString()).toBe('content')
    for (const location of ['http://127.0.0.2/checkpoint', 'https://example.org/', 'file:///etc/passwd', 'http://['])
      await refusesRedirect(location)
    answer = (_, response) => response.writeHead(302, { location: '/again' }).end()
    await expect(readUrl(base).read('checkpoint', 100)).rejects.toThrow('redirects again and again')
  })

  const refusesRedirect = async (location: string) => {
    answer = (_, response) => response.writeHead(302, { location }).end()
    await expect(readUrl(base).read('checkpoint', 100)).rejects.toThrow('the server sends to another one')
  }

  it.each([
    'http://example.org/ledger',
    'http://127.0.0.1.example.org/',
    'ftp://127.0.0.1/',
    'file:///etc',
    'ledger',
    'https://user:word@example.org/',
    'https://example.org/?a=b',
    'https://example.org/#a',
  ])('is not %s', (address) => {
    expect(() => readUrl(address)).toThrow('Write one such as https://example.org/ledger/')
  })

  it.each(['https://example.org/ledger', 'http://localhost:8080/', 'http://[::1]/'])('may be %s', (address) => {
    expect(readUrl(address).name).toMatch(/\/$/)
  })
})

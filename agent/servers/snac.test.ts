import { createServer, type RequestListener, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { ServerTrouble } from './server.ts'
import { Snac } from './snac.ts'

// As snac 2.96 says it.
const nodeInfo = {
  version: '2.1',
  software: { name: 'snac', version: '2.96', repository: 'https://comam.es/what-is-snac' },
  protocols: ['activitypub'],
  services: { outbound: [], inbound: [] },
  usage: { users: { total: 3, activeMonth: 1, activeHalfyear: 2 }, localPosts: 41 },
  openRegistrations: false,
  metadata: { nodeDescription: '', nodeName: '', baseURL: 'https://hearth-7f3a.local/social' },
}

let kit: KitRoot
let socket: string
let server: Server | null = null
beforeEach(async () => {
  kit = await makeKitRoot()
  socket = `${kit.root}/snac.sock`
})
afterEach(async () => {
  server?.closeAllConnections()
  server?.close()
  server = null
  await kit.remove()
})

async function snacThat(answer: RequestListener): Promise<Snac> {
  const listening = createServer(answer)
  server = listening
  await new Promise<void>((resolve) => listening.listen(socket, resolve))
  return new Snac(socket, () => 'hearth-7f3a.local')
}

describe('snac', () => {
  it('is asked for its NodeInfo by its own name', async () => {
    let asked = ''
    const snac = await snacThat((request, response) => {
      asked = `${request.url} ${request.headers.host}`
      response.end(JSON.stringify(nodeInfo))
    })
    expect(await snac.counts()).toEqual({ people: 3, posts: 41 })
    expect(asked).toBe('/nodeinfo_2_1 hearth-7f3a.local')
  })

  it('that is not there is said to be so', async () => {
    await expect(new Snac(socket, () => 'x').counts()).rejects.toThrow(ServerTrouble)
  })

  it.each([
    ['an error page', 502, '<h1>no</h1>'],
    ['half an answer', 200, JSON.stringify(nodeInfo).slice(0, 90)],
    ['another program', 200, JSON.stringify({ ...nodeInfo, software: { name: 'other' } })],
    ['counts as text', 200, JSON.stringify({ ...nodeInfo, usage: { users: { total: '3' }, localPosts: 1 } })],
    ['negative counts', 200, JSON.stringify({ ...nodeInfo, usage: { users: { total: -3 }, localPosts: 1 } })],
    ['far too much', 200, 'x'.repeat(1_000_000)],
  ])('that answers with %s has not answered', async (_what, status, body) => {
    const snac = await snacThat((_request, response) => response.writeHead(status).end(body))
    await expect(snac.counts()).rejects.toThrow(ServerTrouble)
  })
})

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { NodeInfoServer } from './nodeinfo.ts'
import { ServerTrouble } from './server.ts'

let server: Server | null = null
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serverThat(answers: string, status = 200, seen: IncomingHttpHeaders[] = []): Promise<NodeInfoServer> {
  const listening = createServer((request, response) => {
    seen.push(request.headers)
    response.writeHead(request.url === '/nodeinfo/2.0?x=1' ? status : 404).end(answers)
  })
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  return new NodeInfoServer(new URL(`http://127.0.0.1:${port}/nodeinfo/2.0?x=1`), 'garden.example')
}
const info = { software: { name: 'mastodon' }, usage: { users: { total: 7, activeMonth: 5 }, localPosts: 90 } }

describe('a server known by its NodeInfo', () => {
  it('is asked by its own name, as its web server would', async () => {
    const seen: IncomingHttpHeaders[] = []
    expect(await (await serverThat(JSON.stringify(info), 200, seen)).counts()).toEqual({ people: 7, posts: 90 })
    expect(seen[0]).toMatchObject({ host: 'garden.example', 'x-forwarded-proto': 'https' })
  })

  it.each([
    ['an error page', '<h1>no</h1>', 500],
    ['half an answer', JSON.stringify(info).slice(0, 50), 200],
    ['no counts', JSON.stringify({ ...info, usage: { users: {} } }), 200],
  ])('that answers with %s has not answered', async (_what, text, status) => {
    await expect((await serverThat(text, status)).counts()).rejects.toThrow(ServerTrouble)
  })
})

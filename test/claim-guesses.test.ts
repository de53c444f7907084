import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import https from 'node:https'
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { helperWithoutSystemd, spawnHelper } from '#agent/helper/testing/program.ts'
import { createClaim } from '#agent/setup/claim.ts'
import { ensureServer } from '#agent/setup/server.ts'
import { nginx, Web } from '#agent/setup/web-fixture.ts'
import { buildApp } from '#dashboard/app.ts'
import { makeServices } from '#dashboard/services.ts'
import { claimAs, FormBrowser } from './kit/household.ts'

// Somebody on the home network guesses the claim code as fast as it goes. Everything from the socket to the code's hash is
// the kit's own: nginx, the dashboard, the helper.

const installed = ['/usr/bin/snac', '/usr/local/bin/snac'].some((file) => existsSync(file))
const [guesserAt, ownerAt] = ['127.0.0.1', '127.0.0.2'] as const

describe.skipIf(!nginx || !installed)('while somebody guesses the claim code', () => {
  let web: Web
  let helper: ChildProcess
  let app: FastifyInstance
  let code: string

  beforeAll(async () => {
    web = await Web.make({ claimed: false, serverName: null })
    const { paths } = web
    await chmod(web.kit.root, 0o755)
    await web.kit.write('proc/sys/kernel/hostname', '')
    await web.kit.write('proc/self/mountinfo', '')
    await mkdir(path.dirname(paths.snacSocket), { recursive: true })
    await chmod(path.dirname(paths.snacSocket), 0o777)
    await ensureServer(paths, { host: 'hearth-7f3a.local', language: 'en' })
    code = (await createClaim(paths)) as string
    helper = await spawnHelper(paths, { program: helperWithoutSystemd })
    helper.stderr?.pipe(process.stderr)
    app = buildApp({ paths, assets: path.resolve('dashboard/assets') }, makeServices(paths))
    await app.ready()
    await web.start(undefined, (request, response) => app.routing(request, response))
  })
  afterAll(async () => {
    helper?.kill()
    await app?.close()
    await web?.stop()
  })

  it('whoever has it at the same address only waits', { timeout: 60_000 }, async () => {
    const guesser = await Guesser.start(web.ports.dashboard, 6)
    try {
      const owner = new FormBrowser(web.ports.dashboard, { from: guesserAt })
      await owner.get('/claim')
      expect(await owner.post('/claim', { code })).toContain('name="personId"')
    } finally {
      await guesser.stop()
    }
  })

  it('whoever has it at another address claims the kit within seconds', { timeout: 60_000 }, async () => {
    const guesser = await Guesser.start(web.ports.dashboard, 60)
    try {
      const before = guesser.answers.length
      const began = performance.now()
      const owner = new FormBrowser(web.ports.dashboard, { from: ownerAt })
      const { personPassword } = await claimAs(owner, code)
      expect((performance.now() - began) / 1000).toBeLessThan(10)
      expect(personPassword).toMatch(/^\S{8,}$/)
      expect(guesser.answers.length).toBeGreaterThan(before)
    } finally {
      await guesser.stop()
    }
    // Slowed, and refused or led away after the claim; nothing broke.
    expect(guesser.answers.filter((status) => ![429, 422, 303].includes(status))).toEqual([])
  })
})

/** Sends wrong codes from one address, so many at once, until it is stopped. */
class Guesser {
  /** Status of each answer, once guessing is slow. */
  readonly answers: number[] = []
  readonly #port: number
  readonly #agent = new https.Agent({ keepAlive: true, localAddress: guesserAt })
  #cookie = ''
  #token = ''
  #goesOn = true
  #loops: Promise<void>[] = []

  /** Comes back when checks have become slow, with the guesses going on. */
  static async start(port: number, atOnce: number): Promise<Guesser> {
    const guesser = new Guesser(port)
    await guesser.#ask('GET')
    for (let warm = 0; warm < 6; warm++) await guesser.#ask('POST')
    guesser.#loops = Array.from({ length: atOnce }, () => guesser.#goOn())
    await expect.poll(() => guesser.answers.length, { timeout: 20_000 }).toBeGreaterThan(2)
    return guesser
  }

  constructor(port: number) {
    this.#port = port
  }

  async stop(): Promise<void> {
    this.#goesOn = false
    await Promise.all(this.#loops)
    this.#agent.destroy()
  }

  async #goOn(): Promise<void> {
    // An end in any case, should the test forget to stop it.
    for (let guess = 0; this.#goesOn && guess < 1000; guess++) this.answers.push(await this.#ask('POST'))
  }

  async #ask(method: 'GET' | 'POST'): Promise<number> {
    const host = `localhost:${this.#port}`
    const call = https.request({
      host: '127.0.0.1',
      port: this.#port,
      method,
      path: '/claim',
      agent: this.#agent,
      rejectUnauthorized: false,
      headers: {
        host,
        cookie: this.#cookie,
        ...(method === 'POST' && { origin: `https://${host}`, 'content-type': 'application/x-www-form-urlencoded' }),
      },
    })
    call.end(method === 'POST' ? new URLSearchParams({ csrf: this.#token, code: 'AAAA-BBBB-CCCC' }).toString() : '')
    const [response] = await once(call, 'response')
    let page = ''
    for await (const chunk of response) page += chunk
    for (const line of response.headers['set-cookie'] ?? []) this.#cookie = line.split(';')[0]
    this.#token = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? this.#token
    return response.statusCode
  }
}

import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { createInterface } from 'node:readline'
import type { KitFacts } from '#agent/api.ts'
import type { DashboardVerbs, Disk, HelperError } from '#agent/helper/protocol.ts'
import type { KitPaths } from '#agent/paths.ts'

export type Handlers = {
  [Verb in keyof DashboardVerbs]: (
    args: DashboardVerbs[Verb]['args'],
  ) => DashboardVerbs[Verb]['result'] | Promise<DashboardVerbs[Verb]['result']>
}

/** Thrown by a handler: the answer the helper would give. */
export class Refused extends Error {
  readonly error: HelperError

  constructor(
    code: string,
    message = 'It was refused.',
    next = 'Do something else.',
    facts: HelperError['facts'] = {},
  ) {
    super(message)
    this.error = { code, message, next, facts }
  }
}

/** Stands in for the privileged helper in unit tests: same socket, same lines, but its world is a temporary folder. */
export class HelperServer {
  readonly calls: { verb: keyof DashboardVerbs; args: unknown }[] = []
  readonly people: { id: string; name: string }[] = []
  /** Of every account. */
  password = 'kV9+tQ/2mZ4x'
  /** How often each account's password was changed. */
  readonly changes = new Map<string, number>()
  code = 'ABCD-EFGH-JKLM'
  retryAfterSeconds = 0
  disks: Disk[] = []
  /** A test may replace single verbs. */
  readonly handlers: Handlers
  readonly #paths: KitPaths
  #server: Server | null = null

  constructor(paths: KitPaths) {
    this.#paths = paths
    this.handlers = this.#usual()
  }

  async start(): Promise<void> {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      createInterface(socket).once('line', async (line) => socket.end(`${JSON.stringify(await this.#answer(line))}\n`))
    })
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.#paths.helperSocket('dashboard'), resolve))
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined))
    await rm(this.#paths.helperSocket('dashboard'), { force: true })
  }

  called(verb: keyof DashboardVerbs): unknown[] {
    return this.calls.filter((call) => call.verb === verb).map((call) => call.args)
  }

  async #answer(line: string): Promise<unknown> {
    const { verb, args } = JSON.parse(line) as { verb: keyof DashboardVerbs; args: never }
    this.calls.push({ verb, args })
    try {
      return { ok: true, result: await this.handlers[verb](args) }
    } catch (error) {
      if (error instanceof Refused) return { ok: false, error: error.error }
      throw error
    }
  }

  async #changeKit(change: Partial<KitFacts>): Promise<void> {
    const kit = JSON.parse(await readFile(this.#paths.kit, 'utf8'))
    await writeFile(this.#paths.kit, JSON.stringify({ ...kit, ...change }))
  }

  /** As somebody does on the server's own pages: the helper is not asked for it. */
  changePassword(id: string): void {
    this.changes.set(id, (this.changes.get(id) ?? 0) + 1)
  }

  #tagOf(id: string): string {
    return `tag-of-${id}-${this.changes.get(id) ?? 0}`
  }

  #isRight(code: string): boolean {
    const plain = (text: string) => text.toUpperCase().replace(/[^A-Z0-9]/g, '')
    return plain(code) === plain(this.code)
  }

  #usual(): Handlers {
    const nothing = () => ({})
    return {
      'claim.check': ({ code }) => ({ right: this.#isRight(code), retryAfterSeconds: this.retryAfterSeconds }),
      'claim.finish': async ({ code, language, timezone, currency, serverName, person }) => {
        if (!this.#isRight(code)) throw new Refused('claim.wrong')
        this.people.push(person)
        await this.#changeKit({ language, timezone, currency, serverName, claimed: true })
        return { personPassword: this.password }
      },
      'clock.confirm': ({ epochSeconds }) => ({ clock: epochSeconds }),
      'kit.settings': async (change) => {
        await this.#changeKit(change)
        return {}
      },
      'kit.rename': async ({ hostname }) => {
        await this.#changeKit({ hostname })
        return { hostname }
      },
      'kit.restart': nothing,
      'kit.poweroff': nothing,
      'server.name': async ({ name }) => {
        await this.#changeKit({ serverName: name })
        return { kept: this.people.map(({ id }) => id), restarted: ['server', 'web'] }
      },
      'person.list': () => ({ people: this.people }),
      'person.add': (person) => {
        this.people.push(person)
        return { password: 'nW3+fresh/77' }
      },
      'person.reset': ({ id }) => {
        this.changePassword(id)
        return { password: 'qR5+again/12' }
      },
      'person.remove': ({ id }) => {
        this.people.splice(
          this.people.findIndex((person) => person.id === id),
          1,
        )
        return {}
      },
      'person.check': ({ id, password }) => {
        const person = this.people.find((each) => each.id.toLowerCase() === id.toLowerCase())
        return { person: person && password === this.password ? { ...person, tag: this.#tagOf(person.id) } : null }
      },
      'person.tag': ({ id }) => ({ tag: this.people.some((each) => each.id === id) ? this.#tagOf(id) : null }),
      'service.list': () => ({
        services: [
          { name: 'server', active: true, since: '2026-11-20T07:12:00Z', memory: 11_400_000 },
          { name: 'web', active: true, since: '2026-11-20T07:12:00Z', memory: 8_200_000 },
          { name: 'agent', active: true, since: '2026-11-20T07:12:04Z', memory: 48_000_000 },
          { name: 'names', active: true, since: '2026-11-20T07:12:00Z', memory: 3_100_000 },
          { name: 'clock', active: true, since: '2026-11-20T07:12:00Z', memory: 2_400_000 },
          { name: 'ssh', active: false, since: null, memory: null },
        ],
      }),
      'service.restart': nothing,
      'service.log': () => ({ lines: ['12:00:01 server start', '12:00:02 <script>alert(1)</script>'] }),
      'disk.list': () => ({ disks: this.disks }),
      'disk.move': nothing,
    }
  }
}

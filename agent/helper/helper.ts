import { createServer, type Server, type Socket } from 'node:net'
import type { AuditEntry, AuditLog } from './audit.ts'
import { longestLine, readLine } from './line.ts'
import type { Caller } from './protocol.ts'
import { Refusal } from './refusal.ts'
import { Turns } from './turns.ts'
import type { Verb, VerbTable } from './verbs.ts'
import type { World } from './world.ts'

export interface HelperOptions {
  world: World
  verbs: Record<Caller, VerbTable>
  audit: AuditLog
  /** Called once nothing was asked for `idleMs`. */
  onIdle: () => void
  idleMs?: number
  /** How long a caller may take to send its line. */
  readMs?: number
}

/** Callers beyond this many at once, on one socket, wait in the kernel's queue or are refused. */
const mostConnections = 16

/** Answers calls on one listening socket for each caller: one line in, one line out, each in the audit log. */
export class Helper {
  readonly #options: Required<HelperOptions>
  readonly #turns = new Turns()
  readonly #servers: Server[] = []
  readonly #calls = new Set<Promise<void>>()
  #idle: NodeJS.Timeout | undefined

  constructor(options: HelperOptions) {
    this.#options = { idleMs: 60_000, readMs: 10_000, ...options }
  }

  /** Starts to answer on the sockets, which are listening descriptors. */
  start(sockets: Map<Caller, number>): void {
    for (const [caller, fd] of sockets) {
      // The caller may close its half after the line and still read the answer.
      const server = createServer({ allowHalfOpen: true }, (socket) => this.#take(caller, socket))
      server.maxConnections = mostConnections
      server.listen({ fd })
      this.#servers.push(server)
    }
    this.#waitForIdle()
  }

  /** Takes no more calls and waits for those that run. */
  async stop(): Promise<void> {
    clearTimeout(this.#idle)
    for (const server of this.#servers) server.close()
    await Promise.all(this.#calls)
  }

  #take(caller: Caller, socket: Socket): void {
    clearTimeout(this.#idle)
    socket.on('error', (error) => this.#options.world.log(`${caller}: ${error.message}`))
    const call = this.#answer(caller, socket).finally(() => {
      this.#calls.delete(call)
      if (this.#calls.size === 0) this.#waitForIdle()
    })
    this.#calls.add(call)
  }

  #waitForIdle(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      // Work that goes on after its call was answered keeps the helper up.
      if (this.#options.world.busy()) this.#waitForIdle()
      else this.#options.onIdle()
    }, this.#options.idleMs)
  }

  async #answer(caller: Caller, socket: Socket): Promise<void> {
    const begun = performance.now()
    const asked: Asked = { verb: null, args: null, audited: true }
    let outcome = 'ok'
    let answer: string
    try {
      const line = await readLine(socket, this.#options.readMs)
      answer = lineOf({ ok: true, result: await this.#run(caller, line, asked) })
    } catch (error) {
      const { code, message, next, facts } = error instanceof Refusal ? error : this.#fault(asked, error)
      outcome = code
      answer = lineOf({ ok: false, error: { code, message, next, facts } })
    }
    await this.#note({ caller, ...asked, outcome, milliseconds: Math.round(performance.now() - begun) })
    socket.end(answer)
    socket.destroySoon()
  }

  async #note({ audited, ...entry }: AuditEntry & { audited: boolean }): Promise<void> {
    if (!audited) return
    try {
      await this.#options.audit.append(entry)
    } catch (error) {
      // A full disk must not keep the owner from mending it.
      this.#options.world.log(`the audit log could not be written: ${error}`)
    }
  }

  async #run(caller: Caller, line: string, asked: Asked): Promise<object> {
    const call = readCall(line)
    const table = this.#options.verbs[caller]
    const verb = Object.hasOwn(table, call.verb) ? table[call.verb] : undefined
    if (verb === undefined)
      throw new Refusal({
        code: 'verb.unknown',
        message: `The ${caller} may not ask for that, or there is no such verb.`,
        next: 'Ask for a verb of protocol.ts.',
      })
    asked.verb = call.verb
    asked.audited = verb.audited
    const args = verb.check(call.args, 'args')
    asked.args = withoutSecrets(verb, args)
    return this.#turns.take(verb.group, () => verb.run(this.#options.world, args))
  }

  #fault({ verb }: Asked, error: unknown): Refusal {
    this.#options.world.log(`${verb}: ${error instanceof Error ? error.stack : error}`)
    return new Refusal({
      code: 'helper.failed',
      message: 'The kit could not do that; the cause is in its log.',
      next: 'Try again. If it stays so, restart the kit.',
    })
  }
}

interface Asked {
  verb: string | null
  args: object | null
  audited: boolean
}

function readCall(line: string): { verb: string; args: unknown } {
  const wrong = (message: string) =>
    new Refusal({ code: 'line.wrong', message, next: 'Send { "verb": …, "args": { … } } and nothing else.' })
  let call: unknown
  try {
    call = JSON.parse(line)
  } catch {
    throw wrong('The line is not JSON.')
  }
  if (typeof call !== 'object' || call === null || Array.isArray(call)) throw wrong('The line is not an object.')
  const { verb, args, ...rest } = call as Record<string, unknown>
  if (typeof verb !== 'string' || args === undefined || Object.keys(rest).length > 0)
    throw wrong('The line has not exactly the keys verb and args.')
  return { verb, args }
}

function withoutSecrets(verb: Verb, args: object): object {
  return Object.fromEntries(Object.entries(args).filter(([key]) => !verb.secrets.includes(key)))
}

function lineOf(answer: object): string {
  const line = `${JSON.stringify(answer)}\n`
  if (Buffer.byteLength(line) > longestLine) throw new Error('an answer is longer than a line may be')
  return line
}

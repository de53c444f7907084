import { connect } from 'node:net'
import type { AgentVerbs, DashboardVerbs, HelperError } from './protocol.ts'

type Verbs = DashboardVerbs & AgentVerbs
export type HelperVerb = keyof Verbs

const maximumLine = 64 * 1024

/** The helper said no, or could not be asked. `code` is the helper's own, or `helper.unreachable`, `.timeout`, `.nonsense`. */
export class HelperRefusal extends Error {
  readonly code: string
  readonly next: string
  /** What words in another language than this English need. */
  readonly facts: NonNullable<HelperError['facts']>

  constructor({ code, message, next, facts = {} }: HelperError) {
    super(message)
    this.name = 'HelperRefusal'
    this.code = code
    this.next = next
    this.facts = facts
  }
}

/**
 * Asks the privileged helper for one verb: one line of JSON there, one line back (protocol.ts).
 * Rejects with `HelperRefusal`. The default time-out suits verbs that answer at once; `disk.move` and the like start work
 * and answer at once too.
 */
export function callHelper<Verb extends HelperVerb>(
  socketPath: string,
  verb: Verb,
  args: Verbs[Verb]['args'],
  { timeoutMs = 60_000 } = {},
): Promise<Verbs[Verb]['result']> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const socket = connect(socketPath)

    const settle = (finish: () => void) => {
      clearTimeout(timer)
      socket.removeAllListeners()
      socket.on('error', () => {}) // after the answer, a reset no longer matters
      socket.destroy()
      finish()
    }
    const refuse = (code: string, message: string, next: string) =>
      settle(() => reject(new HelperRefusal({ code, message, next })))

    const timer = setTimeout(
      () =>
        refuse(
          'helper.timeout',
          `The helper did not answer ${verb} within ${timeoutMs / 1000} s.`,
          'Try again; if it stays so, restart the kit.',
        ),
      timeoutMs,
    )
    socket.on('connect', () => socket.write(`${JSON.stringify({ verb, args })}\n`))
    socket.on('error', (error) =>
      refuse(
        'helper.unreachable',
        `The helper cannot be reached at ${socketPath}: ${error.message}.`,
        'Restart the kit.',
      ),
    )
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      length += chunk.length
      if (length > maximumLine)
        return refuse('helper.nonsense', `The answer to ${verb} is too long.`, 'Restart the kit.')
      if (!chunk.includes(0x0a)) return
      const line = Buffer.concat(chunks).toString('utf8').split('\n', 1)[0] as string
      settle(() => readAnswer(verb, line).then(resolve as (result: unknown) => void, reject))
    })
    socket.on('close', () =>
      refuse('helper.nonsense', `The helper hung up before it had answered ${verb}.`, 'Try again.'),
    )
  })
}

async function readAnswer(verb: HelperVerb, line: string): Promise<unknown> {
  const nonsense = new HelperRefusal({
    code: 'helper.nonsense',
    message: `The helper's answer to ${verb} cannot be read.`,
    next: 'Restart the kit.',
  })
  let answer: unknown
  try {
    answer = JSON.parse(line)
  } catch {
    throw nonsense
  }
  if (typeof answer !== 'object' || answer === null) throw nonsense
  if ('ok' in answer && answer.ok === true && 'result' in answer) return answer.result
  if ('error' in answer && isHelperError(answer.error)) throw new HelperRefusal(answer.error)
  throw nonsense
}

function isHelperError(value: unknown): value is HelperError {
  if (typeof value !== 'object' || value === null) return false
  const { code, message, next, facts = {} } = value as Record<string, unknown>
  const areFacts = typeof facts === 'object' && facts !== null && !Array.isArray(facts)
  return typeof code === 'string' && typeof message === 'string' && typeof next === 'string' && areFacts
}

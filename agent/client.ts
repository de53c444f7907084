import type { IncomingMessage } from 'node:http'
import type {
  AgentError,
  AgentSettings,
  Bill,
  BillPreview,
  Change,
  History,
  HistoryStep,
  HourlyReading,
  Imported,
  LiveFigures,
  MemberHours,
  PlugKind,
  PowerFigure,
  PublishingChoice,
  PublishingPreview,
  PublishingState,
  Shares,
  Summary,
  Tariffs,
  WhatIf,
} from './api.ts'
import type { Entry, EntryDraft } from './ledger/entry.ts'
import type { EntryFilter, Party, PartyChange } from './ledger/journal.ts'
import type { Account } from './ledger/typed-entry.ts'
import { request } from './node-http.ts'

export type { Party } from './ledger/journal.ts'

import type { CollectorPlace } from './publish/outbox.ts'
import type { ProofFile } from './publish/proof-file.ts'

const maximumAnswer = 8 * 1024 * 1024
/** Some years of entries, in the longest of their formats. */
const maximumExport = 64 * 1024 * 1024
/** A small board takes its time over the entries of years. */
const importMs = 900_000

/** The agent said no (`status` 4xx or 5xx), or could not be asked (`status` 0, code `agent.unreachable` or `agent.nonsense`). */
export class AgentRefusal extends Error {
  readonly status: number
  readonly code: string
  readonly next: string
  /** The setting that was refused, where it was one. */
  readonly field: string | undefined

  constructor(status: number, error: AgentError['error']) {
    super(error.message)
    this.name = 'AgentRefusal'
    this.status = status
    this.code = error.code
    this.next = error.next
    this.field = error.field
  }
}

/** The agent's API (api.ts), over its Unix socket. Every method rejects with `AgentRefusal`. */
export class AgentClient {
  readonly #socketPath: string
  readonly #timeoutMs: number

  constructor(socketPath: string, { timeoutMs = 15_000 } = {}) {
    this.#socketPath = socketPath
    this.#timeoutMs = timeoutMs
  }

  summary(): Promise<Summary> {
    return this.#json('GET', '/v1/summary')
  }

  /** The last `hours` hours (1..9600), oldest first; hours without a reading are missing. */
  async readings(hours: number): Promise<HourlyReading[]> {
    const { readings } = await this.#json<{ readings: HourlyReading[] }>('GET', `/v1/readings?hours=${hours}`)
    return readings
  }

  /** The hours of a day (null: the last two days), days of a month, months of a year, or all years. */
  history(step: HistoryStep, of: string | null = null): Promise<History> {
    return this.#json('GET', `/v1/history?${new URLSearchParams({ step, ...(of === null ? {} : { of }) })}`)
  }

  settings(): Promise<AgentSettings> {
    return this.#json('GET', '/v1/settings')
  }

  /** Resolves with the settings as stored; status 422 names the `field` that was refused. */
  saveSettings(settings: AgentSettings): Promise<AgentSettings> {
    return this.#json('PUT', '/v1/settings', settings)
  }

  /** Reads a plug once without keeping it; status 422 says why it cannot be used. */
  testPlug(address: string): Promise<{ power: PowerFigure; device: string; kind: PlugKind }> {
    return this.#json('POST', '/v1/plug/test', { address })
  }

  /** The bill of a month such as `2026-11`: closed where it is over, else so far. */
  bill(month: string): Promise<Bill> {
    return this.#json('GET', `/v1/bill?${new URLSearchParams({ month })}`)
  }

  /** What this month is expected to cost now and with other tariffs; status 422 names the `field` that was refused. */
  previewBill(tariffs: Tariffs): Promise<BillPreview> {
    return this.#json('POST', '/v1/bill/preview', { tariffs })
  }

  /** What this month would cost after a change; status 422 names the `field` that was refused. */
  whatIf(change: Change): Promise<WhatIf> {
    return this.#json('POST', '/v1/what-if', change)
  }

  /** Adds a reading of a meter at the wall, or the mean of the plug's, to the calibration. */
  calibrate(reading: { watts: number } | { from: 'plug' }): Promise<AgentSettings> {
    return this.#json('POST', '/v1/calibration', reading)
  }

  /** Entries in the order they were recorded; erased ones are missing. */
  async entries(filter: EntryFilter = {}): Promise<Entry[]> {
    const query = new URLSearchParams({ ...filter })
    const { entries } = await this.#json<{ entries: Entry[] }>('GET', `/v1/entries?${query}`)
    return entries
  }

  /** Records an entry; status 422 names the `field` that was refused. */
  recordEntry(draft: Omit<EntryDraft, 'instance'>): Promise<Entry> {
    return this.#json('POST', '/v1/entries', draft)
  }

  /** Entries of a month such as `2026-11`, or all, in a format of ledger/exports/export.ts. */
  exportEntries(format: string, month?: string): Promise<{ text: string; mediaType: string; extension: string }> {
    const query = new URLSearchParams({ format, ...(month === undefined ? {} : { month }) })
    return this.#json('GET', `/v1/export?${query}`, undefined, maximumExport)
  }

  /** Takes the entries of a JSON export, all or none; status 422 says in which line it is wrong. */
  importEntries(file: Uint8Array): Promise<Imported> {
    return this.#json('POST', '/v1/import', file, undefined, importMs)
  }

  async parties(): Promise<Party[]> {
    const { parties } = await this.#json<{ parties: Party[] }>('GET', '/v1/parties')
    return parties
  }

  addParty(name: string): Promise<Party> {
    return this.#json('POST', '/v1/parties', { name })
  }

  /** Erases a person's name and what the entries about them say. */
  eraseParty(id: string): Promise<{ erased: number }> {
    return this.#json('POST', '/v1/parties/erase', { id })
  }

  /** What a person wants to be known by and told of; status 422 names the `field` that was refused. */
  changeParty(id: string, change: PartyChange): Promise<Party> {
    return this.#json('POST', '/v1/parties/change', { id, ...change })
  }

  /** Says that a party entered by hand is the person of another, who has an account. */
  async joinParties(id: string, into: string): Promise<void> {
    await this.#json('POST', '/v1/parties/join', { id, into })
  }

  /** Tells that an account was removed: its party stays, and belongs to nobody who is called like it later. */
  async leaveAccount(account: string): Promise<void> {
    await this.#json('POST', '/v1/parties/leave', { account })
  }

  /** Which accounts there are, as far as the agent knows, and what they are called where the helper tells it. */
  async accounts(): Promise<Account[]> {
    return (await this.#json<{ accounts: Account[] }>('GET', '/v1/people')).accounts
  }

  /** Tells how many accounts there are, and which, after they changed. */
  async tellPeople(count: number, accounts?: string[]): Promise<void> {
    await this.#json('POST', '/v1/people', { count, ...(accounts && { accounts }) })
  }

  publishing(): Promise<PublishingState> {
    return this.#json('GET', '/v1/publishing')
  }

  /** What others would see; status 422 says why it cannot be chosen. */
  previewPublishing({ every, from, household }: PublishingChoice): Promise<PublishingPreview> {
    const query = new URLSearchParams({ every, from, household: household ? 'yes' : 'no' })
    return this.#json('GET', `/v1/publishing/preview?${query}`)
  }

  /** Switches on, or changes what is shown; code `publishing.outdated` where the preview is another by now. */
  publish(choice: PublishingChoice & { seen: string }): Promise<PublishingState> {
    return this.#json('POST', '/v1/publishing/on', choice)
  }

  stopPublishing(): Promise<PublishingState> {
    return this.#json('POST', '/v1/publishing/off')
  }

  /** Status 422 names the `field` that was refused. */
  addCollector(collector: { place: CollectorPlace; publicUrl: string }): Promise<PublishingState> {
    return this.#json('POST', '/v1/publishing/collectors', collector)
  }

  removeCollector(id: string): Promise<PublishingState> {
    return this.#json('POST', '/v1/publishing/collectors/remove', { id })
  }

  /** Status 422 names the `field` that was refused. */
  addWitness(witness: { url: string; key: string }): Promise<PublishingState> {
    return this.#json('POST', '/v1/publishing/witnesses', witness)
  }

  removeWitness(key: string): Promise<PublishingState> {
    return this.#json('POST', '/v1/publishing/witnesses/remove', { key })
  }

  /** What happened where board and card are both others than before. */
  answerHardware(answer: 'moved' | 'copied'): Promise<PublishingState> {
    return this.#json('POST', '/v1/publishing/hardware', { answer })
  }

  /** Starts another public log under a new key. */
  repairPublishing(): Promise<PublishingState> {
    return this.#json('POST', '/v1/publishing/repair')
  }

  renewLog(): Promise<PublishingState> {
    return this.#json('POST', '/v1/publishing/renew')
  }

  /** Proof of an entry, for whoever it is given to. */
  proof(id: string): Promise<ProofFile> {
    return this.#json('GET', `/v1/proof?${new URLSearchParams({ id })}`)
  }

  /** Everybody's shares of a month such as `2026-11`, or of the present one. */
  shares(month?: string): Promise<Shares> {
    return this.#json('GET', `/v1/shares?${new URLSearchParams(month === undefined ? {} : { month })}`)
  }

  /** The party of an account, made if there is none; `name` is for that case. */
  memberParty(account: string, name: string): Promise<Party> {
    return this.#json('POST', '/v1/members', { account, name })
  }

  /** The present month with one account's share alone. */
  ownShare(account: string): Promise<Shares> {
    return this.#json('GET', `/v1/members/share?${new URLSearchParams({ account })}`)
  }

  /** Hours as the person of a party may see them. */
  memberHours(party: string): Promise<MemberHours> {
    return this.#json('GET', `/v1/members/hours?${new URLSearchParams({ party })}`)
  }

  /** What is about one person, without what only the owner sees. */
  exportOwn(format: string, party: string): Promise<{ text: string; mediaType: string; extension: string }> {
    const query = new URLSearchParams({ format, party })
    return this.#json('GET', `/v1/members/export?${query}`, undefined, maximumExport)
  }

  /** Figures every five seconds until `signal` aborts or the loop is left. Ends quietly when the agent stops. */
  async *live(signal?: AbortSignal): AsyncGenerator<LiveFigures, void, void> {
    const response = await this.#send('GET', '/v1/live', undefined, signal)
    try {
      if (response.statusCode !== 200) throw await this.#refusal(response)
      response.setEncoding('utf8')
      let rest = ''
      for await (const chunk of response as AsyncIterable<string>) {
        const events = (rest + chunk).split('\n\n')
        rest = events.pop() ?? ''
        for (const event of events) {
          if (event.startsWith('data: ')) yield JSON.parse(event.slice('data: '.length)) as LiveFigures
        }
      }
    } catch (error) {
      if (error instanceof AgentRefusal) throw error
      if (!signal?.aborted && !response.destroyed) throw unreachable(this.#socketPath, error)
    } finally {
      response.destroy()
    }
  }

  async #json<Answer>(
    method: string,
    target: string,
    body?: unknown,
    maximum = maximumAnswer,
    timeoutMs = this.#timeoutMs,
  ): Promise<Answer> {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await this.#send(method, target, body, signal)
    if (response.statusCode === 204) {
      response.resume()
      return undefined as Answer
    }
    if (response.statusCode !== 200) throw await this.#refusal(response)
    return (await this.#read(response, maximum)) as Answer
  }

  #send(method: string, target: string, body?: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const payload = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body)
      const call = request(
        {
          socketPath: this.#socketPath,
          method,
          path: target,
          agent: false,
          ...(signal ? { signal } : {}),
          headers: payload ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) } : {},
        },
        resolve,
      )
      call.on('error', (error) => reject(unreachable(this.#socketPath, error)))
      call.end(payload)
    })
  }

  async #read(response: IncomingMessage, maximum = maximumAnswer): Promise<unknown> {
    const chunks: Buffer[] = []
    let length = 0
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        chunks.push(chunk)
        length += chunk.length
        if (length > maximum) throw new Error('the answer is too long')
      }
      return JSON.parse(Buffer.concat(chunks).toString('utf8'))
    } catch (error) {
      throw nonsense(error)
    }
  }

  async #refusal(response: IncomingMessage): Promise<AgentRefusal> {
    const answer = (await this.#read(response)) as Partial<AgentError> | null
    const { code, message, next, field } = answer?.error ?? {}
    if (!code || !message || !next) return nonsense(new Error(`status ${response.statusCode} without a reason`))
    return new AgentRefusal(response.statusCode ?? 0, { code, message, next, ...(field ? { field } : {}) })
  }
}

function unreachable(socketPath: string, cause: unknown): AgentRefusal {
  return new AgentRefusal(0, {
    code: 'agent.unreachable',
    message: `The ledger agent does not answer at ${socketPath}: ${cause instanceof Error ? cause.message : cause}.`,
    next: 'Wait a minute and try again; if it stays so, restart the agent.',
  })
}

function nonsense(cause: unknown): AgentRefusal {
  return new AgentRefusal(0, {
    code: 'agent.nonsense',
    message: `The ledger agent's answer cannot be read: ${cause instanceof Error ? cause.message : cause}.`,
    next: 'Restart the agent; if it stays so, restart the kit.',
  })
}

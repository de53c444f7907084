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
} from '../api.ts'
import type { Entry, EntryDraft } from '../ledger/entry.ts'
import type { ExportFormat } from '../ledger/exports/export.ts'
import type { Consent, Party } from '../ledger/journal.ts'
import type { Account } from '../ledger/typed-entry.ts'
import type { CollectorPlace } from '../publish/outbox.ts'
import type { ProofFile } from '../publish/proof-file.ts'

/** What every request may be answered with instead, with a status of 4xx or 5xx. */
export type Failure = AgentError

/**
 * Every request of the agent's API: what it takes, and what it answers (nothing: 204). Types only; openapi.ts makes the
 * OpenAPI description of them, and a test holds it against the server.
 */
export interface Routes {
  /** This description. */
  'GET /openapi.json': { answer: object }
  /** All there is to know now: health, figures, storage, traffic and costs of the month. */
  'GET /v1/summary': { answer: Summary }
  /** Private hourly readings, oldest first; hours without one are missing. */
  'GET /v1/readings': { query: { /** 1 to 9600. */ hours: number }; answer: { readings: HourlyReading[] } }
  /** Power, traffic, space and cost over a time, in parts; what was not read is a gap, never zero. */
  'GET /v1/history': {
    query: {
      /** Length of the parts. */
      step: HistoryStep
      /** The day (of hours), month (of days) or year (of months); without it the present one. */
      of?: string
    }
    answer: History
  }
  /** What the owner has set. */
  'GET /v1/settings': { answer: AgentSettings }
  /** Stores the settings, all of them; 422 names the field that was refused. */
  'PUT /v1/settings': { body: AgentSettings; answer: AgentSettings }
  /** Finds out what plug is at an address on the home network and reads it once; nothing is stored. */
  'POST /v1/plug/test': {
    body: { address: string }
    answer: { power: PowerFigure; device: string; kind: PlugKind }
  }
  /** Adds a reading at the wall to the calibration: typed in, or the mean of what the plug showed of late. */
  'POST /v1/calibration': {
    body: { /** W. */ watts: number } | { from: 'plug' }
    answer: AgentSettings
  }
  /** Figures every five seconds for as long as the connection is open; at most eight at once. */
  'GET /v1/live': { events: LiveFigures }
  /** The bill of a month: closed where it is over, else so far. */
  'GET /v1/bill': { query: { /** Such as 2026-11. */ month: string }; answer: Bill }
  /** What this month is expected to cost with other prices; nothing is stored. */
  'POST /v1/bill/preview': { body: { tariffs: Tariffs }; answer: BillPreview }
  /** What a month would cost with another price, other people or another disk. */
  'POST /v1/what-if': { body: Change; answer: WhatIf }
  /** Entries in the order they were recorded; erased ones are missing. Filters add up. */
  'GET /v1/entries': {
    query: {
      /** The first day of their period, or later. */
      from?: string
      /** Before this day. */
      to?: string
      kind?: string
      /** Id of the party they are about. */
      party?: string
    }
    answer: { entries: Entry[] }
  }
  /** Records an entry; 503 while the journal cannot be written. */
  'POST /v1/entries': { body: Omit<EntryDraft, 'instance'>; answer: Entry }
  /** Entries as text in a format; without a month all of them. */
  'GET /v1/export': {
    query: { format: ExportFormat; month?: string }
    answer: { text: string; mediaType: string /** Of the file's name, without the point. */; extension: string }
  }
  /** Takes the entries of a JSON export, all or none, of at most 32 MiB; 422 says in which line it is wrong. */
  'POST /v1/import': { body: Entry[]; answer: Imported }
  /** People and groups that entries are about. */
  'GET /v1/parties': { answer: { parties: Party[] } }
  /** Adds a person or group. */
  'POST /v1/parties': { body: { name: string }; answer: Party }
  /** Erases a person: the name, and the content of the entries about them. */
  'POST /v1/parties/erase': { body: { id: string }; answer: { /** Entries. */ erased: number } }
  /** What a person wants to be known by, and lets be told of them; what is left out stays. */
  'POST /v1/parties/change': {
    body: { id: string /** Empty: none. */; actor?: string; consents?: Consent[] }
    answer: Party
  }
  /** Says that a party entered by hand is the person of another one, who has an account. */
  'POST /v1/parties/join': { body: { id: string; into: string } }
  /** Says that an account was removed; its party stays. */
  'POST /v1/parties/leave': { body: { account: string } }
  /** Accounts on the server, as far as is known, whether or not they ever signed in; names where they can be asked for. */
  'GET /v1/people': { answer: { accounts: Account[] } }
  /** Tells how many accounts there are after they changed, and which. */
  'POST /v1/people': { body: { count: number; accounts?: string[] } }
  /** Everybody's share of a month, for the owner alone; without a month of the present one. */
  'GET /v1/shares': { query: { month?: string }; answer: Shares }
  /** The party of an account; made if there is none. */
  'POST /v1/members': { body: { account: string; name: string }; answer: Party }
  /** The shares with one account's own part alone. */
  'GET /v1/members/share': { query: { account: string }; answer: Shares }
  /** A person's own hours, and those of others that they may confirm. */
  'GET /v1/members/hours': { query: { /** Id. */ party: string }; answer: MemberHours }
  /** Entries about one person, as text in a format. */
  'GET /v1/members/export': {
    query: { format: ExportFormat /** Id. */; party: string }
    answer: { text: string; mediaType: string; extension: string }
  }
  /** How publishing stands: the choice, the log, reports, collectors, witnesses, budget. */
  'GET /v1/publishing': { answer: PublishingState }
  /** What others would see of the period that comes next; nothing is published. */
  'GET /v1/publishing/preview': {
    query: { every: PublishingChoice['every'] /** Such as 2026-11-01. */; from: string; household?: 'yes' }
    answer: PublishingPreview
  }
  /** Switches publishing on, or changes the choice; refused where its preview is another by now. */
  'POST /v1/publishing/on': {
    body: PublishingChoice & { /** From the preview. */ seen: string }
    answer: PublishingState
  }
  /** Switches publishing off; what is published stays. */
  'POST /v1/publishing/off': { answer: PublishingState }
  /** Adds a place that reports are sent to; its secrets are never told again. */
  'POST /v1/publishing/collectors': { body: { place: CollectorPlace; publicUrl: string }; answer: PublishingState }
  /** Removes one; what it has stays there. */
  'POST /v1/publishing/collectors/remove': { body: { id: string }; answer: PublishingState }
  /** Adds a witness, who signs the log's head (C2SP tlog-witness). */
  'POST /v1/publishing/witnesses': { body: { url: string; key: string }; answer: PublishingState }
  /** Removes one. */
  'POST /v1/publishing/witnesses/remove': { body: { key: string }; answer: PublishingState }
  /** Says what happened to the machine whose board and card both changed. */
  'POST /v1/publishing/hardware': { body: { answer: 'moved' | 'copied' }; answer: PublishingState }
  /** Starts another log under a new key. */
  'POST /v1/publishing/renew': { answer: PublishingState }
  /** Takes what was published from the logs again, where what was noted of it is damaged. */
  'POST /v1/publishing/repair': { answer: PublishingState }
  /** Shows one entry to whoever is given it: content, salt, path, and the report that commits to it. */
  'GET /v1/proof': { query: { /** Of the entry. */ id: string }; answer: ProofFile }
}

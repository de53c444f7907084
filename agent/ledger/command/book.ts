import { existsSync } from 'node:fs'
import path from 'node:path'
import type { AgentSettings, Bill, Change, Imported, WhatIf } from '../../api.ts'
import { AgentClient } from '../../client.ts'
import { type ProofFile, proofOf } from '../../publish/proof-file.ts'
import { readReports } from '../../publish/publications.ts'
import type { Entry, EntryDraft } from '../entry.ts'
import { readEntries } from '../exports/export.ts'
import { type EntryFilter, Journal, type Party } from '../journal.ts'
import type { Account } from '../typed-entry.ts'
import { CopyCosts } from './copy-costs.ts'

/** What the commands need of a ledger: the running agent's, or a copy of its files. */
export interface Book {
  entries(filter?: EntryFilter): Promise<Entry[]>
  parties(): Promise<Party[]>
  recordEntry(draft: Omit<EntryDraft, 'instance'> & { instance?: string }): Promise<Entry>
  addParty(name: string): Promise<Party>
  accounts(): Promise<Account[]>
  memberParty(account: string, name: string): Promise<Party>
  /** Takes the entries of a JSON export, all or none. */
  importEntries(file: Uint8Array): Promise<Imported>
  /** Shows an entry to whoever is given it, by a report that was published. */
  prove(id: string): Promise<ProofFile>
  /** ISO 4217, for exports. */
  currency(): Promise<string>
  /** `asOf`: of a copy, the last reading in it. */
  whatIf(change: Change): Promise<WhatIf & { asOf?: string }>
  /** The running agent alone. */
  agent?: {
    bill(month: string): Promise<Bill>
    settings(): Promise<AgentSettings>
    saveSettings(settings: AgentSettings): Promise<AgentSettings>
  }
}

/** The ledger of the agent that listens on a socket. */
export function agentBook(socket: string): Book {
  const client = new AgentClient(socket)
  return {
    entries: (filter) => client.entries(filter),
    parties: () => client.parties(),
    recordEntry: (draft) => client.recordEntry(draft),
    addParty: (name) => client.addParty(name),
    accounts: () => client.accounts(),
    memberParty: (account, name) => client.memberParty(account, name),
    importEntries: (file) => client.importEntries(file),
    prove: (id) => client.proof(id),
    currency: async () => (await client.settings()).currency,
    whatIf: (change) => client.whatIf(change),
    agent: client,
  }
}

/** A copy of a kit's `/data/hearth/agent`. What is recorded in it counts in the copy alone. @throws Error where it is none */
export function copyBook(folder: string): Book & { close(): void } {
  const file = path.join(folder, 'journal.db')
  if (!existsSync(file)) throw new Error(`${file} does not exist. Name the folder of a copy of /data/hearth/agent.`)
  const journal = new Journal({ folder, clock: { now: Date.now, trusted: () => true } })
  const costs = new CopyCosts(folder)
  const instance = () => journal.entries({}, true).at(-1)?.instance ?? 'localhost'
  return {
    entries: async (filter) => journal.entries(filter),
    parties: async () => journal.parties(),
    recordEntry: async (draft) => journal.record({ instance: instance(), ...draft }),
    addParty: async (name) => journal.addParty({ name }),
    accounts: async () => costs.accounts().map((id) => ({ id })),
    memberParty: async (account, name) => journal.partyOf(account, name),
    importEntries: async (file) => journal.importAll(readEntries(file), new Set([instance()])),
    prove: async (id) => proofOf(id, journal, readReports(folder)),
    currency: async () => currencyOf(journal.entries()),
    whatIf: async (change) => costs.whatIf(change),
    close: () => journal.stop(),
  }
}

/** The currency most amounts are in. */
function currencyOf(entries: Entry[]): string {
  const counts = new Map<string, number>()
  for (const { amounts } of entries)
    for (const { unit } of amounts) if (/^[A-Z]{3}$/.test(unit)) counts.set(unit, (counts.get(unit) ?? 0) + 1)
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? 'EUR'
}

import type { AgentSettings, Bill, MemberHours, Shares, SharingRule } from '../api.ts'
import { divide } from '../costs/shares.ts'
import { visibleTo } from '../ledger/audience.ts'
import { type ExportFormat, exportEntries } from '../ledger/exports/export.ts'
import type { Journal, Party } from '../ledger/journal.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { hoursOf } from '../ledger/own-hours.ts'

export interface MembersOptions {
  journal: Journal
  notes: Pick<Ledger, 'note' | 'noted'>
  settings: () => AgentSettings
  /** How many accounts there are; 0 while nobody knows. */
  people: () => number
  /** A month's bills in coins; without a month the present one's. */
  bills: (month?: string) => Bill[]
}

/** What was counted of the server's files at night: bytes of each account's own uploads, and of all the rest. */
interface Uploads {
  own: Record<string, number>
  shared: number
  at: string
}

/**
 * The people of the server in the ledger: their shares, hours and data. Of each person nothing is known but the account,
 * the bytes of their own uploads, and what was entered about them.
 */
export class Members {
  readonly #options: MembersOptions

  constructor(options: MembersOptions) {
    this.#options = options
  }

  /** Takes over which accounts there are. */
  tellAccounts(accounts: string[]): void {
    this.#options.notes.note('accounts', accounts.toSorted())
  }

  /** Takes over what was counted; `server`: bytes of all its files. */
  noteUploads(uploads: Record<string, number>, server: number, at: string): void {
    const own = Object.values(uploads).reduce((sum, bytes) => sum + bytes, 0)
    const counted: Uploads = { own: uploads, shared: Math.max(0, server - own), at }
    this.#options.notes.note('uploads', counted)
    // An empty count may be a server that is being changed: its people are known from before.
    if (Object.keys(uploads).length > 0) this.tellAccounts(Object.keys(uploads))
  }

  /** The party of an account; made if there is none. Throws `EntryRefused`, `JournalTrouble`. */
  party(account: string, name: string): Party {
    return this.#options.journal.partyOf(account, name)
  }

  /** What everybody's share of a month is. Throws `RangeError` where the month is none. */
  shares(month?: string): Shares {
    return this.#shares(this.accounts(), month)
  }

  /** The same with the part of one account alone. */
  ownShare(account: string): Shares {
    const known = [...new Set([...this.accounts(), account])]
    // More than are known by name, until the owner looks or the night counts: each bears a part all the same.
    while (known.length < this.#options.people()) known.push(`?${known.length}`)
    const { bills, uploads, ...shares } = this.#shares(known)
    return {
      ...shares,
      bills: bills.map((bill) => ({ ...bill, shares: bill.shares.filter(({ person }) => person === account) })),
      uploads: uploads && { ...uploads, own: { [account]: bytesOf(uploads, account) } },
    }
  }

  /** Hours as a person may see them. Throws `JournalTrouble`. */
  hours(party: string): MemberHours {
    const { journal } = this.#options
    const names = new Map(journal.parties().map(({ id, name }) => [id, name]))
    return hoursOf(journal.entries(), this.#mine(party), (id) => names.get(id) ?? null)
  }

  /** A person's own entries as text in a format, without what only the owner sees. Throws `JournalTrouble`. */
  export(format: ExportFormat, party: string): string {
    const { journal, settings } = this.#options
    const mine = this.#mine(party)
    return exportEntries(format, {
      entries: journal.entries({ party }).flatMap((entry) => visibleTo('party', entry) ?? []),
      names: new Map(journal.parties().flatMap(({ id, name }) => (mine.has(id) ? [[id, name]] : []))),
      currency: settings().currency,
    })
  }

  #shares(accounts: string[], month?: string): Shares {
    const { notes, settings, bills } = this.#options
    const uploads = notes.noted<Uploads>('uploads')
    const rule = settings().sharing
    const sharing: SharingRule = rule === 'storage' ? { kind: rule, sharedBytes: uploads?.shared ?? 0 } : { kind: rule }
    const people = accounts.map((id) => ({ id, ownBytes: uploads ? bytesOf(uploads, id) : 0 }))
    const all = bills(month)
    return {
      month: all[0]?.month ?? '',
      rule,
      people: people.length,
      bills: all.map((bill) => ({
        state: bill.state,
        total: bill.total,
        lines: bill.lines.map(({ id, kind, name, range }) => ({
          id,
          kind,
          range,
          ...(name !== undefined && { name }),
        })),
        powerClass: bill.powerClass,
        shares: divide(bill, sharing, people),
      })),
      uploads,
    }
  }

  /** Names of the accounts, as last told or counted. */
  accounts(): string[] {
    return this.#options.notes.noted<string[]>('accounts') ?? []
  }

  #mine(party: string): Set<string> {
    const joined = [...this.#options.journal.joined()].flatMap(([id, into]) => (into === party ? [id] : []))
    return new Set([party, ...joined])
  }
}

/** An account may be called like a property that every object has. */
function bytesOf({ own }: Uploads, account: string): number {
  return Object.hasOwn(own, account) ? (own[account] as number) : 0
}

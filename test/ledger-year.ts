import type { Amount, Entry, EntryDraft } from '#agent/ledger/entry.ts'

export interface LedgerYearOptions {
  /** The same seed gives the same year. */
  seed?: number
  year?: number
  people?: number
  services?: number
}

export interface LedgerYear {
  /** In the order they were recorded. */
  entries: Entry[]
  names: Map<string, string>
  currency: string
}

/** Names and notes as people may write them, some to break what reads them. */
const awkward = [
  'Zoë; Liabilities:Host  100 EUR',
  '"Quoted" \\ "Person"',
  '=HYPERLINK("http://example.invalid","click")',
  '  ! (code) Anna | 2026-01-01 open Assets:Bank',
  '\u202eבְּרֵאשִׁית\u202c 名前 🌻',
  '[2001-01-01] date:2001-01-01, date:2002-02-02',
]
const serviceNames = ['snac', 'web', 'chat', 'photos', 'calendar', 'files', 'mail', 'wiki', 'music', 'maps']
const costPurposes = ['power', 'internet', 'hardware/nas', 'domain', 'relay']
const activities = ['moderation', 'care', 'translation']
const instance = 'hearth-7f3a.local'
const currency = 'EUR'

/**
 * A year of a server's ledger: every day energy, space and bytes of each service, and idle energy; every month costs,
 * bills, donations, purchases, hours and confirmations; corrections; entries of a kind and in units nobody knows.
 * @param options at least two people, some with awkward names and the last without one; at most ten services
 */
export function ledgerYear({ seed = 1, year = 2026, people = 10, services = 6 }: LedgerYearOptions = {}): LedgerYear {
  const random = generator(seed)
  const below = (most: number) => Math.floor(random() * most)
  const pick = <Item>(items: readonly Item[]) => items[below(items.length)] as Item
  const uuid = () => {
    const digits = Array.from({ length: 32 }, () => below(16).toString(16)).join('')
    return [
      digits.slice(0, 8),
      digits.slice(8, 12),
      `4${digits.slice(13, 16)}`,
      `8${digits.slice(17, 20)}`,
      digits.slice(20),
    ].join('-')
  }
  const parties = Array.from({ length: people }, uuid)
  const names = new Map(parties.slice(0, -1).map((id, index) => [id, awkward[index] ?? `Person ${index + 1}`]))
  const purposes = serviceNames.slice(0, services)
  const entries: Entry[] = []

  const record = (day: string, draft: Partial<EntryDraft> & Pick<EntryDraft, 'kind'>): Entry => {
    const milliseconds = below(86_400_000)
    const entry: Entry = {
      version: 1,
      id: uuid(),
      sequence: entries.length + 1,
      period: { from: day, to: after(day, 1) },
      recordedAt: new Date(Date.parse(`${after(day, 1)}T00:00:00Z`) + milliseconds).toISOString(),
      clockTrusted: true,
      instance,
      amounts: [],
      source: 'typed',
      audience: 'members',
      ...draft,
    }
    entries.push(entry)
    return entry
  }
  const money = (most: number): Amount => ({
    value: `${below(most)}.${String(below(100)).padStart(2, '0')}`,
    unit: currency,
  })

  const recordDay = (day: string) => {
    const metered = { source: 'model:rpi-4b', coveredSeconds: 86_400 - below(600), audience: 'owner' } as const
    const external = (quantity: string) => ({ system: 'hearth-meter', id: `${day}/${quantity}` })
    for (const purpose of [...purposes, 'idle']) {
      const value = 20_000_000 + below(100_000_000)
      const kwh = (microwattHours: number) => (microwattHours / 1e9).toFixed(9)
      record(day, {
        kind: 'power',
        purpose,
        amounts: [{ value: kwh(value), low: kwh(value - value / 4), high: kwh(value + value / 4), unit: 'kWh' }],
        method: 'energy@1',
        external: external(`power/${purpose}`),
        ...metered,
      })
    }
    for (const purpose of purposes) {
      const stored = { value: String(below(50_000_000_000)), unit: 'B' }
      record(day, {
        kind: 'storage',
        purpose,
        amounts: [stored],
        method: 'storage@1',
        external: external(`storage/${purpose}`),
        ...metered,
      })
      const sent = { value: String(below(5_000_000_000)), unit: 'B' }
      record(day, {
        kind: 'traffic',
        purpose,
        amounts: [sent],
        method: 'traffic@1',
        external: external(`traffic/${purpose}`),
        ...metered,
      })
    }
  }

  const recordMonth = (first: string, next: string) => {
    const period = { from: first, to: next }
    const day = () => after(first, below(28))
    for (const purpose of costPurposes)
      record(first, { kind: 'cost', period, purpose, amounts: [money(30)], source: 'tariff', method: 'cost@1' })
    const host = parties[parties.length - 2] as string
    const bill = record(day(), {
      kind: 'bill',
      party: host,
      purpose: 'power',
      amounts: [money(90)],
      note: pick(awkward),
    })
    record(day(), {
      kind: 'bill',
      fund: 'winter',
      purpose: 'domain',
      amounts: [money(20), { value: '1', unit: 'pcs' }],
    })
    record(day(), { kind: 'purchase', party: pick(parties), purpose: 'hardware', amounts: [money(200)] })
    const recent = parties.flatMap((party) => [
      record(day(), {
        kind: 'donation',
        party,
        fund: pick(['winter', 'relay', 'Für „alle“; 2027']),
        amounts: [money(25)],
        note: pick(awkward),
      }),
      record(day(), {
        kind: 'work',
        start: '14:30',
        party,
        activity: pick(activities),
        engagement: pick(['paid', 'volunteer']),
        amounts: [{ value: pick(['0.25', '1.5', '2', '0.1']), unit: 'h' }],
      }),
    ])
    for (const entry of recent.filter((_, index) => index % 5 === 1)) {
      const party = parties.find((id) => id !== entry.party) as string
      record(day(), { kind: 'confirmation', party, references: [{ relation: 'confirms', id: entry.id }] })
    }
    record(day(), {
      kind: 'seedling',
      amounts: [
        { value: '-3', unit: 'tomato/plants' },
        { value: '0.5', unit: '%' },
      ],
      note: pick(awkward),
    })
    for (const entry of [bill, pick(recent), pick(entries.slice(-300).filter(({ kind }) => kind === 'storage'))]) {
      if (entry.kind === 'storage') correct(entry, [{ value: String(below(50_000_000_000)), unit: 'B' }], next)
      else
        correct(
          entry,
          below(3) === 0 ? [] : entry.amounts.map((amount) => ({ ...amount, value: `${below(9)}.5` })),
          next,
        )
    }
  }
  const correct = ({ id, party, period }: Entry, amounts: Amount[], day: string) => {
    const corrects = { relation: 'corrects', id }
    record(day, { kind: 'correction', period, ...(party !== undefined && { party }), amounts, references: [corrects] })
  }

  for (let month = 0; month < 12; month++) {
    const first = isoDay(Date.UTC(year, month, 1))
    const next = isoDay(Date.UTC(year, month + 1, 1))
    for (let day = first; day < next; day = after(day, 1)) recordDay(day)
    recordMonth(first, next)
  }
  return { entries, names, currency }
}

function after(day: string, days: number): string {
  return isoDay(Date.parse(day) + days * 86_400_000)
}

function isoDay(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10)
}

/** Numbers from 0 up to 1 that a seed determines (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

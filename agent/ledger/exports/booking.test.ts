import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal } from '../../costs/decimal.ts'
import { currentEntries } from '../corrections.ts'
import type { Amount, Entry } from '../entry.ts'
import { book, type Transaction } from './booking.ts'
import { entryOf, exportInputs, inputOf } from './testing.ts'

const ada = '11111111-1111-4111-8111-111111111111'
const euros = (value: string): Amount[] => [{ value, unit: 'EUR' }]
const shown = ({ postings }: Transaction) =>
  postings.map(({ account, value, unit }) => `${account} ${formatDecimal(value)} ${unit}`)
const booked = (entry: Entry) => book(inputOf([entry], { names: new Map([[ada, 'Ada']]) })).flatMap(shown)

describe('bookings', () => {
  it.each<[string, Partial<Entry> & Pick<Entry, 'kind'>, string[]]>([
    [
      'metered energy',
      { kind: 'power', amounts: [{ value: '0.096', unit: 'kWh' }] },
      ['Expenses:Power 0.096 kWh', 'Equity:Metered -0.096 kWh'],
    ],
    [
      'a level of bytes, for each day of its period',
      {
        kind: 'storage',
        purpose: 'media',
        period: { from: '2026-11-01', to: '2026-12-01' },
        amounts: [{ value: '5', unit: 'B' }],
      },
      ['Expenses:Storage:Media 150 B·day', 'Equity:Metered -150 B·day'],
    ],
    [
      'a cost',
      { kind: 'cost', purpose: 'domain', amounts: euros('1.25') },
      ['Expenses:Domain 1.25 EUR', 'Liabilities:Host -1.25 EUR'],
    ],
    [
      'a cost with a name, from the day its price began',
      { kind: 'cost', purpose: 'hardware/nas@2026-11-15', amounts: euros('1.25') },
      ['Expenses:Hardware:Nas 1.25 EUR', 'Liabilities:Host -1.25 EUR'],
    ],
    [
      'a bill paid by a person',
      { kind: 'bill', party: ada, purpose: 'power', amounts: [...euros('30'), { value: '90', unit: 'kWh' }] },
      [
        'Liabilities:Host 30 EUR',
        'Liabilities:People:Ada -30 EUR',
        'Equity:Memo:Bill:Power 90 kWh',
        'Equity:Memo -90 kWh',
      ],
    ],
    [
      'a purchase from a fund',
      { kind: 'purchase', party: ada, fund: 'winter', amounts: euros('80') },
      ['Liabilities:Host 80 EUR', 'Assets:Fund:Winter -80 EUR'],
    ],
    [
      'a bill that nobody is named for',
      { kind: 'bill', amounts: euros('30') },
      ['Liabilities:Host 30 EUR', 'Liabilities:People -30 EUR'],
    ],
    [
      'a donation without a fund',
      { kind: 'donation', party: ada, amounts: euros('5') },
      ['Assets:Fund:Common 5 EUR', 'Income:Donations -5 EUR'],
    ],
    [
      'hours, with what was paid for them',
      {
        kind: 'work',
        activity: 'care',
        engagement: 'paid',
        party: ada,
        amounts: [{ value: '1.5', unit: 'h' }, ...euros('30')],
      },
      [
        'Expenses:Work:Care 1.5 h',
        'Income:Work:Paid -1.5 h',
        'Expenses:Work:Care 30 EUR',
        'Liabilities:People:Ada -30 EUR',
      ],
    ],
    [
      'a kind nobody knows',
      { kind: 'seedling', amounts: [{ value: '3', unit: 'tomato' }] },
      ['Equity:Memo:Seedling 3 tomato', 'Equity:Memo -3 tomato'],
    ],
    [
      'a kind that has the name of a property',
      { kind: 'constructor', amounts: euros('1') },
      ['Equity:Memo:Constructor 1 EUR', 'Equity:Memo -1 EUR'],
    ],
    ['a confirmation', { kind: 'confirmation', party: ada }, []],
  ])('of %s', (_what, entry, postings) => {
    expect(booked(entryOf(entry))).toEqual(postings)
  })

  it('keep bounds on the side that the amount goes to', () => {
    const [transaction] = book(
      inputOf([
        entryOf({
          kind: 'storage',
          period: { from: '2026-11-01', to: '2026-11-03' },
          amounts: [{ value: '2', low: '1', high: '3', unit: 'B' }],
        }),
      ]),
    )
    const [into, from] = transaction?.postings ?? []
    expect([into?.low, into?.high, from?.low]).toEqual([2n * 10n ** 12n, 6n * 10n ** 12n, undefined])
  })

  it('are by day, then as recorded', () => {
    const late = entryOf({ kind: 'power', period: { from: '2026-12-02', to: '2026-12-03' } })
    const [one, other] = [entryOf({ kind: 'power' }), entryOf({ kind: 'traffic' })]
    expect(book(inputOf([late, one, other])).map(({ entry }) => entry)).toEqual([one, other, late])
  })

  it.each([
    ['1399-12-31', false],
    ['1400-01-01', true],
    ['2999-12-31', true],
    ['3000-01-01', false],
  ])('of %s are made: %s', (from, made) => {
    const old = entryOf({ kind: 'bill', period: { from, to: '9999-12-31' }, amounts: euros('1') })
    const correction = entryOf({
      kind: 'correction',
      amounts: [],
      references: [{ relation: 'corrects', id: old.id }],
    })
    const transactions = book(inputOf([old, correction]))
    expect(transactions.map(({ booked }) => booked)).toEqual([made, made])
    expect(transactions.find(({ entry }) => entry === old)?.postings).toHaveLength(2)
  })

  it('of a month are those dated within it', () => {
    const november = entryOf({ kind: 'cost', amounts: euros('1') })
    const correction = entryOf({
      kind: 'correction',
      amounts: euros('2'),
      recordedAt: '2026-12-01T00:00:00Z',
      references: [{ relation: 'corrects', id: november.id }],
    })
    const month = (name: string) => book(inputOf([november, correction], { month: name })).flatMap(shown)
    expect(month('2026-11')).toEqual(['Expenses:Other 1 EUR', 'Liabilities:Host -1 EUR'])
    expect(month('2026-12')).toEqual([
      'Expenses:Other -1 EUR',
      'Liabilities:Host 1 EUR',
      'Expenses:Other 2 EUR',
      'Liabilities:Host -2 EUR',
    ])
    for (const wrong of ['2026-13', '2026', '2026-1', ''])
      expect(() => month(wrong)).toThrow('Write one such as 2026-11')
  })
})

describe('corrections', () => {
  const wrong = entryOf({ kind: 'donation', party: ada, fund: 'winter', amounts: euros('50') })
  const correction = (amounts: Amount[], id = wrong.id, more: Partial<Entry> = {}) =>
    entryOf({
      kind: 'correction',
      amounts,
      references: [{ relation: 'corrects', id, ...(more.references?.[0] ?? {}) }],
    })

  it('take back what stands and book what is right, on the day they were recorded', () => {
    const [first, second, third] = book(inputOf([wrong, correction(euros('5')), correction([])]))
    expect([first?.date, second?.date]).toEqual(['2026-11-24', '2026-11-25'])
    expect(second && shown(second)).toEqual([
      'Assets:Fund:Winter -50 EUR',
      'Income:Donations 50 EUR',
      'Assets:Fund:Winter 5 EUR',
      'Income:Donations -5 EUR',
    ])
    expect(third && shown(third)).toEqual(['Assets:Fund:Winter -5 EUR', 'Income:Donations 5 EUR'])
  })

  it('take it back, too, where an import brought them before what they correct', () => {
    const [earlier, later] = [
      { ...correction(euros('5')), recordedAt: '2026-11-25T10:00:00.000Z' },
      { ...correction(euros('7')), recordedAt: '2026-11-26T10:00:00.000Z' },
    ]
    const transactions = book(inputOf([later, earlier, wrong]))
    expect(transactions.map(({ entry }) => entry)).toEqual([wrong, earlier, later])
    expect(transactions.map((each) => shown(each)[0])).toEqual([
      'Assets:Fund:Winter 50 EUR',
      'Assets:Fund:Winter -50 EUR',
      'Assets:Fund:Winter -5 EUR',
    ])
  })

  it('are dated by their period where the clock could not be trusted', () => {
    const early = { ...correction(euros('5')), recordedAt: '1970-01-01T00:00:00Z', clockTrusted: false }
    expect(book(inputOf([wrong, early])).map(({ date }) => date)).toEqual(['2026-11-24', '2026-11-24'])
  })

  it.each<[string, (entry: Entry) => Entry[]]>([
    ['is missing', () => []],
    [
      'is in another log',
      (entry) => [wrong, { ...entry, references: [{ relation: 'corrects', id: wrong.id, log: 'other.example' }] }],
    ],
  ])('of what %s say so, and book their own amounts beside the accounts', (_when, entries) => {
    const entry = correction(euros('5'))
    const all = entries(entry)
    const last = all.find(({ kind }) => kind === 'correction') ?? entry
    const transaction = book(inputOf(all.length > 0 ? all : [entry])).find((each) => each.entry === last)
    expect(transaction && shown(transaction)).toEqual(['Equity:Memo:Correction 5 EUR', 'Equity:Memo -5 EUR'])
    expect(transaction?.remark).toContain('not booked in this export')
  })
})

describe('whatever was recorded', () => {
  it('each transaction balances, and no entry is lost', () => {
    fc.assert(
      fc.property(exportInputs, (input) => {
        const transactions = book(input)
        expect(transactions.map(({ entry }) => entry.sequence).sort((a, b) => a - b)).toEqual(
          input.entries.map(({ sequence }) => sequence),
        )
        for (const { postings } of transactions)
          expect([...totals(postings).values()].filter((sum) => sum !== 0n)).toEqual([])
      }),
    )
  })

  it('what is booked in the end is what the entries say now', () => {
    fc.assert(
      fc.property(exportInputs, ({ entries, ...rest }) => {
        const dated = entries.filter(({ period, recordedAt }) =>
          [period.from, recordedAt].every((day) => day > '2025' && day < '2030'),
        )
        const now = currentEntries(dated).map(({ entry, amounts }) => ({ ...entry, amounts }))
        const balances = (some: readonly Entry[]) => {
          const postings = book({ ...rest, entries: some }).flatMap((transaction) => transaction.postings)
          return Object.fromEntries(
            [...totals(postings, ({ account, unit }) => `${account} ${unit}`)].filter(([, sum]) => sum !== 0n),
          )
        }
        expect(balances(dated)).toEqual(balances(now))
      }),
    )
  })
})

function totals(
  postings: Transaction['postings'],
  key = ({ unit }: Transaction['postings'][number]) => unit,
): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (const posting of postings) sums.set(key(posting), (sums.get(key(posting)) ?? 0n) + posting.value)
  return sums
}

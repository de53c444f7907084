import fc from 'fast-check'
import { canonicalJson } from '../canonical-json.ts'
import { checkEntry, type Entry, kinds } from '../entry.ts'
import type { ExportInput } from './booking.ts'

/** Text that tries to be something else in one of the formats. */
const hostile = [
  '; Liabilities:Host  100 EUR',
  'x  ; date:2001-01-01',
  '"quoted" \\',
  '2026-01-01 open Assets:Bank',
  'include /etc/passwd',
  '[2001-01-01]',
  'a, date:2001-01-01, b: c',
  ':one:two:',
  'key:: 1 + 1',
  '=1+1',
  '  +1',
  '-1',
  '@SUM(A1)',
  "'=1",
  '\u202e=1',
  '(code) ! payee | note',
  '~ monthly',
  'Ω'.repeat(90),
]

const controls = /[\p{Cc}\u2028\u2029]/gu
const line = fc
  .oneof(
    fc.constantFrom(...hostile),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
  )
  .map((text) => text.toWellFormed().replace(controls, ' ').slice(0, 90).toWellFormed())
  .filter((text) => text.trim() !== '')
/** A name may hold anything. */
const name = fc.oneof(
  fc.constantFrom(...hostile, '', '\n2026-01-01 open Assets:Bank\n', 'a\r\nb\tc\u0000'),
  fc.string({ unit: 'binary' }),
)
const parties = [
  '11111111-1111-4111-8111-111111111111',
  '22222222-2222-4222-8222-222222222222',
  '33333333-3333-4333-8333-333333333333',
]
const unit = fc.oneof(
  fc.constantFrom(
    'EUR',
    'JPY',
    'kWh',
    'B',
    'B·month',
    'h',
    'm',
    's',
    'TRUE',
    'KWH',
    '%',
    'a/b',
    '-',
    '0x1',
    'Ω',
    'and',
    'GB',
  ),
  fc.stringMatching(/^[A-Za-z0-9·.%/-]{1,32}$/),
)
const decimal = fc
  .tuple(fc.bigInt(-(10n ** 15n) + 1n, 10n ** 15n - 1n), fc.stringMatching(/^(\.\d{1,12})?$/))
  .map(([whole, fraction]) => `${whole}${fraction}`)
const amount = fc.oneof(
  fc.record({ value: decimal, unit }),
  fc.record({ value: fc.constant('0.5'), low: fc.constant('-0.5'), high: fc.constant('1.25'), unit }),
)
const day = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 400 }).map((days) => days * 86_400_000 + Date.UTC(2026, 0, 1)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('0001-01-01', '1399-12-31', '1400-01-01', '2999-12-31', '9998-01-01').map(Date.parse),
  },
)
const iso = (milliseconds: number) => new Date(milliseconds).toISOString()

const draft = fc.record(
  {
    kind: fc.oneof(fc.constantFrom(...kinds), fc.constantFrom('seedling', 'include', 'memo', 'constructor')),
    days: fc.tuple(day, fc.integer({ min: 1, max: 31 })),
    recorded: day,
    clockTrusted: fc.boolean(),
    start: fc.constantFrom('00:00', '14:30'),
    party: fc.constantFrom(...parties),
    fund: line,
    purpose: fc.oneof(fc.constantFrom('power', 'domain'), line),
    activity: fc.constantFrom('moderation', 'care'),
    engagement: fc.constantFrom('paid' as const, 'volunteer' as const),
    amounts: fc.array(amount, { maxLength: 3 }),
    source: fc.constantFrom('typed', 'model:rpi-4b', 'a,date:2001-01-01', '[2001-01-01]', '=1', ';'),
    note: fc.oneof({ weight: 9, arbitrary: line }, { weight: 1, arbitrary: fc.constant('€'.repeat(1000)) }),
    external: fc.record({ system: fc.constant('bank'), id: line }),
    correctedIndex: fc.nat(),
    more: fc.dictionary(fc.constantFrom('colour', '=x'), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 1 }),
  },
  { requiredKeys: ['kind', 'days', 'recorded', 'clockTrusted', 'amounts', 'source'] },
)

/** Entries of every kind as `checkEntry` takes them, some correcting others, and names of some of the people. */
export const exportInputs: fc.Arbitrary<ExportInput> = fc
  .tuple(fc.array(draft, { maxLength: 12 }), fc.dictionary(fc.constantFrom(...parties), name))
  .map(([drafts, names]) => {
    const id = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
    const entries = drafts.map(({ days: [from, length], recorded, correctedIndex, more, ...rest }, index): Entry => {
      const corrects =
        correctedIndex === undefined ? [] : [{ relation: 'corrects', id: id(correctedIndex % (index + 2)) }]
      const entry = {
        ...more,
        ...rest,
        version: 1,
        id: id(index),
        sequence: index + 1,
        period: { from: iso(from).slice(0, 10), to: iso(from + length * 86_400_000).slice(0, 10) },
        recordedAt: iso(recorded),
        instance: 'hearth.example',
        audience: 'owner',
        references: corrects,
      }
      return checkEntry(JSON.parse(canonicalJson(entry)))
    })
    return { entries, names: new Map(Object.entries(names)), currency: 'EUR' }
  })

let sequence = 0

/** One entry of 2026-11-24, with what a test wants to be different. */
export function entryOf(different: Partial<Entry> & Pick<Entry, 'kind'>): Entry {
  sequence += 1
  return checkEntry({
    version: 1,
    id: crypto.randomUUID(),
    sequence,
    period: { from: '2026-11-24', to: '2026-11-25' },
    recordedAt: '2026-11-25T08:00:00Z',
    clockTrusted: true,
    instance: 'hearth.example',
    amounts: [],
    source: 'typed',
    audience: 'owner',
    ...different,
  })
}

/** What to export of entries of a household in euros. */
export function inputOf(entries: Entry[], more: Partial<ExportInput> = {}): ExportInput {
  return { entries, names: new Map(), currency: 'EUR', ...more }
}

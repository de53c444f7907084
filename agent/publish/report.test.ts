import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerTo, correctionOf, currentEntries } from '../ledger/corrections.ts'
import type { Entry, EntryDraft } from '../ledger/entry.ts'
import { checkReport } from './check.ts'
import { committed } from './commitment.ts'
import {
  type BuiltReport,
  buildReport,
  household,
  type PublishedSums,
  type Report,
  type ReportInput,
  ReportRefused,
  reportBytes,
} from './report.ts'

const instance = 'hearth.example'
const party = (letter: string) => `00000000-0000-4000-8000-00000000000${letter}`
const [a, b, c, d, e, f, g] = [...'abcdefg'].map(party) as [string, string, string, string, string, string, string]

let sequence = 0
function recorded(draft: Partial<EntryDraft>, day = '2026-10-24'): Entry {
  sequence += 1
  return {
    kind: 'work',
    period: { from: day, to: day.replace(/\d\d$/, (number) => String(Number(number) + 1).padStart(2, '0')) },
    instance,
    amounts: [],
    source: 'typed',
    audience: 'party',
    ...draft,
    version: 1,
    id: crypto.randomUUID(),
    sequence,
    recordedAt: '2026-11-01T10:00:00.000Z',
    clockTrusted: true,
  }
}
const hours = (who: string, activity: string, value: string, day?: string) =>
  recorded({ party: who, activity, amounts: [{ value, unit: 'h' }] }, day)
const power = (day: string, more: Partial<EntryDraft> = {}) =>
  recorded(
    {
      kind: 'power',
      amounts: [{ value: '0.0724', low: '0.052', high: '0.0978', unit: 'kWh' }],
      source: 'modelled',
      method: 'energy@1',
      coveredSeconds: 86_000,
      ...more,
    },
    day,
  )
const bytes = (kind: 'storage' | 'traffic', purpose: string, value: string, day?: string) =>
  recorded({ kind, purpose, amounts: [{ value, unit: 'B' }], source: 'measured', coveredSeconds: 86_000 }, day)
const given = (who: string | undefined, value: string, more: Partial<EntryDraft> = {}) =>
  recorded({ kind: 'donation', ...(who && { party: who }), amounts: [{ value, unit: 'EUR' }], ...more })

const october = { from: '2026-10-01', to: '2026-11-01' }
const november = { from: '2026-11-01', to: '2026-12-01' }
const consents = (hoursOf: string[] = [], moneyOf: string[] = []) => ({
  hours: new Set(hoursOf),
  money: new Set(moneyOf),
})
const nothing: PublishedSums = { hours: [], money: [] }

function build(entries: Entry[], more: Partial<ReportInput> = {}): BuiltReport {
  const built = buildReport({
    instance,
    period: october,
    zone: 'Europe/Berlin',
    now: Date.parse('2027-03-01T00:00:00Z'),
    entries: currentEntries(entries),
    after: 0,
    leaves: [],
    filling: Buffer.alloc(32).toString('base64'),
    people: 12,
    consents: consents(),
    published: [],
    sums: nothing,
    ...more,
  })
  checkReport(built.report)
  return built
}

/** A second report, of November, after one of October. */
function following(first: BuiltReport, entries: Entry[], more: Partial<ReportInput> = {}): BuiltReport {
  const after = first.commitment.to
  return build(entries, { period: november, published: [first.report], sums: first.sums, after, ...more })
}

describe('a report', () => {
  it('states power, storage and traffic with two digits, over the time that was covered', () => {
    const days = ['2026-10-03', '2026-10-04', '2026-10-05']
    const { report, withheld } = build([
      power('2026-09-30'),
      ...days.map((day) => power(day)),
      power('2026-10-06', { source: 'measured' }),
      power('2026-11-01'),
      power('2026-10-07', { instance: 'other.example' }),
      ...days.flatMap((day, index) => [
        bytes('storage', 'server', String(1_000_000 + index), day),
        bytes('storage', 'media', '600000', day),
        bytes('storage', 'system', '555555', day),
      ]),
      bytes('traffic', 'lan-in', '1249', days[0]),
      bytes('traffic', 'wan-out', '98765', days[0]),
      bytes('traffic', 'wan-out', '98765', days[1]),
    ])
    expect(report).toEqual({
      version: 1,
      instance,
      period: october,
      covered: '0.12', // 344,000 of 2,682,000 s: October has an hour more
      people: '12',
      // 0.2896, 0.208 and 0.3912 kWh
      power: {
        value: '0.29',
        low: '0.2',
        high: '0.4',
        unit: 'kWh',
        class: 'modelled',
        boundary: 'wall',
        methods: ['energy@1'],
      },
      storage: { value: '1600000', unit: 'B', days: '3' },
      traffic: { unit: 'B', lan: { in: '1200', out: '0' }, wan: { in: '0', out: '200000' } },
      entries: { size: 1024, root: expect.stringMatching(/^.{44}$/) },
    })
    expect(withheld).toEqual([])
    expect(reportBytes(report).toString()).toMatch(/^\{"covered":"0.12","entries":\{"root":/)
  })

  it('never covers more than the whole time', () => {
    expect(build([power('2026-10-03', { coveredSeconds: 3_000_000 })]).report.covered).toBe('1')
  })

  it('counts what was corrected, and does not call measured what was typed', () => {
    const metered = power('2026-10-03', { source: 'measured' })
    const other = power('2026-10-04', { source: 'measured' })
    expect(build([metered, other]).report.power).toMatchObject({ class: 'measured', value: '0.14' })
    const correction = recorded(correctionOf(metered, [{ value: '1', unit: 'kWh' }]))
    expect(build([metered, other, correction]).report.power).toMatchObject({ class: 'modelled', value: '1.1' })
  })

  it('withholds power of a method it does not know, and what is below zero', () => {
    const { report, withheld } = build([
      power('2026-10-03'),
      power('2026-10-04', { method: 'constructor' }),
      bytes('traffic', 'wan-in', '-5'),
      bytes('storage', 'server', '-5'),
      ...[a, b, c].map((who) => hours(who, 'care', '-1')),
    ])
    expect(report).not.toHaveProperty('power')
    expect(withheld).toEqual([
      { what: 'hours/care', why: 'below-zero' },
      { what: 'hours', why: 'below-zero' },
      { what: 'power', why: 'unknown-method' },
      { what: 'storage', why: 'below-zero' },
      { what: 'traffic', why: 'below-zero' },
    ])
    expect(build([power('2026-10-03', { source: 'typed' })]).withheld).toEqual([
      { what: 'power', why: 'unknown-method' },
    ])
  })

  it('commits to all entries since the report before, erased ones too', () => {
    const leaves = [1, 2, 3, 4, 5].map((number) => ({ sequence: number, hash: Buffer.alloc(32, number) }))
    const first = build([], { leaves: leaves.slice(0, 3) })
    expect(first.commitment).toMatchObject({ from: 1, to: 3 })
    expect(first.report.entries).toEqual(committed(leaves, first.commitment))
    const second = following(first, [], { leaves: leaves.slice(3) })
    expect(second.commitment).toMatchObject({ from: 4, to: 5 })
    expect(second.report.entries.root).not.toBe(
      following(first, [], { leaves: leaves.slice(3, 4) }).report.entries.root,
    )
    expect(following(first, []).commitment).toMatchObject({ from: 4, to: 3 })
    expect(following(first, [], { leaves: leaves.slice(0, 1) }).commitment).toMatchObject({ from: 1, to: 1 })
    expect(() => following(first, [], { leaves: leaves.slice(2) })).toThrow('begin at entry 3')
    expect(() => build([], { leaves: leaves.filter((_, index) => index !== 2) })).toThrow('lack the entry before 4')
  })
})

describe('periods', () => {
  const at = (period: { from: string; to: string }, now: string, more: Partial<ReportInput> = {}) =>
    build([], { period, now: Date.parse(now), ...more })

  it('are reported seven days after they are over, by the household’s clock', () => {
    expect(() => at(october, '2026-11-07T22:59:59Z')).toThrow('is not over for 7 days')
    expect(at(october, '2026-11-07T23:00:00Z').report.period).toEqual(october)
  })

  it('are months, or weeks from Monday with at least five people', () => {
    const week = { from: '2026-10-26', to: '2026-11-02' }
    expect(at(week, '2026-12-01').report.period).toEqual(week)
    expect(() => at(week, '2026-12-01', { people: 4 })).toThrow('fewer than five people')
    expect(() => at({ from: '2026-10-25', to: '2026-11-01' }, '2026-12-01')).toThrow('neither')
    expect(() => at({ from: '2026-10-01', to: '2026-12-01' }, '2027-12-01')).toThrow('neither')
  })

  it('are never reported twice, not in part either: a month beside its weeks would tell the days at its edges', () => {
    const first = at({ from: '2026-10-26', to: '2026-11-02' }, '2026-12-01')
    for (const period of [october, november, first.report.period])
      expect(() => build([], { period, published: [first.report] })).toThrow(ReportRefused)
    const next = { from: '2026-11-02', to: '2026-11-09' }
    expect(build([], { period: next, published: [first.report] }).report.period).toEqual(next)
  })
})

describe('hours and money', () => {
  const moderation = [a, b, c].map((who) => hours(who, 'moderation', '4.05'))

  it('are told where three people gave them', () => {
    const { report, withheld } = build([...moderation, ...[a, b, c].map((who) => given(who, '10'))])
    expect(report.hours).toEqual({ unit: 'h', total: '12', activities: { moderation: '12' } })
    expect(report.money).toEqual({ donation: { EUR: '30' } })
    expect(withheld).toEqual([])
  })

  it('are not told below five accounts, whoever consents, and people are not counted', () => {
    const { report, withheld, sums } = build([...moderation, given(a, '10'), power('2026-10-03')], {
      people: 4,
      consents: consents([a, b, c], [a]),
    })
    expect(Object.keys(report).sort()).toEqual(['covered', 'entries', 'instance', 'period', 'power', 'version'])
    expect(sums).toEqual(nothing)
    expect(withheld.map(({ what }) => what)).toEqual(['people', 'hours/moderation', 'hours', 'money/donation/EUR'])
    expect(new Set(withheld.map(({ why }) => why))).toEqual(new Set(['few-accounts']))
  })

  it('of two people need the consent of both, for each of the two', () => {
    const entries = [hours(a, 'care', '1'), hours(b, 'care', '2'), given(a, '5'), given(b, '5')]
    const told = (who: string[], whose: string[]) => build(entries, { consents: consents(who, whose) }).report
    expect(told([a], [b])).not.toHaveProperty('hours')
    expect(told([a, b], [a]).hours).toEqual({ unit: 'h', total: '3', activities: { care: '3' } })
    expect(told([a, b], [a])).not.toHaveProperty('money')
    expect(told([], [a, b]).money).toEqual({ donation: { EUR: '10' } })
  })

  it('tells no hours that their person contests, also when the owner has corrected them since', () => {
    const contested = hours(c, 'care', '3')
    const objection = recorded({ ...answerTo(contested, 'objection'), source: 'typed-by-person' })
    const corrected = recorded({ ...correctionOf(contested, [{ value: '3', unit: 'h' }]) })
    const entries = [hours(a, 'care', '1'), hours(b, 'care', '2'), contested]
    expect(build(entries).report).toHaveProperty('hours')
    expect(build([...entries, objection, corrected]).report).not.toHaveProperty('hours')
    const accepted = recorded({ ...answerTo(contested, 'acceptance'), source: 'typed-by-person' })
    expect(build([...entries, objection, corrected, accepted]).report).toHaveProperty('hours')
  })

  it('do not hide behind people who gave nothing in the end', () => {
    const mistaken = hours(c, 'care', '3')
    const entries = [hours(a, 'care', '1'), hours(b, 'care', '2'), mistaken]
    expect(build(entries).report.hours?.total).toBe('6')
    expect(build([...entries, recorded(correctionOf(mistaken, []))]).report).not.toHaveProperty('hours')
    expect(build([...entries, hours(c, 'care', '-3')]).report).not.toHaveProperty('hours')
  })

  it('without a name are one person’s, who cannot be asked; bills and costs are the household’s', () => {
    const unnamed = [given(undefined, '5'), given(undefined, '6'), given(undefined, '7')]
    expect(build(unnamed, { consents: consents([], [household, 'unnamed-too']) }).report).not.toHaveProperty('money')
    expect(build([...unnamed, given(a, '5'), given(b, '1')]).report.money).toEqual({ donation: { EUR: '24' } })
    const cost = given(undefined, '1.23', { kind: 'cost' })
    expect(build([cost]).withheld).toEqual([{ what: 'money/cost/EUR', why: 'few-people' }])
    expect(build([cost], { consents: consents([], [household]) }).report.money).toEqual({ cost: { EUR: '1.2' } })
  })

  it('are not told by a total beside their parts', () => {
    const alone = build([...moderation, hours(d, 'care', '7')])
    expect(alone.report.hours).toEqual({ unit: 'h', activities: { moderation: '12' } })
    expect(alone.withheld).toEqual([
      { what: 'hours/care', why: 'few-people' },
      { what: 'hours', why: 'beside-others' },
    ])
    // Two parts that are withheld hide in the total, if three people are in them.
    const hidden = build([...moderation, hours(d, 'care', '7'), hours(e, 'total', '1'), hours(f, 'total', '1')])
    expect(hidden.report.hours).toEqual({ unit: 'h', total: '21', activities: { moderation: '12' } })
    const two = build([...moderation, hours(d, 'care', '7'), hours(e, 'total', '1')])
    expect(two.report.hours).not.toHaveProperty('total')
  })

  it('are not told by comparing with an earlier report', () => {
    const first = build(moderation)
    const again = [a, b, c].map((who) => hours(who, 'moderation', '4', '2026-11-03'))
    const fourth = hours(d, 'moderation', '3', '2026-11-03')
    expect(following(first, again).report.hours?.total).toBe('12')
    const four = following(first, [...again, fourth])
    expect(four.report).not.toHaveProperty('hours')
    expect(four.withheld).toEqual([
      { what: 'hours/moderation', why: 'after-others' },
      { what: 'hours', why: 'after-others' },
    ])
    expect(following(first, [...again, fourth], { consents: consents([d]) }).report.hours?.total).toBe('15')
    const more = [e, f].map((who) => hours(who, 'moderation', '3', '2026-11-03'))
    expect(following(first, [...again, fourth, ...more]).report.hours?.total).toBe('21')
    expect(following(first, again.slice(1)).report).not.toHaveProperty('hours')
  })

  it('are not told once consent is withdrawn, whatever was told before', () => {
    const entries = (day: string) => [
      ...[a, b, c].map((who) => hours(who, 'care', '1', day)),
      hours(d, 'rest', '5', day),
    ]
    const first = build(entries('2026-10-05'), { consents: consents([d]) })
    expect(first.report.hours).toEqual({ unit: 'h', total: '8', activities: { care: '3', rest: '5' } })
    const second = following(first, entries('2026-11-05'))
    expect(second.report.hours).toEqual({ unit: 'h', activities: { care: '3' } })
    expect(second.withheld).toEqual([
      { what: 'hours/rest', why: 'few-people' },
      { what: 'hours', why: 'beside-others' },
    ])
  })

  it('are not told when it is lost who was in earlier reports', () => {
    const first = build(moderation)
    const again = [a, b, c].map((who) => hours(who, 'moderation', '4', '2026-11-03'))
    for (const lost of [nothing, { ...nothing, hours: first.sums.hours.slice(1) }])
      expect(following(first, again, { sums: lost }).withheld.map(({ why }) => why)).toEqual(['sums-lost', 'sums-lost'])
  })

  it('are remembered by keys that say nothing of a person', () => {
    const { sums } = build(moderation)
    expect(sums.hours.map((sum) => Object.keys(sum))).toEqual([['hours/moderation'], ['hours/moderation']])
    expect(JSON.stringify(sums)).not.toContain(a)
    expect(sums.hours[0]?.['hours/moderation']).toHaveLength(3)
    expect(build(moderation).sums).toEqual(sums)
  })
})

describe('an attacker who has all reports', () => {
  const people = [a, b, c, d, e, f, g]
  const activities = ['care', 'moderation', 'translation']
  const prime = 2_147_483_647n

  /** How many independent combinations of the rows have nothing outside `columns`: Gauss, the others first. */
  function left(rows: Map<string, bigint>[], columns: (name: string) => boolean): number {
    const names = [...new Set(rows.flatMap((row) => [...row.keys()]))]
    const others = names.filter((name) => !columns(name))
    let open = rows.map((row) => new Map(row))
    let count = 0
    for (const name of [...others, ...names.filter(columns)]) {
      const pivot = open.find((row) => (row.get(name) ?? 0n) !== 0n)
      if (!pivot) continue
      if (columns(name)) count += 1
      open = open.filter((row) => row !== pivot)
      const inverse = raise(pivot.get(name) as bigint, prime - 2n)
      for (const row of open) {
        const factor = ((row.get(name) ?? 0n) * inverse) % prime
        for (const [each, value] of pivot) row.set(each, mod((row.get(each) ?? 0n) - factor * value))
      }
    }
    return count
  }
  const mod = (value: bigint) => ((value % prime) + prime) % prime
  const raise = (base: bigint, exponent: bigint): bigint => {
    if (exponent === 0n) return 1n
    const half = raise((base * base) % prime, exponent / 2n)
    return exponent % 2n === 1n ? (half * base) % prime : half
  }

  /** Who worked on what in a month: three bits of activities for each of seven people. */
  const month = fc.array(fc.nat(7), { minLength: people.length, maxLength: people.length })
  const steady = fc.oneof(
    fc.array(month, { minLength: 1, maxLength: 5 }),
    // Months that differ by a person or two, which are the ones that tell something.
    fc.tuple(month, fc.array(fc.tuple(fc.nat(6), fc.nat(7)), { maxLength: 4 })).map(([first, changes]) => {
      const months = [first]
      for (const [who, does] of changes)
        months.push((months.at(-1) as number[]).map((each, index) => (index === who ? does : each)))
      return months
    }),
  )
  const doing = (does: number, index: number) => ((does >> index) & 1) === 1

  it('derives nothing about one or two people who do not all consent, even if all give the same each month', () => {
    let told = 0
    let later = 0
    const check = (months: number[][], consenting: string[]) => {
      const published: Report[] = []
      const sums = { hours: [...nothing.hours], money: [...nothing.money] }
      const rows: { steady: Map<string, bigint>; month: Map<string, bigint> }[] = []
      for (const [number, does] of months.entries()) {
        const name = `2026-0${number + 1}`
        const entries = does.flatMap((bits, who) =>
          activities
            .filter((_, index) => doing(bits, index))
            .map((activity) => hours(people[who] as string, activity, String(who + 1), `${name}-05`)),
        )
        const built = build(entries, {
          period: { from: `${name}-01`, to: `2026-0${number + 2}-01` },
          consents: consents(consenting),
          published,
          sums,
        })
        published.push(built.report)
        sums.hours.push(...built.sums.hours)
        sums.money.push(...built.sums.money)
        // The attacker takes it from the report itself what was told, and knows who did what.
        const { total, activities: parts = {} } = built.report.hours ?? {}
        const toldOf = [...Object.keys(parts).map((each) => [each]), ...(total === undefined ? [] : [activities])]
        for (const some of toldOf) {
          const cells = does.flatMap((bits, who) =>
            activities
              .filter((activity, index) => doing(bits, index) && some.includes(activity))
              .map((activity) => `${people[who]}/${activity}`),
          )
          told += 1
          if (number > 0) later += 1
          rows.push({
            steady: new Map(cells.map((cell) => [cell, 1n])),
            month: new Map(cells.map((cell) => [`${cell}/${name}`, 1n])),
          })
        }
      }
      for (const [index, one] of people.entries())
        for (const other of people.slice(index)) {
          const about = (some: string[]) => (cell: string) => some.some((who) => cell.startsWith(who))
          const agreed = [one, other].filter((who) => consenting.includes(who))
          for (const model of ['steady', 'month'] as const) {
            const seen = rows.map((row) => row[model])
            expect(left(seen, about([one, other]))).toBe(left(seen, about(agreed)))
          }
        }
    }
    const consenting = fc.subarray(people, { maxLength: 3 })
    fc.assert(
      fc.property(steady, consenting, (months, who) => check(months, who)),
      { numRuns: 60 },
    )
    expect(told).toBeGreaterThan(80)
    expect(later).toBeGreaterThan(20)
  }, 20_000)
})

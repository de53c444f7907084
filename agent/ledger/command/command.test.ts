import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentSettings } from '../../api.ts'
import { PublishingKit } from '../../publish/testing.ts'
import { unset } from '../../service/settings.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { answerTo } from '../corrections.ts'
import type { Entry } from '../entry.ts'
import { hourMs } from '../hours.ts'
import { Journal } from '../journal.ts'
import { Ledger } from '../ledger.ts'
import { makeWitness } from '../log/log-fixture.ts'
import { createLog } from '../log/public-log.ts'
import { ledgerCommand } from './command.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'ledger-command-'))
const copy = path.join(folder, 'agent')
beforeAll(() => {
  const journal = new Journal({ folder: copy, clock: new FakeClock('2026-11-24T10:00:00Z') })
  journal.record({
    kind: 'power',
    period: { from: '2026-10-01', to: '2026-10-02' },
    instance: 'hearth.example',
    amounts: [{ value: '0.07', low: '0.06', high: '0.09', unit: 'kWh' }],
    source: 'modelled',
    audience: 'owner',
  })
  journal.stop()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const settings: AgentSettings = { ...unset('EUR', 'UTC'), pricePerKwh: '0.25' }

/** Something done to the copy's entries beside the command. */
async function copied<Result>(work: (journal: Journal) => Result): Promise<Result> {
  const journal = new Journal({ folder: copy, clock: new FakeClock('2026-11-24T10:00:00Z') })
  try {
    return work(journal)
  } finally {
    journal.stop()
  }
}

async function run(...args: string[]) {
  const said: string[] = []
  const status = await ledgerCommand(
    args,
    (text) => said.push(text),
    (text) => said.push(text),
  )
  return { status, said: said.join('\n') }
}
const onCopy = (...args: string[]) => run(...args, '--copy', copy)

describe('hearth ledger, on a copy', () => {
  it('adds, shows, corrects, confirms', async () => {
    const added = await onCopy('add', 'work', '2', '--who', 'Ada', '--activity', 'moderation', '--day', '2026-10-05')
    expect(added).toMatchObject({ status: 0, said: expect.stringMatching(/^Recorded as [0-9a-f-]{36}$/) })
    const id = added.said.slice(-36)
    expect((await onCopy('correct', id.slice(0, 13), '2.5', '--note', 'misread')).status).toBe(0)
    const confirmed = await onCopy('confirm', id, '--who', 'Bob')
    expect(confirmed.said).toMatch(/^Recorded as [0-9a-f-]{36}: confirmed for Bob, entered by the owner$/)
    expect(await onCopy('confirm', id)).toMatchObject({ status: 0, said: expect.stringContaining('by the owner') })
    expect((await onCopy('confirm', id, '--who', 'ada')).said).toContain('nobody can confirm an entry of their own')
    const { said } = await onCopy('show', '--month', '2026-10')
    expect(said.split('\n')).toEqual([
      expect.stringContaining('0.07 (0.06–0.09) kWh  power'),
      `2026-10-05  ${id}  2.5 h  work, moderation, Ada, corrected, confirmed by Bob, entered by the owner; the owner`,
    ])
    const parties = await copied((journal) => journal.parties())
    expect(parties.map(({ name }) => name)).toEqual(['Ada', 'Bob'])
    expect((await onCopy('show', '--month', '2026-09')).said).toBe('Nothing is recorded.')
    expect(JSON.parse((await onCopy('show', '--json')).said)).toHaveLength(2)
  })

  it('keeps when work began and which fund it is of, and shows both', async () => {
    const { said } = await onCopy('add', 'work', '1', '--who', 'Ada', '--start', '14:30', '--day', '2026-07-01')
    await onCopy('add', 'donation', '5', '--fund', 'new disk', '--day', '2026-07-02')
    expect((await onCopy('show', '--month', '2026-07')).said.split('\n')).toEqual([
      `2026-07-01  ${said.slice(-36)}  1 h  work, other, from 14:30, Ada`,
      expect.stringMatching(/ {2}5 EUR {2}donation, fund new disk$/),
    ])
    expect((await onCopy('export', 'csv', '--month', '2026-07')).said).toMatch(/,start,.*\r\n.*,14:30,/)
    expect((await onCopy('export', 'csv', '--month', '2026-07')).said).toContain(',new disk,')
    expect((await onCopy('export', 'hledger', '--month', '2026-07')).said).toMatch(/; start: 14:30\n.*Assets:Fund:New/s)
  })

  it('shows hours that their person contests, whoever corrected them since', async () => {
    const { said } = await onCopy('add', 'work', '3', '--who', 'Ada', '--day', '2026-06-01')
    await copied((journal) => {
      const entry = journal.entry(said.slice(-36)) as Entry
      return journal.record({ ...answerTo(entry, 'objection', 'it was one'), source: 'typed-by-person' })
    })
    await onCopy('correct', said.slice(-36), '3')
    expect((await onCopy('show', '--month', '2026-06')).said).toMatch(/ Ada, corrected, contested: it was one$/)
    await onCopy('correct', said.slice(-36))
    expect((await onCopy('show', '--month', '2026-06')).said).toMatch(/ Ada, withdrawn$/)
  })

  it('keeps a note, and refuses what a verb does not take instead of losing it', async () => {
    await onCopy('add', 'bill', '12.50', '--day', '2026-08-06', '--note', 'invoice 7')
    expect(JSON.parse((await onCopy('show', '--json', '--month', '2026-08')).said)).toMatchObject([
      { entry: { note: 'invoice 7' } },
    ])
    const refused = await onCopy('confirm', 'x', '--who', 'Bob', '--note', 'well done')
    expect(refused).toMatchObject({ status: 2, said: expect.stringContaining('confirm takes no --note.') })
  })

  it('withdraws what should not count', async () => {
    const { said } = await onCopy('add', 'donation', '20', '--day', '2026-10-06')
    await onCopy('correct', said.slice(-36))
    expect((await onCopy('show')).said).toMatch(/ {2}– {2}donation, withdrawn$/m)
  })

  it('exports, to the screen or a file only its owner reads', async () => {
    expect((await onCopy('export', 'hledger', '--month', '2026-10')).said).toContain('2026-10-05')
    const file = path.join(folder, 'out.json')
    expect((await onCopy('export', 'json', '--output', file)).said).toBe(`Written to ${file}`)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(14)
  })

  it('imports an export, once; nothing of one that was cut', async () => {
    const other = path.join(folder, 'other')
    const journal = new Journal({ folder: other, clock: new FakeClock('2026-11-25T10:00:00Z') })
    journal.record({
      kind: 'bill',
      period: { from: '2026-11-01', to: '2026-11-02' },
      instance: 'other.example',
      amounts: [{ value: '7', unit: 'EUR' }],
      source: 'typed',
      audience: 'members',
    })
    journal.stop()
    const file = path.join(folder, 'export.json')
    const size = JSON.parse((await onCopy('export', 'json')).said).length
    await onCopy('export', 'json', '--output', file)
    const intoOther = (words: string) => run('import', words, '--copy', other)
    expect(await intoOther(file)).toEqual({ status: 0, said: `${size} added, 0 there already.` })
    expect(await intoOther(file)).toEqual({ status: 0, said: `0 added, ${size} there already.` })
    expect(JSON.parse((await run('export', 'json', '--copy', other)).said)).toHaveLength(size + 1)
    writeFileSync(
      file,
      readFileSync(file, 'utf8')
        .replaceAll(/(?<="id":")./g, (digit) => (digit === '0' ? '1' : '0'))
        .slice(0, -10),
    )
    expect(await intoOther(file)).toMatchObject({ status: 1, said: expect.stringContaining('not written to its end') })
    expect(JSON.parse((await run('export', 'json', '--copy', other)).said)).toHaveLength(size + 1)
  })

  const wrong: [string[], number, string][] = [
    [['dance'], 2, 'there is no “dance”'],
    [['show', '--moth', 'x'], 2, '--moth'],
    [['show', '--month', 'x'], 2, 'as in 2026-11'],
    [['add', 'money', '3'], 2, 'donation, bill'],
    [['add', 'bill', '1,5'], 1, 'with a point'],
    [['add', 'bill', '1,234'], 1, 'with a point'],
    [['add', 'bill', '1,234.5'], 1, 'with a point'],
    [['add', 'bill', '1.234,5'], 1, 'with a point'],
    [['add', 'bill', '1.234'], 1, 'more than 2 digits after the point'],
    [['add', 'bill', '10.5', '--unit', 'JPY'], 1, 'digits after the point'],
    [['add', 'bill', '1e3'], 1, 'with a point'],
    [['add', 'bill', '0'], 1, 'not above zero'],
    [['add', 'work', '25', '--who', 'Nobody'], 1, 'more than a day has'],
    [['add', 'work', '5', '--who', 'Ada', '--start', '25:00'], 1, 'time of day such as 14:30'],
    [['add', 'bill', '5', '--start', '14:30'], 2, 'are for work'],
    [['add', 'bill', '5', '--day', '2026-02-30'], 1, 'is not in the calendar'],
    [['add', 'work', '5'], 2, '--who'],
    [['correct', 'ffffffff'], 1, 'No entry has'],
    [['correct', ''], 1, 'Several entries have'],
    [['confirm', 'x'], 1, 'No entry has'],
    [['export', 'xlsx'], 2, 'hledger'],
    [['what-if', 'price', '0.4'], 1, 'settings.json does not exist'],
    [['what-if', 'weather'], 2, 'price, people or disk'],
    [['bill'], 2, 'needs the agent'],
    [['import'], 2, 'exported as JSON'],
    [['import', '/nowhere.json'], 1, 'ENOENT'],
  ]
  it.each(wrong)('%j is refused', async (args, status, text) => {
    const before = (await onCopy('show', '--json')).said
    expect(await onCopy(...args)).toMatchObject({ status, said: expect.stringContaining(text) })
    expect((await onCopy('show', '--json')).said).toBe(before)
    const parties = await copied((journal) => journal.parties())
    expect(parties.map(({ name }) => name)).not.toContain('Nobody')
  })

  it('corrects to no more hours than a day has, and to no finer money than coins', async () => {
    const work = await onCopy('add', 'work', '2', '--who', 'Ada', '--day', '2026-05-01')
    const bill = await onCopy('add', 'bill', '10', '--day', '2026-05-01')
    for (const [{ said }, amount, what] of [
      [work, '500', 'more than a day has'],
      [work, '1,5', 'with a point'],
      [bill, '10.505', 'more than 2 digits'],
    ] as const)
      expect(await onCopy('correct', said.slice(-36), amount)).toMatchObject({
        status: 1,
        said: expect.stringContaining(what),
      })
    expect((await onCopy('show', '--month', '2026-05')).said).not.toContain('corrected')
  })

  it('corrects a line of a bill to less than nothing, and hours not', async () => {
    const line = await copied((journal) =>
      journal.record({
        kind: 'cost',
        period: { from: '2026-04-01', to: '2026-05-01' },
        instance: 'hearth.example',
        purpose: 'power',
        amounts: [{ value: '-0.05', unit: 'EUR' }],
        source: 'tariff',
        audience: 'owner',
      }),
    )
    expect((await onCopy('correct', line.id, '-0.02', '--note', 'by the invoice')).status).toBe(0)
    expect((await onCopy('show', '--month', '2026-04')).said).toContain(' -0.02 EUR  cost, power, corrected')
    const { said } = await onCopy('add', 'work', '2', '--who', 'Ada', '--day', '2026-04-01')
    for (const [amount, what] of [
      ['-1', 'not above zero'],
      ['-1,5', 'with a point'],
    ] as const)
      expect(await onCopy('correct', said.slice(-36), amount)).toMatchObject({
        status: 1,
        said: expect.stringContaining(what),
      })
  })

  it('finds an account that never signed in by its name: one person, before and after', async () => {
    const other = path.join(folder, 'with-accounts')
    const journal = new Journal({ folder: other, clock: new FakeClock('2026-11-24T10:00:00Z') })
    journal.parties()
    const readings = new Ledger(other, Date.now)
    readings.note('accounts', ['bob'])
    readings.stop()
    const { said } = await run('add', 'work', '2', '--who', 'Bob', '--copy', other)
    const party = journal.partyOf('bob', 'Robert')
    expect(journal.entry(said.slice(-36))).toMatchObject({ party: party.id })
    expect(journal.parties()).toHaveLength(1)
    journal.stop()
  })

  it('says what would be with other prices, as of the last reading in the copy', async () => {
    const other = path.join(folder, 'with-readings')
    new Journal({ folder: other, clock: new FakeClock('2026-11-24T10:00:00Z') }).parties()
    const readings = new Ledger(other, () => Date.parse('2026-11-10T12:00:00Z'))
    const ask = (...words: string[]) => run('what-if', ...words, '--copy', other)
    readings.note('counts', { people: 2 })
    expect(await ask('price', '0.50')).toMatchObject({
      status: 1,
      said: expect.stringContaining('settings.json does not exist'),
    })
    writeFileSync(path.join(other, 'settings.json'), JSON.stringify(settings))
    expect(await ask('price', '0.50')).toMatchObject({ status: 1, said: expect.stringContaining('has no readings') })
    // 4 W at 0.25 EUR: 0.72 EUR in the 720 hours of November.
    const end = Date.parse('2026-11-10T12:00:00Z')
    const quantities = { energy: 4e6, energyLow: 3e6, energyHigh: 5e6, seconds: 3600 }
    readings.add(
      Array.from({ length: 9 * 24 + 12 }, (_, back) => ({
        interval: { start: end - (back + 1) * hourMs, end: end - back * hourMs, trusted: true },
        quantities,
      })),
    )
    readings.stop()
    const { status, said } = await ask('price', '0.50')
    expect(status).toBe(0)
    expect(said.split('\n')).toEqual([
      'now  0.72 (0.54–0.90) EUR a month, 0.36 for each of 2',
      'then 1.44 (1.08–1.80) EUR a month, 0.72 for each of 2',
      expect.stringContaining('As of 2026-11-10T12:00:00.000Z, the last reading in the copy.'),
    ])
    expect((await ask('disk', '72', '6', '0')).said).toContain('then 1.72 ')
    expect((await ask('people', '4')).said).toContain('0.18 for each of 4')
    expect(await ask('price', '0,50')).toMatchObject({ status: 1 })
    writeFileSync(path.join(other, 'settings.json'), '{')
    expect((await ask('price', '0.50')).said).toContain('settings.json cannot be used')
  })

  it('says where nothing is', async () => {
    expect(await run('show', '--copy', folder)).toMatchObject({
      status: 1,
      said: expect.stringContaining('does not exist'),
    })
    const socket = path.join(folder, 'none.sock')
    expect(await run('show', '--socket', socket)).toMatchObject({
      status: 1,
      said: expect.stringContaining('does not answer'),
    })
  })
})

describe('hearth ledger verify', () => {
  it('says what was proved, and what was not; a changed log fails', async () => {
    const public_ = path.join(folder, 'log')
    const log = createLog({ folder: public_, secret: path.join(folder, 'secret') }, 'hearth.example/log')
    log.append(0, Buffer.from('{"period":"2026-10"}'))
    const good = await run('verify', public_)
    expect(good).toMatchObject({ status: 0, said: expect.stringContaining('hearth.example/log') })
    expect(good.said).toMatch(/nothing .*proves|not proved/i)
    const unwitnessed = await run('verify', public_, '--witness', makeWitness('w.example').vkey)
    expect(unwitnessed).toMatchObject({
      status: 1,
      said: expect.stringContaining('has no signature of the witness w.example'),
    })
    expect(unwitnessed.said).not.toContain('nothing wrong found')
    const file = path.join(public_, 'tile/entries/000.p/1')
    const bytes = readFileSync(file)
    bytes[5] = (bytes[5] ?? 0) ^ 1
    writeFileSync(file, bytes)
    expect((await run('verify', public_)).status).toBe(1)
    expect(await run('verify', path.join(folder, 'nothing'))).toMatchObject({ status: 1 })
    expect((await run('verify')).status).toBe(2)
  })

  it('checks a proof of one entry, made from a copy, against the reports', async () => {
    const kit = await PublishingKit.make('2026-11-20T10:00:00Z')
    try {
      for (const day of ['2026-10-05', '2026-10-06']) kit.meter(day)
      await kit.switchOn('month', '2026-10-01')
      const [entry] = kit.journal.entries()
      const proof = path.join(folder, 'proof.json')
      const data = kit.paths.agentData
      expect(await run('prove', entry?.id ?? '', '--copy', data, '--output', proof)).toMatchObject({ status: 0 })
      const good = await run('verify', kit.paths.publicLog, '--proof', proof)
      expect(good).toMatchObject({
        status: 0,
        said: expect.stringContaining(`The entry ${entry?.id} was in the ledger`),
      })
      writeFileSync(proof, readFileSync(proof, 'utf8').replace('"0.1"', '"0.2"'))
      const forged = await run('verify', kit.paths.publicLog, '--proof', proof)
      expect(forged).toMatchObject({ status: 1, said: expect.stringContaining('not what the report commits to') })
      writeFileSync(proof, '{')
      expect((await run('verify', kit.paths.publicLog, '--proof', proof)).said).toContain('is no JSON')
      kit.meter('2026-11-07')
      const later = kit.journal.entries().at(-1)?.id ?? ''
      expect(await run('prove', later, '--copy', data)).toMatchObject({
        status: 1,
        said: expect.stringContaining('No published report'),
      })
    } finally {
      await kit.remove()
    }
  })
})

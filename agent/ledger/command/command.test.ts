import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PublishingKit } from '../../publish/testing.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { Journal } from '../journal.ts'
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
    expect((await onCopy('confirm', id, '--who', 'Bob')).status).toBe(0)
    const { said } = await onCopy('show', '--month', '2026-10')
    expect(said.split('\n')).toEqual([
      expect.stringContaining('0.07 (0.06–0.09) kWh  power'),
      `2026-10-05  ${id}  2.5 h  work, moderation, Ada, corrected, confirmed by Bob`,
    ])
    expect((await onCopy('show', '--month', '2026-09')).said).toBe('Nothing is recorded.')
    expect(JSON.parse((await onCopy('show', '--json')).said)).toHaveLength(2)
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
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(7)
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
        .replaceAll(/"id":"./g, '"id":"0')
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
    [['add', 'bill', '5', '--day', '2026-02-30'], 1, 'is not in the calendar'],
    [['add', 'work', '5'], 2, '--who'],
    [['correct', 'ffffffff'], 1, 'No entry has'],
    [['correct', ''], 1, 'Several entries have'],
    [['confirm', 'x'], 2, '--who'],
    [['export', 'xlsx'], 2, 'hledger'],
    [['what-if', 'price', '0.4'], 2, 'needs the agent'],
    [['bill'], 2, 'needs the agent'],
    [['import'], 2, 'exported as JSON'],
    [['import', '/nowhere.json'], 1, 'ENOENT'],
  ]
  it.each(wrong)('%j is refused', async (args, status, text) => {
    const before = (await onCopy('show', '--json')).said
    expect(await onCopy(...args)).toMatchObject({ status, said: expect.stringContaining(text) })
    expect((await onCopy('show', '--json')).said).toBe(before)
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

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatDecimal } from '#agent/costs/decimal.ts'
import { checkEntry, type Entry } from '#agent/ledger/entry.ts'
import { book } from '#agent/ledger/exports/booking.ts'
import { type ExportFormat, exportEntries, readEntries } from '#agent/ledger/exports/export.ts'
import { commodity } from '#agent/ledger/exports/names.ts'
import { exportInputs } from '#agent/ledger/exports/testing.ts'
import { testRoot } from './kit/root.ts'
import { ledgerYear } from './ledger-year.ts'

/*
 * The real programs, Debian 13's, read a generated year of the ledger, add up to what is computed here from the entries
 * themselves, and refuse the year once it is tampered with.
 */
type Program = Extract<ExportFormat, 'hledger' | 'ledger' | 'beancount'>
interface Answer {
  status: number | null
  stdout: string
  stderr: string
}

const year = ledgerYear({ seed: 20261124 })
let folder: string
/** How to run a program of the test root: the suite may itself run in it. */
let enter: string[] = []

beforeAll(async () => {
  if (!existsSync('/usr/bin/hledger')) enter = ['/usr/sbin/chroot', await testRoot()]
  folder = mkdtempSync(path.join(tmpdir(), 'accounting-'))
})

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

/** Each program checks its file as strictly as it can. */
const checks: Record<Program, (file: string) => Answer> = {
  hledger: (file) => run('hledger', ['-f', file, 'check', '-s', 'ordereddates', 'payees', 'tags']),
  ledger: (file) => run('ledger', ['-f', file, '--pedantic', '--check-payees', 'balance']),
  beancount: (file) => {
    const strict = path.join(folder, 'strict.beancount')
    writeFileSync(strict, `include "${file}"\nplugin "beancount.plugins.check_commodity"\n`)
    return run('bean-check', ['--no-cache', strict])
  },
}

/** Balances by account and commodity as each program prints them; zeros are left out. */
const balances: Record<Program, (file: string) => Map<string, string>> = {
  hledger: (file) => {
    const { stdout } = run('hledger', ['-f', file, 'balance', '--flat', '--no-total', '--layout=bare', '-O', 'csv'])
    return sheet(table(stdout))
  },
  ledger: (file) => {
    const format = '%(account)\t%(amount)\n'
    const rows = lines(
      run('ledger', ['-f', file, 'balance', '--flat', '--no-total', '--empty', '--format', format]).stdout,
    )
    let account = ''
    return sheet(
      rows.map((row) => {
        // An account of several commodities has a line for each.
        if (row.includes('\t')) account = row.split('\t')[0] ?? ''
        const [value = '', commodity = ''] = row.replace(/^.*\t/, '').trim().split(' ')
        return [account, commodity, value]
      }),
    )
  },
  beancount: (file) =>
    sheet(
      python(file, [
        'for account in realization.iter_children(realization.realize(entries)):',
        '  for position in account.balance:',
        '    show(account.account, position.units.currency, position.units.number)',
      ]),
    ),
}

/** Postings that are not zero as each program understood them: day, payee, account, value, commodity. */
const postings: Record<Program, (file: string) => string[]> = {
  hledger: (file) =>
    table(run('hledger', ['-f', file, 'register', '-O', 'csv']).stdout).map(([, date, , payee, account, amount = '']) =>
      posting([date, payee, account, ...amount.split(' ')]),
    ),
  ledger: (file) => {
    const format = '%(format_date(date, "%Y-%m-%d"))\t%(payee)\t%(account)\t%(amount)\n'
    const rows = lines(run('ledger', ['-f', file, 'register', '--empty', '--format', format]).stdout)
    return rows.map((row) => posting(row.split('\t').flatMap((cell, index) => (index === 3 ? cell.split(' ') : cell))))
  },
  beancount: (file) =>
    python(file, [
      'for entry in entries:',
      '  if isinstance(entry, data.Transaction):',
      '    for posting in entry.postings:',
      '      show(entry.date, entry.payee, posting.account, posting.units.number, posting.units.currency)',
    ]).map(posting),
}

function python(file: string, script: string[]): string[][] {
  const program = [
    'import sys',
    'from beancount import loader',
    'from beancount.core import data, realization',
    'def show(*cells):',
    "  text = lambda cell: format(cell, 'f') if hasattr(cell, 'as_tuple') else str(cell)",
    "  print(*map(text, cells), sep='\\t')",
    'entries, errors, _ = loader.load_file(sys.argv[1])',
    'assert not errors, errors',
    ...script,
  ]
  return lines(run('python3', ['-c', program.join('\n'), file]).stdout).map((line) => line.split('\t'))
}

function posting([date, payee, account, value = '', commodity = '']: (string | undefined)[]): string {
  return [date, payee, account, plain(exact(value)), commodity.replaceAll('"', '')].join(' ')
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** The rows of a CSV whose every cell is quoted, without its header. */
function table(text: string): string[][] {
  const rows = lines(text).map((line) => [...line.matchAll(/"((?:[^"]|"")*)"/g)])
  return rows.slice(1).map((row) => row.map((match) => (match[1] ?? '').replaceAll('""', '"')))
}

const programs = Object.keys(checks) as Program[]

describe('the generated year', () => {
  test('is one of 10 people and 6 services, the same for a seed, of entries as the ledger takes them', () => {
    for (const entry of year.entries) checkEntry(entry)
    expect(ledgerYear({ seed: 20261124 })).toEqual(year)
    expect(ledgerYear({ seed: 2 }).entries[0]).not.toEqual(year.entries[0])
    const kinds = Object.groupBy(year.entries, ({ kind }) => kind)
    expect(kinds.power).toHaveLength(365 * 7)
    expect(kinds.storage).toHaveLength(365 * 6)
    for (const kind of ['cost', 'bill', 'purchase', 'donation', 'work', 'confirmation', 'correction', 'seedling'])
      expect(kinds[kind]?.length, kind).toBeGreaterThan(10)
  })

  test('is read back whole from JSON', () => {
    expect([...readEntries(Buffer.from(exportEntries('json', year)))]).toEqual(year.entries)
  })
})

describe.each(programs)('%s', (program) => {
  test('accepts the year, and adds up to the same', () => {
    const file = written(program, exportEntries(program, year))
    expect(checks[program](file)).toMatchObject({ status: 0, stderr: '' })
    expect(named(balances[program](file))).toEqual(named(ours(year.entries)))
  })

  test('accepts each month, and the months add up to the year', () => {
    const months = [...Array(13).keys()].map((index) => new Date(Date.UTC(2026, index, 1)).toISOString().slice(0, 7))
    const sums = new Map<string, bigint>()
    for (const month of months) {
      const file = written(program, exportEntries(program, { ...year, month }))
      expect(checks[program](file), month).toMatchObject({ status: 0, stderr: '' })
      for (const [key, value] of balances[program](file)) sums.set(key, (sums.get(key) ?? 0n) + exact(value))
    }
    expect(named(new Map([...sums].map(([key, sum]) => [key, plain(sum)])))).toEqual(named(ours(year.entries)))
  })

  test('reads whatever was recorded as it is meant, and nothing else', () => {
    fc.assert(
      fc.property(exportInputs, (input) => {
        const file = written(program, exportEntries(program, input))
        expect(checks[program](file)).toMatchObject({ status: 0, stderr: '' })
        const booked = book(input).filter((transaction) => transaction.booked)
        const expected = booked.flatMap(({ date, payee, postings }) =>
          postings.map(({ account, value, unit }) =>
            posting([date, payee, account, formatDecimal(value), commodity(unit)]),
          ),
        )
        const withValue = (row: string) => !/ 0 \S*$/.test(row)
        expect(postings[program](file).filter(withValue).sort()).toEqual(expected.filter(withValue).sort())
      }),
      { numRuns: 40 },
    )
  })

  test.each<[string, (text: string) => string]>([
    ['an amount was changed', (text) => text.replace(/^( +Expenses:Power {2})(\d)/m, '$19$2')],
    ['an account was made up', (text) => text.replaceAll(/^( +)Liabilities:Host {2}/gm, '$1Liabilities:Nobody  ')],
    ['a commodity was made up', (text) => text.replaceAll(/^( .*\d) HOUR$/gm, '$1 HOURS')],
  ])('refuses the year where %s', (_what, tamper) => {
    const text = exportEntries(program, year)
    const tampered = tamper(text)
    expect(tampered).not.toBe(text)
    expect(checks[program](written(program, tampered)).status).not.toBe(0)
  })
})

test.each<[Program, string, (text: string) => string]>([
  ['hledger', 'a payee was made up', (text) => text.replace(/^(2026-\S+ \* \(\d+\)) power$/m, '$1 nobody')],
  ['ledger', 'a payee was made up', (text) => text.replace(/^(2026-\S+ \* \(\d+\)) power$/m, '$1 nobody')],
  ['hledger', 'a tag was made up', (text) => text.replace(/^( +); note: /m, '$1; remark: ')],
  ['ledger', 'a tag was made up', (text) => text.replace(/^( +); note: /m, '$1; remark: ')],
  ['hledger', 'a date is out of order', (text) => text.replace(/^2026-06-15 /m, '2026-09-15 ')],
])('%s refuses the year where %s', (program, _what, tamper) => {
  const text = exportEntries(program, year)
  const tampered = tamper(text)
  expect(tampered).not.toBe(text)
  expect(checks[program](written(program, tampered)).status).not.toBe(0)
})

function run(command: string, words: string[]): Answer {
  const [first = '', ...rest] = [...enter, command, ...words]
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', HOME: folder }
  const { status, stdout, stderr, error } = spawnSync(first, rest, { env, encoding: 'utf8', maxBuffer: 2 ** 27 })
  if (error) throw error
  return { status, stdout, stderr }
}

function written(program: Program, text: string): string {
  const file = path.join(folder, `year.${program}`)
  writeFileSync(file, text)
  return file
}

function sheet(rows: string[][]): Map<string, string> {
  const named = rows.map(([account = '', commodity = '', value = '']): [string, string] => [
    `${account} ${commodity.replaceAll('"', '')}`,
    plain(exact(value)),
  ])
  return new Map(named.filter(([, value]) => value !== '0'))
}

/** Decimals as whole multiples of 10⁻¹², apart from the code under test. */
function exact(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(text)
  if (!match) throw new Error(`“${text}” is no exact decimal`)
  const magnitude = BigInt(`${match[2]}${(match[3] ?? '').padEnd(12, '0')}`)
  return match[1] ? -magnitude : magnitude
}

function plain(value: bigint): string {
  const digits = String(value < 0n ? -value : value).padStart(13, '0')
  const fraction = digits.slice(-12).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -12)}${fraction && `.${fraction}`}`
}

/**
 * What the balances have to be: each entry with the amounts that its last correction left it, in accounts by a plain
 * table written for this year alone. People and others without plain names have accounts under their id or name here.
 */
function ours(entries: Entry[]): Map<string, string> {
  const last = new Map<string, Entry>()
  for (const entry of entries) {
    const id = entry.kind === 'correction' ? entry.references?.[0]?.id : entry.id
    const before = last.get(id ?? '')
    last.set(id ?? '', before ? { ...before, amounts: entry.amounts } : entry)
  }
  const sums = new Map<string, bigint>()
  const add = (account: string, commodity: string, value: bigint) => {
    const key = `${account} ${commodity}`
    sums.set(key, (sums.get(key) ?? 0n) + value)
  }
  for (const entry of last.values()) {
    const { kind, amounts, period } = entry
    for (const { value, unit } of amounts) {
      const isLevel = kind === 'storage' && unit === 'B'
      const days = isLevel ? (Date.parse(period.to) - Date.parse(period.from)) / 86_400_000 : 1
      const amount = exact(value) * BigInt(days)
      const [commodity, into, from] = sides(entry, unit)
      add(into, commodity, amount)
      add(from, commodity, -amount)
    }
  }
  return new Map([...sums].filter(([, sum]) => sum !== 0n).map(([key, sum]) => [key, plain(sum)]))
}

function sides(entry: Entry, unit: string): [commodity: string, into: string, from: string] {
  const { kind, purpose = '', activity = '', engagement = '', fund, party } = entry
  const name = (text: string) =>
    text
      .split('/')
      .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
      .join(':')
  const fundAccount = `Assets:Fund:${fund && /^[a-z]+$/.test(fund) ? name(fund) : '?'}`
  switch (kind) {
    case 'power':
      return ['KWH', `Expenses:Power:${name(purpose)}`, 'Equity:Metered']
    case 'storage':
      return ['BYTE-DAY', `Expenses:Storage:${name(purpose)}`, 'Equity:Metered']
    case 'traffic':
      return ['BYTE', `Expenses:Traffic:${name(purpose)}`, 'Equity:Metered']
    case 'cost':
      return ['EUR', `Expenses:${name(purpose)}`, 'Liabilities:Host']
    case 'donation':
      return ['EUR', fundAccount, 'Income:Donations']
    case 'work':
      return ['HOUR', `Expenses:Work:${name(activity)}`, `Income:Work:${name(engagement)}`]
  }
  // What is left are bills, purchases, and what nobody knows.
  if (unit === 'EUR') return ['EUR', 'Liabilities:Host', fund ? fundAccount : `Liabilities:People:?${party}`]
  return [`?${unit}`, ['Equity:Memo', name(kind), ...(purpose ? [name(purpose)] : [])].join(':'), 'Equity:Memo']
}

/** Balances in order; names that are not plain, of people, one fund and odd units, are left out of it. */
function named(sheet: Map<string, string>): string[] {
  const key = (name: string) =>
    name
      .replace(/^(Liabilities:People:)\S+/, '$1?')
      .replace(/^(Assets:Fund:)(?!Winter |Relay )\S+/, '$1?')
      .replace(/ (\?.*|.*-X[0-9A-F]{6})$/, ' ?')
  return [...sheet].map(([name, value]) => `${key(name)} ${value}`).sort()
}

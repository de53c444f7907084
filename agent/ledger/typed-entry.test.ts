import { describe, expect, it } from 'vitest'
import { EntryRefused } from './entry.ts'
import { type Account, checkTyped, partyNamed } from './typed-entry.ts'

type Party = { id: string; name: string; account?: string; joined?: string }

const book = (...parties: Party[]) => server([], ...parties)

const server = (accounts: Account[], ...parties: Party[]) => ({
  parties: async () => parties,
  accounts: async () => accounts,
  addParty: async (name: string) => ({ id: `new ${name}` }),
  memberParty: async (account: string, name: string) => ({
    id: parties.find((party) => party.account === account)?.id ?? `account ${account}, called ${name}`,
  }),
})

it('finds the party of a name, whatever its case, and makes one where there is none', async () => {
  const ledger = book({ id: '1', name: 'Bob' }, { id: '2', name: 'Grete', joined: '3' })
  expect(await partyNamed(ledger, 'bob')).toBe('1')
  expect(await partyNamed(ledger, 'Grete')).toBe('3')
  expect(await partyNamed(ledger, 'Carla')).toBe('new Carla')
})

it('takes an account by its own name, and by what its holder chose to be called only where nobody else is called so', async () => {
  const anna = { id: '1', name: 'Anna' }
  const mallory = { id: '2', name: 'Anna', account: 'mallory' }
  expect(await partyNamed(book(mallory, anna), 'Anna')).toBe('1')
  expect(await partyNamed(book(mallory), 'Anna')).toBe('2')
  expect(await partyNamed(book(mallory, { id: '4', name: 'Anna', account: 'anna-b' }), 'Anna')).toBe('new Anna')
  expect(await partyNamed(book(anna, { id: '3', name: 'Whoever', account: 'anna' }), 'Anna')).toBe('3')
})

it('makes the party of an account that never signed in, by its own name or the one it is shown by', async () => {
  const accounts = [{ id: 'bob', name: 'Robert B.' }, { id: 'cleo' }]
  expect(await partyNamed(server(accounts), 'Bob')).toBe('account bob, called Robert B.')
  expect(await partyNamed(server(accounts), ' robert b. ')).toBe('account bob, called Robert B.')
  expect(await partyNamed(server(accounts), 'CLEO')).toBe('account cleo, called cleo')
  const signedIn = { id: '7', name: 'Robert', account: 'bob' }
  expect(await partyNamed(server(accounts, signedIn), 'Robert B.')).toBe('7')
  // Two go by the name, or somebody without an account has it already: nobody’s entries are taken by it.
  expect(await partyNamed(server([...accounts, { id: 'eve', name: 'Robert B.' }]), 'Robert B.')).toBe('new Robert B.')
  expect(await partyNamed(server(accounts, { id: '8', name: 'Robert B.' }), 'Robert B.')).toBe('8')
  expect(await partyNamed(server(accounts, { id: '9', name: 'x', account: 'mallory' }), 'mallory')).toBe('9')
})

describe('what was typed', () => {
  const draft = (kind: string, value: string, unit: string, source = 'typed') => ({
    kind,
    source,
    period: { from: '2026-11-24', to: '2026-11-25' },
    amounts: [{ value, unit }],
  })

  it.each([
    ['work', '24.01', 'h', 'more than a day has'],
    ['correction', '500', 'h', 'more than a day has'],
    ['work', '0', 'h', 'not above zero'],
    ['work', '1.234', 'h', 'more than 2 digits'],
    ['bill', '1.234', 'EUR', 'more than 2 digits'],
    ['donation', '-5', 'EUR', 'not above zero'],
    ['purchase', '10.5', 'JPY', 'digits after the point'],
    ['correction', '10.505', 'EUR', 'more than 2 digits'],
    ['correction', '-10.505', 'EUR', 'more than 2 digits'],
    ['correction', '-1', 'h', 'not above zero'],
    ['correction', '0', 'EUR', 'is zero'],
  ])('as a %s of %s %s is refused', (kind, value, unit, what) => {
    for (const source of ['typed', 'typed-by-person']) {
      const check = () => checkTyped(draft(kind, value, unit, source))
      expect(check).toThrow(EntryRefused)
      expect(check).toThrow(what)
    }
  })

  it.each([
    ['work', '24', 'h'],
    ['work', '0.25', 'h'],
    ['bill', '1234.50', 'EUR'],
    ['bill', '1.234', 'KWD'],
    ['purchase', '1050', 'JPY'],
    ['donation', '3.14159', 'seedling'],
    ['correction', '0', 'kWh'],
    ['correction', '-0.02', 'EUR'],
  ])('as a %s of %s %s is taken', (kind, value, unit) => {
    expect(() => checkTyped(draft(kind, value, unit))).not.toThrow()
  })

  it('is looked at alone, not what was metered or comes from elsewhere', () => {
    expect(() => checkTyped(draft('work', '500', 'h', 'sheet'))).not.toThrow()
    expect(() => checkTyped(draft('cost', '0.001', 'EUR'))).not.toThrow()
    const twoDays = { ...draft('work', '40', 'h'), period: { from: '2026-11-24', to: '2026-11-26' } }
    expect(() => checkTyped(twoDays)).not.toThrow()
  })
})

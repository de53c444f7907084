import { expect, it } from 'vitest'
import { partyNamed } from './typed-entry.ts'

type Party = { id: string; name: string; account?: string; joined?: string }

const book = (...parties: Party[]) => ({
  parties: async () => parties,
  addParty: async (name: string) => ({ id: `new ${name}` }),
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

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accountPart, commodity, payee, peopleByName, tagValue } from './names.ts'

describe('commodities', () => {
  it.each([
    ['EUR', 'EUR'],
    ['kWh', 'KWH'],
    ['B', 'BYTE'],
    ['B·month', 'BYTE-MONTH'],
    ['h', 'HOUR'],
    ['GB', 'GB'],
  ])('of %s is %s', (unit, name) => {
    expect(commodity(unit)).toBe(name)
  })

  it.each(['KWH', 'BYTE', 'TRUE', 'm', '%', 'Ω', '2x', 'tomato/plants', 'BYTE-MONTH', 'Eur', 'valueOf'])(
    'of %s has its hash',
    (unit) => {
      expect(commodity(unit)).toMatch(/^[A-Z][A-Z0-9-]*-X[0-9A-F]{6}$/)
    },
  )

  it('are what Beancount reads, one for each unit', () => {
    const units = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9·.%/-]{1,32}$/), { minLength: 2, maxLength: 20 })
    fc.assert(
      fc.property(units, (all) => {
        const names = all.map(commodity)
        for (const name of names) expect(name).toMatch(/^[A-Z][A-Z0-9._-]{0,22}[A-Z0-9]$/)
        expect(new Set(names).size).toBe(all.length)
      }),
    )
  })
})

describe('account parts', () => {
  it.each([
    ['power', 'Power'],
    ['lan-in', 'Lan-in'],
    ['3d', '3d'],
  ])('of %s is %s', (text, part) => {
    expect(accountPart(text)).toBe(part)
  })

  it('differ where texts do', () => {
    const texts = ['Winter', 'winter', 'winter fund', 'winter-fund', 'Winter  fund', 'Wïnter', '冬', '雪', ':', ' ']
    expect(new Set(texts.map(accountPart)).size).toBe(texts.length)
    expect(accountPart('Für „alle“')).toMatch(/^Fur-alle-X[0-9A-F]{6}$/)
    expect(accountPart('冬')).toMatch(/^Name-X[0-9A-F]{6}$/)
  })

  it('are what Beancount reads', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[A-Z0-9][A-Za-z0-9-]*$/.test(accountPart(text))))
  })
})

describe('people', () => {
  const [one, two, three] = [
    '11111111-1111-4111-8111-111111111111',
    '22222222-2222-4222-8222-222222222222',
    '33333333-3333-4333-8333-333333333333',
  ]
  const people = (names: Record<string, string>) => [
    ...peopleByName([one, two, three], new Map(Object.entries(names))).values(),
  ]

  it('are called by their names, or by a part of the id', () => {
    expect(people({ [one]: 'Ada Lovelace', [two]: '名前' })).toEqual([
      { label: 'Ada Lovelace', part: 'Ada-Lovelace' },
      { label: '名前', part: `Party-${two}` },
      { label: 'Party 33333333', part: `Party-${three}` },
    ])
  })

  it('who share a name, or end it as another’s account does, have accounts of their own', () => {
    const parts = people({ [one]: 'Ada', [two]: 'ada!', [three]: `Ada ${one}` }).map(({ part }) => part)
    expect(parts).toEqual([`Ada-${one}`, `Ada-${two}`, `Ada-${one}-${three}`])
  })
})

describe('texts', () => {
  it('of payees and tags hold nothing that means something to a program', () => {
    expect(payee(' a;\tb|"c"\n\u202ed ')).toBe("a, b/'c' d")
    expect(payee('x'.repeat(100))).toBe(`${'x'.repeat(59)}…`)
    expect(tagValue('[2001-01-01] a, date:2001-01-01\nb')).toBe('(2001-01-01) a; date:2001-01-01 b')
  })
})

import { describe, expect, it } from 'vitest'
import { revealedBy, type Sum } from './disclosure.ts'

/** Groups are written as letters: `abc` for three people. */
const of = (people: string, what = 'work'): Sum => ({ [what]: [...people] })
const asked = (earlier: string[], sum: string, consenting = '') =>
  revealedBy(
    earlier.map((people) => of(people)),
    of(sum),
    (person) => consenting.includes(person),
  )?.join('') ?? null

describe('sums of groups', () => {
  it.each([
    ['two people by themselves', [], 'ab', 'ab'],
    ['three people by themselves', [], 'abc', null],
    ['the same three again', ['abc'], 'abc', null],
    ['a fourth', ['abc'], 'abcd', 'd'],
    ['a fourth and fifth', ['abc'], 'abcde', 'de'],
    ['three more', ['abc'], 'abcdef', null],
    ['one of four who is gone', ['abcd'], 'abc', 'd'],
    ['one who took the place of another', ['abc'], 'abd', 'cd'],
    ['two who took the place of two others', ['abcd'], 'abef', null],
    ['both halves and one more', ['abc', 'def'], 'abcdefg', 'g'],
    ['the third pair of three pairs: half of what is left', ['abcd', 'cdef'], 'abef', 'ab'],
    ['one who is in two of three pairs of groups', ['abcx', 'defx'], 'abcdef', 'x'],
  ] as const)('%s', (_, earlier, sum, revealed) => {
    expect(asked([...earlier], sum)).toBe(revealed)
  })

  it('reveal what those agree to whom they reveal, and no others', () => {
    expect(asked([], 'ab', 'a')).toBe('ab')
    expect(asked([], 'ab', 'ab')).toBeNull()
    expect(asked(['abc'], 'abcd', 'd')).toBeNull()
    expect(asked(['abc'], 'abcd', 'abc')).toBe('d')
    expect(asked(['a'], 'abc', 'a')).toBe('bc') // a is known, and can be taken away
    expect(asked(['a'], 'abcd', 'a')).toBeNull()
  })

  it('keep to themselves what was agreed to earlier, and no more is', () => {
    expect(asked(['a'], 'a')).toBe('a')
    expect(asked(['ab'], 'a', 'a')).toBe('b')
  })

  it('tell parts of a total apart by what was summed', () => {
    const parts = [of('abc', 'care'), of('abc', 'moderation')]
    const total = { care: ['a', 'b', 'c'], moderation: ['a', 'b', 'c'], translation: ['a'] }
    expect(revealedBy(parts, total, () => false)).toEqual(['a'])
    expect(revealedBy(parts.slice(1), total, () => false)).toBeNull()
  })
})

import { describe, expect, it } from 'vitest'
import { readTrouble } from './read-trouble.ts'

const said = { what: 'example.org did not answer in time.', next: 'It is tried again.' }

describe('a problem in the inbox', () => {
  it('is taken with its code and what that needs', () => {
    const whole = { ...said, code: 'place.slow', facts: { host: 'example.org', status: 504 } }
    expect(readTrouble(whole)).toEqual(whole)
    expect(readTrouble(said)).toEqual(said)
    expect(readTrouble({ ...said, code: 'place.slow' })).toEqual({ ...said, code: 'place.slow', facts: {} })
  })

  it.each([null, undefined, 7, 'no', [], {}, { what: 'x' }, { what: 'x', next: null }])(
    'is none where it is %j',
    (value) => {
      expect(readTrouble(value)).toBeNull()
    },
  )

  it.each(['', '__proto__', 'Place', 'place slow', 'x'.repeat(61), 7, ['place.slow']])(
    'without its code where that is %j',
    (code) => {
      expect(readTrouble({ ...said, code, facts: { host: 'x' } })).toEqual(said)
    },
  )

  it('has few facts, all of them short texts or numbers', () => {
    const facts = JSON.parse(
      `{"host":"${'x'.repeat(900)}","list":[1],"text":{"a":1},"__proto__":"p","Not":"a","endless":1e999,"n":3}`,
    )
    const read = readTrouble({ ...said, code: 'place.slow', facts })
    expect(read?.facts).toEqual({ host: 'x'.repeat(500), n: 3 })
    const many = Object.fromEntries([...'abcdefghijklmnop'].map((name) => [name, 1]))
    expect(Object.keys(readTrouble({ ...said, code: 'place.slow', facts: many })?.facts ?? {})).toHaveLength(8)
    expect(readTrouble({ what: 'x'.repeat(900), next: 'y'.repeat(900) })).toEqual({
      what: 'x'.repeat(500),
      next: 'y'.repeat(500),
    })
  })
})

import { describe, expect, test } from 'vitest'
import { FairTurns, TooMany } from './fair-turns.ts'

/** Tasks that are done when the test says so, and the order in which they began. */
function tasks() {
  const turns = new FairTurns()
  const begun: string[] = []
  const ends: (() => void)[] = []
  const refused: string[] = []
  const ask = (address: string, name = address) =>
    void turns
      .take(address, () => {
        begun.push(name)
        return new Promise<void>((resolve) => ends.push(resolve))
      })
      .catch((error) => {
        expect(error).toBeInstanceOf(TooMany)
        refused.push(name)
      })
  const endOne = async () => {
    ends.shift()?.()
    await settle()
  }
  return { ask, endOne, begun, refused }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('FairTurns', () => {
  test('one task at a time; another source waits for one of whoever asks a lot', async () => {
    const { ask, endOne, begun } = tasks()
    for (let guess = 0; guess < 60; guess++) ask('192.168.1.9', `guess ${guess}`)
    ask('192.168.1.20', 'owner')
    ask('192.168.1.20', 'owner again')
    await settle()
    expect(begun).toEqual(['guess 0'])
    for (let end = 0; end < 4; end++) await endOne()
    expect(begun).toEqual(['guess 0', 'guess 1', 'owner', 'guess 2', 'owner again'])
  })

  test('goes on after a task that failed, and when nobody waits', async () => {
    const turns = new FairTurns()
    await expect(turns.take('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await turns.take('a', () => Promise.resolve(1))).toBe(1)
    expect(await turns.take('b', () => Promise.resolve(2))).toBe(2)
  })

  test('a source fills no more than its own places, and all addresses of an IPv6 /64 are one', async () => {
    const { ask, endOne, begun, refused } = tasks()
    for (let host = 0; host < 100; host++) ask(`fd00:1:2:3::${host}`, `guess ${host}`)
    ask('fd00:1:2:4::1', 'owner')
    await settle()
    expect(refused).toHaveLength(35)
    await endOne()
    await endOne()
    expect(begun.at(-1)).toBe('owner')
    // Its place is free again at once.
    ask('fd00:1:2:3::1', 'later')
    await settle()
    expect(refused).not.toContain('later')
  })

  test('when all places are taken, whoever has most gives one up', async () => {
    const { ask, endOne, begun, refused } = tasks()
    for (const source of ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
      for (let guess = 0; guess < 54; guess++) ask(source, `${source} ${guess}`)
    await settle()
    const before = refused.length
    ask('10.0.0.20', 'owner')
    await settle()
    expect(refused).toHaveLength(before + 1)
    expect(refused).not.toContain('owner')
    for (let end = 0; end < 4; end++) await endOne()
    expect(begun).toContain('owner')
  })
})

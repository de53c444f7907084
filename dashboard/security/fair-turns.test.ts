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

  test('an address fills no more than its own places', async () => {
    const { ask, endOne, begun, refused } = tasks()
    for (let guess = 0; guess < 100; guess++) ask('fd00:1:2:3::9', `guess ${guess}`)
    ask('fd00:1:2:4::1', 'owner')
    await settle()
    expect(refused).toHaveLength(35)
    await endOne()
    await endOne()
    expect(begun.at(-1)).toBe('owner')
    // Its place is free again at once.
    ask('fd00:1:2:3::9', 'later')
    await settle()
    expect(refused).not.toContain('later')
  })

  test('a guesser in the owner’s own IPv6 /64 waits for itself', async () => {
    const { ask, endOne, begun, refused } = tasks()
    for (let guess = 0; guess < 100; guess++) ask('fd00:1:2:3::9', `guess ${guess}`)
    for (let time = 0; time < 10; time++) ask('fd00:1:2:3::20', `owner ${time}`)
    await settle()
    expect(refused.filter((name) => name.startsWith('owner'))).toEqual([])
    for (let end = 0; end < 3; end++) await endOne()
    expect(begun).toEqual(['guess 0', 'guess 1', 'owner 0', 'guess 2'])
  })

  test('many addresses of one /64 are one before those outside', async () => {
    const { ask, endOne, begun, refused } = tasks()
    for (let host = 1; host <= 300; host++) ask(`fd00:1:2:3::${host}`, 'guess')
    for (const name of ['owner', 'owner again']) ask('192.168.1.20', name)
    for (let host = 301; host <= 600; host++) ask(`fd00:1:2:3::${host}`, 'guess')
    await settle()
    expect(refused).not.toContain('owner')
    for (let end = 0; end < 4; end++) await endOne()
    expect(begun).toEqual(['guess', 'guess', 'owner', 'guess', 'owner again'])
  })

  test.each([
    ['IPv4', (host: number) => `10.0.${host >> 8}.${host & 255}`, '192.168.1.20'],
    ['one IPv6 /64', (host: number) => `fd00:1:2:3::${host.toString(16)}`, 'fd00:1:2:3:aaaa::1'],
  ])('who has nobody waiting gets a place among many addresses of %s, and its turn', async (_of, address, own) => {
    const { ask, endOne, begun, refused } = tasks()
    for (let host = 1; host <= 170; host++) ask(address(host), `guess ${host}`)
    ask(own, 'owner')
    // Those that come later take no place that was just given.
    for (let host = 171; host <= 200; host++) ask(address(host), `guess ${host}`)
    await settle()
    expect(refused).not.toContain('owner')
    for (let end = 0; end < 160; end++) await endOne()
    expect(begun).toContain('owner')
    expect(refused.length + begun.length).toBe(201)
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

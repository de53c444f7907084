import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isOwnHost, ownAddress } from './host.ts'
import { MemberPasswords } from './member-passwords.ts'
import { Owner } from './owner.ts'
import { Sessions } from './sessions.ts'
import { Throttle } from './throttle.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dashboard-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('isOwnHost', () => {
  test.each([
    'hearth-7f3a.local',
    'HEARTH-7F3A.local:8443',
    'hearth-7f3a-2.local:8443',
    'hearth-7f3a.local.',
    'localhost:8080',
    '192.168.1.20:8443',
    '[fd00::20]:8443',
    '[::1]',
  ])('%s is ours', (header) => expect(isOwnHost(header, 'hearth-7f3a')).toBe(true))

  test.each([
    undefined,
    '',
    'evil.example',
    'hearth-7f3a.local.evil.example',
    'hearth-7f3b.local',
    'hearth-7f3a-x.local',
    'hearth-7f3a.localx',
    'xhearth-7f3a.local',
    'evil.example:8443',
    'hearth-7f3a.local:8443@evil.example',
    '192.168.1.20.evil.example',
    '[fd00::20',
    'a'.repeat(5000),
  ])('%s is not', (header) => expect(isOwnHost(header, 'hearth-7f3a')).toBe(false))

  test.each([
    ['hearth-3456', 'hearth-3457.local:8443', true],
    ['hearth-3456', 'hearth-3456.local', true],
    ['hearth-9999', 'hearth-10000.local', true],
    ['hearth-3456', 'hearth-3455.local', false],
    ['hearth-3456', 'hearth-3457.local.evil.example', false],
    ['hearth-3456', 'hearth-9999.local', false],
  ])('%s is asked as %s: %s, as Avahi counts up', (hostname, header, isOurs) => {
    expect(isOwnHost(header, hostname)).toBe(isOurs)
  })

  test('without a name yet only addresses are', () => {
    expect(isOwnHost('hearth-7f3a.local', null)).toBe(false)
    expect(isOwnHost('192.168.1.20', null)).toBe(true)
  })
})

describe('ownAddress', () => {
  const network = { addresses: ['192.168.1.20', 'fd00::20'], onLink: [], resolvers: [] }

  test('is by the name the kit goes by, also where another device has its own', () => {
    const announced = (announcedAs: string) => ownAddress('hearth-3456', { ...network, announcedAs })
    expect(announced('hearth-3456')).toBe('https://hearth-3456.local:8443/')
    expect(announced('hearth-3457')).toBe('https://hearth-3457.local:8443/')
  })

  test('is by the address while nobody knows that name', () => {
    expect(ownAddress('hearth-3456', network)).toBe('https://192.168.1.20:8443/')
    expect(ownAddress('hearth-3456', { ...network, addresses: ['fd00::20'] })).toBe('https://[fd00::20]:8443/')
    // Of before a change of name.
    expect(ownAddress('kitchen', { ...network, announcedAs: 'hearth-3457' })).toBe('https://192.168.1.20:8443/')
    expect(ownAddress('hearth-3456', { ...network, addresses: [] })).toBe('https://hearth-3456.local:8443/')
    expect(ownAddress(null, network)).toBe('https://192.168.1.20:8443/')
    expect(ownAddress(null, null)).toBeNull()
  })
})

describe('Throttle', () => {
  test('slows one source after five failures, up to a minute, and nobody else', () => {
    let now = 1000
    const throttle = new Throttle(() => now)
    for (let failure = 0; failure < 5; failure++) {
      expect(throttle.waitSeconds('192.168.1.9')).toBe(0)
      throttle.failed('192.168.1.9')
    }
    expect(throttle.waitSeconds('192.168.1.9')).toBe(1)
    expect(throttle.waitSeconds('192.168.1.10')).toBe(0)
    for (let failure = 0; failure < 100; failure++) throttle.failed('192.168.1.9')
    expect(throttle.waitSeconds('192.168.1.9')).toBe(60)
    now += 60
    expect(throttle.waitSeconds('192.168.1.9')).toBe(0)
    throttle.succeeded('192.168.1.9')
    throttle.failed('192.168.1.9')
    expect(throttle.waitSeconds('192.168.1.9')).toBe(0)
  })

  test('somebody’s own right password does not make guesses of another’s free', () => {
    const throttle = new Throttle(() => 1000)
    for (let round = 0; round < 5; round++) {
      throttle.failed('192.168.1.9') // a guess at the owner's
      throttle.failed('192.168.1.9') // their own, counted before it is checked
      throttle.takeBack('192.168.1.9')
    }
    expect(throttle.waitSeconds('192.168.1.9')).toBe(1)
  })

  test('a guesser keeps no other device of its IPv6 /64 out', () => {
    let now = 1000
    const throttle = new Throttle(() => now)
    for (let guess = 0; guess < 200; guess++) {
      throttle.failed('fd00:1:2:3::9')
      now += 60
    }
    now -= 60
    expect(throttle.waitSeconds('fd00:1:2:3::9')).toBe(60)
    expect(throttle.waitSeconds('fd00:1:2:3::20')).toBe(0)
  })

  test('who takes another address for each five guesses is slowed after fifty, with the /64', () => {
    const throttle = new Throttle(() => 1000)
    const guess = (from: number, to: number) => {
      for (let host = from; host < to; host++)
        for (let time = 0; time < 5; time++) throttle.failed(`fd00:1:2:3::${host}`)
    }
    guess(0, 9)
    expect(throttle.waitSeconds('fd00:1:2:3:aaaa::1')).toBe(0)
    guess(9, 12)
    expect(throttle.waitSeconds('fd00:1:2:3:aaaa::1')).toBe(60)
    for (const address of ['fd00:1:2:4::1', '192.168.1.20']) expect(throttle.waitSeconds(address)).toBe(0)
  })

  test('right passwords do not add up to a wait', () => {
    const throttle = new Throttle(() => 1000)
    for (let time = 0; time < 100; time++) {
      throttle.failed('fd00:1:2:3::20')
      throttle.succeeded('fd00:1:2:3::20')
      throttle.failed('fd00:1:2:3::21')
      throttle.takeBack('fd00:1:2:3::21')
    }
    expect(throttle.waitSeconds('fd00:1:2:3::20')).toBe(0)
  })
})

const isAlive = async (sessions: Sessions, id: string) => (await sessions.holderOf(id)) !== null

describe('Sessions', () => {
  const day = 86_400

  test('outlive a restart, and the file holds no session id', async () => {
    const id = await new Sessions(folder).begin()
    expect(await isAlive(new Sessions(folder), id)).toBe(true)
    expect(await readFile(path.join(folder, 'sessions.json'), 'utf8')).not.toContain(id)
    expect((await stat(path.join(folder, 'sessions.json'))).mode & 0o777).toBe(0o600)
  })

  test('end after a week without a visit, and after a month in any case', async () => {
    let now = 1_000_000
    const sessions = new Sessions(folder, () => now)
    const idle = await sessions.begin()
    const busy = await sessions.begin()
    for (let visit = 0; visit < 5; visit++) {
      now += 6 * day
      expect(await isAlive(sessions, busy)).toBe(true)
    }
    expect(await isAlive(sessions, idle)).toBe(false)
    now += day
    expect(await isAlive(sessions, busy)).toBe(false)
  })

  test('a clock that goes back ends nothing', async () => {
    let now = 1_000_000
    const sessions = new Sessions(folder, () => now)
    const id = await sessions.begin()
    now -= 100 * day
    expect(await isAlive(sessions, id)).toBe(true)
  })

  test('signing out ends one, a new password all', async () => {
    const sessions = new Sessions(folder)
    const [one, two, three] = [await sessions.begin(), await sessions.begin(), await sessions.begin()]
    await sessions.end(one)
    expect(await Promise.all([one, two, three].map((id) => isAlive(sessions, id)))).toEqual([false, true, true])
    await sessions.endAll()
    expect(await Promise.all([one, two, three].map((id) => isAlive(sessions, id)))).toEqual([false, false, false])
  })

  test.each(['', '{', '[]', '{"x":5}', '{"x":null}', 'null'])(
    'a file that holds %j costs a sign-in, no more',
    async (content) => {
      await writeFile(path.join(folder, 'sessions.json'), content)
      const sessions = new Sessions(folder)
      expect(await isAlive(sessions, 'x')).toBe(false)
      expect(await isAlive(sessions, await sessions.begin())).toBe(true)
    },
  )

  test('at most twenty are kept', async () => {
    let now = 1000
    const sessions = new Sessions(folder, () => now++)
    const first = await sessions.begin()
    for (let count = 0; count < 20; count++) await sessions.begin()
    expect(await isAlive(sessions, first)).toBe(false)
  })
})

describe('sessions of members', () => {
  const day = 86_400
  const ada = { role: 'member', account: 'ada', tag: 'x1' } as const
  const kept = () => readFile(path.join(folder, 'sessions.json'), 'utf8')

  test('the file is the same whenever in a week somebody came, and however often', async () => {
    const monday = 2_000 * 7 * day
    const files = []
    for (const [first, ...visits] of [[0], [3 * day, 4 * day, 6 * day], [6.9 * day, 10 * day]]) {
      await rm(path.join(folder, 'sessions.json'), { force: true })
      let now = monday + (first as number)
      const sessions = new Sessions(folder, () => now)
      const id = await sessions.begin(ada)
      for (const visit of visits) {
        now = monday + visit
        expect(await sessions.holderOf(id)).toEqual(ada)
      }
      files.push(Object.values(JSON.parse(await kept())))
    }
    expect(files).toEqual([files[0], files[0], files[0]])
    expect(files[0]).toEqual([{ account: 'ada', tag: 'x1', ends: monday + 14 * day }])
  })

  test('end after two weeks at most, and when the clock was far ahead', async () => {
    let now = 2_000 * 7 * day
    const sessions = new Sessions(folder, () => now)
    const id = await sessions.begin(ada)
    now += 14 * day - 1
    expect(await sessions.holderOf(id)).toEqual(ada)
    now += 1
    expect(await sessions.holderOf(id)).toBeNull()
    const ahead = await sessions.begin(ada)
    now -= 400 * day
    expect(await sessions.holderOf(ahead)).toBeNull()
    expect(await kept()).toBe('{}\n')
  })

  test('one person’s never take the place of the owner’s or of another’s', async () => {
    const sessions = new Sessions(folder)
    const owner = await sessions.begin()
    const ben = await sessions.begin({ role: 'member', account: 'ben', tag: 'x2' })
    const first = await sessions.begin(ada)
    for (let count = 0; count < 30; count++) await sessions.begin(ada)
    expect(await sessions.holderOf(owner)).toEqual({ role: 'owner' })
    expect(await sessions.holderOf(ben)).toEqual({ role: 'member', account: 'ben', tag: 'x2' })
    expect(await sessions.holderOf(first)).toBeNull()
    expect(Object.keys(JSON.parse(await kept()))).toHaveLength(12)
  })

  test('end with the account or its password, and no others', async () => {
    const sessions = new Sessions(folder)
    const adam = { role: 'member', account: 'adam', tag: 'x2' } as const
    const [one, two, owner] = [await sessions.begin(ada), await sessions.begin(adam), await sessions.begin()]
    await sessions.endOf('ada')
    expect(await Promise.all([one, two, owner].map((id) => sessions.holderOf(id)))).toEqual([
      null,
      adam,
      { role: 'owner' },
    ])
    await sessions.endOwners()
    expect(await Promise.all([two, owner].map((id) => sessions.holderOf(id)))).toEqual([adam, null])
  })

  test('from before passwords had tags cost a sign-in', async () => {
    const sessions = new Sessions(folder)
    const id = await sessions.begin(ada)
    await writeFile(path.join(folder, 'sessions.json'), (await kept()).replace('"tag":"x1",', ''))
    expect(await kept()).toContain('"account":"ada"')
    expect(await new Sessions(folder).holderOf(id)).toBeNull()
  })
})

describe('MemberPasswords', () => {
  test('asks once in three minutes, and at once where a newer password comes', async () => {
    let now = 0
    let asked = 0
    let present: string | null = 'x1'
    const passwords = new MemberPasswords(
      async () => {
        asked++
        return present
      },
      () => now,
    )
    const isStill = (tag: string) => passwords.isStill({ account: 'ada', tag })
    expect([await isStill('x1'), await isStill('x1'), asked]).toEqual([true, true, 1])
    present = 'x2'
    now += 179
    expect([await isStill('x1'), asked]).toEqual([true, 1])
    now += 1
    expect([await isStill('x1'), asked]).toEqual([false, 2])
    expect([await isStill('x2'), await isStill('x1'), asked]).toEqual([true, false, 3])
    present = 'x3'
    expect([await isStill('x3'), asked]).toEqual([true, 4])
    passwords.forget('ada')
    present = null
    expect([await isStill('x3'), asked]).toEqual([false, 5])
  })

  test('does not take silence for a yes', async () => {
    const passwords = new MemberPasswords(() => Promise.reject(new Error('no answer')))
    await expect(passwords.isStill({ account: 'ada', tag: 'x1' })).rejects.toThrow('no answer')
  })
})

describe('Owner', () => {
  test('knows the password again, by parameters that are stored with it', async () => {
    const owner = new Owner(folder)
    await owner.setPassword('correct horse battery')
    expect(await new Owner(folder).matches('correct horse battery')).toBe(true)
    expect(await owner.matches('correct horse batterY')).toBe(false)
    const kept = JSON.parse(await readFile(path.join(folder, 'owner.json'), 'utf8'))
    expect(kept.password).toMatchObject({ kind: 'scrypt', n: 32768, r: 8, p: 1 })
    expect(JSON.stringify(kept)).not.toContain('horse')
    expect((await stat(path.join(folder, 'owner.json'))).mode & 0o777).toBe(0o600)
  })

  test('a flood of guesses is turned away instead of filling the memory', async () => {
    const owner = new Owner(folder)
    await owner.setPassword('correct horse battery')
    const guesses = Array.from({ length: 25 }, () => owner.matches('wrong').catch((error) => error.constructor.name))
    const answers = await Promise.all(guesses)
    expect(answers.filter((answer) => answer === 'Busy')).toHaveLength(5)
    expect(await owner.matches('correct horse battery')).toBe(true)
  })
})

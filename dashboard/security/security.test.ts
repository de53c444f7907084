import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isOwnHost } from './host.ts'
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

  test('without a name yet only addresses are', () => {
    expect(isOwnHost('hearth-7f3a.local', null)).toBe(false)
    expect(isOwnHost('192.168.1.20', null)).toBe(true)
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

  test('all addresses of an IPv6 /64 are one source', () => {
    const throttle = new Throttle(() => 1000)
    for (let host = 1; host <= 6; host++) throttle.failed(`fd00:1:2:3::${host}`)
    expect(throttle.waitSeconds('fd00:1:2:3:aaaa::1')).toBeGreaterThan(0)
    expect(throttle.waitSeconds('fd00:1:2:4::1')).toBe(0)
  })
})

describe('Sessions', () => {
  const day = 86_400

  test('outlive a restart, and the file holds no session id', async () => {
    const id = await new Sessions(folder).begin()
    expect(await new Sessions(folder).isAlive(id)).toBe(true)
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
      expect(await sessions.isAlive(busy)).toBe(true)
    }
    expect(await sessions.isAlive(idle)).toBe(false)
    now += day
    expect(await sessions.isAlive(busy)).toBe(false)
  })

  test('a clock that goes back ends nothing', async () => {
    let now = 1_000_000
    const sessions = new Sessions(folder, () => now)
    const id = await sessions.begin()
    now -= 100 * day
    expect(await sessions.isAlive(id)).toBe(true)
  })

  test('signing out ends one, a new password all', async () => {
    const sessions = new Sessions(folder)
    const [one, two, three] = [await sessions.begin(), await sessions.begin(), await sessions.begin()]
    await sessions.end(one)
    expect(await Promise.all([one, two, three].map((id) => sessions.isAlive(id)))).toEqual([false, true, true])
    await sessions.endAll()
    expect(await Promise.all([one, two, three].map((id) => sessions.isAlive(id)))).toEqual([false, false, false])
  })

  test.each(['', '{', '[]', '{"x":5}', '{"x":null}', 'null'])(
    'a file that holds %j costs a sign-in, no more',
    async (content) => {
      await writeFile(path.join(folder, 'sessions.json'), content)
      const sessions = new Sessions(folder)
      expect(await sessions.isAlive('x')).toBe(false)
      expect(await sessions.isAlive(await sessions.begin())).toBe(true)
    },
  )

  test('at most twenty are kept', async () => {
    let now = 1000
    const sessions = new Sessions(folder, () => now++)
    const first = await sessions.begin()
    for (let count = 0; count < 20; count++) await sessions.begin()
    expect(await sessions.isAlive(first)).toBe(false)
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

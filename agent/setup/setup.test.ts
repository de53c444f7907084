import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, readlink, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { KitFacts, Problem } from '../api.ts'
import { checkClaim, claimCode } from './claim.ts'
import { hashClaim } from './claim-hash.ts'
import { readJournal } from './journal.ts'
import { readKit, writeKit } from './kit.ts'
import type { Run } from './run.ts'
import { removeClaimFile } from './seed-store.ts'
import { serverHost } from './server.ts'
import { setUp } from './setup.ts'
import { makeSetupRoot, type SetupRoot } from './setup-fixture.ts'

const missing = ['snac', 'sfdisk', 'ssh-keygen', 'openssl'].filter(
  (name) => !['/usr/bin', '/usr/sbin', '/sbin', '/usr/local/bin'].some((folder) => existsSync(path.join(folder, name))),
)
if (missing.length > 0) console.warn(`the whole set-up is not tried: ${missing.join(', ')} not installed`)

let kit: SetupRoot
beforeEach(async () => {
  kit = await makeSetupRoot()
})
afterEach(() => kit.remove())

const seedFile = () => path.join(kit.medium, 'hearth.yaml')
const mediumText = (name: string) => readFile(path.join(kit.medium, name), 'utf8')
const complete = () => existsSync(path.join(kit.paths.setup, 'complete'))
const facts = async () => (await readKit(kit.paths)) as KitFacts
const problems = async () => JSON.parse(await readFile(kit.paths.problems, 'utf8')) as Problem[]

/** What must never change once it was made. */
async function identity() {
  const { hostname, caFingerprint, caWords } = await facts()
  const machineId = await readFile(path.join(kit.paths.etc, 'machine-id'), 'utf8')
  return {
    hostname,
    caFingerprint,
    caWords,
    machineId,
    code: await claimCode(kit.paths),
    host: await serverHost(kit.paths),
  }
}

describe.skipIf(missing.length > 0)('the first set-up', () => {
  test('without a seed: a kit that serves and can be claimed', async () => {
    expect(await setUp(kit.paths, kit.run)).toEqual([])
    expect(complete()).toBe(true)
    const modes = [kit.paths.agentData, kit.paths.publish, path.dirname(kit.paths.inbox), kit.paths.publishOwn].map(
      async (folder) => ((await stat(folder)).mode & 0o7777).toString(8),
    )
    expect(await Promise.all(modes)).toEqual(['700', '2750', '2750', '700'])
    expect(await facts()).toMatchObject({
      hostname: 'hearth-7f3a',
      claimed: false,
      serverName: null,
      language: 'en',
      timezone: 'Etc/UTC',
      board: { model: 'Raspberry Pi 4 Model B Rev 1.4', architecture: 'aarch64' },
    })
    const code = (await claimCode(kit.paths)) ?? ''
    expect((await checkClaim(kit.paths, code)).right).toBe(true)
    expect(await mediumText('CLAIM-CODE.txt')).toContain(code)
    expect(existsSync(path.join(kit.medium, 'PROBLEMS.txt'))).toBe(false)
    expect(await serverHost(kit.paths)).toBe('hearth-7f3a.local')
    expect(await readFile(path.join(kit.paths.nginx, 'server.conf'), 'utf8')).toContain('hearth-7f3a.local')
    expect(await readFile(path.join(kit.paths.proc, 'sys/kernel/hostname'), 'utf8')).toBe('hearth-7f3a')
    expect(await readlink(path.join(kit.paths.etc, 'localtime'))).toBe('/usr/share/zoneinfo/Etc/UTC')
    expect(existsSync(path.join(kit.paths.etc, 'ssh/authorized_keys'))).toBe(false)
    expect(existsSync(path.join(kit.paths.etc, 'wpa/wpa_supplicant.conf'))).toBe(false)
    expect(await problems()).toEqual([])
    expect(kit.calls).toContain(`resize2fs ${kit.root}/dev/vda8`)
  })

  test('a seed is applied, kept for root alone, and replaced by a note without secrets', async () => {
    const hash = await hashClaim('ABCD-EFGH-JKMN')
    const key = await mediumKey()
    await writeFile(
      seedFile(),
      `name: garden\nlanguage: de\ntimezone: Europe/Berlin\nssh-key: ${key}\nclaim-hash: ${hash}\nwifi:\n  country: de\n  ssid: Home\n  password: very secret words\n`,
    )
    expect(await setUp(kit.paths, kit.run)).toEqual([])
    expect(await facts()).toMatchObject({ hostname: 'garden', language: 'de', timezone: 'Europe/Berlin' })
    expect(await readFile(path.join(kit.paths.etc, 'ssh/authorized_keys'), 'utf8')).toBe(`${key}\n`)
    expect(await readFile(path.join(kit.paths.etc, 'wpa/wpa_supplicant.conf'), 'utf8')).toContain(
      `sae_password=${Buffer.from('very secret words').toString('hex')}\n`,
    )
    for (const secret of ['setup/seed.json', '../etc/wpa/wpa_supplicant.conf', '../etc/ssh/ssh_host_ed25519_key'])
      expect(((await stat(path.join(kit.paths.setup, '..', secret))).mode & 0o077).toString(8)).toBe('0')
    expect((await checkClaim(kit.paths, 'abcdefghjkmn')).right).toBe(true)
    expect(await claimCode(kit.paths)).toBeNull()
    expect(existsSync(path.join(kit.medium, 'CLAIM-CODE.txt'))).toBe(false)
    const note = await mediumText('hearth.yaml')
    expect(note).toContain('# Used:\r\n#   name: garden\r\n')
    expect(note).not.toMatch(/secret words|AAAA|scrypt/)
    expect(kit.calls.join('\n')).not.toMatch(/secret words/)
  })

  test('a wrong seed stops nothing; what is wrong is on medium, console and dashboard until the claim', async () => {
    await writeFile(seedFile(), 'name: garden\nwifi:\n  ssid: Home\n  password: longenough\n')
    expect(await setUp(kit.paths, kit.run)).toEqual([])
    expect(await facts()).toMatchObject({ hostname: 'garden' })
    expect(await problems()).toMatchObject([{ id: 'seed.wifi-no-country', where: 'hearth.yaml:3:3' }])
    expect(await mediumText('PROBLEMS.txt')).toContain('hearth.yaml:3:3\r\n  “wifi” has no country.')
    await removeClaimFile(kit.paths, kit.run)
    expect(existsSync(path.join(kit.medium, 'PROBLEMS.txt'))).toBe(false)
    expect(existsSync(path.join(kit.medium, 'CLAIM-CODE.txt'))).toBe(false)
  })

  test('a medium that cannot be read is tried again at the next start, and the rest works meanwhile', async () => {
    await writeFile(seedFile(), 'name: garden\nlanguage: fr\n')
    const broken: Run = (command, args, options) =>
      command === 'mount'
        ? Promise.resolve({ stdout: '', stderr: 'bad superblock', code: 32 })
        : kit.run(command, args, options)
    const failed = await setUp(kit.paths, broken)
    expect(failed.map(({ step }) => step.name)).toEqual(['seed', 'medium'])
    expect(complete()).toBe(false)
    expect(await facts()).toMatchObject({ hostname: 'hearth-7f3a' })
    expect((await problems()).map(({ id }) => id)).toEqual(['setup.seed', 'setup.medium'])
    const { caFingerprint } = await facts()
    expect(await setUp(kit.paths, kit.run)).toEqual([])
    expect(await facts()).toMatchObject({ hostname: 'garden', language: 'fr', caFingerprint })
    expect(await serverHost(kit.paths)).toBe('garden.local')
    expect(await problems()).toEqual([])
  })

  test('a claimed kit whose set-up is not complete keeps what the household chose', async () => {
    const stuck: Run = (command, args, options) =>
      command === 'resize2fs'
        ? Promise.resolve({ stdout: '', stderr: 'I/O error', code: 1 })
        : kit.run(command, args, options)
    await setUp(kit.paths, stuck)
    expect((await problems()).map(({ id }) => id)).toEqual(['setup.space'])
    await writeKit(kit.paths, { ...(await facts()), claimed: true, language: 'fr', serverName: 'social.example.org' })
    const before = await facts()
    await setUp(kit.paths, kit.run)
    expect(await facts()).toEqual(before)
    expect(complete()).toBe(true)
  })

  test('what was found wrong elsewhere is kept', async () => {
    await kit.write('run/hearth/problems.json', [{ id: 'network.none', what: 'x', next: 'y' }])
    await setUp(kit.paths, kit.run)
    expect((await problems()).map(({ id }) => id)).toEqual(['network.none'])
  })

  test('a second run has nothing to do', async () => {
    await setUp(kit.paths, kit.run)
    const before = await identity()
    kit.calls.length = 0
    expect(await setUp(kit.paths, kit.run)).toEqual([])
    expect(kit.calls).toEqual([])
    expect(await identity()).toEqual(before)
  })

  test('a damaged journal is an empty one', async () => {
    await setUp(kit.paths, kit.run)
    const before = await identity()
    await writeFile(path.join(kit.paths.setup, 'journal.json'), '{"done": ["sp')
    expect(await setUp(kit.paths, kit.run)).toEqual([])
    expect(await identity()).toEqual(before)
    expect(await readJournal(kit.paths)).toContain('medium')
  })
})

describe.skipIf(missing.length > 0)('a cut', () => {
  test('before any command: the next start finishes, and what was made stays', { timeout: 120_000 }, async () => {
    await writeFile(seedFile(), 'language: de\nwifi:\n  country: DE\n  ssid: Home\n  password: longenough\n')
    let known: Partial<Awaited<ReturnType<typeof identity>>> = {}
    let cut = 0
    for (; !complete(); cut++) {
      let count = 0
      const dying: Run = (command, args, options) => {
        if (count++ >= cut) throw new Error('power cut')
        return kit.run(command, args, options)
      }
      await setUp(kit.paths, dying)
      known = await unchanged(known)
    }
    expect(cut).toBeGreaterThan(5)
    expect(await mediumText('hearth.yaml')).not.toContain('longenough')
  })

  test('at any moment: killed again and again, it finishes with the same identity', { timeout: 120_000 }, async () => {
    const script = `
      const { setUp } = await import(${JSON.stringify(path.join(import.meta.dirname, 'setup.ts'))})
      const { fixtureRun } = await import(${JSON.stringify(path.join(import.meta.dirname, 'setup-fixture.ts'))})
      const { kitPaths } = await import(${JSON.stringify(path.join(import.meta.dirname, '../paths.ts'))})
      process.exitCode = (await setUp(kitPaths(${JSON.stringify(kit.root)}), fixtureRun(${JSON.stringify(kit.root)}))).length`
    await writeFile(seedFile(), 'language: de\n')
    let known: Partial<Awaited<ReturnType<typeof identity>>> = {}
    let kills = 0
    for (let milliseconds = 150; !complete(); milliseconds += 25, kills++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { detached: true, stdio: 'ignore' })
      const ended = new Promise((resolve) => child.once('exit', resolve))
      const timer = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), milliseconds)
      await ended
      clearTimeout(timer)
      known = await unchanged(known)
    }
    expect(kills).toBeGreaterThan(3)
    expect(await facts()).toMatchObject({ hostname: 'hearth-7f3a', language: 'de' })
    expect(await setUp(kit.paths, kit.run)).toEqual([])
  })

  /** Everything that was there is there unchanged; returns what is there now. */
  async function unchanged<T extends object>(known: T): Promise<T> {
    const now = existsSync(kit.paths.kit) ? await identity() : {}
    for (const [key, value] of Object.entries(known))
      if (value !== null && value !== undefined)
        expect({ [key]: now[key as keyof typeof now] }).toEqual({ [key]: value })
    return now as T
  }
})

async function mediumKey(): Promise<string> {
  const { readFile: read } = await import('node:fs/promises')
  const file = path.join(kit.root, 'owner-key')
  await kit.run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'anna@laptop', '-f', file])
  return (await read(`${file}.pub`, 'utf8')).trim()
}

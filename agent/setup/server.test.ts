import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, lstat, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { type Run, run as realRun } from './run.ts'
import {
  addPerson,
  changeServerName,
  checkPassword,
  ensureServer,
  keptPassword,
  listPeople,
  removePerson,
  resetPassword,
  serverHost,
} from './server.ts'
import { snac, snacOwner } from './snac.ts'

const installed = ['/usr/bin/snac', '/usr/local/bin/snac'].some((file) => existsSync(file))
if (!installed) console.warn('snac is not installed: the server is not tried (Debian package snac2, 2.96)')

let kit: KitRoot
let calls: string[] = []
/** The real commands, except that there is no service to stop and start. */
const run: Run = (command, args, options) => {
  calls.push([command, ...args].join(' '))
  if (command === 'systemctl') return Promise.resolve({ stdout: '', stderr: '', code: 0 })
  return realRun(command, args, options)
}

beforeEach(async () => {
  calls = []
  kit = await makeKitRoot({ kit: { language: 'de' } })
  await kit.write('usr/lib/hearth/server-languages/de_DE.po', 'msgid ""\nmsgstr ""\n')
  // The server's user passes through to its tree, as through /data on a kit.
  await chmod(kit.root, 0o755)
  await mkdir(path.dirname(kit.paths.snacSocket), { recursive: true })
  await chmod(path.dirname(kit.paths.snacSocket), 0o777)
})
afterEach(() => kit.remove())

const trial = { host: 'hearth-7f3a.local', language: 'de' }
const tree = (...parts: string[]) => path.join(kit.paths.snac, ...parts)
const setUp = () => ensureServer(kit.paths, trial, run)
const add = (id: string, name = 'Anna Öhm') => addPerson(kit.paths, { id, name }, run)

/** A running snac on the kit's socket. */
async function serving<T>(job: () => Promise<T>): Promise<T> {
  const as =
    process.getuid?.() === 0
      ? ['setpriv', `--reuid=${snacOwner.uid}`, `--regid=${snacOwner.gid}`, '--clear-groups']
      : []
  const [command = '', ...args] = [...as, 'snac', 'httpd', kit.paths.snac]
  const process_: ChildProcess = spawn(command, args, { stdio: 'ignore' })
  const ended = new Promise((resolve) => process_.once('exit', resolve))
  try {
    for (let tries = 0; !existsSync(kit.paths.snacSocket); tries++) {
      if (tries > 50) throw new Error('snac did not start')
      await sleep(100)
    }
    return await job()
  } finally {
    process_.kill('SIGKILL')
    await ended
  }
}

function ask(pathname: string, authorization?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { Host: trial.host, ...(authorization ? { Authorization: authorization } : {}) }
    const asked = request({ socketPath: kit.paths.snacSocket, path: pathname, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
    })
    asked.on('error', reject)
    asked.end()
  })
}

const basic = (id: string, password: string) => `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`

describe.skipIf(!installed)('ensureServer', () => {
  test('makes a tree that snac serves from the root, and says that it is a trial', async () => {
    await setUp()
    expect(await serverHost(kit.paths)).toBe('hearth-7f3a.local')
    expect(JSON.parse(await readFile(tree('server.json'), 'utf8'))).toMatchObject({
      prefix: '',
      address: kit.paths.snacSocket,
    })
    expect(await readFile(kit.paths.serverEnvironment, 'utf8')).toContain(
      'https_proxy=off://\nhttp_proxy=off://\nno_proxy=hearth-7f3a.local\n',
    )
    const password = await add('anna')
    await serving(async () => {
      expect((await ask('/')).body).toContain('läuft zur Probe')
      expect((await ask('/style.css')).body).toContain('body::before')
      expect(await ask('/anna')).toMatchObject({ status: 200 })
      expect(await ask('/anna/admin', basic('anna', password))).toMatchObject({ status: 200 })
      expect(await ask('/anna/admin', basic('anna', 'wrong'))).toMatchObject({ status: 401 })
    })
  })

  test('leaves a tree alone and sweeps away what a cut left', async () => {
    await setUp()
    await add('anna')
    await mkdir(`${kit.paths.snac}.new`)
    await setUp()
    expect(await listPeople(kit.paths)).toEqual([{ id: 'anna', name: 'Anna Öhm' }])
    expect(existsSync(`${kit.paths.snac}.new`)).toBe(false)
  })

  test('makes a half-made tree anew', async () => {
    await mkdir(tree('object'), { recursive: true })
    await setUp()
    expect(await serverHost(kit.paths)).toBe('hearth-7f3a.local')
  })

  test('follows the household to another language', async () => {
    await setUp()
    for (const language of ['fr', 'fr']) await ensureServer(kit.paths, { ...trial, language }, run)
    expect(await readFile(tree('greeting.html'), 'utf8')).toContain('à l’essai')
    const style = await readFile(tree('style.css'), 'utf8')
    expect(style.match(/body::before/g)).toHaveLength(1)
    expect(style).toContain('à l’essai')
    expect(style).toContain('max-width: 48em')
  })

  test('says so when snac fails', async () => {
    const failing: Run = (command, args, options) =>
      args.includes('snac') || command === 'snac'
        ? Promise.resolve({ stdout: '', stderr: 'No space left', code: 1 })
        : run(command, args, options)
    await expect(ensureServer(kit.paths, trial, failing)).rejects.toThrow('No space left')
    expect(existsSync(kit.paths.snac)).toBe(false)
  })
})

describe.skipIf(!installed)('people', () => {
  beforeEach(setUp)

  test('passwords go through no command line', async () => {
    const first = await add('anna')
    const second = await resetPassword(kit.paths, 'anna', run)
    expect(second).not.toBe(first)
    expect(calls.join('\n')).not.toContain(first)
    expect(calls.join('\n')).not.toContain(second)
    await serving(async () => {
      expect(await ask('/anna/admin', basic('anna', second))).toMatchObject({ status: 200 })
      expect(await ask('/anna/admin', basic('anna', first))).toMatchObject({ status: 401 })
    })
  })

  test('a password is checked as snac checks it, without a trace', async () => {
    const first = await add('anna')
    const second = await resetPassword(kit.paths, 'anna', run)
    const files = async () => {
      const names = (await readdir(kit.paths.snac, { recursive: true })).sort()
      return Promise.all(names.map(async (name) => [name, (await stat(tree(name))).mtimeMs]))
    }
    const before = await files()
    const person = { id: 'anna', name: 'Anna Öhm' }
    const kept = await keptPassword(kit.paths, 'anna')
    expect(await checkPassword(kit.paths, 'Anna', second)).toEqual({ person, kept })
    expect(await keptPassword(kit.paths, 'ben')).toBeNull()
    for (const [name, password] of [
      ['anna', first],
      ['anna', ''],
      ['ben', second],
    ] as const)
      expect(await checkPassword(kit.paths, name, password)).toBeNull()
    expect(await files()).toEqual(before)
  })

  test('a new password keeps the profile', async () => {
    await add('anna')
    const before = JSON.parse(await readFile(tree('user/anna/user.json'), 'utf8'))
    await resetPassword(kit.paths, 'anna', run)
    const after = JSON.parse(await readFile(tree('user/anna/user.json'), 'utf8'))
    expect({ ...after, passwd: '' }).toEqual({ ...before, passwd: '' })
    expect(after.passwd).not.toBe(before.passwd)
    expect(before).toMatchObject({ name: 'Anna Öhm', web_ui_lang: 'de_DE' })
  })

  test('an account is all there or not at all', async () => {
    const full: Run = async (command, args, options) => {
      const result = await run(command, args, options)
      if (args.includes('adduser'))
        await rename(`${kit.paths.snac}.work/user/anna/key.json`, `${kit.paths.snac}.work/lost`)
      return result
    }
    await expect(addPerson(kit.paths, { id: 'anna', name: 'Anna' }, full)).rejects.toMatchObject({ code: 'failed' })
    expect(await listPeople(kit.paths)).toEqual([])
    expect(await readdir(path.dirname(kit.paths.snac))).not.toContain('snac.work')
  })

  test.each(['', 'a-b', '../x', 'a b', 'ä', 'x'.repeat(31)])('refuses the id %j', async (id) => {
    await expect(add(id)).rejects.toMatchObject({ code: 'bad-id' })
  })

  test.each(['oauth', 'API'])('refuses the id %j, which the server needs itself', async (id) => {
    await expect(add(id)).rejects.toMatchObject({ code: 'reserved', id })
  })

  test.each(['', '  ', 'a\nb', 'x'.repeat(101)])('refuses the name %j', async (name) => {
    await expect(add('anna', name)).rejects.toMatchObject({ code: 'bad-name' })
  })

  test('refuses a second account of the same name in whatever case, and unknown ones', async () => {
    await add('anna')
    await expect(add('Anna')).rejects.toMatchObject({ code: 'exists' })
    await expect(resetPassword(kit.paths, 'bob', run)).rejects.toMatchObject({ code: 'missing' })
    await expect(removePerson(kit.paths, '../user', run)).rejects.toMatchObject({ code: 'bad-id' })
  })

  test('a removed account is gone, also when snac did nothing', async () => {
    await add('anna')
    await add('bob')
    await removePerson(kit.paths, 'bob', run)
    const idle: Run = (command, args, options) =>
      args.includes('deluser') ? Promise.resolve({ stdout: '', stderr: '', code: 1 }) : run(command, args, options)
    expect(await listPeople(kit.paths)).toEqual([{ id: 'anna', name: 'Anna Öhm' }])
    await removePerson(kit.paths, 'anna', idle)
    expect(await listPeople(kit.paths)).toEqual([])
  })

  test('a damaged profile is listed by its id', async () => {
    await add('anna')
    await writeFile(tree('user/anna/user.json'), '{"uid": "an')
    expect(await listPeople(kit.paths)).toEqual([{ id: 'anna', name: 'anna' }])
    await expect(resetPassword(kit.paths, 'anna', run)).rejects.toMatchObject({ code: 'failed' })
  })
})

describe.skipIf(!installed)('changeServerName', () => {
  const name = 'social.example.org'
  let password: string
  beforeEach(async () => {
    await setUp()
    password = await add('anna')
    await add('bob', 'Bob')
    const profile = JSON.parse(await readFile(tree('user/anna/user.json'), 'utf8'))
    await writeFile(
      tree('user/anna/user.json'),
      JSON.stringify({ ...profile, avatar: 'https://hearth-7f3a.local/anna/s/me.png' }),
    )
    await writeFile(tree('user/anna/static/me.png'), 'picture')
    await writeFile(tree('user/anna/muted/0123'), 'https://rude.example/x\n')
    await snac(realRun, ['note', kit.paths.snac, 'anna', 'a first post'])
    await snac(realRun, ['block', kit.paths.snac, 'https://evil.example'])
  })

  const posts = async () => (await readdir(tree('user/anna/public'))).length

  test('keeps people, uploads and block lists; posts start afresh', async () => {
    expect(await posts()).toBe(1)
    expect(await changeServerName(kit.paths, name, run)).toEqual({ people: ['anna', 'bob'] })
    expect(await serverHost(kit.paths)).toBe(name)
    expect(await listPeople(kit.paths)).toEqual([
      { id: 'anna', name: 'Anna Öhm' },
      { id: 'bob', name: 'Bob' },
    ])
    expect(await posts()).toBe(0)
    expect(JSON.parse(await readFile(tree('user/anna/user.json'), 'utf8')).avatar).toBe(`https://${name}/anna/s/me.png`)
    expect(await readFile(tree('user/anna/static/me.png'), 'utf8')).toBe('picture')
    expect(await readdir(tree('user/anna/muted'))).toEqual(['0123'])
    expect(await readdir(tree('block'))).toHaveLength(1)
    expect(await readFile(kit.paths.serverEnvironment, 'utf8')).not.toContain('proxy=')
    expect(existsSync(tree('announcement.txt'))).toBe(false)
    expect(calls.filter((call) => call.startsWith('systemctl'))).toEqual([
      'systemctl stop snac2.service',
      'systemctl start snac2.service',
    ])
    await serving(async () => {
      expect((await ask('/anna', undefined)).body).toContain(`https://${name}/anna`)
      expect(await ask('/anna/admin', basic('anna', password))).toMatchObject({ status: 200 })
      expect((await ask('/anna/s/me.png')).body).toBe('picture')
      expect((await ask('/')).body).not.toContain('läuft zur Probe')
    })
    expect(await readdir(path.dirname(kit.paths.snac))).not.toContain('snac.new')
  })

  test('everything is the server user’s own', async () => {
    await changeServerName(kit.paths, name, run)
    const names = await readdir(kit.paths.snac, { recursive: true })
    for (const file of names) expect((await lstat(tree(file))).uid).toBe(snacOwner.uid)
    expect((await stat(kit.paths.snac)).mode & 0o007).toBe(0)
  })

  test('a failure at any command leaves the old server or the new one, whole, and repeating finishes', async () => {
    let cut = 0
    for (;;) {
      let count = 0
      const cutting: Run = (command, args, options) => {
        if (command === 'systemctl') return run(command, args, options)
        if (count++ === cut) throw new Error('power cut')
        return run(command, args, options)
      }
      const done = await changeServerName(kit.paths, name, cutting).then(
        () => true,
        () => false,
      )
      expect(await listPeople(kit.paths)).toHaveLength(2)
      expect(await posts()).toBe((await serverHost(kit.paths)) === name ? 0 : 1)
      if (done) break
      cut++
    }
    expect(cut).toBeGreaterThanOrEqual(5)
    expect(await serverHost(kit.paths)).toBe(name)
  })

  test('a cut between the two renames of an old mv is mended', async () => {
    await rename(kit.paths.snac, `${kit.paths.snac}.old`)
    await setUp()
    expect(await listPeople(kit.paths)).toHaveLength(2)
    expect(await posts()).toBe(1)
  })

  test.each([
    '',
    'localhost',
    'home',
    '192.168.1.2',
    'UPPER.example',
    'a b.example',
    'x.example/',
    '-.example',
    'evil\nname.org',
  ])('refuses the name %j and touches nothing', async (bad) => {
    await expect(changeServerName(kit.paths, bad, run)).rejects.toThrow('is not a name a server can have')
    expect(await posts()).toBe(1)
  })
})

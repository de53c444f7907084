import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClaim } from '../setup/claim.ts'
import { type KitRoot, makeKitRoot } from '../testing/kit-root.ts'
import { callHelper } from './client.ts'
import type { Caller } from './protocol.ts'
import { helperProgram, spawnHelper } from './testing/program.ts'

// The real program, with two listening sockets passed as systemd passes them.
let kit: KitRoot
let helper: ChildProcess
let journal: string

beforeEach(async () => {
  kit = await makeKitRoot({ kit: { claimed: false } })
  journal = ''
})
afterEach(async () => {
  if (helper.exitCode === null && helper.signalCode === null) {
    helper.kill()
    await once(helper, 'exit')
  }
  await kit.remove()
})

test('answers each caller on its own socket, and writes down every call', async () => {
  await startHelper()
  const use = await callHelper(kit.paths.helperSocket('agent'), 'storage.use', {})
  expect(use.system).toBeGreaterThan(0)
  await expect(callHelper(kit.paths.helperSocket('dashboard'), 'disk.list', {})).resolves.toEqual({ disks: [] })
  expect(await audit()).toMatchObject([
    { caller: 'agent', verb: 'storage.use', args: {}, outcome: 'ok' },
    { caller: 'dashboard', verb: 'disk.list', args: {}, outcome: 'ok' },
  ])
  expect((await stat(kit.paths.audit)).mode & 0o777).toBe(0o600)
})

test('checks a person’s password, and leaves no line of it, right or wrong', async () => {
  // As snac 2.96 keeps 76viMGPBEQ1+dvf5.
  const profile = { name: 'Anna Öhm', passwd: 'ade0253e:d97704a4d92d9a936916901d28cb42a86ad0734c' }
  await kit.write('data/snac/user/anna/user.json', profile)
  await kit.write('data/snac/user/ben/user.json', '{ not a profile')
  await startHelper()
  const check = (id: string, password: string) =>
    callHelper(kit.paths.helperSocket('dashboard'), 'person.check', { id, password })
  await callHelper(kit.paths.helperSocket('dashboard'), 'disk.list', {})
  for (const id of ['anna', 'Anna']) {
    const { person } = await check(id, '76viMGPBEQ1+dvf5')
    const { tag } = await callHelper(kit.paths.helperSocket('dashboard'), 'person.tag', { id: 'anna' })
    expect(tag).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(person).toEqual({ id: 'anna', name: 'Anna Öhm', tag })
  }
  expect(await check('anna', '76viMGPBEQ1+dvf6')).toEqual({ person: null })
  expect(await check('nobody', '76viMGPBEQ1+dvf5')).toEqual({ person: null })
  await expect(check('../anna', 'x')).rejects.toMatchObject({ code: 'arguments.wrong' })
  await expect(check('ben', 'x')).rejects.toMatchObject({ code: 'helper.failed' })
  await expect(
    callHelper(kit.paths.helperSocket('agent'), 'person.check', { id: 'anna', password: 'x' }),
  ).rejects.toThrow()
  expect((await audit()).map(({ verb }) => verb)).toEqual(['disk.list', null])
  expect(journal).not.toContain('dvf')
})

test('neither caller may ask for the verbs of the other, nor for what is no verb', async () => {
  await startHelper()
  const askAgent = (verb: string) => send('agent', `${JSON.stringify({ verb, args: {} })}\n`)
  for (const verb of ['kit.restart', 'person.reset', 'constructor', '__proto__', 'toString', 'hasOwnProperty', ''])
    expect(await askAgent(verb), verb).toMatchObject({ ok: false, error: { code: 'verb.unknown' } })
  const answer = await send('dashboard', `${JSON.stringify({ verb: 'slot.good', args: {} })}\n`)
  expect(answer).toMatchObject({ error: { code: 'verb.unknown' } })
  expect((await audit()).every(({ verb }) => verb === null)).toBe(true)
})

test.each([
  ['no JSON', '{"verb":\n', 'line.wrong'],
  ['no object', '[]\n', 'line.wrong'],
  ['null', 'null\n', 'line.wrong'],
  ['an empty line', '\n', 'line.wrong'],
  ['no arguments', '{"verb":"storage.use"}\n', 'line.wrong'],
  ['a key too many', '{"verb":"storage.use","args":{},"as":"root"}\n', 'line.wrong'],
  ['a prototype beside the verb', '{"verb":"storage.use","args":{},"__proto__":{"x":1}}\n', 'line.wrong'],
  ['a prototype as an argument', '{"verb":"storage.use","args":{"__proto__":{"x":1}}}\n', 'arguments.wrong'],
  ['an unknown argument', '{"verb":"storage.use","args":{"path":"/etc/shadow"}}\n', 'arguments.wrong'],
  ['a list of arguments', '{"verb":"storage.use","args":[]}\n', 'arguments.wrong'],
  ['a verb that is no text', '{"verb":{"toString":1},"args":{}}\n', 'line.wrong'],
  ['what is not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x0a]), 'line.encoding'],
  ['a huge line', `${' '.repeat(70_000)}\n`, 'line.long'],
  ['a huge line without an end', 'x'.repeat(1_000_000), 'line.long'],
  ['deep nesting', `{"verb":"storage.use","args":${'['.repeat(20_000)}${']'.repeat(20_000)}}\n`, 'arguments.wrong'],
])('refuses %s and goes on', async (_, line, code) => {
  await startHelper()
  expect(await send('agent', line)).toMatchObject({ ok: false, error: { code } })
  await expect(callHelper(kit.paths.helperSocket('agent'), 'storage.use', {})).resolves.toBeDefined()
  expect((await audit()).map(({ outcome }) => outcome)).toEqual([code, 'ok'])
})

test('a line that ends without its newline is refused', async () => {
  await startHelper()
  const socket = connect(kit.paths.helperSocket('agent'))
  socket.end('{"verb":"storage.use","args":{}}')
  expect(JSON.parse(await readAll(socket))).toMatchObject({ error: { code: 'line.cut' } })
})

test('a caller that says nothing holds nobody up', async () => {
  await startHelper()
  const silent = Array.from({ length: 5 }, () => connect(kit.paths.helperSocket('agent')))
  await expect(callHelper(kit.paths.helperSocket('agent'), 'storage.use', {})).resolves.toBeDefined()
  for (const socket of silent) socket.destroy()
})

test('both callers at once, many times', async () => {
  await startHelper()
  const calls = Array.from({ length: 12 }, (_, index) =>
    index % 2 === 0
      ? callHelper(kit.paths.helperSocket('agent'), 'storage.use', {})
      : callHelper(kit.paths.helperSocket('dashboard'), 'person.list', {}),
  )
  await Promise.all(calls)
  expect(await audit()).toHaveLength(12)
})

test('no claim code and no password reaches the audit log or the journal', async () => {
  await mkdir(kit.paths.setup, { recursive: true })
  const code = (await createClaim(kit.paths)) as string
  await startHelper()
  const dashboard = kit.paths.helperSocket('dashboard')
  await expect(callHelper(dashboard, 'claim.check', { code })).resolves.toMatchObject({ right: true })
  await expect(callHelper(dashboard, 'claim.check', { code: 'WRONGWRONGWR' })).resolves.toMatchObject({ right: false })
  await send('dashboard', `${JSON.stringify({ verb: 'claim.check', args: { code, extra: code } })}\n`)
  await send('dashboard', `${JSON.stringify({ verb: code, args: { code } })}\n`)
  await send('dashboard', `${code}\n`)
  await stopHelper()
  const written = (await readFile(kit.paths.audit, 'utf8')) + journal
  expect(written).toContain('claim.check')
  expect(written).not.toContain(code)
  expect(written).not.toContain('WRONG')
})

test('a fault of ours is told without its cause, which goes to the journal', async () => {
  await writeFile(kit.paths.kit, '{ "hostname": "half')
  await startHelper()
  await expect(callHelper(kit.paths.helperSocket('dashboard'), 'disk.list', {})).rejects.toMatchObject({
    code: 'helper.failed',
    message: expect.not.stringContaining('kit.json'),
  })
  expect(journal).toContain('kit.json')
})

test('ends when idle, and not before', async () => {
  await startHelper({ idle: 300 })
  const begun = Date.now()
  await callHelper(kit.paths.helperSocket('agent'), 'storage.use', {})
  const [code] = await once(helper, 'exit')
  expect(code).toBe(0)
  expect(Date.now() - begun).toBeGreaterThan(290)
})

test('started by hand it says how it is started', async () => {
  helper = spawn(process.execPath, [helperProgram, '--root', kit.root], {
    env: {},
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  helper.stderr?.on('data', (text) => {
    journal += text
  })
  expect((await once(helper, 'close'))[0]).toBe(1)
  expect(journal).toContain('hearth-helper-dashboard.socket')
})

async function startHelper(options: { idle?: number } = {}): Promise<void> {
  helper = await spawnHelper(kit.paths, options)
  helper.stderr?.on('data', (text) => {
    journal += text
  })
}

async function stopHelper(): Promise<void> {
  helper.kill()
  await once(helper, 'close')
}

/** Sends bytes as they are and returns what came back. */
async function send(caller: Caller, line: string | Buffer): Promise<unknown> {
  const socket = connect(kit.paths.helperSocket(caller))
  socket.write(line)
  return JSON.parse(await readAll(socket))
}

function readAll(socket: ReturnType<typeof connect>): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    // A refused caller may meet a broken pipe while it still writes; what counts is the answer.
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })
}

async function audit(): Promise<Record<string, unknown>[]> {
  const text = await readFile(kit.paths.audit, 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

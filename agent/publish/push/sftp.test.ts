import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collectorFolder, indexFile } from '../log-address.ts'
import type { CollectorPlace } from '../outbox.ts'
import { answerOutbox } from './answer.ts'
import { Grant } from './grant.ts'
import { listen, makePublishing, outboxOf } from './push-fixture.ts'
import { batch, knownHost, sftpSender, sftpWords, troubleOf } from './sftp.ts'
import { ensureSshKey } from './ssh-key.ts'

type SftpPlace = CollectorPlace & { kind: 'sftp' }

const place: SftpPlace = {
  kind: 'sftp',
  host: 'files.example',
  port: 22,
  user: 'kit',
  path: 'public/ledgers/',
  hostKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0n',
}
const file = (name: string) => ({ name, content: Buffer.from(name) })

describe('words for sftp', () => {
  it('take the host key that was given and no other, the kit’s key and no other, and ask nobody', () => {
    const words = sftpWords(place, '/own/ssh-key', '/tmp/known-hosts')
    expect(words.slice(0, 8)).toEqual(['-F', '/dev/null', '-b', '-', '-P', '22', '-i', '/own/ssh-key'])
    for (const option of [
      'BatchMode=yes',
      'StrictHostKeyChecking=yes',
      'IdentitiesOnly=yes',
      'UserKnownHostsFile=/tmp/known-hosts',
      'GlobalKnownHostsFile=/dev/null',
      'HostKeyAlgorithms=ssh-ed25519',
    ])
      expect(words).toContain(option)
    expect(words.at(-1)).toBe('kit@files.example')
  })

  it('name the host as known_hosts does', () => {
    expect(knownHost(place)).toBe(`files.example ${place.hostKey}`)
    expect(knownHost({ ...place, port: 2222 })).toBe(`[files.example]:2222 ${place.hostKey}`)
  })

  it('make folders before files, each once, and keep the order of files', () => {
    expect(batch(place, [file('logs/a/tile/0/000'), file('logs/a/checkpoint'), file('index/a.json')])).toBe(
      `-mkdir public/ledgers/logs
-mkdir public/ledgers/logs/a
-mkdir public/ledgers/logs/a/tile
-mkdir public/ledgers/logs/a/tile/0
-mkdir public/ledgers/index
put 0 public/ledgers/logs/a/tile/0/000
put 1 public/ledgers/logs/a/checkpoint
put 2 public/ledgers/index/a.json
`,
    )
    expect(batch({ ...place, path: '' }, [file('index/a.json')])).toBe('-mkdir index\nput 0 index/a.json\n')
  })

  it.each([
    { host: '-oProxyCommand=touch' },
    { host: 'a b' },
    { user: '-x' },
    { user: 'a b' },
    { path: 'a\n!touch /tmp/x' },
    { path: 'a b' },
    { hostKey: 'nonsense' },
  ])('are not made of %j', async (wrong) => {
    const options = { keyFile: '/nowhere', publicKey: 'ssh-ed25519 AAAA' }
    const sender = sftpSender({ ...place, ...wrong }, new Grant(1e6), options)
    await expect(sender.send([file('a')])).rejects.toThrow('cannot be used as it is written')
  })

  it.each([
    ['Host key verification failed.\nConnection closed', 'another host key', 'place.sftp-host-key'],
    ['kit@files.example: Permission denied (publickey).\nConnection closed', 'does not let kit in', 'place.sftp-login'],
    ['ssh: Could not resolve hostname files.example: Name or service not known', 'is not found', 'place.name'],
    [
      'ssh: connect to host files.example port 22: Connection timed out\nConnection closed',
      'cannot be reached',
      'place.unreachable',
    ],
    ['remote open("public/ledgers/x"): Permission denied', 'did not take a file', 'place.sftp-file'],
  ])('“%s” means something', (said, what, code) => {
    const { trouble } = troubleOf(said, place, 'ssh-ed25519 AAAA kit')
    expect(trouble).toMatchObject({ what: expect.stringContaining(what), code, facts: { host: 'files.example' } })
    expect(trouble.next).not.toBe('')
  })
})

const sshd = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((program) => existsSync(program))
if (!sshd)
  console.warn('sshd is not installed: SFTP is not tried against a real server (apt-get install openssh-server)')

describe.skipIf(!sshd)('a real SFTP server', () => {
  let folder: string
  let port: number
  let server: ChildProcess
  let hostKey: string
  const kit = makePublishing(5)

  beforeAll(async () => {
    // Not below /tmp with its open mode: sshd looks at the folders above a key.
    folder = mkdtempSync(path.join(os.tmpdir(), 'sshd-'))
    chmodSync(folder, 0o755)
    mkdirSync(path.join(folder, 'files'))
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'host')])
    hostKey = readFileSync(path.join(folder, 'host.pub'), 'utf8').split(' ').slice(0, 2).join(' ')
    const { publicKey } = await ensureSshKey(kit.paths.publishOwn)
    writeFileSync(path.join(folder, 'authorized'), `${publicKey}\n`)
    port = await freePort()
    writeFileSync(
      path.join(folder, 'config'),
      `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${folder}/host\nAuthorizedKeysFile ${folder}/authorized
StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nSubsystem sftp internal-sftp -d ${folder}/files\n`,
    )
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
    server = spawn(sshd as string, ['-D', '-e', '-f', path.join(folder, 'config')], { stdio: 'ignore' })
    for (let tries = 0; !(await answers(port)); tries += 1) {
      if (tries > 50) throw new Error('sshd did not start')
      await wait(100)
    }
  })
  afterAll(() => {
    server?.kill()
    if (folder) rmSync(folder, { recursive: true, force: true })
    kit.remove()
  })

  async function push(more: Partial<SftpPlace> = {}) {
    // What the collector shows: nothing, as far as the kit sees.
    const shown = await listen((_, response) => response.writeHead(404).end())
    const there: SftpPlace = {
      ...place,
      host: '127.0.0.1',
      port,
      user: os.userInfo().username,
      path: 'public',
      hostKey,
      ...more,
    }
    try {
      mkdirSync(path.join(folder, 'files/public'), { recursive: true })
      const collectors = [{ id: 'c1', place: there, publicUrl: shown.url, known: 0, grant: 100_000 }]
      return await answerOutbox(outboxOf(kit.log, { collectors }), kit.paths)
    } finally {
      await shown.close()
    }
  }
  const there = (name: string) => path.join(folder, 'files/public', name)

  it('gets the log, for everybody to read, and again what changed', async () => {
    for (let round = 0; round < 2; round += 1) {
      const { collectors, sshKey } = await push()
      expect(collectors[0]).toMatchObject({ outcome: 'sent', size: 5 })
      expect(sshKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]+ hearth-publish$/)
      const checkpoint = there(`${collectorFolder(kit.log.key.name)}checkpoint`)
      expect(readFileSync(checkpoint, 'utf8')).toBe(kit.log.checkpoint)
      expect(statSync(checkpoint).mode & 0o444).toBe(0o444)
      expect(JSON.parse(readFileSync(there(indexFile(kit.log.key.name)), 'utf8'))).toMatchObject({ size: 5 })
    }
  })

  it('with another host key gets nothing', async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'other')])
    const other = readFileSync(path.join(folder, 'other.pub'), 'utf8').split(' ').slice(0, 2).join(' ')
    expect((await push({ hostKey: other })).collectors[0]?.problem?.what).toContain('shows another host key')
  })

  it('where the kit is not let in is told which key to allow', async () => {
    writeFileSync(path.join(folder, 'authorized'), '')
    const { collectors, sshKey } = await push()
    expect(collectors[0]?.problem?.next).toBe(`Allow the kit's key there: ${sshKey}`)
    writeFileSync(path.join(folder, 'authorized'), `${sshKey}\n`)
  })

  it('that says nothing is given up, with the ssh that waits for it', { timeout: 20_000 }, async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port: mute } = silent.address() as { port: number }
    const { file: keyFile, publicKey } = await ensureSshKey(kit.paths.publishOwn)
    const sender = sftpSender({ ...place, host: '127.0.0.1', port: mute, hostKey }, new Grant(1e6), {
      keyFile,
      publicKey,
      totalMs: 1000,
    })
    await expect(sender.send([file('a')])).rejects.toThrow('in time')
    silent.close()
  })

  it('without the folder says so', async () => {
    const { collectors } = await push({ path: 'nowhere/else' })
    expect(collectors[0]?.problem?.what).toContain('did not take a file')
    expect(collectors[0]?.problem?.next).toContain('nowhere/else')
  })
})

describe('the kit’s key', () => {
  it('is made once, for nobody else to read, and told before anything is sent', async () => {
    const kit = makePublishing(1)
    const there: SftpPlace = { ...place, host: '127.0.0.1', port: 1 }
    const collectors = [{ id: 'c1', place: there, publicUrl: 'https://shown.example/', known: 0, grant: 0 }]
    const first = await answerOutbox(outboxOf(kit.log, { collectors }), kit.paths)
    expect(first).toMatchObject({ collectors: [], sshKey: expect.stringMatching(/^ssh-ed25519 /) })
    expect(statSync(path.join(kit.paths.publishOwn, 'ssh-key')).mode & 0o777).toBe(0o600)
    expect((await answerOutbox(outboxOf(kit.log, { collectors }), kit.paths)).sshKey).toBe(first.sshKey)
    expect((await answerOutbox(outboxOf(kit.log), kit.paths)).sshKey).toBeUndefined()
    kit.remove()
  })
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

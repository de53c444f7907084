import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { CollectorPlace } from '../outbox.ts'
import { sendCost } from '../wire.ts'
import type { Grant } from './grant.ts'
import type { ParcelFile, Sender } from './parcel.ts'
import { PlaceTrouble, quoted } from './trouble.ts'

type SftpPlace = CollectorPlace & { kind: 'sftp' }

export interface SftpOptions {
  /** The kit's secret key. */
  keyFile: string
  /** And its public one, for the words. */
  publicKey: string
  totalMs?: number
}

const maximumWords = 16 * 1024
const plainPath = /^[A-Za-z0-9._/-]*$/

/** Sends files by OpenSSH's `sftp`, in one connection, with the kit's own key, to a server with this host key only. */
export function sftpSender(place: SftpPlace, grant: Grant, options: SftpOptions): Sender {
  return {
    send: async (files) => {
      checkPlace(place)
      grant.spend(
        sendCost(
          'sftp',
          files.map(({ content }) => content.length),
        ),
      )
      const folder = mkdtempSync(path.join(tmpdir(), 'hearth-sftp-'))
      try {
        const knownHosts = path.join(folder, 'known-hosts')
        writeFileSync(knownHosts, `${knownHost(place)}\n`)
        files.forEach(({ content }, index) => {
          const file = path.join(folder, String(index))
          writeFileSync(file, content)
          chmodSync(file, 0o644) // sftp passes this on: everybody is to read it, whatever the umask here
        })
        await run(folder, sftpWords(place, options.keyFile, knownHosts), batch(place, files), place, options)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
    close: () => {},
  }
}

/** What becomes words of a command is checked once more. */
function checkPlace({ host, user, path: folder, hostKey }: SftpPlace): void {
  const isPlain =
    /^(?!-)[A-Za-z0-9.-]{1,253}$/.test(host) &&
    /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$/.test(user) &&
    plainPath.test(folder) &&
    /^[a-z0-9-]+ [A-Za-z0-9+/=]+$/.test(hostKey)
  if (!isPlain)
    throw new PlaceTrouble('place.sftp-name', {}, 'This SFTP server cannot be used as it is written.', 'Name it anew.')
}

/** Words of `sftp`; nothing of the kit's own settings for SSH is used. */
export function sftpWords({ host, port, user, hostKey }: SftpPlace, keyFile: string, knownHosts: string): string[] {
  const type = hostKey.split(' ')[0] as string
  const options = {
    BatchMode: 'yes',
    ConnectTimeout: '30',
    GlobalKnownHostsFile: '/dev/null',
    HostKeyAlgorithms: type === 'ssh-rsa' ? 'rsa-sha2-512,rsa-sha2-256' : type,
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    PreferredAuthentications: 'publickey',
    ServerAliveInterval: '15',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'no',
    UserKnownHostsFile: knownHosts,
  }
  return [
    ...['-F', '/dev/null', '-b', '-', '-P', String(port), '-i', keyFile],
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    `${user}@${host}`,
  ]
}

export function knownHost({ host, port, hostKey }: SftpPlace): string {
  return `${port === 22 ? host : `[${host}]:${port}`} ${hostKey}`
}

/** Commands for `sftp`: missing folders first, of which those that are there may fail (`-`). */
export function batch({ path: base }: SftpPlace, files: readonly ParcelFile[]): string {
  const at = (name: string) => (base === '' ? name : path.posix.join(base, name))
  const folders = new Set<string>()
  for (const { name } of files) {
    const parts = path.posix.dirname(name).split('/')
    parts.forEach((_, index) => {
      folders.add(parts.slice(0, index + 1).join('/'))
    })
  }
  return [
    ...[...folders].map((folder) => `-mkdir ${at(folder)}`),
    ...files.map(({ name }, index) => `put ${index} ${at(name)}`),
    '',
  ].join('\n')
}

async function run(
  folder: string,
  words: string[],
  input: string,
  place: SftpPlace,
  options: SftpOptions,
): Promise<void> {
  const child = spawn('sftp', words, {
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true, // a group of its own, with the ssh it starts
  })
  let said = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text: string) => {
    said = (said + text).slice(-maximumWords)
  })
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, options.totalMs ?? 100_000)
  // It ends before it has read everything if there is no connection.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).finally(() => clearTimeout(timer))
  const { host } = place
  if (isLate)
    throw new PlaceTrouble('place.slow', { host }, `${host} did not take the files in time.`, 'It is tried again.')
  if (status !== 0) throw troubleOf(said, place, options.publicKey)
}

/** What the words of `sftp` mean. */
export function troubleOf(said: string, { host, user, path: folder }: SftpPlace, publicKey: string): PlaceTrouble {
  const last = quoted(said.trim().split('\n').at(-1) ?? '')
  if (/host key verification failed|no matching host key/i.test(said))
    return new PlaceTrouble(
      'place.sftp-host-key',
      { host },
      `${host} shows another host key than the one you gave.`,
      'Compare it with what the provider states; somebody else may answer in its place.',
    )
  if (/permission denied \(|too many authentication failures/i.test(said))
    return new PlaceTrouble(
      'place.sftp-login',
      { host, user, key: publicKey },
      `${host} does not let ${user} in.`,
      `Allow the kit's key there: ${publicKey}`,
    )
  if (/could not resolve/i.test(said))
    return new PlaceTrouble(
      'place.name',
      { host },
      `The name ${host} is not found.`,
      'Check it, and whether the internet works.',
    )
  if (/connection refused|timed out|unreachable|connection closed|reset by/i.test(said))
    return new PlaceTrouble(
      'place.unreachable',
      { host, reason: last },
      `${host} cannot be reached: ${last}.`,
      'Check the name; it is tried again.',
    )
  return new PlaceTrouble(
    'place.sftp-file',
    { host, reason: last, folder, user },
    `${host} did not take a file: ${last}.`,
    `Check that the folder ${folder === '' ? 'of the account' : folder} is there and ${user} may write in it.`,
  )
}

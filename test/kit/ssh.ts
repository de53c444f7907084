import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { buildContext } from '#images/build/build.ts'
import { ensureFolder } from '#images/build/context.ts'
import type { Kit } from './kit.ts'
import { testRoot } from './root.ts'

export interface SshKey {
  /** File of the private key, the same in the test root. */
  file: string
  /** As a seed has it. */
  publicKey: string
}

/** A new pair of keys, as somebody makes one on their computer. */
export async function makeSshKey(name: string): Promise<SshKey> {
  const { cache } = await buildContext((line) => console.error(line))
  const file = path.join(ensureFolder(path.join(cache, 'test', 'ssh')), name)
  for (const each of [file, `${file}.pub`]) rmSync(each, { force: true })
  await inTestRoot('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@computer`, '-f', file])
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() }
}

/** What a command says that is run on the kit over SSH. Rejects with ssh's own words where that lets nobody in. */
export function overSsh(kit: Kit, { file }: SshKey, command: string): Promise<string> {
  const settings = {
    BatchMode: 'yes',
    ConnectTimeout: '30',
    IdentitiesOnly: 'yes',
    IdentityFile: file,
    LogLevel: 'ERROR',
    StrictHostKeyChecking: 'no',
    UserKnownHostsFile: '/dev/null',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  return inTestRoot('ssh', ['-F', 'none', ...options, '-p', String(kit.ports.ssh), 'root@127.0.0.1', command])
}

async function inTestRoot(command: string, words: string[]): Promise<string> {
  const { status, stdout, stderr } = spawnSync('/usr/sbin/chroot', [await testRoot(), command, ...words], {
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr.trim()}`)
  return stdout.trim()
}

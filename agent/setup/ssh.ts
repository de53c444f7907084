import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { KitPaths } from '../paths.ts'
import { makeFolder, readText, removeDurably, syncFolder, writeDurably } from './files.ts'
import { mustRun, type Run } from './run.ts'

const keyTypes = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]

/** A public key line of OpenSSH without options, tidied; null when it is not one. */
export function publicKey(line: string): string | null {
  const match = /^(\S+) +([A-Za-z0-9+/]+={0,3})(?: +(\P{Cc}*))?$/u.exec(line.trim())
  if (!match?.[1] || !match[2] || !keyTypes.includes(match[1])) return null
  const data = Buffer.from(match[2], 'base64')
  // The key carries its own type: a length, then the name.
  const length = data.length >= 4 ? data.readUInt32BE(0) : 0
  if (data.subarray(4, 4 + length).toString() !== match[1] || data.length < 4 + length + 32) return null
  return [match[1], match[2], match[3]?.trim()].filter(Boolean).join(' ')
}

/**
 * Lets the owner of the keys in, and nobody if there is none: sshd starts only where `authorized_keys` is. The kit's own
 * key is made once.
 */
export async function setUpSsh(paths: KitPaths, keys: readonly string[], run: Run): Promise<void> {
  const folder = path.join(paths.etc, 'ssh')
  const authorized = path.join(folder, 'authorized_keys')
  if (keys.length === 0) {
    await removeDurably(authorized)
    return
  }
  await makeFolder(folder, 0o700)
  await ensureHostKey(folder, run)
  await writeDurably(authorized, `${keys.join('\n')}\n`, { mode: 0o600 })
}

async function ensureHostKey(folder: string, run: Run): Promise<void> {
  const key = path.join(folder, 'ssh_host_ed25519_key')
  if ((await readText(key))?.includes('END OPENSSH PRIVATE KEY')) return
  const work = path.join(folder, 'work')
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { mode: 0o700 })
  await mustRun(run, 'ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path.join(work, 'key')])
  await mustRun(run, 'sync', ['-f', work])
  // The private key last: its name says that both are there.
  await rename(path.join(work, 'key.pub'), `${key}.pub`)
  await rename(path.join(work, 'key'), key)
  await syncFolder(folder)
  await rm(work, { recursive: true })
}

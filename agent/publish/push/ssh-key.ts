import { execFile } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

export interface SshKey {
  /** File of the secret key. */
  file: string
  /** As a line of authorized_keys. */
  publicKey: string
}

/** The kit's own key for SFTP, made the first time. @param folder that hearth-publish alone can read */
export async function ensureSshKey(folder: string): Promise<SshKey> {
  const file = path.join(folder, 'ssh-key')
  if (!existsSync(file)) {
    const fresh = path.join(folder, 'fresh')
    for (const name of [fresh, `${fresh}.pub`]) rmSync(name, { force: true })
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'hearth-publish', '-f', fresh])
    // The public one first: a secret key without it would be of no use.
    renameSync(`${fresh}.pub`, `${file}.pub`)
    renameSync(fresh, file)
  }
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() }
}

import { createHmac, randomBytes } from 'node:crypto'
import type { KitPaths } from '../paths.ts'
import { readText, writeDurably } from '../setup/files.ts'

const keyBytes = 32

/**
 * A name for what the server keeps of a password: the same as long as the password stays. Without the kit's key, which
 * only root reads, nobody can try passwords on it; the dashboard keeps it beside each session.
 */
export async function passwordTag(paths: KitPaths, kept: string): Promise<string> {
  return createHmac('sha256', await tagKey(paths))
    .update(kept)
    .digest('base64url')
}

/** Made the first time. Where it is damaged another takes its place, which costs everybody a sign-in and nothing else. */
async function tagKey(paths: KitPaths): Promise<Buffer> {
  const present = Buffer.from((await readText(paths.passwordTagKey)) ?? '', 'base64url')
  if (present.length === keyBytes) return present
  const key = randomBytes(keyBytes)
  await writeDurably(paths.passwordTagKey, `${key.toString('base64url')}\n`, { mode: 0o600 })
  return key
}

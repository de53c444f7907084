import { type KeyObject, sign, verify } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { writeWhole } from './files.ts'
import { fingerprint, publicPart, readPublicKey } from './keys.ts'

export const sumsName = 'SHA256SUMS'

/** Sums that cannot be trusted; the message says why and what to do. */
export class SumsError extends Error {
  override name = 'SumsError'
}

/** `absent`: not signed; `unknown`: signed by a key that nobody here vouched for. */
export type Signature = 'valid' | 'absent' | 'unknown'

export interface Sums {
  /** SHA-256 in hexadecimal by file name. */
  readonly files: ReadonlyMap<string, string>
  readonly signature: Signature
  /** Of the key beside the sums, or of the one that proved them; null when there is none. */
  readonly signedBy: string | null
}

/** Writes SHA256SUMS as `sha256sum` does, SHA256SUMS.sig (64 bytes, Ed25519) and SHA256SUMS.pub (PEM) into a folder. */
export async function writeSums(folder: string, files: ReadonlyMap<string, string>, key: KeyObject): Promise<void> {
  const lines = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, sha256]) => `${sha256}  ${name}\n`)
  const text = lines.join('')
  await writeWhole(path.join(folder, sumsName), text)
  await writeWhole(path.join(folder, `${sumsName}.sig`), sign(null, Buffer.from(text), key))
  await writeWhole(path.join(folder, `${sumsName}.pub`), publicPart(key).export({ type: 'spki', format: 'pem' }))
}

/**
 * Reads SHA256SUMS of a folder and proves its signature. With `key`, a signature by that key must be there; without, a
 * signature that names one of `known` must be right, and any other is reported as `unknown`.
 * @returns null when the folder has no SHA256SUMS and no key was given
 * @throws SumsError, KeyError
 */
export async function verifySums(
  folder: string,
  key: KeyObject | null,
  known: readonly KeyObject[],
): Promise<Sums | null> {
  const at = path.join(folder, sumsName)
  const bytes = await readSmall(at, 1024 * 1024)
  if (!bytes) {
    if (key)
      throw new SumsError(
        `there is no ${at}, so the signature cannot be checked; get it from where the image came from`,
      )
    return null
  }
  const signature = await readSmall(`${at}.sig`, 64)
  const files = parseSums(bytes.toString('utf8'), at)
  const named = (await readSmall(`${at}.pub`, 4096)) ? readPublicKey(`${at}.pub`) : null
  const by = key ?? (named && known.find((each) => fingerprint(each) === fingerprint(named))) ?? null
  if (!by) return { files, signature: signature ? 'unknown' : 'absent', signedBy: named && fingerprint(named) }
  if (!signature) throw new SumsError(`${at}.sig is missing; get it from where the image came from`)
  if (!verify(null, bytes, publicPart(by), signature))
    throw new SumsError(
      `${at} is not what the key ${fingerprint(by)} signed; get image, sums and signature again from their publisher`,
    )
  return { files, signature: 'valid', signedBy: fingerprint(by) }
}

/** The name and sum of each line; strict, as a damaged list must not pass for a short one. */
function parseSums(text: string, file: string): Map<string, string> {
  const files = new Map<string, string>()
  if (!text.endsWith('\n')) throw new SumsError(`${file} is cut short; get it again`)
  text
    .trimEnd()
    .split('\n')
    .forEach((line, index) => {
      const match = /^([0-9a-f]{64}) [ *]([^/\\\0]{1,255})$/.exec(line)
      if (!match?.[1] || !match[2] || files.has(match[2]))
        throw new SumsError(`${file}:${index + 1} is not "sum, two spaces, file name"; get the file again`)
      files.set(match[2], match[1])
    })
  return files
}

/** Null when there is no such file. */
async function readSmall(file: string, most: number): Promise<Buffer | null> {
  try {
    const facts = await stat(file)
    if (!facts.isFile() || facts.size > most)
      throw new SumsError(`${file} is not a file of at most ${most} bytes; get it again`)
    return await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
